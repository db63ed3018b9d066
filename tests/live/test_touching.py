"""Every change is told once it is committed, and a change that fails is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.models import Loan
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.days import business_day, opening
from p2p_reflex.services.listings import listings
from p2p_reflex.services.money import wallets
from p2p_reflex.services.paying import autopay, payments
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form

LEAST = {
    "listing": {"listing", "market", "member"},
    "bid": {"listing", "market", "member"},
    "loan": {"loan", "member"},
    "installment": {"loan"},
    "payment": {"loan", "member"},
    "note": {"loan", "member"},
    "lender_payment": {"member"},
    "ledger_account": {"books"},
    "hold": {"member"},
    "business_clock": {"day"},
    "member": {"members"},
}
"""What must be told, at the least, when a row of a table is written."""


@contextmanager
def everything_that_is_told() -> Iterator[list[frozenset[str]]]:
    told: list[frozenset[str]] = []
    stop = house.on_commit(told.append)
    try:
        yield told
    finally:
        stop()


@contextmanager
def tables_written(engine: Engine) -> Iterator[set[str]]:
    written: set[str] = set()

    def note(_connection: Any, statement: Any, *_rest: Any) -> None:
        if getattr(statement, "is_dml", False):
            written.add(statement.table.name)

    sa.event.listen(engine, "before_execute", note)
    try:
        yield written
    finally:
        sa.event.remove(engine, "before_execute", note)


def test_a_change_is_told_after_the_commit_and_not_before(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    seen_by_the_listener: list[int] = []

    def look(_topics: frozenset[str]) -> None:
        seen_by_the_listener.append(house.read(lambda session: len(session.exec(select(Loan.id)).all())))

    stop = house.on_commit(look)
    with house.transaction() as session:
        lender_id = a_lender(session, cash_cents=100_00)
        assert seen_by_the_listener == []
    stop()

    assert seen_by_the_listener == [0]
    assert lender_id


def test_a_change_that_is_rolled_back_is_not_told(database: Engine) -> None:
    def fail(session: Session) -> None:
        a_lender(session, cash_cents=100_00)
        raise LendingError("No.")

    with everything_that_is_told() as told, pytest.raises(LendingError):
        house.run(fail)

    assert told == []


def test_reading_tells_nothing_and_a_listener_that_fails_breaks_nothing(database: Engine) -> None:
    def fail(_topics: frozenset[str]) -> None:
        raise RuntimeError("a listener")

    stop = house.on_commit(fail)
    with everything_that_is_told() as told:
        lender_id = house.run(a_lender, cash_cents=100_00)
        house.read(lambda session: session.exec(select(Loan.id)).all())
    stop()

    assert len(told) == 1
    assert f"member:{lender_id}" in told[0]


def test_whatever_is_written_in_the_life_of_a_loan_is_told(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    borrower_id = house.run(a_borrower)
    lenders = [house.run(a_lender, cash_cents=20_000_00) for _ in range(3)]
    untold: list[tuple[str, set[str]]] = []

    def act(service: Any, **how: Any) -> Any:
        with everything_that_is_told() as told, tables_written(database) as written:
            outcome = house.run(service, **how)
        kinds = {topic.partition(":")[0] for topics in told for topic in topics}
        missing = {table for table in written if not LEAST.get(table, set()) <= kinds}
        if missing:
            untold.append((service.__name__, missing))
        return outcome

    def bid(lender_id: int, listing_id: int, amount: str, rate: str) -> Any:
        return act(
            bidding.place_bid,
            lender_id=lender_id,
            listing_id=listing_id,
            amount=amount,
            rate=rate,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    def publish() -> int:
        form = a_listing_form()
        how = {"borrower_id": borrower_id, "form": form, "form_key": a_form_key()}
        return int(act(listings.publish, **how, business_on=TODAY, now=NOW))

    listing_id = publish()
    bid(lenders[0], listing_id, "18,000", "13")
    bid(lenders[1], listing_id, "18,000", "12.5")
    third = bid(lenders[2], listing_id, "6,000", "13.2")
    form = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    act(bidding.decline_bid, borrower_id=borrower_id, bid_id=third.bid_id, **form)
    form["form_key"] = a_form_key()
    loan_id = act(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal("0.125"),
        seen_covered_cents=18_000_00,
        **form,
    )
    act(autopay.set_autopay, borrower_id=borrower_id, loan_id=loan_id, enabled=False, now=NOW)
    how = {"loan_id": loan_id, "amount": "200", "choice": "keep_installment", "form_key": a_form_key()}
    act(payments.pay, borrower_id=borrower_id, **how, business_on=TODAY, now=NOW)
    how = {"member_id": lenders[1], "amount": "50", "form_key": a_form_key()}
    act(wallets.add_money, **how, business_on=TODAY, now=NOW)
    act(business_day.close_day, business_on=TODAY, now=NOW + timedelta(days=1))

    assert untold == []


def test_a_lender_whose_bid_waits_outbid_hears_when_it_ends(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    borrower_id = house.run(a_borrower)
    leading, outbid = (house.run(a_lender, cash_cents=20_000_00) for _ in range(2))
    how = {"borrower_id": borrower_id, "form": a_listing_form(), "form_key": a_form_key()}
    listing_id = house.run(listings.publish, **how, business_on=TODAY, now=NOW)
    for lender_id, rate in ((leading, "12"), (outbid, "13")):
        bid = {"lender_id": lender_id, "listing_id": listing_id, "amount": "18,000", "rate": rate}
        house.run(bidding.place_bid, **bid, form_key=a_form_key(), business_on=TODAY, now=NOW)

    with everything_that_is_told() as told:
        how = {"borrower_id": borrower_id, "listing_id": listing_id, "form_key": a_form_key()}
        house.run(listings.withdraw, **how, business_on=TODAY, now=NOW)

    assert {f"member:{outbid}", f"member:{leading}", f"member:{borrower_id}"} <= told[0]
