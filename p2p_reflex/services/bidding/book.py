"""Owns the books of listings: what leads changes here, with its cash, in one book or in a thousand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.order_book import OpenBid
from p2p_reflex.domain.repricing import Repricing, StandingBid, reprice_book
from p2p_reflex.domain.vocabulary import AccountKind, BidState, ListingState
from p2p_reflex.models import LedgerAccount, Listing, table_of
from p2p_reflex.services.bidding import book_rows
from p2p_reflex.services.bidding.book_rows import (
    BookListing,
    EndedRow,
    LiveBid,
    MovedRow,
    NewBid,
    PlacedRow,
    TotalsRow,
)
from p2p_reflex.services.money import holds
from p2p_reflex.services.money.holds import HoldChange
from p2p_reflex.services.notices import market_notices

BOOK_STATES = (ListingState.OPEN, ListingState.DECIDING)
"""A listing in one of these has a book in which bids stand."""

_accounts = table_of(LedgerAccount)


@dataclass(frozen=True, slots=True)
class BookChange:
    """What shall happen to one book: bids that arrive, and live bids that end with a state."""

    listing: BookListing
    arriving: tuple[NewBid, ...] = ()
    leaving: Mapping[int, BidState] = field(default_factory=dict)


class BidMove(NamedTuple):
    """How much of a lender's bid led before and leads now, in cents, and its place (0 once it has left)."""

    bid_id: int
    lender_id: int
    is_bot: bool
    amount_cents: int
    rate: Decimal
    before_cents: int
    after_cents: int
    position: int


@dataclass(frozen=True, slots=True)
class RefusedNewBid:
    """A bid that got no place because its lender cannot pay what would lead."""

    lender_id: int
    available_cents: int


class Repriced(NamedTuple):
    """What became of one book; enough to tell everybody concerned.

    Standing bids: `promoted` lead with more than before, `displaced` with less, `cut` kept only the part
    that leads, `lapsed` left because their lender no longer has the cash, `ended` left as they were told to.
    `placed` are the new ones; what was led before is there what the replaced one led. `declined` are those
    of the ended that the borrower turned down; `is_first` says that no bid stood in the book before.
    """

    listing_id: int
    covered_before_cents: int
    covered_cents: int
    offered_cents: int
    average_rate: Decimal | None
    bid_count: int
    placed: tuple[BidMove, ...] = ()
    promoted: tuple[BidMove, ...] = ()
    displaced: tuple[BidMove, ...] = ()
    cut: tuple[BidMove, ...] = ()
    lapsed: tuple[BidMove, ...] = ()
    ended: tuple[BidMove, ...] = ()
    declined: tuple[BidMove, ...] = ()
    is_first: bool = False
    refused: tuple[RefusedNewBid, ...] = ()


def lock_listing(session: Session, *, listing_id: int) -> Listing:
    """Return a listing as it stands now, locked until the transaction ends. Raises UnknownError."""
    found = lock_listings(session, listing_ids=[listing_id]) if book_rows.is_id(listing_id) else []
    if not found or found[0].state is ListingState.DRAFT:
        raise UnknownError("listing")
    return found[0]


def lock_listings(session: Session, *, listing_ids: Iterable[int]) -> list[Listing]:
    """Return listings as they stand now, locked in the order of their ids."""
    statement = select(Listing).where(col(Listing.id).in_(sorted(set(listing_ids)))).order_by(col(Listing.id))
    return list(session.exec(statement.with_for_update().execution_options(populate_existing=True)))


def reprice(
    session: Session,
    *,
    listing: Listing,
    arriving: Sequence[NewBid] = (),
    leaving: Mapping[int, BidState] | None = None,
    business_on: date,
    now: datetime,
) -> Repriced:
    """Reprice one locked listing's book; see `reprice_many`."""
    change = BookChange(listing, tuple(arriving), leaving or {})
    return reprice_many(session, changes=[change], business_on=business_on, now=now)[0]


def reprice_many(
    session: Session,
    *,
    changes: Sequence[BookChange],
    standing: Mapping[int, list[LiveBid]] | None = None,
    business_on: date,
    now: datetime,
) -> tuple[Repriced, ...]:
    """Bring locked books in line with bids that arrive and leave, and hold exactly what leads.

    Reads every live bid with one query (unless the caller did, under the locks: `standing`), decides in
    `domain.repricing`, writes each table at once. New bids have passed `bid_rules.check_bid`; one that
    cannot be paid is refused in the answer, not raised.
    Law: afterwards cash held = what leads, for every lender in these books.
    """
    if standing is None:
        standing = book_rows.live_bids(session, listing_ids=[change.listing.id for change in changes])
    lenders = {bid.lender_id for bids in standing.values() for bid in bids}
    lenders.update(bid.lender_id for change in changes for bid in change.arriving)
    locks = len(changes) > 1 or any(bid.is_bot for change in changes for bid in change.arriving)
    plans = _plan(changes, standing, _available(session, lenders, lock=locks))
    if not locks and any(plan.draws_on_others for plan in plans):
        # Whether a bystander's wallet covers a promotion must not change before it is written.
        plans = _plan(changes, standing, _available(session, lenders, lock=True))
    _write(session, plans, business_on=business_on, now=now)
    outcome = tuple(plan.result() for plan in plans)
    market_notices.tell_repriced(session, changes, outcome, business_on=business_on, now=now)
    return outcome


def release_book(
    session: Session, *, listing: Listing, state: BidState, memo: str, business_on: date, now: datetime
) -> int:
    """End every live bid of a locked listing with a state, release its cash, and return how many there were.

    The listing keeps its totals: they are its final book.
    """
    bids = book_rows.live_bids(session, listing_ids=[listing.id])[listing.id]
    changes = [
        HoldChange(bid.lender_id, listing.id, bid.hold_id, bid.leading_cents, 0, memo)
        for bid in bids
        if bid.leading_cents
    ]
    holds.change_holds(session, changes=changes, business_on=business_on, recorded_at=now)
    book_rows.end(session, [EndedRow(bid.bid_id, state) for bid in bids], business_on=business_on)
    market_notices.tell_released(session, listing=listing, bids=bids, business_on=business_on, now=now)
    return len(bids)


@dataclass(slots=True)
class _Move:
    """One lender in one book: the bid that stood there, the one that will (or else left), and its hold."""

    bid: OpenBid
    old: LiveBid | None
    stays: bool
    after_cents: int = 0
    position: int = 0
    hold_id: int | None = None
    placed_id: int | None = None

    @property
    def before_cents(self) -> int:
        return self.old.leading_cents if self.old else 0

    @property
    def is_new(self) -> bool:
        """Tell a bid that is placed now; it has no id of its own until it is written."""
        return self.bid.bid_id < 0

    def told(self) -> BidMove:
        """Say what happened to the bid."""
        return BidMove(
            bid_id=self.placed_id or self.bid.bid_id,
            lender_id=self.bid.lender_id,
            is_bot=self.bid.is_bot,
            amount_cents=self.bid.amount_cents,
            rate=self.bid.rate,
            before_cents=self.before_cents,
            after_cents=self.after_cents,
            position=self.position,
        )


@dataclass(slots=True)
class _Plan:
    """One book on its way through: what was asked, what was decided, and what it means for each lender."""

    change: BookChange
    outcome: Repricing
    moves: list[_Move]

    @property
    def draws_on_others(self) -> bool:
        """Tell whether somebody who did not act would have to pay, or was found unable to."""
        actors = {bid.lender_id for bid in self.change.arriving}
        pays = any(cents > 0 and who not in actors for who, cents in self.outcome.drawn_cents.items())
        return pays or bool(self.outcome.lapsed or self.outcome.cut)

    def ending(self) -> dict[int, BidState]:
        """Tell which bids leave the book, and as what."""
        states = dict(self.change.leaving)
        states.update(dict.fromkeys(self.outcome.replaced, BidState.REPLACED))
        states.update(dict.fromkeys(self.outcome.lapsed, BidState.LAPSED))
        return states

    def result(self) -> Repriced:
        """Say what became of the book."""
        listing, outcome = self.change.listing, self.outcome
        stayed = [move for move in self.moves if move.stays and not move.is_new]
        left = [move for move in self.moves if not move.stays]
        ending, lapsed = self.ending() if left else {}, set(outcome.lapsed)
        return Repriced(
            listing_id=listing.id,
            covered_before_cents=sum(move.before_cents for move in self.moves),
            covered_cents=outcome.book.covered_cents,
            offered_cents=outcome.book.offered_cents,
            average_rate=outcome.book.average_rate,
            bid_count=len(outcome.book.leads),
            placed=tuple(move.told() for move in self.moves if move.is_new),
            promoted=tuple(move.told() for move in stayed if move.after_cents > move.before_cents),
            displaced=tuple(move.told() for move in stayed if move.after_cents < move.before_cents),
            cut=tuple(move.told() for move in stayed if move.bid.bid_id in outcome.cut),
            lapsed=tuple(move.told() for move in left if move.bid.bid_id in lapsed),
            ended=tuple(
                move.told() for move in left if move.bid.bid_id in ending and move.bid.bid_id not in lapsed
            ),
            declined=tuple(move.told() for move in left if ending.get(move.bid.bid_id) is BidState.DECLINED),
            is_first=all(move.old is None for move in self.moves),
            refused=tuple(RefusedNewBid(no.bid.lender_id, no.available_cents) for no in outcome.refused),
        )


def _plan(
    changes: Sequence[BookChange], standing: Mapping[int, list[LiveBid]], available: Mapping[int, int]
) -> list[_Plan]:
    """Decide every book, one after the other, each with the cash that those before it left."""
    cash = dict(available)
    plans = []
    for change in changes:
        bids = standing.get(change.listing.id, [])
        outcome = reprice_book(
            asked_cents=change.listing.amount_cents,
            standing=[StandingBid(bid.open_bid, bid.leading_cents) for bid in bids],
            arriving=_newcomers(change.arriving, latest=bids[-1].bid_id if bids else 0),
            leaving=change.leaving,
            available_cents=cash,
        )
        for lender_id, drawn in outcome.drawn_cents.items():
            cash[lender_id] = cash.get(lender_id, 0) - drawn
        plans.append(_Plan(change, outcome, _moves(bids, outcome)))
    return plans


def _newcomers(arriving: Sequence[NewBid], *, latest: int) -> list[OpenBid]:
    """Rank new bids behind all earlier ones; their ids are below zero until they have one."""
    return [
        OpenBid(-number, bid.lender_id, bid.amount_cents, bid.rate, bid.is_bot, latest + number)
        for number, bid in enumerate(arriving, start=1)
    ]


def _moves(bids: Sequence[LiveBid], outcome: Repricing) -> list[_Move]:
    """Lay what stood beside what will stand, lender by lender, in the order of the new book."""
    old = {bid.lender_id: bid for bid in bids}
    moves = [
        _Move(
            bid=lead.bid,
            old=old.pop(lead.bid.lender_id, None),
            stays=True,
            after_cents=lead.leading_cents,
            position=lead.position,
        )
        for lead in outcome.book.leads
    ]
    return moves + [_Move(bid=bid.open_bid, old=bid, stays=False) for bid in old.values()]


def _available(session: Session, lenders: Iterable[int], *, lock: bool) -> dict[int, int]:
    """Return what lenders have available; locked, in the ledger's own order, until the transaction ends."""
    statement = (
        sa.select(_accounts.c.member_id, _accounts.c.kind, _accounts.c.balance_cents)
        .where(_accounts.c.member_id.in_(sorted(lenders)))
        .order_by(_accounts.c.id)
    )
    rows = session.execute(statement.with_for_update() if lock else statement)
    return {member_id: balance for member_id, kind, balance in rows if kind == AccountKind.WALLET}


def _write(session: Session, plans: Sequence[_Plan], *, business_on: date, now: datetime) -> None:
    """Write every decision: bids that leave, cash, new bids, bids that lead otherwise, and the totals."""
    leaving = [EndedRow(bid_id, state) for plan in plans for bid_id, state in plan.ending().items()]
    book_rows.end(session, leaving, business_on=business_on)
    _hold(session, plans, business_on=business_on, now=now)
    placed = [(plan, move) for plan in plans for move in plan.moves if move.is_new]
    ids = book_rows.insert(
        session, [_placed_row(plan, move) for plan, move in placed], business_on=business_on, now=now
    )
    for (_, move), bid_id in zip(placed, ids, strict=True):
        move.placed_id = bid_id
    book_rows.move(session, [row for plan in plans for row in _moved_rows(plan)])
    book_rows.total(session, [_totals_row(plan) for plan in plans])
    for plan in plans:
        _refresh(plan)


def _hold(session: Session, plans: Sequence[_Plan], *, business_on: date, now: datetime) -> None:
    """Make the cash follow what leads, in one call; what is freed comes first and may pay for the rest."""
    changing: list[tuple[_Move, HoldChange]] = []
    for plan in plans:
        ending = plan.ending()
        listing = plan.change.listing
        for move in plan.moves:
            hold_id = move.old.hold_id if move.old else None
            if move.before_cents == move.after_cents:
                move.hold_id = hold_id
                continue
            memo = _memo(move, ending, listing.title)
            before, after = move.before_cents, move.after_cents
            changing.append((move, HoldChange(move.bid.lender_id, listing.id, hold_id, before, after, memo)))
    changing.sort(key=lambda pair: pair[1].to_cents > pair[1].from_cents)
    changes = [change for _, change in changing]
    held = holds.change_holds(session, changes=changes, business_on=business_on, recorded_at=now)
    for (move, _), hold_id in zip(changing, held, strict=True):
        move.hold_id = hold_id


def _memo(move: _Move, ending: Mapping[int, BidState], title: str) -> str:
    """Say in the journal why cash was set aside or freed."""
    if move.after_cents > move.before_cents:
        return f"Held for a bid on {title}"
    state = ending.get(move.old.bid_id, BidState.LIVE) if move.old else BidState.LIVE
    said = {
        BidState.DECLINED: "Bid declined by the borrower of",
        BidState.WITHDRAWN: "Bid withdrawn from",
        BidState.LAPSED: "Bid lapsed on",
        BidState.REPLACED: "Bid changed on",
    }
    return f"{said.get(state, 'Outbid on')} {title}"


def _placed_row(plan: _Plan, move: _Move) -> PlacedRow:
    bid = plan.change.arriving[-move.bid.bid_id - 1]
    return PlacedRow(plan.change.listing.id, bid, move.after_cents, move.hold_id)


def _moved_rows(plan: _Plan) -> list[MovedRow]:
    """List the standing bids whose part changed, or that were cut."""
    rows = []
    for move in plan.moves:
        if move.old is None or move.is_new or not move.stays:
            continue
        bid = move.bid
        if move.before_cents != move.after_cents or bid.amount_cents != move.old.amount_cents:
            rows.append(MovedRow(bid.bid_id, bid.amount_cents, move.after_cents, move.hold_id))
    return rows


def _totals_row(plan: _Plan) -> TotalsRow:
    book, listing = plan.outcome.book, plan.change.listing
    return TotalsRow(
        listing_id=listing.id,
        version=listing.version,
        covered_cents=book.covered_cents,
        offered_cents=book.offered_cents,
        average_rate=book.average_rate,
        bid_count=len(book.leads),
    )


def _refresh(plan: _Plan) -> None:
    """Let the listing at hand say what its row says now."""
    if not isinstance(plan.change.listing, Listing):
        return
    row = _totals_row(plan)
    for name in ("covered_cents", "offered_cents", "average_rate", "bid_count"):
        set_committed_value(plan.change.listing, name, getattr(row, name))
    set_committed_value(plan.change.listing, "version", row.version + 1)
