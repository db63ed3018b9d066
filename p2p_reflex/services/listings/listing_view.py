"""Owns what one listing's page shows, to each kind of viewer."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, select

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.order_book import Book
from p2p_reflex.domain.scorecard import Factor
from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState, Purpose, Role
from p2p_reflex.models import Assessment, Listing, Loan, Member
from p2p_reflex.services.bidding import acceptance, bid_rules
from p2p_reflex.services.bidding.acceptance import AcceptanceQuote
from p2p_reflex.services.bidding.book import BOOK_STATES
from p2p_reflex.services.bidding.book_rows import is_id
from p2p_reflex.services.listings.listing_book import (
    BidRecord,
    BookRow,
    Place,
    RatePoint,
    book_rows,
    rate_history,
    read_bids,
    shown_book,
)

__all__ = ["AssessmentView", "BookRow", "ListingView", "OwnBid", "Place", "RatePoint", "view"]


@dataclass(frozen=True, slots=True)
class AssessmentView:
    """Why the listing has its grade."""

    grade: Grade
    points: int
    max_points: int
    expires_on: date
    debt_to_income: Decimal
    loans_paid_off: int
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class OwnBid:
    """The viewer's bid that stands in the book; `can_withdraw` only while nothing of it leads."""

    bid_id: int
    amount_cents: int
    leading_cents: int
    rate: Decimal
    position: int
    place: Place
    message: str
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class ListingView:
    """Everything on a listing's page.

    The rates and `offer` describe what leads and are none while nothing does. `rows[:leading_count]` lead,
    and where the book covers the amount the line "fully covered" stands after them. `bid_refusal` says
    why the viewer cannot bid, if so. `ended_bid_state` tells a lender what became of their newest bid.
    """

    listing_id: int
    state: ListingState
    title: str
    story: str
    purpose: Purpose
    grade: Grade
    borrower_name: str
    borrower_initials: str
    amount_cents: int
    term_months: int
    highest_rate: Decimal
    floor_rate: Decimal
    expected_loss_rate: Decimal
    smallest_share_percent: int
    accepts_automatically: bool
    opens_on: date
    closes_on: date
    decide_until_on: date
    ended_on: date | None
    published_at: datetime
    days_left: int
    covered_cents: int
    offered_cents: int
    is_covered: bool
    leading_count: int
    average_rate: Decimal | None
    marginal_rate: Decimal | None
    offer: AcceptanceQuote
    assessment: AssessmentView
    rows: tuple[BookRow, ...]
    rate_history: tuple[RatePoint, ...]
    own_bid: OwnBid | None
    ended_bid_state: BidState | None
    loan_id: int | None
    is_own_listing: bool
    can_bid: bool
    bid_refusal: str | None
    can_decline: bool
    can_withdraw_listing: bool
    version: int


def view(
    session: Session, *, listing_id: int, viewer_id: int | None, role: Role | None, business_on: date
) -> ListingView:
    """Show a listing to a member or, without an id, to a visitor. Raises UnknownError.

    An ended listing shows the book it ended with; drafts are nobody's to see.
    """
    listing = session.get(Listing, listing_id) if is_id(listing_id) else None
    if listing is None or listing.state is ListingState.DRAFT:
        raise UnknownError("listing")
    bids = read_bids(session, listing_id=listing_id)
    book = shown_book(bids, asked_cents=listing.amount_cents)
    is_own = viewer_id is not None and listing.borrower_id == viewer_id
    borrower_name = session.exec(select(Member.full_name).where(Member.id == listing.borrower_id)).one()
    rows = book_rows(bids, book=book, viewer_id=viewer_id, is_borrower=is_own)
    refusal = _bid_refusal(listing, viewer_id, role, business_on)
    return ListingView(
        listing_id=listing.id,
        state=listing.state,
        title=listing.title,
        story=listing.story,
        purpose=listing.purpose,
        grade=listing.grade,
        borrower_name=formats.person(borrower_name),
        borrower_initials=formats.initials(borrower_name),
        amount_cents=listing.amount_cents,
        term_months=listing.term_months,
        highest_rate=listing.highest_rate,
        floor_rate=listing.floor_rate,
        expected_loss_rate=listing.expected_loss_rate,
        smallest_share_percent=listing.smallest_share_percent,
        accepts_automatically=listing.accepts_automatically,
        opens_on=listing.opens_on,
        closes_on=listing.closes_on,
        decide_until_on=listing.decide_until_on,
        ended_on=listing.ended_on,
        published_at=listing.published_at,
        days_left=max((listing.closes_on - business_on).days, 0),
        covered_cents=book.covered_cents,
        offered_cents=book.offered_cents,
        is_covered=book.is_covered,
        leading_count=len(book.leading),
        average_rate=book.average_rate,
        marginal_rate=book.marginal_rate,
        offer=acceptance.describe(listing, book=book, business_on=listing.ended_on or business_on),
        assessment=_assessment(session, listing),
        rows=rows,
        rate_history=rate_history(bids, listing=listing),
        own_bid=_own_bid(listing, rows),
        ended_bid_state=_ended_bid_state(bids, viewer_id),
        loan_id=_loan_id(session, listing, bids, viewer_id, role),
        is_own_listing=is_own,
        can_bid=refusal is None,
        bid_refusal=refusal,
        can_decline=is_own and listing.state in BOOK_STATES,
        can_withdraw_listing=is_own and listing.state in BOOK_STATES,
        version=listing.version,
    )


def featured(session: Session, *, listing: Listing) -> tuple[Book, tuple[BookRow, ...]]:
    """Give a listing's book as a visitor sees it."""
    bids = read_bids(session, listing_id=listing.id)
    book = shown_book(bids, asked_cents=listing.amount_cents)
    return book, book_rows(bids, book=book, viewer_id=None, is_borrower=False)


def _bid_refusal(listing: Listing, viewer_id: int | None, role: Role | None, business_on: date) -> str | None:
    """Say why this viewer cannot bid, or nothing where they can."""
    try:
        bid_rules.check_open(listing, lender_id=viewer_id or 0, business_on=business_on)
        if viewer_id is None or role is not Role.LENDER:
            raise bid_rules.NotALenderError
    except LendingError as refused:
        return refused.message
    return None


def _assessment(session: Session, listing: Listing) -> AssessmentView:
    row = session.get_one(Assessment, listing.assessment_id)
    return AssessmentView(
        grade=row.grade,
        points=row.points,
        max_points=row.max_points,
        expires_on=row.expires_on,
        debt_to_income=row.debt_to_income,
        loans_paid_off=row.loans_paid_off,
        factors=tuple(Factor(each["name"], each["label"], each["points"]) for each in row.factors),
    )


def _own_bid(listing: Listing, rows: tuple[BookRow, ...]) -> OwnBid | None:
    """Pick out the viewer's bid while the book is open."""
    if listing.state not in BOOK_STATES:
        return None
    own = next((row for row in rows if row.is_you), None)
    if own is None or own.bid_id is None:
        return None
    return OwnBid(
        bid_id=own.bid_id,
        amount_cents=own.amount_cents,
        leading_cents=own.leading_cents,
        rate=own.rate,
        position=own.position,
        place=own.place,
        message=own.message,
        can_withdraw=own.leading_cents == 0,
    )


def _ended_bid_state(bids: list[BidRecord], viewer_id: int | None) -> BidState | None:
    """Tell what became of the viewer's newest bid, if it stands no more."""
    own = [each.state for each in bids if viewer_id is not None and each.bid.lender_id == viewer_id]
    return own[-1] if own and own[-1] is not BidState.LIVE else None


def _loan_id(
    session: Session, listing: Listing, bids: list[BidRecord], viewer_id: int | None, role: Role | None
) -> int | None:
    """Lead those whose loan it became to it: the borrower, the lenders in it, and admins."""
    if listing.state is not ListingState.ACCEPTED:
        return None
    lenders = {each.bid.lender_id for each in bids if each.state is BidState.ACCEPTED}
    if viewer_id != listing.borrower_id and viewer_id not in lenders and role is not Role.ADMIN:
        return None
    return session.exec(select(Loan.id).where(Loan.listing_id == listing.id)).first()
