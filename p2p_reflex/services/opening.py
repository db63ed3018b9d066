"""Owns what has to stand before anybody can use the market: an open business day."""

from datetime import date

from sqlmodel import Session

from p2p_reflex.models import BusinessClock
from p2p_reflex.services import business_date


def open_market(session: Session, *, business_on: date) -> None:
    """Open the market's first business day, on the very first start."""
    if session.get(BusinessClock, 1) is None:
        business_date.open_day(session, business_on=business_on)
