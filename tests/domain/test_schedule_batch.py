"""Owns the proof that a whole table of schedules is the single schedules, to the cent."""

import random
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p_reflex.domain.amortization import amortization_schedule, schedule_batch

loans = st.tuples(
    st.integers(1_000, 100_000).map(lambda dollars: dollars * 100) | st.integers(100_000, 10_000_000),
    st.integers(0, 3_600).map(lambda hundredth: hundredth * 100) | st.integers(0, 360_000),
    st.integers(12, 60) | st.just(360),
)


def batch_of(table):
    principal, rate, term = (np.array(column, dtype=np.int64) for column in zip(*table, strict=True))
    return schedule_batch(principal_cents=principal, rate_millionths=rate, term_months=term)


def check(table):
    batch = batch_of(table)
    for position, (principal, rate, term) in enumerate(table):
        rows = amortization_schedule(
            principal_cents=principal,
            annual_rate=Decimal(rate).scaleb(-6),
            term_months=term,
            disbursed_on=date(2026, 1, 31),
        )
        assert batch.principal_cents[:term, position].tolist() == [row.principal_cents for row in rows]
        assert batch.interest_cents[:term, position].tolist() == [row.interest_cents for row in rows]
        assert not batch.principal_cents[term:, position].any()
        assert not batch.interest_cents[term:, position].any()
        if term > 1:
            assert batch.installment_cents[position] == rows[0].payment_cents


@settings(max_examples=30, deadline=None)
@given(st.lists(loans, min_size=1, max_size=12))
def test_a_batch_is_its_single_schedules(table):
    check(table)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9_000), st.integers(0, 360_000), st.integers(1, 60)), min_size=1))
def test_a_batch_of_a_few_cents_is_its_single_schedules(table):
    check(table)


def test_a_loan_that_rounding_repays_early_is_its_single_schedule():
    check([(100_000, 0, 360), (111_500, 114_700, 360)])


def test_a_thousand_loans_are_their_single_schedules():
    chance = random.Random(7)
    table = [
        (chance.randrange(1_000, 100_001) * 100, chance.randrange(0, 360_001, 50), chance.randrange(1, 61))
        for _ in range(1_000)
    ]

    check(table)


@pytest.mark.parametrize(
    "table",
    [
        [(0, 1, 12)],
        [(-5, 1, 12)],
        [(100_000, -1, 12)],
        [(100_000, 1, 0)],
        [(2**62, 100_000, 12)],
    ],
)
def test_what_a_batch_cannot_hold_is_refused(table):
    with pytest.raises(ValueError, match=r"\.$"):
        batch_of(table)


def test_columns_of_different_lengths_are_refused():
    one, two = np.array([100_000]), np.array([12, 12])

    with pytest.raises(ValueError, match="one principal, one rate and one term"):
        schedule_batch(principal_cents=one, rate_millionths=one, term_months=two)
