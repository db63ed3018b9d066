"""Owns what a bid would do, worked out while its lender is still typing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from p2p_reflex.domain import formats, returns
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.order_book import Lead, OpenBid, fill, rate_to_lead_in_full
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing, Member
from p2p_reflex.services.bidding import bid_rules, book_rows
from p2p_reflex.services.bidding.book_rows import LiveBid
from p2p_reflex.services.money import ledger

_CANDIDATE_ID = -1


@dataclass(frozen=True, slots=True)
class DisplacedLender:
    """A lender who would lead with less: the name others may see, and what led and would be left."""

    name: str
    is_bot: bool
    before_cents: int
    after_cents: int


@dataclass(frozen=True, slots=True)
class BidQuote:
    """What a bid would do; figures are none where the fields they come from are not acceptable yet.

    `refusal` says why this lender cannot bid here at all. The yearly return is the rate less the servicing
    cost and the expected loss. `additional_hold_cents` below zero is cash that would be freed.
    """

    refusal: str | None
    amount_error: str | None
    rate_error: str | None
    amount_cents: int | None
    rate: Decimal | None
    position: int | None
    of_count: int
    leading_cents: int | None
    displaced: tuple[DisplacedLender, ...]
    additional_hold_cents: int | None
    available_cents: int
    lead_in_full_rate: Decimal | None
    servicing_cost_rate: Decimal | None
    expected_loss_rate: Decimal
    expected_return_rate: Decimal | None
    replaces_own_bid: bool

    @property
    def is_placeable(self) -> bool:
        """Tell whether "Place bid" would do it."""
        return self.position is not None and not (self.refusal or self.amount_error or self.rate_error)


def quote(
    session: Session, *, lender_id: int, listing_id: int, amount: str, rate: str, business_on: date
) -> BidQuote:
    """Work out what a bid would do; nothing is changed. Raises UnknownError."""
    listing = session.get(Listing, listing_id) if book_rows.is_id(listing_id) else None
    if listing is None or listing.state is ListingState.DRAFT:
        raise UnknownError("listing")
    live = book_rows.live_bids(session, listing_ids=[listing_id])[listing_id]
    standing = next((bid for bid in live if bid.lender_id == lender_id), None)
    available_cents, _ = ledger.balances(session, member_id=lender_id)
    refusal, is_bot = _refusal(session, listing, lender_id, business_on)
    errors, cents, wanted = _figures(listing, standing, amount, rate)
    others = [bid.open_bid for bid in live if bid is not standing]
    placed = None
    displaced: tuple[DisplacedLender, ...] = ()
    if cents is not None and wanted is not None:
        candidate = OpenBid(_CANDIDATE_ID, lender_id, cents, wanted, is_bot, 2**63)
        if standing is not None and (standing.amount_cents, standing.rate) == (cents, wanted):
            candidate = standing.open_bid  # on the same terms it keeps its place
        leads = fill(asked_cents=listing.amount_cents, bids=[*others, candidate]).leads
        placed = next(lead for lead in leads if lead.bid is candidate)
        displaced = _displaced(session, live, leads)
    hold = None
    if placed:
        hold = placed.leading_cents - (standing.leading_cents if standing else 0)
        if hold > available_cents:
            errors.setdefault("amount", f"You have {formats.money(available_cents)} available.")
    cost = None
    if wanted is not None:
        cost = returns.servicing_cost_rate(rate=wanted, term_months=listing.term_months)
    return BidQuote(
        refusal=refusal,
        amount_error=errors.get("amount"),
        rate_error=errors.get("rate"),
        amount_cents=cents,
        rate=wanted,
        position=placed.position if placed else None,
        of_count=len(others) + 1,
        leading_cents=placed.leading_cents if placed else None,
        displaced=displaced,
        additional_hold_cents=hold,
        available_cents=available_cents,
        lead_in_full_rate=_lead_in_full(listing, standing, others, cents, is_bot),
        servicing_cost_rate=cost,
        expected_loss_rate=listing.expected_loss_rate,
        expected_return_rate=(
            None if wanted is None or cost is None else wanted - cost - listing.expected_loss_rate
        ),
        replaces_own_bid=standing is not None,
    )


def _refusal(
    session: Session, listing: Listing, lender_id: int, business_on: date
) -> tuple[str | None, bool]:
    """Say why this member cannot bid here, if so, and whether it is a bot."""
    try:
        who = bid_rules.bidder(session, lender_id=lender_id)
        bid_rules.check_open(listing, lender_id=lender_id, business_on=business_on)
    except LendingError as refused:
        return refused.message, False
    return None, who.is_bot


def _figures(
    listing: Listing, standing: LiveBid | None, amount: str, rate: str
) -> tuple[dict[str, str], int | None, Decimal | None]:
    """Read both fields, each with its own error."""
    errors: dict[str, str] = {}
    cents: int | None = None
    wanted: Decimal | None = None
    try:
        cents = bid_rules.read_amount(listing, amount)
        bid_rules.check_binding_amount(standing, cents)
    except FieldError as refused:
        errors["amount"] = refused.message
    try:
        wanted = bid_rules.read_rate(listing, rate)
        bid_rules.check_binding_rate(standing, wanted)
    except FieldError as refused:
        errors["rate"] = refused.message
    return errors, cents, wanted


def _lead_in_full(
    listing: Listing, standing: LiveBid | None, others: Sequence[OpenBid], cents: int | None, is_bot: bool
) -> Decimal | None:
    """Find the highest rate this amount could bid and lead in full; not above what is binding already."""
    if cents is None:
        return None
    highest = listing.highest_rate
    if standing is not None and standing.leading_cents:
        highest = min(highest, standing.rate)
    return rate_to_lead_in_full(
        asked_cents=listing.amount_cents,
        bids=others,
        amount_cents=cents,
        is_bot=is_bot,
        minimum_rate=listing.floor_rate,
        maximum_rate=highest,
    )


def _displaced(
    session: Session, live: Sequence[LiveBid], leads: Sequence[Lead]
) -> tuple[DisplacedLender, ...]:
    """Name those who would lead with less than they do now."""
    before = {bid.bid_id: bid.leading_cents for bid in live}
    losing = [lead for lead in leads if lead.leading_cents < before.get(lead.bid.bid_id, 0)]
    if not losing:
        return ()
    rows = session.exec(
        select(Member.id, Member.full_name).where(col(Member.id).in_([lead.bid.lender_id for lead in losing]))
    )
    names = dict(rows.all())
    return tuple(
        DisplacedLender(
            name=shown_name(names[lead.bid.lender_id], is_bot=lead.bid.is_bot),
            is_bot=lead.bid.is_bot,
            before_cents=before[lead.bid.bid_id],
            after_cents=lead.leading_cents,
        )
        for lead in losing
    )


def shown_name(full_name: str, *, is_bot: bool) -> str:
    """Give the name that others may see: a bot's own, and Maya R. for a person."""
    return full_name if is_bot else formats.person(full_name)
