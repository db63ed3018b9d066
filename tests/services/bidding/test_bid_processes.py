"""Bids from several processes at once: a loan is never overfunded, and whoever is left out is told why."""

from collections import Counter

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Listing, Loan
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import ledger
from p2p_reflex.services.notices import notices
from tests.bidding_processes import bid_in_processes
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws


def _lenders(session: Session, *, count: int) -> list[int]:
    return [a_lender(session, cash_cents=100_00) for _ in range(count)]


def _bids(listing_id: int) -> dict[int, Bid]:
    with house.reading() as session:
        found = session.exec(select(Bid).where(Bid.listing_id == listing_id)).all()
        session.expunge_all()
    return {bid.lender_id: bid for bid in found}


def test_fifty_lenders_in_four_processes_into_the_last_thousand_dollars_never_overfund_it(
    database: Engine,
) -> None:
    house.run(opening.open_market, business_on=TODAY)
    borrower_id = house.run(a_borrower)
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=5_000_00)
    early_id = house.run(a_lender, cash_cents=4_000_00)
    bid = {"listing_id": listing_id, "form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    house.run(bidding.place_bid, lender_id=early_id, amount="4000", rate="9", **bid)
    lender_ids = house.run(_lenders, count=50)

    answers = bid_in_processes(
        database.url.render_as_string(hide_password=False), listing_id=listing_id, lender_ids=lender_ids
    )

    assert [answer.refusal for answer in answers if answer.refusal] == []
    assert Counter(answer.leading_cents for answer in answers) == {100_00: 10, 0: 40}
    leading = {answer.lender_id for answer in answers if answer.leading_cents}
    for lender_id in lender_ids:
        held_cents = house.read(ledger.balances, member_id=lender_id)[1]
        assert held_cents == (100_00 if lender_id in leading else 0)
    assert house.read(broken_laws) == []

    loan_id = _accept(borrower_id, listing_id)

    with house.reading() as session:
        assert session.get_one(Loan, loan_id).principal_cents == 5_000_00
    bids = _bids(listing_id)
    accepted = {lender_id for lender_id in lender_ids if bids[lender_id].state is BidState.ACCEPTED}
    assert accepted == leading
    for lender_id in set(lender_ids) - accepted:
        (notice,) = house.read(notices.page_of, member_id=lender_id).rows
        assert notice.text.title == "Your bid on “Used van for a flower route” was not taken"
        assert notice.text.meaning == "Lower bids covered all of it."
        assert house.read(ledger.balances, member_id=lender_id) == (100_00, 0)
    assert house.read(broken_laws) == []


def _accept(borrower_id: int, listing_id: int) -> int:
    with house.reading() as session:
        listing = session.get_one(Listing, listing_id)
        seen_rate, covered_cents = listing.average_rate, listing.covered_cents
    return house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=seen_rate,
        seen_covered_cents=covered_cents,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
