"""Owns the rules of bidding: who may bid, on what, and with which figures."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from sqlmodel import Session, select

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, LendingError
from p2p_reflex.domain.repricing import SMALLEST_BID_CENTS
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import Listing, Member
from p2p_reflex.services.bidding.book_rows import LiveBid

LONGEST_MESSAGE = 280


class NotALenderError(LendingError):
    """Only lenders lend."""

    def __init__(self) -> None:
        super().__init__("Only lenders can bid. Sign in with a lender's account to place a bid.")


class OwnListingError(LendingError):
    """Nobody lends to themselves."""

    def __init__(self) -> None:
        super().__init__("This is your own listing, so you cannot bid on it.")


class BiddingClosedError(LendingError):
    """The book takes no bids any more."""

    def __init__(self) -> None:
        super().__init__("Bidding on this listing has ended.")


class BindingBidError(LendingError):
    """A leading bid is a promise."""

    def __init__(self, leading_cents: int) -> None:
        leads = formats.whole_money(leading_cents)
        super().__init__(f"{leads} of this bid leads, and a leading bid is binding until it is outbid.")


class BidEndedError(LendingError):
    """The bid stands in no book any more."""

    def __init__(self) -> None:
        super().__init__("This bid has already ended.")


@dataclass(frozen=True, slots=True)
class Bidder:
    """A lender as the rules of bidding see them."""

    lender_id: int
    is_bot: bool


def bidder(session: Session, *, lender_id: int) -> Bidder:
    """Return a lender who may bid. Raises NotALenderError."""
    row = session.exec(select(Member.role, Member.is_bot).where(Member.id == lender_id)).first()
    if row is None or row[0] is not Role.LENDER:
        raise NotALenderError
    return Bidder(lender_id, row[1])


def check_open(listing: Listing, *, lender_id: int, business_on: date) -> None:
    """Check that this lender may bid on this listing on this day. Raises LendingError."""
    if listing.borrower_id == lender_id:
        raise OwnListingError
    if listing.state is not ListingState.OPEN or not listing.opens_on <= business_on <= listing.closes_on:
        raise BiddingClosedError


class Biddable(Protocol):
    """What a bid's figures are held against: a listing, or a record of one."""

    @property
    def amount_cents(self) -> int:
        """Give what is asked for."""

    @property
    def floor_rate(self) -> Decimal:
        """Give the lowest rate anybody may bid."""

    @property
    def highest_rate(self) -> Decimal:
        """Give the highest rate the borrower would pay."""


def check_bid(listing: Biddable, *, standing: LiveBid | None, amount_cents: int, rate: Decimal) -> None:
    """Check a bid's own figures, and that it keeps what the lender's standing bid promised.

    The same for people and bots. Raises FieldError on "amount" or "rate".
    """
    if type(amount_cents) is not int or amount_cents % 100:
        raise FieldError("amount", "The amount must be in whole dollars, without cents.")
    if not SMALLEST_BID_CENTS <= amount_cents <= listing.amount_cents:
        lowest, highest = formats.whole_money(SMALLEST_BID_CENTS), formats.whole_money(listing.amount_cents)
        raise FieldError("amount", f"The amount must be between {lowest} and {highest}.")
    if not rate.is_finite() or not listing.floor_rate <= rate <= listing.highest_rate:
        between = f"{formats.rate(listing.floor_rate)} and {formats.rate(listing.highest_rate)}"
        raise FieldError("rate", f"The rate must be between {between}.")
    check_binding_amount(standing, amount_cents)
    check_binding_rate(standing, rate)


def check_binding_amount(standing: LiveBid | None, amount_cents: int) -> None:
    """Check that a new amount keeps what leads already. Raises FieldError."""
    if standing is not None and amount_cents < standing.leading_cents:
        leads = formats.whole_money(standing.leading_cents)
        raise FieldError("amount", f"{leads} of your bid leads and is binding: bid at least that much.")


def check_binding_rate(standing: LiveBid | None, rate: Decimal) -> None:
    """Check that a new rate is not worse for the borrower than the one that leads. Raises FieldError."""
    if standing is not None and standing.leading_cents and rate > standing.rate:
        stands = formats.rate(standing.rate)
        raise FieldError("rate", f"Your bid leads at {stands} and is binding: bid that rate or a lower one.")


def read_amount(listing: Listing, text: object) -> int:
    """Read a bid's amount as typed. Raises FieldError."""
    return parsing.parse_money(
        text,
        field="amount",
        minimum_cents=SMALLEST_BID_CENTS,
        maximum_cents=listing.amount_cents,
        whole_dollars=True,
    )


def read_rate(listing: Listing, text: object) -> Decimal:
    """Read a bid's rate as typed, in percent. Raises FieldError."""
    return parsing.parse_rate_percent(
        text, field="rate", minimum=listing.floor_rate, maximum=listing.highest_rate
    )


def read_message(text: object) -> str:
    """Read the message to the borrower; it may be empty. Raises FieldError."""
    return parsing.clean_line(
        text, field="message", minimum_length=0, maximum_length=LONGEST_MESSAGE, name="The message"
    )
