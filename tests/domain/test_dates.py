"""Owns the proof that dates never drift and that day counts are exact."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.dates import DayCount, add_months, due_dates, period_factor, year_fraction

days = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


def test_day_counts_are_called_as_the_field_calls_them():
    assert [count.value for count in DayCount] == ["30/360", "ACT/365", "ACT/360", "ACT/ACT"]


@pytest.mark.parametrize(
    ("disbursed_on", "expected"),
    [
        (date(2026, 1, 31), ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        (date(2026, 1, 30), ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]),
        (date(2026, 1, 29), ["2026-02-28", "2026-03-29", "2026-04-29", "2026-05-29"]),
        (date(2028, 1, 31), ["2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]),
        (date(2028, 1, 29), ["2028-02-29", "2028-03-29", "2028-04-29", "2028-05-29"]),
        (date(2028, 2, 29), ["2028-03-29", "2028-04-29", "2028-05-29", "2028-06-29"]),
        (date(2037, 11, 30), ["2037-12-30", "2038-01-30", "2038-02-28", "2038-03-30"]),
        (date(2099, 12, 31), ["2100-01-31", "2100-02-28", "2100-03-31", "2100-04-30"]),
    ],
)
def test_due_dates_clamp_to_the_month_and_come_back(disbursed_on, expected):
    assert [str(on) for on in due_dates(disbursed_on=disbursed_on, term_months=4)] == expected


@given(days, st.integers(1, 60))
def test_due_dates_keep_the_day_wherever_the_month_has_it(disbursed_on, term):
    dates = due_dates(disbursed_on=disbursed_on, term_months=term)

    assert len(dates) == term
    for number, on in enumerate(dates, start=1):
        months = (on.year - disbursed_on.year) * 12 + on.month - disbursed_on.month
        assert months == number
        assert on.day == min(disbursed_on.day, monthrange(on.year, on.month)[1])


@given(days, st.integers(-240, 240))
def test_months_go_back_as_they_go_on(on, months):
    there = add_months(on, months)

    back = add_months(there, -months)

    assert back == on or (back.year, back.month) == (on.year, on.month)
    assert abs((back - on).days) <= 3


@given(st.integers(1990, 2090), st.integers(1, 12), st.integers(28, 31), st.integers(1, 60))
def test_every_month_of_a_schedule_is_a_twelfth_in_30_360(year, month, day, term):
    start_on = date(year, month, min(day, monthrange(year, month)[1]))
    boundaries = (start_on, *due_dates(disbursed_on=start_on, term_months=term))

    parts = [
        year_fraction(start_on=first, end_on=second, day_count=DayCount.THIRTY_360)
        for first, second in pairwise(boundaries)
    ]

    assert parts == [Fraction(1, 12)] * term


def test_part_of_a_month_counts_days_of_thirty():
    part = year_fraction(start_on=date(2026, 1, 10), end_on=date(2026, 1, 25), day_count=DayCount.THIRTY_360)

    assert part == Fraction(15, 360)


@given(days, st.integers(0, 1500))
def test_act_act_counts_each_day_in_its_own_year(start_on, length):
    end_on = start_on + timedelta(days=length)

    part = year_fraction(start_on=start_on, end_on=end_on, day_count=DayCount.ACT_ACT)

    by_day = Fraction(0)
    for offset in range(length):
        year = (start_on + timedelta(days=offset)).year
        by_day += Fraction(1, 366 if monthrange(year, 2)[1] == 29 else 365)
    assert part == by_day


def test_actual_days_are_over_their_own_year():
    february = {"annual_rate": Decimal("0.12"), "start_on": date(2024, 2, 1), "end_on": date(2024, 3, 1)}

    assert period_factor(**february, day_count=DayCount.ACT_365) == Fraction(12 * 29, 36_500)
    assert period_factor(**february, day_count=DayCount.ACT_360) == Fraction(12 * 29, 36_000)
    assert period_factor(**february, day_count=DayCount.ACT_ACT) == Fraction(12 * 29, 36_600)
    assert period_factor(**february, day_count=DayCount.THIRTY_360) == Fraction(1, 100)


def test_a_period_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="cannot end before"):
        year_fraction(start_on=date(2026, 2, 1), end_on=date(2026, 1, 1), day_count=DayCount.ACT_365)
