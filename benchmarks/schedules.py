"""Compares schedules with numpy-financial, with the amortization package, and the batch with our own loop."""

import random
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import numpy as np
import numpy_financial
from amortization.schedule import amortization_schedule as package_schedule

from benchmarks.measuring import Comparison, alternate
from p2p_reflex.domain.amortization import amortization_schedule, schedule_batch

PRINCIPAL_CENTS = 250_000_00
ANNUAL_RATE = Decimal("0.0675")
TERM_MONTHS = 360
DISBURSED_ON = date(2026, 1, 31)
REPEATS = 40
BATCH_LOANS = 10_000


def compare() -> Iterator[Comparison]:
    """Compare one 360-row schedule with each peer, and 10,000 loans at once with our own loop."""
    yield _against("360-row schedule, all rows", "amortization package", _package)
    yield _against("360-row schedule, all rows", "numpy-financial", _numpy_financial)
    yield _batch()


def _ours() -> None:
    for _ in range(REPEATS):
        rows = amortization_schedule(
            principal_cents=PRINCIPAL_CENTS,
            annual_rate=ANNUAL_RATE,
            term_months=TERM_MONTHS,
            disbursed_on=DISBURSED_ON,
        )
        assert len(tuple(rows)) == TERM_MONTHS


def _package() -> None:
    for _ in range(REPEATS):
        rows = tuple(package_schedule(PRINCIPAL_CENTS / 100, float(ANNUAL_RATE), TERM_MONTHS))
        assert len(rows) == TERM_MONTHS


def _numpy_financial() -> None:
    """Give the same columns, rounded to the cent: number, interest, principal, payment and balance."""
    rate, periods = float(ANNUAL_RATE) / 12, np.arange(1, TERM_MONTHS + 1)
    for _ in range(REPEATS):
        payment = np.round(numpy_financial.pmt(rate, TERM_MONTHS, -PRINCIPAL_CENTS / 100), 2)
        interest = np.round(-numpy_financial.ipmt(rate, periods, TERM_MONTHS, PRINCIPAL_CENTS / 100), 2)
        principal = payment - interest
        balance = PRINCIPAL_CENTS / 100 - principal.cumsum()
        rows = list(
            zip(periods.tolist(), interest.tolist(), principal.tolist(), balance.tolist(), strict=True)
        )
        assert len(rows) == TERM_MONTHS


def _against(what: str, peer: str, call: Callable[[], None]) -> Comparison:
    ours_per_second, peer_per_second = alternate(_ours, call, things=REPEATS)
    return Comparison(what, ours_per_second, peer, peer_per_second, goal=2)


def _batch() -> Comparison:
    luck = random.Random(11)
    loans = [
        (
            luck.randrange(1_000_00, 100_000_00, 100),
            luck.randrange(50_000, 360_000, 100),
            luck.randrange(12, 61),
        )
        for _ in range(BATCH_LOANS)
    ]
    principal, rate, term = (np.array(column, dtype=np.int64) for column in zip(*loans, strict=True))
    sample = loans[: BATCH_LOANS // 10]

    def batch() -> None:
        made = schedule_batch(principal_cents=principal, rate_millionths=rate, term_months=term)
        assert int(made.principal_cents.sum()) == int(principal.sum())

    def loop() -> None:
        for principal_cents, millionths, term_months in sample:
            rows = amortization_schedule(
                principal_cents=principal_cents,
                annual_rate=Decimal(millionths) / 1_000_000,
                term_months=term_months,
                disbursed_on=DISBURSED_ON,
            )
            assert len(tuple(rows)) == term_months

    batches_per_second, loops_per_second = alternate(batch, loop, rounds=7)
    return Comparison(
        "10,000 schedules as one table",
        batches_per_second * BATCH_LOANS,
        "our own single loop",
        loops_per_second * len(sample),
        goal=30,
    )
