"""Owns bidding: what a bid would do, placing and replacing it, withdrawing it, declining it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from sqlmodel import Session, select

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.order_book import fill
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Listing
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding import bid_rules, book, book_rows
from p2p_reflex.services.bidding.bid_quote import BidQuote, DisplacedLender, quote
from p2p_reflex.services.bidding.bid_rules import (
    BiddingClosedError,
    BidEndedError,
    BindingBidError,
    NotALenderError,
    OwnListingError,
)
from p2p_reflex.services.bidding.book_rows import LiveBid, NewBid
from p2p_reflex.services.money.ledger import InsufficientFundsError

__all__ = [
    "BidEndedError",
    "BidOutcome",
    "BidQuote",
    "BiddingClosedError",
    "BindingBidError",
    "DisplacedLender",
    "EndedBid",
    "NotALenderError",
    "OwnListingError",
    "decline_bid",
    "place_bid",
    "quote",
    "withdraw_bid",
]


@dataclass(frozen=True, slots=True)
class BidOutcome:
    """A bid in its place: how much of it leads and is held, and whom it displaced."""

    bid_id: int
    listing_id: int
    amount_cents: int
    rate: Decimal
    leading_cents: int
    position: int
    of_count: int
    displaced_lender_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EndedBid:
    """A bid that left its book, what was released for it, and who leads with more since."""

    bid_id: int
    listing_id: int
    lender_id: int
    released_cents: int
    promoted_lender_ids: tuple[int, ...]


def place_bid(
    session: Session,
    *,
    lender_id: int,
    listing_id: int,
    amount: str,
    rate: str,
    message: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> BidOutcome:
    """Place a lender's bid, or put it in the place of the one that stands, and hold what leads.

    On the same terms the standing bid keeps its place among its equals, and only its message changes.
    Raises FieldError on "amount", "rate" or "message", UnknownError, NotALenderError, OwnListingError,
    BiddingClosedError, FormReusedError.
    """

    def act() -> dict[str, Any]:
        who = bid_rules.bidder(session, lender_id=lender_id)
        listing = book.lock_listing(session, listing_id=listing_id)
        bid_rules.check_open(listing, lender_id=lender_id, business_on=business_on)
        standing = _standing(session, listing_id, lender_id)
        new = NewBid(
            lender_id=lender_id,
            is_bot=who.is_bot,
            amount_cents=bid_rules.read_amount(listing, amount),
            rate=bid_rules.read_rate(listing, rate),
            message=bid_rules.read_message(message),
        )
        bid_rules.check_bid(listing, standing=standing, amount_cents=new.amount_cents, rate=new.rate)
        if standing is not None and (standing.amount_cents, standing.rate) == (new.amount_cents, new.rate):
            return _keep(session, listing, standing, new.message)
        return _place(session, listing, new, business_on, now)

    answer = idempotency.once(
        session,
        member_id=lender_id,
        key=form_key,
        action="place_bid",
        body={"listing_id": listing_id, "amount": amount, "rate": rate, "message": message},
        now=now,
        act=act,
    )
    return BidOutcome(
        **{
            **answer,
            "rate": Decimal(answer["rate"]),
            "displaced_lender_ids": tuple(answer["displaced_lender_ids"]),
        }
    )


def withdraw_bid(
    session: Session,
    *,
    lender_id: int,
    bid_id: int,
    form_key: str,
    business_on: date,
    now: datetime,
    by_admin: bool = False,
) -> EndedBid:
    """Take back a lender's own bid of which nothing leads; on an admin's word also one that leads.

    Raises UnknownError, BidEndedError, BindingBidError, FormReusedError.
    """

    def act() -> dict[str, Any]:
        listing, bid = _find(session, bid_id, lender_id=lender_id)
        if bid.leading_cents and not by_admin:
            raise BindingBidError(bid.leading_cents)
        return _leave(session, listing, bid, BidState.WITHDRAWN, business_on, now)

    return _end(session, lender_id, form_key, "withdraw_bid", bid_id, now, act)


def decline_bid(
    session: Session, *, borrower_id: int, bid_id: int, form_key: str, business_on: date, now: datetime
) -> EndedBid:
    """Turn down a bid on the borrower's own listing: its cash is free at once and the book fills again.

    Raises UnknownError, BidEndedError, FormReusedError.
    """

    def act() -> dict[str, Any]:
        listing, bid = _find(session, bid_id, borrower_id=borrower_id)
        return _leave(session, listing, bid, BidState.DECLINED, business_on, now)

    return _end(session, borrower_id, form_key, "decline_bid", bid_id, now, act)


def _keep(session: Session, listing: Listing, standing: LiveBid, message: str) -> dict[str, Any]:
    """Leave a bid where it stands, with another message."""
    session.get_one(Bid, standing.bid_id).message = message
    session.flush()
    live = book_rows.live_bids(session, listing_ids=[listing.id])[listing.id]
    leads = fill(asked_cents=listing.amount_cents, bids=[bid.open_bid for bid in live]).leads
    return {
        "bid_id": standing.bid_id,
        "listing_id": listing.id,
        "amount_cents": standing.amount_cents,
        "rate": str(standing.rate),
        "leading_cents": standing.leading_cents,
        "position": next(lead.position for lead in leads if lead.bid.bid_id == standing.bid_id),
        "of_count": len(live),
        "displaced_lender_ids": [],
    }


def _place(
    session: Session, listing: Listing, bid: NewBid, business_on: date, now: datetime
) -> dict[str, Any]:
    """Reprice the book with the new bid in it, and answer in plain words and figures."""
    try:
        repriced = book.reprice(session, listing=listing, arriving=[bid], business_on=business_on, now=now)
    except InsufficientFundsError as short:
        if short.member_id != bid.lender_id:
            raise
        _refuse_short(short.available_cents)
    if repriced.refused:
        _refuse_short(repriced.refused[0].available_cents)
    (placed,) = repriced.placed
    return {
        "bid_id": placed.bid_id,
        "listing_id": listing.id,
        "amount_cents": placed.amount_cents,
        "rate": str(placed.rate),
        "leading_cents": placed.after_cents,
        "position": placed.position,
        "of_count": repriced.bid_count,
        "displaced_lender_ids": [move.lender_id for move in repriced.displaced],
    }


def _refuse_short(available_cents: int) -> NoReturn:
    """Say what a lender has where that is too little."""
    raise FieldError("amount", f"You have {formats.money(available_cents)} available.")


def _leave(
    session: Session, listing: Listing, bid: LiveBid, state: BidState, business_on: date, now: datetime
) -> dict[str, Any]:
    """Reprice the book without a bid."""
    repriced = book.reprice(
        session, listing=listing, leaving={bid.bid_id: state}, business_on=business_on, now=now
    )
    return {
        "bid_id": bid.bid_id,
        "listing_id": listing.id,
        "lender_id": bid.lender_id,
        "released_cents": bid.leading_cents,
        "promoted_lender_ids": [move.lender_id for move in repriced.promoted],
    }


def _end(
    session: Session,
    member_id: int,
    form_key: str,
    action: str,
    bid_id: int,
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> EndedBid:
    """End a bid once for a form."""
    answer = idempotency.once(
        session, member_id=member_id, key=form_key, action=action, body={"bid_id": bid_id}, now=now, act=act
    )
    return EndedBid(**{**answer, "promoted_lender_ids": tuple(answer["promoted_lender_ids"])})


def _standing(session: Session, listing_id: int, lender_id: int) -> LiveBid | None:
    """Return a lender's bid in a locked book."""
    live = book_rows.live_bids(session, listing_ids=[listing_id])[listing_id]
    return next((bid for bid in live if bid.lender_id == lender_id), None)


def _find(
    session: Session, bid_id: int, *, lender_id: int | None = None, borrower_id: int | None = None
) -> tuple[Listing, LiveBid]:
    """Return a live bid of this lender, or to this borrower, in its locked book.

    Raises UnknownError, BidEndedError.
    """
    row = None
    if book_rows.is_id(bid_id):
        row = session.exec(select(Bid.listing_id, Bid.lender_id).where(Bid.id == bid_id)).first()
    if row is None or (lender_id is not None and row[1] != lender_id):
        raise UnknownError("bid")
    listing = book.lock_listing(session, listing_id=row[0])
    if borrower_id is not None and listing.borrower_id != borrower_id:
        raise UnknownError("bid")
    live = book_rows.live_bids(session, listing_ids=[listing.id])[listing.id]
    bid = next((each for each in live if each.bid_id == bid_id), None)
    if bid is None:
        raise BidEndedError
    return listing, bid
