"""Owns the admin's desk of the bots as it is looked at: each with its figures, and why it decided so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.bots.bot_figures import (
    BidsOnDay,
    BotCard,
    DecisionFilter,
    DecisionPage,
    GradeCapital,
    bids_by_day,
    capital_by_grade,
    cards,
    decisions,
)
from p2p_reflex.services.people.authority import check_admin

CHART_DAYS = 30


@dataclass(frozen=True, slots=True)
class BotDesk:
    """Everything on the bots screen: each bot with its figures, and what the charts show.

    `waiting_cents` is the capital, by name, of bots that are not enrolled.
    """

    bots: tuple[BotCard, ...]
    bids_by_day: tuple[BidsOnDay, ...]
    capital_by_grade: tuple[GradeCapital, ...]
    waiting_cents: Mapping[str, int]

    @property
    def running_count(self) -> int:
        """Give how many bots are switched on."""
        return sum(bot.is_running for bot in self.bots)


def desk(session: Session, *, admin_id: int, business_on: date) -> BotDesk:
    """Return the bots screen. Raises UnknownError for anybody who is not an admin."""
    check_admin(session, admin_id=admin_id)
    return BotDesk(
        bots=cards(session, business_on=business_on),
        bids_by_day=bids_by_day(session, until=business_on, days=CHART_DAYS),
        capital_by_grade=capital_by_grade(session),
        waiting_cents=bot_runs.waiting_bots(session),
    )


def find_decisions(
    session: Session, *, admin_id: int, query: DecisionFilter, page: int = 1, page_size: int = 25
) -> DecisionPage:
    """Return what the bots decided and why, the newest first. Raises UnknownError."""
    check_admin(session, admin_id=admin_id)
    return decisions(session, query=query, page=page, page_size=page_size)
