"""Owns what lenders and borrowers do to a book in tests, each in a transaction of its own."""

from collections.abc import Callable
from typing import Any

from sqlmodel import SQLModel, func, select

from p2p_reflex import database as house
from p2p_reflex.models import Bid, Listing
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.money import ledger
from tests.builders import NOW, TODAY, a_form_key, broken_laws


def make(maker: Callable[..., int], **how: Any) -> int:
    """Make something in a transaction of its own."""
    return house.run(maker, **how)


def bid(lender_id: int, listing_id: int, amount: str, rate: str, **how: Any) -> bidding.BidOutcome:
    """Place a bid as a lender would."""
    asked: dict[str, Any] = {"message": "", "form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    return house.run(
        bidding.place_bid, lender_id=lender_id, listing_id=listing_id, amount=amount, rate=rate, **asked | how
    )


def withdraw(lender_id: int, bid_id: int, **how: Any) -> bidding.EndedBid:
    """Take a bid back as its lender would."""
    asked: dict[str, Any] = {"form_key": a_form_key(), "business_on": TODAY, "now": NOW}
    return house.run(bidding.withdraw_bid, lender_id=lender_id, bid_id=bid_id, **asked | how)


def decline(borrower_id: int, bid_id: int) -> bidding.EndedBid:
    """Turn a bid down as the borrower would."""
    return house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=bid_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def quote(lender_id: int, listing_id: int, amount: str, rate: str) -> bidding.BidQuote:
    """Ask what a bid would do."""
    return house.read(
        bidding.quote,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        business_on=TODAY,
    )


def balances(member_id: int) -> tuple[int, int]:
    """Look up what a member has available and held."""
    return house.read(ledger.balances, member_id=member_id)


def bid_row(bid_id: int) -> Bid:
    """Read a bid as it lies in the database."""
    return house.run(lambda session: session.get_one(Bid, bid_id))


def listing_row(listing_id: int) -> Listing:
    """Read a listing as it lies in the database."""
    return house.run(lambda session: session.get_one(Listing, listing_id))


def row_count(table: type[SQLModel]) -> int:
    """Count the rows of a table."""
    return house.run(lambda session: session.exec(select(func.count()).select_from(table)).one())


def books_hold() -> bool:
    """Check every law of the books."""
    assert house.read(broken_laws) == []
    return True
