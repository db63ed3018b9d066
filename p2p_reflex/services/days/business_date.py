"""Owns the market's own date: which business day is open."""

from datetime import date

from sqlmodel import Session

from p2p_reflex.models import BusinessClock


def today(session: Session) -> date:
    """Return the open business day."""
    clock = session.get(BusinessClock, 1)
    if clock is None:
        raise LookupError("The market has no business date yet: run `p2p migrate` first.")
    return clock.business_on


def open_day(session: Session, *, business_on: date) -> None:
    """Open a business day; the date never goes back.

    Raises ValueError for a date before the open one.
    """
    clock = session.get(BusinessClock, 1)
    if clock is None:
        session.add(BusinessClock(business_on=business_on))
    elif business_on < clock.business_on:
        raise ValueError("A business date never goes back.")
    else:
        clock.business_on = business_on
        session.add(clock)
    session.flush()
