"""Two ticks beside each other never say the same."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from p2p_reflex import charts

START = date(2026, 11, 20)
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "written"), [(20, "%-d %b"), (120, "%-d %b"), (200, "%b %y"), (900, "%b %y")]
)
def test_an_axis_of_days_names_months_only_where_each_tick_has_one_of_its_own(
    days: int, written: str
) -> None:
    points = [charts.ValuePoint(START + timedelta(days=n), 100, 100, 100) for n in range(0, days + 1, 10)]

    figure = charts.value_chart(points)

    assert figure.layout.xaxis.tickformat == written


@pytest.mark.parametrize(
    ("passed", "written"),
    [(timedelta(seconds=40), "%H:%M:%S"), (timedelta(hours=2), "%H:%M"), (timedelta(days=3), "%-d %b")],
)
def test_the_rate_of_a_book_that_is_minutes_old_is_dated_to_the_second(
    passed: timedelta, written: str
) -> None:
    points = [charts.RatePoint(NINE, Decimal("0.12")), charts.RatePoint(NINE + passed, Decimal("0.11"))]

    figure = charts.average_rate_chart(points)

    assert figure.layout.xaxis.tickformat == written


def test_the_words_above_an_untouched_balance_have_room() -> None:
    untouched = [
        charts.BalancePoint(START, 3_000_00),
        charts.BalancePoint(START + timedelta(days=9), 3_000_00),
    ]

    figure = charts.balance_chart(untouched, untouched[-1:])

    assert figure.layout.margin.t >= 20
