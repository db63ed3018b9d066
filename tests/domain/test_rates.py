"""Owns the proof of rates: six decimals, exactly."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.rates import from_millionths, to_millionths, weighted_average_rate

millionths = st.integers(0, 1_000_000)


@given(millionths)
def test_a_rate_survives_being_stored(stored):
    assert to_millionths(from_millionths(stored)) == stored


def test_a_rate_with_a_seventh_decimal_is_refused():
    with pytest.raises(ValueError, match="six decimals"):
        to_millionths(Decimal("0.0712345"))


def test_trailing_zeros_are_not_decimals():
    assert to_millionths(Decimal("0.07120000000")) == 71_200


@given(st.lists(st.tuples(st.integers(1, 10**12), millionths), min_size=1, max_size=40))
def test_an_average_lies_between_its_rates_and_is_the_exact_mean_rounded(parts):
    average = weighted_average_rate((amount, from_millionths(rate)) for amount, rate in parts)

    exact = Fraction(sum(amount * rate for amount, rate in parts), sum(amount for amount, _ in parts))
    assert average is not None
    assert to_millionths(average) == round(exact)
    assert min(rate for _, rate in parts) <= to_millionths(average) <= max(rate for _, rate in parts)


def test_nothing_has_no_average():
    assert weighted_average_rate([]) is None
    assert weighted_average_rate([(0, Decimal("0.07"))]) is None
