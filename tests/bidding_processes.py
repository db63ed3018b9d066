"""Owns bidders in processes of their own, for tests of what no lock inside one process can see to."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from p2p_reflex import database as house
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.services.bidding import bidding
from tests.builders import NOW, TODAY

PROCESSES = 4
LONGEST_WAIT_SECONDS = 60

_gates: list[Any] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bidder was told: how much leads, or the refusal in its own words."""

    lender_id: int
    leading_cents: int
    refusal: str = ""


def bid_in_processes(database_url: str, *, listing_id: int, lender_ids: Sequence[int]) -> list[Answer]:
    """Let lenders bid $100 at 10 % from several processes that begin together; each has a handful."""
    spawning = multiprocessing.get_context("forkserver")
    # Imported once by the server that forks, so that each process starts in milliseconds.
    spawning.set_forkserver_preload(["tests.bidding_processes"])
    shares = [tuple(lender_ids[start::PROCESSES]) for start in range(PROCESSES)]
    ready = (database_url, spawning.Barrier(PROCESSES))
    with ProcessPoolExecutor(PROCESSES, mp_context=spawning, initializer=_arrive, initargs=ready) as pool:
        begun = [pool.submit(_bid_all, listing_id, share) for share in shares]
        return [answer for each in begun for answer in each.result(LONGEST_WAIT_SECONDS)]


def _arrive(database_url: str, gate: Any) -> None:
    """Get a process ready: its own engine, and the gate at which all wait for each other."""
    house.use(house.connect(database_url))
    _gates.append(gate)


def _bid_all(listing_id: int, lender_ids: tuple[int, ...]) -> list[Answer]:
    """Bid for each lender in turn, once every process is ready."""
    _gates[-1].wait(LONGEST_WAIT_SECONDS)
    answers = [_bid(listing_id, lender_id) for lender_id in lender_ids]
    house.current_engine().dispose()
    return answers


def _bid(listing_id: int, lender_id: int) -> Answer:
    try:
        outcome = house.run(
            bidding.place_bid,
            lender_id=lender_id,
            listing_id=listing_id,
            amount="100",
            rate="10",
            form_key=f"process-{lender_id:08d}-{time.monotonic_ns()}",
            business_on=TODAY,
            now=NOW,
        )
    except LendingError as refused:
        return Answer(lender_id, 0, refused.message)
    return Answer(lender_id, outcome.leading_cents)
