"""Old decisions go, in pieces; what the screens show of a longer time stays."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import Bot, BotDecision, Listing, Verdict
from p2p_reflex.services.bots import bot_desk, bot_pruning, bot_runs
from p2p_reflex.services.days import business_date
from tests.builders import NOW, TODAY, a_listing, a_member

pytestmark = pytest.mark.usefixtures("database")
LONG_AGO = TODAY - timedelta(days=31)


@pytest.fixture(autouse=True)
def _market(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_pruning, "KEPT_PER_BOT", 3)
    monkeypatch.setattr(bot_pruning, "CHUNK", 4)
    house.run(business_date.open_day, business_on=TODAY)
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)


def _ids() -> list[int]:
    return list(house.run(lambda session: session.exec(select(Bot.id).order_by(col(Bot.id))).all()))


def _decide(
    session: Session,
    bot_id: int,
    times: int,
    on: date,
    *,
    verdict: Verdict = Verdict.PASS,
    listing_id: int | None = None,
) -> None:
    session.add_all(
        BotDecision(
            bot_id=bot_id,
            listing_id=listing_id,
            business_on=on,
            decided_at=NOW,
            verdict=verdict,
            reason=f"Word {number}.",
        )
        for number in range(times)
    )


def _counts() -> dict[int, int]:
    def count(session: Session) -> dict[int, int]:
        rows = session.exec(select(BotDecision.bot_id, func.count()).group_by(col(BotDecision.bot_id)))
        return dict(rows.all())

    return house.run(count)


def test_what_is_older_than_30_days_goes_but_for_the_last_of_each_bot() -> None:
    talker, silent, *_ = _ids()
    house.run(_decide, bot_id=talker, times=11, on=LONG_AGO)
    house.run(_decide, bot_id=talker, times=5, on=TODAY - timedelta(days=30))
    house.run(_decide, bot_id=silent, times=8, on=LONG_AGO)

    forgotten = bot_pruning.forget_old(house.run)

    assert forgotten == 11 + 5
    assert _counts() == {talker: 5, silent: 3}
    assert bot_pruning.forget_old(house.run) == 0


def test_the_last_word_on_an_open_listing_stays_however_old() -> None:
    bot_id = _ids()[0]
    is_open, has_ended = house.run(a_listing), house.run(a_listing)
    house.run(_end, listing_id=has_ended)
    for listing_id in (is_open, has_ended) * 3:
        house.run(_decide, bot_id=bot_id, times=1, on=LONG_AGO, listing_id=listing_id)
    house.run(_decide, bot_id=bot_id, times=3, on=TODAY)

    forgotten = bot_pruning.forget_old(house.run)

    assert forgotten == 3
    kept = house.run(lambda session: session.exec(select(BotDecision.listing_id)).all())
    assert [listing_id for listing_id in kept if listing_id] == [is_open] * 3


def _end(session: Session, *, listing_id: int) -> None:
    session.get_one(Listing, listing_id).state = ListingState.EXPIRED


def test_what_was_refused_or_failed_so_far_is_the_same_afterwards() -> None:
    bot_id = _ids()[0]
    admin_id = house.run(a_member, role=Role.ADMIN)
    for verdict in (Verdict.REFUSED, Verdict.ERROR, Verdict.PASS):
        house.run(_decide, bot_id=bot_id, times=5, on=LONG_AGO, verdict=verdict)
    house.run(_decide, bot_id=bot_id, times=2, on=TODAY, verdict=Verdict.REFUSED)

    def shown() -> int:
        desk = house.read(bot_desk.desk, admin_id=admin_id, business_on=TODAY)
        return next(card.refused_count for card in desk.bots if card.bot_id == bot_id)

    before = shown()
    bot_pruning.forget_old(house.run)

    assert (before, shown()) == (12, 12)
    assert _counts()[bot_id] == 3
