"""A market under fire: people bid, withdraw, decline and accept while the bots sweep; the books hold.

The normal run simulates two minutes at five actions a second. With P2P_SOAK_MINUTES=60 it is an hour.
"""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState
from p2p_reflex.models import Bid, Listing
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import opening
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_listing, broken_laws, in_threads

MINUTES = float(os.environ.get("P2P_SOAK_MINUTES", "2"))
ACTIONS_PER_SECOND = 5
SWEEP_EVERY_SECONDS = 30
PEOPLE_COUNT = 12
THREAD_COUNT = 3


class Crowd:
    """People with dice, each in a thread of their own."""

    def __init__(self, seed: int, lender_ids: list[int]) -> None:
        self.luck = random.Random(seed)
        self.lender_ids = lender_ids
        self.done_count = 0
        self.refused_count = 0

    def act(self) -> None:
        """Do one thing that people do on a market; a rule may say no."""
        wish = self.luck.choices((self.bid, self.withdraw, self.decline, self.accept), (88, 5, 4, 3))[0]
        try:
            wish()
            self.done_count += 1
        except LendingError:
            self.refused_count += 1

    def bid(self) -> None:
        listing = self.pick(sa.select(Listing).where(Listing.state == ListingState.OPEN))
        span = listing.highest_rate - listing.floor_rate
        rate = listing.floor_rate + span * Decimal(self.luck.randrange(0, 101)) / 100
        run(
            bidding.place_bid,
            lender_id=self.luck.choice(self.lender_ids),
            listing_id=listing.id,
            amount=str(self.luck.randrange(25, 900)),
            rate=f"{rate * 100:.2f}",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    def withdraw(self) -> None:
        bid = self.pick(sa.select(Bid).where(Bid.state == BidState.LIVE, Bid.leading_cents == 0, ~Bid.is_bot))
        run(
            bidding.withdraw_bid,
            lender_id=bid.lender_id,
            bid_id=bid.id,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    def decline(self) -> None:
        bid = self.pick(sa.select(Bid).where(Bid.state == BidState.LIVE))
        listing = run(lambda session: session.get_one(Listing, bid.listing_id))
        run(
            bidding.decline_bid,
            borrower_id=listing.borrower_id,
            bid_id=bid.id,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    def accept(self) -> None:
        listing = self.pick(sa.select(Listing).where(Listing.covered_cents == Listing.amount_cents))
        run(
            acceptance.accept,
            borrower_id=listing.borrower_id,
            listing_id=listing.id,
            seen_average_rate=listing.average_rate or Decimal(1),
            seen_covered_cents=listing.covered_cents,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )
        run(an_open_listing, seed=self.luck.randrange(10**9))

    def pick(self, statement: sa.Select) -> object:  # type: ignore[type-arg]
        """Take any one row, or say that there is none."""
        with transaction() as session:
            rows = session.execute(statement.limit(40)).scalars().all()
        if not rows:
            raise LendingError("There is nothing of that kind just now.")
        return self.luck.choice(rows)


def an_open_listing(session: object, *, seed: int) -> int:
    """Open a listing of some size and grade."""
    luck = random.Random(seed)
    return a_listing(
        session,  # type: ignore[arg-type]
        amount_cents=luck.randrange(1_000, 9_000) * 100,
        grade=luck.choice([Grade.A, Grade.B, Grade.C, Grade.D]),
    )


def overfunded() -> int:
    """Count the listings that hold more than was asked for."""
    with transaction() as session:
        statement = sa.select(sa.func.count()).where(Listing.covered_cents > Listing.amount_cents)
        return int(session.execute(statement).scalar_one())


def test_the_books_hold_while_people_and_bots_bid_at_a_high_rate(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)
    run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    lender_ids = [run(a_lender, cash_cents=60_000_00) for _ in range(PEOPLE_COUNT)]
    for seed in range(20):
        run(an_open_listing, seed=seed)
    sweeps = max(1, round(MINUTES * 60 / SWEEP_EVERY_SECONDS))
    crowds = [Crowd(seed, lender_ids) for seed in range(THREAD_COUNT)]
    share = ACTIONS_PER_SECOND * SWEEP_EVERY_SECONDS // THREAD_COUNT

    for sweep in range(sweeps):
        calls: list[Callable[[], object]] = [
            lambda crowd=crowd: [crowd.act() for _ in range(share)]  # type: ignore[misc]
            for crowd in crowds
        ]
        calls.append(
            lambda sweep=sweep: bot_runs.sweep(  # type: ignore[misc]
                run, holder="soak", now=NOW + timedelta(seconds=sweep * SWEEP_EVERY_SECONDS), seed=sweep
            )
        )
        failures = [result for result in in_threads(calls) if isinstance(result, Exception)]
        assert failures == []

    assert sum(crowd.done_count for crowd in crowds) > sweeps * share
    assert overfunded() == 0
    assert read(broken_laws) == []
