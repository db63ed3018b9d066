"""Owns what has to stand before anybody can use the market: the house's accounts and a business date."""

from datetime import date

from sqlmodel import Session

from p2p_reflex.models import BusinessClock
from p2p_reflex.services import business_date, ledger


def open_market(session: Session, *, business_on: date) -> None:
    """Open the house's accounts and, on the very first start, its first business day."""
    ledger.open_house_accounts(session)
    if session.get(BusinessClock, 1) is None:
        business_date.open_day(session, business_on=business_on)
