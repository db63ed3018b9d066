"""Owns what a bot's proposal has to pass: the rules of bidding for everybody, and the limits of bots."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from p2p_reflex.domain import formats
from p2p_reflex.domain.bot_limits import room_for_bot_cents
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.services.bidding import bid_rules
from p2p_reflex.services.bidding.book_rows import LiveBid
from p2p_reflex.services.bots.bot_rows import OpenListing

FINEST_RATE = Decimal("0.000001")


@dataclass(slots=True)
class Seat:
    """A bot at the table: what it has left, what it may at most, and what it has promised so far."""

    lender_id: int
    cash_cents: int
    loan_cap_cents: int
    borrower_cap_cents: int
    grade_cap_cents: int
    by_borrower: dict[int, int]
    by_grade: dict[Grade, int]

    def take(self, listing: OpenListing, *, amount_cents: int, standing: LiveBid | None) -> None:
        """Count a bid that passed; what it replaces led with less than nothing or nothing at all."""
        before_cents = standing.amount_cents if standing else 0
        held_cents = standing.leading_cents if standing else 0
        self.cash_cents -= amount_cents - held_cents
        grown_cents = amount_cents - before_cents
        self.by_borrower[listing.borrower_id] = self.by_borrower.get(listing.borrower_id, 0) + grown_cents
        self.by_grade[listing.grade] = self.by_grade.get(listing.grade, 0) + grown_cents


@dataclass(slots=True)
class Pot:
    """What a listing's book offers while a round goes on, and what of it bots do."""

    kept_cents: int
    offered_cents: int
    bots_offered_cents: int


def refusal(
    listing: OpenListing, *, seat: Seat, pot: Pot, standing: LiveBid | None, amount_cents: Any, rate: Any
) -> str | None:
    """Say why a bid is refused, whatever was proposed; nothing where it may stand."""
    if type(amount_cents) is not int:
        return "The amount must be whole cents."
    if type(rate) is not Decimal:
        return "The rate must be a decimal fraction."
    try:
        if listing.borrower_id == seat.lender_id:
            raise bid_rules.OwnListingError
        bid_rules.check_bid(listing, standing=standing, amount_cents=amount_cents, rate=rate)
    except LendingError as no:
        return no.message
    if rate % FINEST_RATE:
        return "The rate can have at most six decimals."
    return _limit(listing, seat, pot, standing, amount_cents)


def _limit(
    listing: OpenListing, seat: Seat, pot: Pot, standing: LiveBid | None, amount_cents: int
) -> str | None:
    """Hold a sound bid against the limits of bots."""
    own_cents = standing.amount_cents if standing else 0
    if standing is not None and standing.leading_cents == own_cents == amount_cents:
        return "Its bid leads in full already, so this one would bid against itself."
    if amount_cents > seat.loan_cap_cents:
        return f"It lends at most {formats.money(seat.loan_cap_cents)} on one loan."
    if seat.by_borrower.get(listing.borrower_id, 0) - own_cents + amount_cents > seat.borrower_cap_cents:
        return f"It lends at most {formats.money(seat.borrower_cap_cents)} to one borrower."
    if seat.by_grade.get(listing.grade, 0) - own_cents + amount_cents > seat.grade_cap_cents:
        return f"It lends at most {formats.money(seat.grade_cap_cents)} in grade {listing.grade}."
    room_cents = room_for_bot_cents(
        asked_cents=listing.amount_cents,
        kept_cents=pot.kept_cents,
        offered_cents=pot.offered_cents,
        bots_offered_cents=pot.bots_offered_cents,
        own_cents=own_cents,
    )
    if amount_cents > room_cents:
        return "What is left of this listing is for people in its first hour."
    available_cents = seat.cash_cents + (standing.leading_cents if standing else 0)
    if amount_cents > available_cents:
        return f"You have {formats.money(max(available_cents, 0))} available."
    return None
