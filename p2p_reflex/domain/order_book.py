"""Owns the live order book: who leads, in what order, and at what rate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from p2p_reflex.domain.rates import weighted_average_rate

RATE_TICK = Decimal("0.0005")


class OpenBid(NamedTuple):
    """A bid that stands in a book; a lower sequence came earlier."""

    bid_id: int
    lender_id: int
    amount_cents: int
    rate: Decimal
    is_bot: bool
    sequence: int


class Lead(NamedTuple):
    """A bid's place in the book (from 1) and how much of it leads; nothing does once it is outbid."""

    bid: OpenBid
    leading_cents: int
    position: int


@dataclass(frozen=True, slots=True)
class Book:
    """A filled book: every bid in rank order, what is covered, and the rates that follow from it.

    The average rate is what the borrower would pay; the marginal rate is that of the last leading bid.
    """

    asked_cents: int
    leads: tuple[Lead, ...]
    covered_cents: int
    offered_cents: int
    average_rate: Decimal | None
    marginal_rate: Decimal | None

    @property
    def is_covered(self) -> bool:
        """Tell whether the leading bids cover all that was asked for."""
        return self.covered_cents >= self.asked_cents

    @property
    def leading(self) -> tuple[Lead, ...]:
        """Give the bids that lead, in full or in part; they are the first of the book."""
        return tuple(lead for lead in self.leads if lead.leading_cents)


@dataclass(frozen=True, slots=True)
class Displaced:
    """A bid that would lead with less: what led before, and what would be left."""

    bid: OpenBid
    before_cents: int
    after_cents: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a bid would stand (from 1), how much of it would lead, and whom it would displace."""

    position: int
    of_count: int
    leading_cents: int
    displaced: tuple[Displaced, ...]


def rank_key(bid: OpenBid) -> tuple[Decimal, bool, int]:
    """Order bids: lower rate, then people before bots, then the earlier one."""
    return (bid.rate, bid.is_bot, bid.sequence)


def fill(*, asked_cents: int, bids: Iterable[OpenBid]) -> Book:
    """Fill a request from the best bid on.

    Law: what leads never exceeds what was asked for, and a bid leads only once all better ones lead in full.
    """
    left_cents = asked_cents
    offered_cents = 0
    leads = []
    marginal_rate = None
    for position, bid in enumerate(sorted(bids, key=rank_key), start=1):
        offered_cents += bid.amount_cents
        leading_cents = min(bid.amount_cents, left_cents)
        if leading_cents:
            left_cents -= leading_cents
            marginal_rate = bid.rate
        leads.append(Lead(bid, leading_cents, position))
    return Book(
        asked_cents=asked_cents,
        leads=tuple(leads),
        covered_cents=asked_cents - left_cents,
        offered_cents=offered_cents,
        average_rate=weighted_average_rate(
            (lead.leading_cents, lead.bid.rate) for lead in leads if lead.leading_cents
        ),
        marginal_rate=marginal_rate,
    )


def place_of(*, asked_cents: int, bids: Iterable[OpenBid], candidate: OpenBid) -> Placement:
    """Say where a bid would stand, compared with the book as it is; a bid with the same id is replaced."""
    standing = list(bids)
    before = {
        lead.bid.bid_id: lead.leading_cents for lead in fill(asked_cents=asked_cents, bids=standing).leads
    }
    others = [bid for bid in standing if bid.bid_id != candidate.bid_id]
    after = fill(asked_cents=asked_cents, bids=[*others, candidate])
    own = next(lead for lead in after.leads if lead.bid.bid_id == candidate.bid_id)
    displaced = tuple(
        Displaced(lead.bid, before[lead.bid.bid_id], lead.leading_cents)
        for lead in after.leads
        if lead is not own and lead.leading_cents < before[lead.bid.bid_id]
    )
    return Placement(own.position, len(after.leads), own.leading_cents, displaced)


def rate_to_lead_in_full(
    *,
    asked_cents: int,
    bids: Iterable[OpenBid],
    amount_cents: int,
    is_bot: bool,
    minimum_rate: Decimal,
    maximum_rate: Decimal | None = None,
    tick: Decimal = RATE_TICK,
) -> Decimal | None:
    """Find the highest rate at which a new bid of this amount, the latest of all, leads in full.

    The answer is a whole number of ticks, or one of the two limits. None where no rate from the minimum
    on will do, or where nothing stands in the way and no maximum is given. Leave out a bid it replaces.
    """
    if amount_cents > asked_cents:
        return None
    rival = _first_rival(asked_cents - amount_cents, sorted(bids, key=rank_key))
    if rival is None:
        return maximum_rate
    highest = rival.rate // tick * tick
    passes_at_par = rival.is_bot and not is_bot
    if highest == rival.rate and not passes_at_par:
        highest -= tick
    if maximum_rate is not None:
        highest = min(highest, maximum_rate)
    if highest >= minimum_rate:
        return highest
    if minimum_rate < rival.rate or (passes_at_par and minimum_rate == rival.rate):
        return minimum_rate
    return None


def _first_rival(room_cents: int, ranked: Sequence[OpenBid]) -> OpenBid | None:
    """Find the best bid that would leave too little room if it stood before the new one."""
    ahead_cents = 0
    for bid in ranked:
        ahead_cents += bid.amount_cents
        if ahead_cents > room_cents:
            return bid
    return None
