"""Bots and people at the same instant, and a database that does not answer: never over, never twice."""

import sqlite3
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from p2p_reflex import database as house
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, BotDecision, Listing, Notice
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.bidding.bidding import BidOutcome
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.bots.bot_runs import RoundOutcome
from p2p_reflex.services.days import business_date, leases
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_listing, broken_laws, in_threads

LATER = NOW + timedelta(hours=2)


def _bid(lender_id: int, listing_id: int, amount: str, rate: str) -> BidOutcome:
    return house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )


def _round(*listing_ids: int) -> RoundOutcome:
    return house.run(
        bot_runs.run_round, listing_ids=list(listing_ids) or None, business_on=TODAY, now=LATER, seed=7
    )


def _enroll() -> None:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)


def _lenders(session: Session, count: int) -> list[int]:
    return [a_lender(session, cash_cents=100_00) for _ in range(count)]


def _covered(session: Session, listing_id: int) -> tuple[int, int]:
    listing = session.get_one(Listing, listing_id)
    return listing.covered_cents, listing.bid_count


def _live_bots(session: Session) -> list[tuple[int, int]]:
    live = select(Bid.listing_id, Bid.lender_id).where(col(Bid.is_bot), Bid.state == BidState.LIVE)
    return [(listing_id, lender_id) for listing_id, lender_id in session.exec(live)]


def _leading(session: Session) -> dict[int, int]:
    """Read how much of each lender's bid leads."""
    bids = session.exec(select(Bid).where(Bid.state == BidState.LIVE)).all()
    return {bid.lender_id: bid.leading_cents for bid in bids}


def _places(answers: list[Any]) -> list[int]:
    """Read what each person was answered that leads of their bid, in the order in which they stand."""
    return [answer.leading_cents for answer in answers if isinstance(answer, BidOutcome)]


def _told_outbid(session: Session) -> set[int]:
    """Name the lenders who were told that their bid leads less than they had heard."""
    outbid = select(Notice.member_id).where(Notice.event == NoticeEvent.OUTBID)
    return set(session.exec(outbid).all())


def _bots_heard(session: Session) -> int:
    """Count the bots whose decision, with its reason, is kept."""
    rows = session.exec(select(BotDecision)).all()
    return len({row.bot_id for row in rows if row.reason})


@pytest.mark.usefixtures("database")
def test_fifty_people_and_six_bots_into_the_last_thousand_dollars_never_overfund_it() -> None:
    _enroll()
    listing_id = house.run(a_listing, amount_cents=5_000_00, floor_rate="0.094", highest_rate="0.15")
    early = house.run(a_lender, cash_cents=4_000_00)
    people = house.run(_lenders, 50)
    _bid(early, listing_id, "4000", "9.4")
    calls: list[Any] = [lambda who=who: _bid(who, listing_id, "100", "10") for who in people]
    calls[10:10] = [lambda: _round(listing_id)] * 3
    calls[40:40] = [lambda: _round()] * 3

    answers = in_threads(calls)

    assert [answer for answer in answers if not isinstance(answer, BidOutcome | RoundOutcome)] == []
    covered_cents, bid_count = house.read(_covered, listing_id=listing_id)
    assert covered_cents == 5_000_00
    leading = house.read(_leading)
    assert sum(leading.values()) == 5_000_00
    assert leading[early] == 4_000_00
    assert len(leading) == bid_count >= 51
    live = house.read(_live_bots)
    assert len(live) == len(set(live))
    assert house.read(broken_laws) == []
    answered = {who: at for who, at in zip(people, _places(answers), strict=True) if leading[who] != at}
    assert house.read(_told_outbid) == set(answered)
    assert house.read(_bots_heard) == 6


@pytest.mark.usefixtures("database")
def test_rounds_and_people_on_many_listings_at_once_keep_every_law() -> None:
    _enroll()
    listing_ids = [
        house.run(a_listing, amount_cents=2_000_00, floor_rate="0.094", highest_rate="0.16") for _ in range(8)
    ]
    people = house.run(_lenders, 16)
    calls: list[Any] = [
        lambda who=who, at=at: _bid(who, listing_ids[at % 8], "100", f"{10 + at % 4}")
        for at, who in enumerate(people)
    ]
    calls[4:4] = [lambda: _round()] * 4
    calls[9:9] = [lambda at=at: _round(at) for at in listing_ids]

    answers = in_threads(calls)

    assert [answer for answer in answers if not isinstance(answer, BidOutcome | RoundOutcome)] == []
    assert house.read(broken_laws) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_locked_database_is_caught_up_with_by_the_next_sweep(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _enroll()
    house.run(business_date.open_day, business_on=TODAY)
    listing_id = house.run(a_listing, floor_rate="0.094", highest_rate="0.15", amount_cents=4_000_00)
    monkeypatch.setattr(house, "LOCK_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(house, "ATTEMPTS", 2)
    path = database.url.database
    house.use(house.connect(f"sqlite:///{path}"))
    blocker = sqlite3.connect(str(path), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    with pytest.raises(OperationalError, match="locked"):
        bot_runs.sweep(house.run, holder="one", now=LATER, seed=7)
    blocker.execute("ROLLBACK")
    blocker.close()
    outcomes = bot_runs.sweep(house.run, holder="one", now=LATER + timedelta(seconds=30), seed=7)
    again = bot_runs.sweep(house.run, holder="one", now=LATER + timedelta(seconds=60), seed=7)

    assert [outcome.bid_count for outcome in outcomes] == [4]
    assert [outcome.bid_count for outcome in again] == [0]
    assert house.read(_covered, listing_id=listing_id)[1] == 4
    assert house.run(lambda session: session.exec(select(func.count()).select_from(BotDecision)).one()) == 6
    assert house.read(broken_laws) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_round_waits_for_a_database_that_is_busy_for_a_moment(database: Engine) -> None:
    _enroll()
    listing_id = house.run(a_listing, floor_rate="0.094", highest_rate="0.15", amount_cents=4_000_00)
    blocker = sqlite3.connect(str(database.url.database), isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    outcomes: list[RoundOutcome] = []
    waiting = threading.Thread(target=lambda: outcomes.append(_round(listing_id)))

    waiting.start()
    time.sleep(0.3)
    blocker.execute("ROLLBACK")
    waiting.join()
    blocker.close()

    assert [outcome.bid_count for outcome in outcomes] == [4]
    assert house.read(broken_laws) == []


@pytest.mark.usefixtures("database")
def test_of_ten_runners_at_once_one_gets_the_lease() -> None:
    results = in_threads(
        [
            lambda who=who: house.run(leases.acquire, name="x", holder=f"runner {who}", now=NOW, seconds=60)
            for who in range(10)
        ]
    )

    assert sorted(results) == [False] * 9 + [True]


@pytest.mark.usefixtures("database")
def test_a_lease_is_prolonged_by_its_holder_and_free_once_given_back() -> None:
    def take(holder: str, seconds_later: int) -> bool:
        now = NOW + timedelta(seconds=seconds_later)
        return house.run(leases.acquire, name="x", holder=holder, now=now, seconds=60)

    first, prolonged, refused = take("one", 0), take("one", 50), take("two", 100)
    house.run(leases.release, name="x", holder="two")
    still_refused = take("two", 101)
    house.run(leases.release, name="x", holder="one")

    assert (first, prolonged, refused, still_refused) == (True, True, False, False)
    assert take("two", 102)
