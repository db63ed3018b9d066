"""The figures of the pricing, worked out again from the outcomes they come from."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from bots import pricing
from p2p_reflex.domain.fees import SERVICING_FEE_RATE
from p2p_reflex.domain.returns import servicing_cost_rate
from p2p_reflex.domain.scorecard import GRADE_FROM_POINTS, MAX_POINTS
from p2p_reflex.domain.vocabulary import Grade, Purpose

OUTCOMES = Path(__file__).resolve().parents[2] / "../shared/data/lendingclub_outcomes_by_grade.csv"


def _outcomes() -> list[dict[str, str]]:
    if not OUTCOMES.exists():
        pytest.skip("The table of outcomes is not beside this checkout.")
    with OUTCOMES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _line() -> tuple[float, float]:
    """Fit average rates of grades (percent, both terms by their number) to the middles of their points."""
    tops = [MAX_POINTS, *(least for grade, least in GRADE_FROM_POINTS.items() if grade is not Grade.G)]
    points, rates, weights = [], [], []
    for (grade, least), top in zip(GRADE_FROM_POINTS.items(), tops, strict=True):
        rows = [row for row in _outcomes() if row["grade"] == grade]
        number = sum(int(row["n"]) for row in rows)
        points.append((least + top) / 2)
        rates.append(sum(int(row["n"]) * float(row["avg_rate_pct"]) for row in rows) / number)
        weights.append(number)
    whole = sum(weights)
    middle_points = sum(w * p for w, p in zip(weights, points, strict=True)) / whole
    middle_rates = sum(w * r for w, r in zip(weights, rates, strict=True)) / whole
    slope = sum(
        w * (p - middle_points) * (r - middle_rates) for w, p, r in zip(weights, points, rates, strict=True)
    ) / sum(w * (p - middle_points) ** 2 for w, p in zip(weights, points, strict=True))
    return slope, middle_rates - slope * middle_points


def test_a_point_of_the_scorecard_was_worth_fifteen_hundredths_of_a_percent() -> None:
    slope, _ = _line()

    assert float(pricing.POINT_RATE) * 100 == pytest.approx(-slope, abs=0.002)


def test_the_base_rate_is_what_the_line_asks_for_the_best_of_three() -> None:
    slope, at_zero = _line()
    best_of_three_and_most_of_the_rest = 30 + 50 + 2 + 0.75 * 38

    asked = at_zero + slope * best_of_three_and_most_of_the_rest

    assert float(pricing.BASE_RATE) * 100 == pytest.approx(asked, abs=0.1)


def test_a_month_more_was_worth_a_fortieth_of_a_percent() -> None:
    rows = {(row["grade"], row["term_months"]): row for row in _outcomes()}
    longer = [(rows[grade, "36"], rows[grade, "60"]) for grade in Grade]

    number = sum(int(long["n"]) for _, long in longer)
    more = sum(
        int(long["n"]) * (float(long["avg_rate_pct"]) - float(short["avg_rate_pct"]))
        for short, long in longer
    )

    assert float(pricing.TERM_RATE) * 100 == pytest.approx(more / number / 24, abs=0.0005)


def test_the_worked_example_of_the_paper_holds() -> None:
    risk = pricing.risk_rate(731, Decimal("0.24"), Purpose.SMALL_BUSINESS, 36)

    asked = pricing.asking_rate(risk=risk, margin_rate=Decimal("0.016"), luck=0)
    lowest = pricing.lowest_rate(Decimal("0.0331"), 36, Decimal("0.05"))

    assert risk == Decimal("0.0495")
    assert asked == Decimal("0.1275")
    assert lowest == Decimal("0.0903")


@pytest.mark.parametrize("term_months", [12, 36, 60])
@pytest.mark.parametrize("loss", ["0.0171", "0.0579", "0.1309"])
def test_at_the_lowest_rate_the_minimum_return_is_left_and_hardly_more(term_months: int, loss: str) -> None:
    minimum = Decimal("0.04")

    lowest = pricing.lowest_rate(Decimal(loss), term_months, minimum)

    left = lowest - servicing_cost_rate(rate=lowest, term_months=term_months) - Decimal(loss)
    assert minimum <= left < minimum + Decimal("0.0002")


def test_the_quick_return_is_as_good_as_the_exact_one() -> None:
    for hundredths in range(500, 3600, 37):
        rate = Decimal(hundredths) / 10_000
        exact = rate - servicing_cost_rate(rate=rate, term_months=48) - Decimal("0.05")

        assert abs(pricing.expected_return(rate, Decimal("0.05"), 48) - exact) < Decimal("0.0001")
    assert Decimal("0.01") == SERVICING_FEE_RATE
