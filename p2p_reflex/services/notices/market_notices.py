"""Owns who is told what about listings and their books: bids that come, lead no more, win, or end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.order_book import Book
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.models import Bid, Listing, Loan, Member, table_of
from p2p_reflex.services.bidding.book_rows import BookListing, LiveBid
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact

if TYPE_CHECKING:
    from p2p_reflex.services.bidding.book import BidMove, BookChange, Repriced

HOUR = timedelta(hours=1)

_bids = table_of(Bid)
_listings = table_of(Listing)
_members = table_of(Member)


def tell_repriced(
    session: Session,
    changes: Sequence[BookChange],
    outcome: Sequence[Repriced],
    *,
    business_on: date,
    now: datetime,
) -> None:
    """Tell borrowers of a first bid and of being covered, and lenders of what leads no more."""
    if notices.is_hushed(session):
        return
    books = [(change.listing, each) for change, each in zip(changes, outcome, strict=True)]
    names = names_of(session, (move.lender_id for _, each in books for move in _named(each)))
    facts: list[Fact] = []
    for listing, each in books:
        facts += _borrower_facts(each, listing, names)
        facts += _lender_facts(each, listing, names)
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_released(
    session: Session, *, listing: Listing, bids: Sequence[LiveBid], business_on: date, now: datetime
) -> None:
    """Tell the lenders in a book that it ended without a loan."""
    facts = [
        Fact(
            bid.lender_id,
            NoticeEvent.BID_REJECTED,
            {"title": listing.title, "freed_cents": bid.leading_cents, "was_filled": 0},
        )
        for bid in bids
        if not bid.is_bot
    ]
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_originated(
    session: Session, *, listing: Listing, loan: Loan, book: Book, business_on: date, now: datetime
) -> None:
    """Tell both sides that a book became a loan: the borrower, who won a part of it, and who did not."""
    about: dict[str, str | int] = {"title": listing.title, "loan_id": loan.id}
    first_due_on = str(loan.next_due_on)
    facts = [
        Fact(
            listing.borrower_id,
            NoticeEvent.LOAN_FUNDED,
            {
                **about,
                "net_cents": loan.principal_cents - loan.origination_fee_cents,
                "installment_cents": loan.installment_cents,
                "first_due_on": first_due_on,
            },
        )
    ]
    for lead in book.leads:
        bid = lead.bid
        if bid.is_bot:
            continue
        if not lead.leading_cents:
            lost: dict[str, str | int] = {"title": listing.title, "freed_cents": 0, "was_filled": 1}
            facts.append(Fact(bid.lender_id, NoticeEvent.BID_REJECTED, lost))
            continue
        won = {**about, "taken_cents": lead.leading_cents, "rate": str(bid.rate)}
        taken = {**won, "bid_cents": bid.amount_cents}
        facts.append(Fact(bid.lender_id, NoticeEvent.BID_ACCEPTED, taken))
        facts.append(Fact(bid.lender_id, NoticeEvent.NOTE_FUNDED, {**won, "first_due_on": first_due_on}))
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_closed(session: Session, *, listings: Iterable[Listing], business_on: date, now: datetime) -> None:
    """Tell borrowers whose window is over that they have to decide, or that nothing came of it."""
    facts = []
    for listing in listings:
        about: dict[str, str | int] = {"title": listing.title, "listing_id": listing.id}
        if listing.state is ListingState.EXPIRED:
            # One that its borrower might have accepted was left to them for days after its window.
            about["days_to_decide"] = ((listing.ended_on or listing.closes_on) - listing.closes_on).days
            facts.append(Fact(listing.borrower_id, NoticeEvent.LISTING_EXPIRED, about))
        elif listing.state is ListingState.DECIDING:
            about |= {"covered_cents": listing.covered_cents, "asked_cents": listing.amount_cents}
            about |= {"decide_until_on": str(listing.decide_until_on)}
            facts.append(Fact(listing.borrower_id, NoticeEvent.DECIDE_NOW, about))
    notices.tell(session, facts, business_on=business_on, now=now)


def tell_closing_soon(session: Session, *, business_on: date, now: datetime) -> int:
    """Tell, at the end of a day, everybody in the books that close on the next; each is told once."""
    if notices.is_hushed(session):
        return 0
    live = sa.and_(_bids.c.listing_id == _listings.c.id, _bids.c.state == BidState.LIVE)
    bid_columns = (_bids.c.lender_id, _bids.c.is_bot, _bids.c.amount_cents.label("bid_cents"))
    rows = session.execute(
        sa.select(_listings, *bid_columns, _bids.c.leading_cents)
        .select_from(_listings.outerjoin(_bids, live))
        .where(
            _listings.c.state == ListingState.OPEN, _listings.c.closes_on == business_on + timedelta(days=1)
        )
        .order_by(_listings.c.id, _bids.c.id)
    )
    facts: dict[tuple[int, int], Fact] = {}
    for row in rows:
        subject = f"closing_soon:{row.id}"
        about = {"title": row.title, "listing_id": row.id, "closes_on": str(row.closes_on)}
        stands = {"covered_cents": row.covered_cents, "asked_cents": row.amount_cents}
        facts[row.id, row.borrower_id] = Fact(
            row.borrower_id, NoticeEvent.CLOSING_SOON, {**about, **stands}, subject
        )
        if row.lender_id is not None and not row.is_bot:
            part = {"bid_cents": row.bid_cents, "leads_cents": row.leading_cents}
            facts[row.id, row.lender_id] = Fact(
                row.lender_id, NoticeEvent.BOOK_CLOSING_SOON, {**about, **part}, subject
            )
    return notices.tell(session, facts.values(), business_on=business_on, now=now)


def names_of(session: Session, member_ids: Iterable[int]) -> dict[int, str]:
    """Return how others may call some members: Maya R., and bots by their names."""
    wanted = sorted(set(member_ids))
    if not wanted:
        return {}
    columns = (_members.c.id, _members.c.full_name, _members.c.is_bot)
    found = session.execute(sa.select(*columns).where(_members.c.id.in_(wanted)))
    return {who: name if is_bot else formats.person(name) for who, name, is_bot in found}


def _named(each: Repriced) -> Sequence[BidMove]:
    """Pick the new bid whose lender is named, if anybody hears of it: the best one."""
    tells = each.is_first or any(not move.is_bot for move in each.displaced)
    return [min(each.placed, key=lambda move: move.position)] if tells and each.placed else []


def _borrower_facts(each: Repriced, listing: BookListing, names: Mapping[int, str]) -> list[Fact]:
    """Tell a borrower once of the first bid, and when the book comes to cover all that was asked for."""
    about: dict[str, str | int] = {"title": listing.title, "listing_id": listing.id}
    facts = []
    if each.is_first and each.placed:
        best = min(each.placed, key=lambda move: move.position)
        first: dict[str, Any] = {
            "by": names[best.lender_id],
            "bid_cents": best.amount_cents,
            "rate": str(best.rate),
            "others": len(each.placed) - 1,
        }
        subject = f"first_bid:{listing.id}"
        facts.append(Fact(listing.borrower_id, NoticeEvent.FIRST_BID, {**about, **first}, subject))
    if each.covered_before_cents < listing.amount_cents <= each.covered_cents:
        covered: dict[str, str | int] = {"asked_cents": listing.amount_cents, "rate": str(each.average_rate)}
        subject = f"covered:{listing.id}"
        facts.append(Fact(listing.borrower_id, NoticeEvent.COVERED, {**about, **covered}, subject, HOUR))
    return facts


def _lender_facts(each: Repriced, listing: BookListing, names: Mapping[int, str]) -> list[Fact]:
    """Tell the people in a book what of their bids leads no more, and why."""
    about: dict[str, str | int] = {"title": listing.title, "listing_id": listing.id}
    facts = []
    cut = {move.bid_id for move in each.cut}
    for move in each.displaced:
        if move.is_bot or move.bid_id in cut or not each.placed:
            continue
        best = min(each.placed, key=lambda placed: placed.position)
        lost: dict[str, str | int] = {
            "by": names[best.lender_id],
            "rate": str(best.rate),
            "others": sum(1 for placed in each.placed if placed.after_cents) - bool(best.after_cents),
            "freed_cents": move.before_cents - move.after_cents,
            "leads_cents": move.after_cents,
        }
        subject = f"outbid:{listing.id}"
        facts.append(Fact(move.lender_id, NoticeEvent.OUTBID, {**about, **lost}, subject, HOUR))
    for move in each.cut:
        left: dict[str, str | int] = {**about, "leads_cents": move.after_cents}
        facts += [] if move.is_bot else [Fact(move.lender_id, NoticeEvent.BID_CUT, left)]
    for move in each.lapsed:
        facts += [] if move.is_bot else [Fact(move.lender_id, NoticeEvent.BID_LAPSED, about)]
    for move in each.declined:
        freed: dict[str, str | int] = {**about, "freed_cents": move.before_cents}
        facts += [] if move.is_bot else [Fact(move.lender_id, NoticeEvent.BID_DECLINED, freed)]
    return facts
