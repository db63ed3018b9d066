"""A button pressed twice acts once."""

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services import idempotency
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.money import ledger
from tests.builders import NOW, a_form_key, a_lender, give_cash, in_threads


def add_once(session: Session, *, member_id: int, key: str, amount_cents: int) -> int:
    """Put money into a wallet, once for a form."""
    answer = idempotency.once(
        session,
        member_id=member_id,
        key=key,
        action="add money",
        body={"amount_cents": amount_cents},
        now=NOW,
        act=lambda: {"transaction_id": give_cash(session, member_id=member_id, cash_cents=amount_cents)},
    )
    return int(answer["transaction_id"])


def test_the_same_form_sent_again_gets_the_same_answer_and_acts_once(database: Engine) -> None:
    lender_id, key = run(a_lender), a_form_key()

    first = run(add_once, member_id=lender_id, key=key, amount_cents=25_00)
    second = run(add_once, member_id=lender_id, key=key, amount_cents=25_00)

    assert first == second
    assert read(ledger.balances, member_id=lender_id) == (25_00, 0)


def test_the_same_form_with_another_amount_is_refused(database: Engine) -> None:
    lender_id, key = run(a_lender), a_form_key()
    run(add_once, member_id=lender_id, key=key, amount_cents=25_00)

    with pytest.raises(FormReusedError):
        run(add_once, member_id=lender_id, key=key, amount_cents=2_500_00)

    assert read(ledger.balances, member_id=lender_id) == (25_00, 0)


def test_two_people_may_happen_on_the_same_key(database: Engine) -> None:
    key = a_form_key()
    member_ids = [run(a_lender), run(a_lender)]

    for member_id in member_ids:
        run(add_once, member_id=member_id, key=key, amount_cents=1_00)

    assert [read(ledger.balances, member_id=member_id) for member_id in member_ids] == [(1_00, 0)] * 2


def test_eight_presses_at_once_act_once_and_all_hear_the_same(database: Engine) -> None:
    lender_id, key = run(a_lender), a_form_key()

    results = in_threads([lambda: run(add_once, member_id=lender_id, key=key, amount_cents=25_00)] * 8)

    assert len(set(results)) == 1, results
    assert read(ledger.balances, member_id=lender_id) == (25_00, 0)


def test_an_action_that_was_refused_may_be_tried_again_with_the_same_form(database: Engine) -> None:
    lender_id, key = run(a_lender), a_form_key()

    def refuse(session: Session) -> None:
        def act() -> dict[str, int]:
            raise LendingError("Not today.")

        idempotency.once(
            session,
            member_id=lender_id,
            key=key,
            action="add money",
            body={"amount_cents": 5_00},
            now=NOW,
            act=act,
        )

    with pytest.raises(LendingError, match="Not today"):
        run(refuse)
    run(add_once, member_id=lender_id, key=key, amount_cents=5_00)

    assert read(ledger.balances, member_id=lender_id) == (5_00, 0)


@pytest.mark.parametrize("key", ["", "short", "x" * 65, None, 12345678])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_key_that_no_form_made_is_refused(database: Engine, key: object) -> None:
    lender_id = run(a_lender)

    with pytest.raises(LendingError, match="out of date"):
        run(add_once, member_id=lender_id, key=key, amount_cents=25_00)  # type: ignore[arg-type]
