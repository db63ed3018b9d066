"""The journal as a beancount file: its own loader, an outside judge, finds no error in it."""

from datetime import date

import pytest
from beancount import loader
from beancount.core import data
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.services.money import journal_export, ledger, wallets
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_loan, give_cash

HOSTILE_MEMO = 'A "quoted" title\\ with a back\\slash,\na line; #tag ^link {1} '


def exported() -> str:
    return "\n".join(read(lambda session: list(journal_export.beancount_lines(session)))) + "\n"


def judged(text: str) -> data.Directives:
    """Load the text with beancount, and refuse any error."""
    entries, errors, _ = loader.load_string(text)
    assert [error.message for error in errors] == []
    return entries


def test_an_empty_journal_is_a_valid_file(database: Engine) -> None:
    assert judged(exported()) == []


def test_the_outside_judge_accepts_a_loan_a_withdrawal_a_reversal_and_hostile_words(
    database: Engine,
) -> None:
    with transaction() as session:
        a_loan(session, principal_cents=1_234_00)
        lender_id = a_lender(session)
        give_cash(session, member_id=lender_id, cash_cents=70_01)
        mistake = give_cash(session, member_id=lender_id, cash_cents=5)
        ledger.reverse(
            session,
            transaction_id=mistake,
            memo=HOSTILE_MEMO,
            actor_id=None,
            business_on=date(2026, 11, 23),
            recorded_at=NOW,
        )
        wallets.withdraw(
            session,
            member_id=lender_id,
            amount="20",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    entries = judged(exported())

    kinds = {
        kind: [entry for entry in entries if isinstance(entry, kind)]
        for kind in (data.Transaction, data.Balance)
    }
    assert len(kinds[data.Transaction]) == 6
    assert any(entry.narration.startswith('A "quoted" title\\ with') for entry in kinds[data.Transaction])
    by_account = {entry.account: str(entry.amount) for entry in kinds[data.Balance]}
    assert by_account[f"Liabilities:Wallet:M{lender_id:06d}"] == "-50.01 USD"
    assert by_account["Income:Fees"] == "-18.51 USD"
    assert all(entry.date == date(2026, 11, 24) for entry in kinds[data.Balance])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_outside_judge_finds_a_cent_that_is_missing(database: Engine) -> None:
    run(a_lender, cash_cents=70_01)

    _, errors, _ = loader.load_string(exported().replace("70.01 USD", "70.00 USD", 1))

    assert errors
