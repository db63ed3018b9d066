"""Owns what has to stand before anybody can use the market: an open business day, no demo in production."""

from datetime import date

from sqlmodel import Session, col, select

from p2p_reflex.models import BusinessClock, Member
from p2p_reflex.services.days import business_date
from p2p_reflex.settings import SettingsError, settings


def open_market(session: Session, *, business_on: date) -> None:
    """Open the market's first business day, on the very first start.

    Raises SettingsError where production was pointed at the database of a demo.
    """
    if _has_demo_people(session) and settings().is_production:
        raise SettingsError(
            "Production refuses a database with demo accounts: choose another with P2P_DATABASE_URL."
        )
    if session.get(BusinessClock, 1) is None:
        business_date.open_day(session, business_on=business_on)


def _has_demo_people(session: Session) -> bool:
    """Tell whether somebody could still hold a session of a demo account."""
    return session.exec(select(Member.id).where(col(Member.is_demo).is_(True)).limit(1)).first() is not None
