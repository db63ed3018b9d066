"""A bot that takes long: it is stopped at its deadline, the others bid, and nobody waits for a lock."""

import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from bots.base import Market, ProposedBid
from p2p_reflex import database as house
from p2p_reflex.models import Bid, Listing, Verdict
from p2p_reflex.services.bots import bot_runs, bot_turns
from p2p_reflex.services.bots.bot_runs import RoundOutcome
from p2p_reflex.services.bots.bot_turns import TOO_LONG, Turn
from tests.builders import TODAY, broken_laws
from tests.scripted_bots import LATER, a_bid, all_decisions, bots_by_key, good_listing, run_round, script

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_turns, "DEADLINE_SECONDS", 0.3)
    monkeypatch.setattr(bot_runs, "GRACE_SECONDS", 0.02)


def _look() -> RoundOutcome:
    return bot_runs.look(house.run, listing_ids=None, business_on=TODAY, now=LATER, seed=7)


def _loops(market: Market) -> list[ProposedBid]:
    for _ in count():
        pass
    return []


def _never_ends(market: Market) -> Iterator[ProposedBid]:
    yield a_bid(market, 500_00)
    _loops(market)


def _bids(market: Market) -> list[ProposedBid]:
    return [a_bid(market, 500_00)]


@pytest.mark.parametrize("says", [_loops, _never_ends])
def test_a_bot_that_never_answers_is_stopped_and_the_others_bid(
    monkeypatch: pytest.MonkeyPatch, says: Any
) -> None:
    script(monkeypatch, endless=says, sound=_bids)
    good_listing()

    outcome = _look()

    assert [(stopped.name, stopped.reason) for stopped in outcome.stopped] == [("endless", TOO_LONG)]
    assert outcome.bid_count == 1
    assert bots_by_key()["endless"].stopped_reason == TOO_LONG == "It took longer than 5 seconds to decide."
    assert all_decisions()[0].verdict is Verdict.ERROR
    assert house.read(broken_laws) == []


def test_a_loop_ends_once_its_bot_is_given_up() -> None:
    turn = Turn(lambda: _loops(None))  # type: ignore[arg-type]

    turn.settle()

    turn._thread.join(timeout=20)
    assert not turn._thread.is_alive()
    assert turn.fault == TOO_LONG


def test_what_a_bot_says_after_its_deadline_counts_no_more() -> None:
    goes_on = threading.Event()

    def waits() -> list[str]:
        goes_on.wait(20)
        return ["too late"]

    turn = Turn(waits)
    turn.settle()
    goes_on.set()
    turn._thread.join(timeout=20)

    assert (turn.fault, turn.proposals) == (TOO_LONG, ())


def test_people_write_while_a_bot_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_turns, "DEADLINE_SECONDS", 20)
    is_thinking, goes_on = threading.Event(), threading.Event()

    def thinks(market: Market) -> list[ProposedBid]:
        is_thinking.set()
        goes_on.wait(20)
        return [a_bid(market, 500_00)]

    script(monkeypatch, slow=thinks, sound=_bids)
    listing_id = good_listing()
    outcomes: list[RoundOutcome] = []
    looking = threading.Thread(target=lambda: outcomes.append(_look()))

    looking.start()
    assert is_thinking.wait(20)
    house.run(_rename, listing_id=listing_id)
    goes_on.set()
    looking.join()

    assert (outcomes[0].bid_count, outcomes[0].stopped) == (2, ())
    assert house.run(lambda session: session.get_one(Listing, listing_id).title) == "Renamed meanwhile"
    assert house.read(broken_laws) == []


def _rename(session: Session, *, listing_id: int) -> None:
    session.get_one(Listing, listing_id).title = "Renamed meanwhile"


def test_a_slow_bot_that_answers_in_time_bids_by_the_rules_of_the_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(market: Market) -> list[ProposedBid]:
        time.sleep(0.1)
        return [a_bid(market, 500_00), a_bid(market, 600_00)]

    script(monkeypatch, slow=slow)
    good_listing()

    outcome = _look()

    assert (outcome.bid_count, outcome.refused_count, outcome.stopped) == (1, 1, ())
    assert house.run(lambda session: session.exec(select(func.count(col(Bid.id)))).one()) == 1


def test_a_round_in_one_transaction_waits_and_stops_the_bot_too(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, endless=_loops, sound=_bids)
    good_listing()

    outcome = run_round()

    assert [stopped.reason for stopped in outcome.stopped] == [TOO_LONG]
    assert outcome.bid_count == 1


def test_a_bot_that_would_end_the_program_is_stopped_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves(market: Market) -> list[ProposedBid]:
        raise SystemExit(3)

    script(monkeypatch, leaves=leaves, sound=_bids)
    good_listing()

    outcome = _look()

    assert [stopped.reason for stopped in outcome.stopped] == ["SystemExit: 3"]
    assert outcome.bid_count == 1
