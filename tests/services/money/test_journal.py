"""The journal as an admin reads it: all of it, found by kind, member and day, and by nobody else."""

from datetime import date, timedelta
from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, Role, TransactionKind
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import journal, wallets
from p2p_reflex.services.money.journal import EntryRow, JournalPage, JournalQuery
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_loan, a_member

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def admin_id() -> int:
    house.run(opening.open_market, business_on=TODAY)
    return house.run(a_member, role=Role.ADMIN)


def move(service: Any, member_id: int, amount: str, business_on: date = TODAY) -> None:
    house.run(
        service,
        member_id=member_id,
        amount=amount,
        form_key=a_form_key(),
        business_on=business_on,
        now=NOW,
    )


def look(admin_id: int, **chosen: Any) -> JournalPage:
    return house.read(journal.page_of, admin_id=admin_id, query=JournalQuery(**chosen))


def test_every_transaction_stands_there_with_its_entries_the_newest_first(admin_id: int) -> None:
    lender_id = house.run(a_lender, full_name="Ingrid Sund")
    move(wallets.add_money, lender_id, "500")
    move(wallets.withdraw, lender_id, "40")

    page = look(admin_id)

    assert [(row.kind, row.amount_cents, row.actor_name) for row in page.rows] == [
        (TransactionKind.WITHDRAWAL, 40_00, "Ingrid Sund"),
        (TransactionKind.DEPOSIT, 500_00, "Ingrid Sund"),
    ]
    assert sorted(page.rows[0].entries, key=lambda entry: entry.amount_cents) == [
        EntryRow(AccountKind.WALLET, "Ingrid Sund", -40_00),
        EntryRow(AccountKind.BANK, "", 40_00),
    ]


def test_it_is_found_by_kind_member_and_day(admin_id: int) -> None:
    ingrid = house.run(a_lender, full_name="Ingrid Sund")
    percent = house.run(a_lender, full_name="Per 100% Cent")
    for days_ago in (2, 1, 0):
        move(wallets.add_money, ingrid, "10", TODAY - timedelta(days=days_ago))
    move(wallets.withdraw, ingrid, "5")
    move(wallets.add_money, percent, "20")
    yesterday = TODAY - timedelta(days=1)

    def count(**chosen: Any) -> int:
        return look(admin_id, **chosen).row_count

    assert count() == 5
    assert count(kind=TransactionKind.WITHDRAWAL) == 1
    assert count(member="ingrid") == count(member=" SUND ") == 4
    assert count(member="100%") == 1
    assert count(member="_ngrid") == count(member="'; DROP TABLE member; --") == 0
    assert count(from_on=yesterday) == 4
    assert count(until_on=yesterday) == 2
    assert count(from_on=yesterday, until_on=yesterday, member="ingrid") == 1
    assert count(from_on=TODAY, until_on=yesterday) == 0


def test_a_loan_paid_out_names_everybody_whose_money_moved(admin_id: int) -> None:
    borrower_id = house.run(a_borrower, full_name="Rosa Marchetti")
    house.run(a_loan, borrower_id=borrower_id, notes=[(6_000_00, "0.10"), (6_000_00, "0.11")])

    (row,) = look(admin_id, kind=TransactionKind.ORIGINATION).rows

    assert row.title == "Roof repair after the storm"
    assert sum(entry.amount_cents for entry in row.entries) == 0
    assert {entry.account for entry in row.entries} == {
        AccountKind.WALLET,
        AccountKind.RESERVE_FUND,
        AccountKind.FEE_INCOME,
    }
    assert "Rosa Marchetti" in {entry.member_name for entry in row.entries}


def test_pages_hold_the_whole_journal_once(admin_id: int) -> None:
    lender_id = house.run(a_lender)
    for _ in range(7):
        move(wallets.add_money, lender_id, "10")

    pages = [look(admin_id, page=page, page_size=3) for page in (1, 2, 3, 99, -4)]

    ids = [row.transaction_id for page in pages[:3] for row in page.rows]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 7
    assert [(page.page, page.first_number) for page in pages] == [(1, 1), (2, 4), (3, 7), (3, 7), (1, 1)]


def test_nobody_but_an_admin_reads_it(admin_id: int) -> None:
    for member_id in (house.run(a_lender), house.run(a_borrower), 999_999):
        with pytest.raises(UnknownError):
            look(member_id)
