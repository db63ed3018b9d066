"""Owns how much a borrower may ask for and owe at the same time."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col

from p2p_reflex.domain import delinquency, formats
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import ListingState, LoanState
from p2p_reflex.models import Listing, Loan
from p2p_reflex.services.servicing import late_days

MOST_OPEN_LISTINGS = 2
MOST_OWED_CENTS = 100_000_00
STANDING_STATES = (ListingState.OPEN, ListingState.DECIDING)


class BorrowingLimitError(LendingError):
    """A borrower asked for more than they may at the moment."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a borrower has asked for and owes now, and how late they are."""

    open_listing_count: int
    asked_cents: int
    owed_cents: int
    has_written_off_loan: bool
    days_past_due: int
    paused_until_on: date | None

    @property
    def room_cents(self) -> int:
        """Give what may still be asked for."""
        return max(0, MOST_OWED_CENTS - self.asked_cents - self.owed_cents)


def standing(session: Session, *, borrower_id: int, business_on: date) -> Standing:
    """Add up a borrower's open listings and loans."""
    asked = session.execute(
        sa.select(
            sa.func.count(col(Listing.id)), sa.func.coalesce(sa.func.sum(col(Listing.amount_cents)), 0)
        ).where(col(Listing.borrower_id) == borrower_id, col(Listing.state).in_(STANDING_STATES))
    ).one()
    theirs = col(Loan.borrower_id) == borrower_id
    loans = session.execute(
        sa.select(col(Loan.id), col(Loan.state), col(Loan.outstanding_cents), col(Loan.next_due_on)).where(
            theirs, col(Loan.state) != LoanState.PAID_OFF
        )
    ).all()
    late = late_days.read(session, business_on=business_on, of=theirs)
    return Standing(
        open_listing_count=int(asked[0]),
        asked_cents=int(asked[1]),
        owed_cents=sum(loan.outstanding_cents for loan in loans),
        has_written_off_loan=any(loan.state is not LoanState.ACTIVE for loan in loans),
        days_past_due=max((late.days(loan.id, loan.next_due_on) for loan in loans), default=0),
        paused_until_on=max(filter(None, (late.paused_until(loan.id) for loan in loans)), default=None),
    )


def check_limits(now_standing: Standing, *, amount_cents: int) -> None:
    """Refuse a request beyond the limits, or by somebody whose loan is paused, or late beyond its grace.

    Raises BorrowingLimitError.
    """
    if now_standing.has_written_off_loan or now_standing.days_past_due > delinquency.GRACE_DAYS:
        raise BorrowingLimitError("One of your loans is late. Bring it up to date before you ask for more.")
    if now_standing.paused_until_on is not None:
        raise BorrowingLimitError(
            f"One of your loans is paused until {formats.long_date(now_standing.paused_until_on)}. "
            "You can ask for more once its payments go on."
        )
    if now_standing.open_listing_count >= MOST_OPEN_LISTINGS:
        raise BorrowingLimitError(
            f"You have {MOST_OPEN_LISTINGS} open listings already. "
            "Accept or withdraw one before you publish another."
        )
    if amount_cents > now_standing.room_cents:
        raise BorrowingLimitError(
            f"All you owe and ask for together may reach {formats.whole_money(MOST_OWED_CENTS)}. "
            f"You can ask for {formats.whole_money(now_standing.room_cents // 100 * 100)} more."
        )
