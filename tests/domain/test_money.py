"""Owns the proof of rounding and splitting."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.money import divide_half_even, portion_cents, round_half_even, split_cents

cents = st.integers(min_value=0, max_value=2**63 - 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("-1.5", -2), ("2.4999999999", 2), ("2.51", 3)],
)
def test_a_half_goes_to_the_even_neighbour(value, expected):
    assert round_half_even(Decimal(value)) == expected
    assert round_half_even(Fraction(value)) == expected


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_never_rounded(value):
    with pytest.raises((ValueError, OverflowError)):
        round_half_even(Decimal(value))


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**12))
def test_division_rounds_like_a_fifty_digit_oracle(numerator, denominator):
    with localcontext() as context:
        context.prec = 80
        oracle = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_EVEN)

    assert divide_half_even(numerator, denominator) == oracle


@given(cents, st.integers(0, 1_000_000))
def test_a_portion_is_exact_however_large_the_amount(amount, millionths):
    rate = Decimal(millionths).scaleb(-6)

    portion = portion_cents(amount, rate)

    assert portion == round(Fraction(amount * millionths, 1_000_000))


@given(cents, st.lists(st.integers(0, 10**12), min_size=1, max_size=60).filter(any))
def test_parts_always_sum_and_each_is_the_floor_or_ceiling_of_its_share(total, weights):
    parts = split_cents(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(total * weight, sum(weights))
        assert share.__floor__() <= part <= share.__ceil__()


@given(cents, st.lists(st.integers(0, 10**6), min_size=2, max_size=20).filter(any))
def test_a_larger_weight_never_gets_less(total, weights):
    parts = split_cents(total, weights)

    ordered = sorted(zip(weights, parts, strict=True))
    for (lighter, less), (heavier, more) in pairwise(ordered):
        if lighter < heavier:
            assert less <= more


def test_the_odd_cents_go_to_the_largest_remainders_and_then_by_position():
    assert split_cents(100, [1, 1, 1]) == [34, 33, 33]
    assert split_cents(101, [1, 1, 1]) == [34, 34, 33]
    assert split_cents(10, [3, 3, 1]) == [4, 4, 2]


def test_nothing_is_split_into_nothings():
    assert split_cents(0, [5, 7]) == [0, 0]
    assert split_cents(0, [0, 0]) == [0, 0]
    assert split_cents(0, []) == []


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [-1, 2]), (1, [0, 0]), (1, [])])
def test_what_cannot_be_split_is_refused(total, weights):
    with pytest.raises(ValueError, match=r"\.$"):
        split_cents(total, weights)
