"""Owns bots that say what a test wrote down, and small looks at what rounds did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bots import registry
from bots.base import Bot as Strategy
from bots.base import Market, ProposedBid
from bots.registry import Registry
from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Bot, BotDecision
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.bots.bot_runs import RoundOutcome
from tests.builders import NOW, TODAY, a_listing

LATER = NOW + timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Scripted(Strategy):
    """Say what a test wrote down."""

    name: str = "Scripted"
    says: Callable[[Market], Any] = lambda market: []
    loan_share: Decimal = Decimal(1)
    borrower_share: Decimal = Decimal(1)
    grade_share: Decimal = Decimal(1)

    def choose_bids(self, market: Market) -> Any:
        return self.says(market)


def enroll() -> None:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)


def run_round(*listing_ids: int, now: datetime = LATER, seed: int = 7) -> RoundOutcome:
    return house.run(
        bot_runs.run_round, listing_ids=list(listing_ids) or None, business_on=TODAY, now=now, seed=seed
    )


def script(monkeypatch: pytest.MonkeyPatch, **says: Callable[[Market], Any]) -> None:
    bots = {key: Scripted(name=key, says=said) for key, said in says.items()}
    monkeypatch.setattr(registry, "load", lambda: Registry(bots))
    enroll()


def live_bids(listing_id: int) -> list[Bid]:
    def read(session: Session) -> list[Bid]:
        mine = select(Bid).where(Bid.listing_id == listing_id, Bid.state == BidState.LIVE)
        return list(session.exec(mine.order_by(col(Bid.id))).all())

    return house.run(read)


def all_decisions() -> list[BotDecision]:
    return house.run(lambda session: session.exec(select(BotDecision).order_by(col(BotDecision.id))).all())


def bots_by_key() -> dict[str, Bot]:
    return {bot.key: bot for bot in house.run(lambda session: session.exec(select(Bot)).all())}


def good_listing(**changes: Any) -> int:
    terms: dict[str, Any] = {"amount_cents": 12_000_00, "floor_rate": "0.094", "highest_rate": "0.15"}
    return house.run(a_listing, **terms | changes)


def a_bid(market: Market, cents: int, place: int = 0, rate: str = "0.12") -> ProposedBid:
    return ProposedBid(market.listings[place].listing_id, "Because.", cents, Decimal(rate))


def take_the_room(market: Market) -> list[ProposedBid]:
    listing = market.listings[0]
    left_cents = listing.amount_cents - listing.kept_cents - market.books[listing.listing_id].offered_cents
    return [a_bid(market, left_cents)] if left_cents > 0 and not market.own_bids else []
