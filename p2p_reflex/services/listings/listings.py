"""Owns a listing's beginning and its withdrawal; the bidding in between is another room's."""

from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.vocabulary import BidState, ListingState, Role
from p2p_reflex.models import Listing, Member
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding import book
from p2p_reflex.services.listings.listing_drafts import DraftRecord, discard_draft, load_draft, save_draft
from p2p_reflex.services.listings.listing_form import ListingForm, read_form, read_highest_rate
from p2p_reflex.services.listings.listing_limits import STANDING_STATES, check_limits, standing
from p2p_reflex.services.listings.listing_preview import Consequences, ListingPreview, preview
from p2p_reflex.services.people import assessments

__all__ = [
    "Consequences",
    "DraftRecord",
    "ListingEndedError",
    "ListingForm",
    "ListingPreview",
    "discard_draft",
    "load_draft",
    "preview",
    "publish",
    "save_draft",
    "withdraw",
]

DAYS_TO_DECIDE = 2

_ENDED = {
    ListingState.ACCEPTED: "The offers on this listing were accepted already, so it is a loan now.",
    ListingState.WITHDRAWN: "This listing was withdrawn already.",
    ListingState.EXPIRED: "This listing expired, so there is nothing to withdraw.",
}


class ListingEndedError(LendingError):
    """A listing that has ended cannot be withdrawn."""


def publish(
    session: Session,
    *,
    borrower_id: int,
    form: ListingForm,
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Open a listing for bids with a fresh assessment, drop the draft, and return the listing's id.

    Raises FieldError for the first field that cannot be used, BorrowingLimitError, or UnknownError for
    whoever is not a borrower; nothing is kept then.
    """
    answer = idempotency.once(
        session,
        member_id=borrower_id,
        key=form_key,
        action="publish_listing",
        body=asdict(form),
        now=now,
        act=lambda: {"listing_id": _publish(session, borrower_id, form, business_on, now)},
    )
    return int(answer["listing_id"])


def withdraw(
    session: Session, *, borrower_id: int, listing_id: int, form_key: str, business_on: date, now: datetime
) -> None:
    """Take a listing off the market: every bid is rejected and its cash released with it.

    Raises UnknownError for a stranger's listing, ListingEndedError for one that has ended.
    """
    idempotency.once(
        session,
        member_id=borrower_id,
        key=form_key,
        action="withdraw_listing",
        body={"listing_id": listing_id},
        now=now,
        act=lambda: _withdraw(session, borrower_id, listing_id, business_on, now),
    )


def _publish(session: Session, borrower_id: int, form: ListingForm, business_on: date, now: datetime) -> int:
    _lock_borrower(session, borrower_id)
    request = read_form(form)
    check_limits(
        standing(session, borrower_id=borrower_id, business_on=business_on), amount_cents=request.amount_cents
    )
    assessment = assessments.assess(
        session,
        borrower_id=borrower_id,
        amount_cents=request.amount_cents,
        term_months=request.term_months,
        purpose=request.purpose,
        business_on=business_on,
        now=now,
    )
    closes_on = business_on + timedelta(days=request.window_days)
    listing = Listing(
        borrower_id=borrower_id,
        assessment_id=assessment.assessment_id,
        title=request.title,
        story=request.story,
        purpose=request.purpose,
        grade=assessment.grade,
        amount_cents=request.amount_cents,
        term_months=request.term_months,
        highest_rate=read_highest_rate(form, floor_rate=assessment.floor_rate),
        floor_rate=assessment.floor_rate,
        expected_loss_rate=assessment.expected_loss_rate,
        smallest_share_percent=request.smallest_share_percent,
        accepts_automatically=form.accepts_automatically,
        opens_on=business_on,
        closes_on=closes_on,
        decide_until_on=closes_on + timedelta(days=DAYS_TO_DECIDE),
        published_at=now,
    )
    session.add(listing)
    discard_draft(session, borrower_id=borrower_id)
    session.flush()
    return listing.id


def _withdraw(
    session: Session, borrower_id: int, listing_id: int, business_on: date, now: datetime
) -> dict[str, int]:
    listing = book.lock_listing(session, listing_id=listing_id)
    if listing.borrower_id != borrower_id:
        raise UnknownError("listing")
    if listing.state not in STANDING_STATES:
        raise ListingEndedError(_ENDED[listing.state])
    book.release_book(
        session,
        listing=listing,
        state=BidState.REJECTED,
        memo="The borrower withdrew the listing",
        business_on=business_on,
        now=now,
    )
    listing.state = ListingState.WITHDRAWN
    listing.ended_on = business_on
    listing.version += 1
    session.add(listing)
    session.flush()
    return {"listing_id": listing_id}


def _lock_borrower(session: Session, borrower_id: int) -> None:
    """Let one borrower publish one listing at a time, so that the limits hold against two tabs."""
    row = session.exec(
        select(Member.id)
        .where(Member.id == borrower_id, Member.role == Role.BORROWER)
        .with_for_update(key_share=True)
    ).first()
    if row is None:
        raise UnknownError("member")
