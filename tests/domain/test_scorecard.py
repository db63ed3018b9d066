"""Owns the proof of the scorecard: every point is named, and expected losses come from real loans."""

import csv
from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.fees import LEGAL_CEILING_RATE
from p2p_reflex.domain.returns import expected_return_rate
from p2p_reflex.domain.scorecard import (
    FLOOR_RATES,
    GRADE_FROM_POINTS,
    MAX_POINTS,
    STARTING_POINTS,
    YEARLY_LOSS_RATES,
    Profile,
    Request,
    assess,
    describe_card,
    describe_grades,
    expected_loss_rate,
    floor_rate,
    grade_for,
)
from p2p_reflex.domain.vocabulary import Grade, HomeOwnership, Purpose
from tests.domain.shared_cases import shared_case

ROSA = Profile(
    credit_score=731,
    annual_income_cents=60_000_00,
    monthly_debt_cents=600_00,
    years_employed=9,
    home_ownership=HomeOwnership.OWN,
    loans_paid_off=1,
)
BAKERY = Request(amount_cents=18_000_00, term_months=36, purpose=Purpose.SMALL_BUSINESS)

profiles = st.builds(
    Profile,
    credit_score=st.integers(300, 850),
    annual_income_cents=st.integers(0, 10**9),
    monthly_debt_cents=st.integers(0, 10**7),
    years_employed=st.integers(0, 60),
    home_ownership=st.sampled_from(HomeOwnership),
    loans_paid_off=st.integers(0, 9),
    late_payments=st.integers(0, 9),
)
requests = st.builds(
    Request,
    amount_cents=st.integers(1_000, 100_000).map(lambda dollars: dollars * 100),
    term_months=st.integers(12, 60),
    purpose=st.sampled_from(Purpose),
)


def test_an_assessment_names_its_factors_best_first():
    assessment = assess(profile=ROSA, request=BAKERY)

    assert (assessment.points, assessment.max_points, assessment.grade) == (84, 120, Grade.B)
    assert assessment.floor_rate == Decimal("0.094")
    assert assessment.debt_to_income == Decimal("0.2396")
    assert [(factor.label, factor.points) for factor in assessment.factors] == [
        ("Credit score 731", 38),
        ("Owns the home", 14),
        ("Same employer 9 years", 12),
        ("Paid one loan here on time", 9),
        ("New business purpose", -8),
        ("Debt takes 24 % of income", -11),
    ]


@given(profiles, requests)
def test_the_factors_and_the_start_sum_to_the_points(profile, request):
    assessment = assess(profile=profile, request=request)

    total = STARTING_POINTS + sum(factor.points for factor in assessment.factors)
    assert assessment.points == max(0, min(MAX_POINTS, total))
    assert assessment.grade is grade_for(assessment.points)
    assert assessment.floor_rate == floor_rate(assessment.grade)
    points = [factor.points for factor in assessment.factors]
    assert points == sorted(points, reverse=True)


@given(profiles, requests)
def test_every_factor_keeps_to_the_span_the_card_publishes(profile, request):
    assessment = assess(profile=profile, request=request)

    spans = {row.name: (row.lowest_points, row.highest_points) for row in describe_card()}
    for factor in assessment.factors:
        lowest, highest = spans[factor.name]
        assert lowest <= factor.points <= highest
        assert factor.label
    assert sum(highest for _, highest in spans.values()) == MAX_POINTS


@given(profiles, requests, st.integers(1, 100))
def test_a_better_score_never_costs_points(profile, request, more):
    better = Profile(
        min(850, profile.credit_score + more),
        profile.annual_income_cents,
        profile.monthly_debt_cents,
        profile.years_employed,
        profile.home_ownership,
        profile.loans_paid_off,
        profile.late_payments,
    )

    before, after = (assess(profile=who, request=request).points for who in (profile, better))

    assert after >= before


@given(profiles, requests)
def test_asking_for_more_never_earns_points(profile, request):
    larger = Request(request.amount_cents * 2, request.term_months, request.purpose)

    assert assess(profile=profile, request=larger).points <= assess(profile=profile, request=request).points


def test_a_borrower_without_income_has_the_largest_ratio():
    nobody = Profile(600, 0, 0, 0, HomeOwnership.RENT, late_payments=2)

    assessment = assess(profile=nobody, request=BAKERY)

    labels = [factor.label for factor in assessment.factors]
    assert assessment.debt_to_income == Decimal("9.9999")
    assert "2 late payments here" in labels
    assert "Less than a year employed" in labels


@pytest.mark.parametrize(
    ("points", "grade"),
    [(120, "A"), (86, "A"), (85, "B"), (70, "B"), (54, "C"), (40, "D"), (28, "E"), (16, "F")],
)
def test_points_reach_their_grade(points, grade):
    assert grade_for(points) is Grade(grade)
    assert grade_for(0) is Grade.G


def dollar_years(rate, term):
    monthly = rate / 12
    installment = monthly / (1 - (1 + monthly) ** -term)
    return (installment * term - 1) / rate


def test_expected_losses_are_those_of_real_loans():
    with shared_case("lendingclub_outcomes_by_grade.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    for row in rows:
        term = int(row["term_months"])
        rate = Decimal(row["avg_rate_pct"]) / 100
        loss = Decimal(row["net_principal_loss_pct_of_funded"]) / 100 / dollar_years(rate, term)
        carried = YEARLY_LOSS_RATES[Grade(row["grade"])][term == 60]
        if (row["grade"], term) == ("G", 60):
            assert carried == YEARLY_LOSS_RATES[Grade.F][1] > loss
        else:
            assert carried == round(loss, 4)
    assert len(rows) == 14


def test_losses_between_the_two_terms_lie_on_a_line():
    assert expected_loss_rate(Grade.B) == expected_loss_rate(Grade.B, 12) == Decimal("0.0331")
    assert expected_loss_rate(Grade.B, 48) == Decimal("0.0337")
    assert expected_loss_rate(Grade.B, 60) == Decimal("0.0343")


def test_a_worse_grade_costs_more_and_its_floor_still_leaves_a_return():
    grades = list(Grade)

    for safer, riskier in pairwise(grades):
        assert GRADE_FROM_POINTS[safer] > GRADE_FROM_POINTS[riskier]
        assert FLOOR_RATES[safer] < FLOOR_RATES[riskier] < LEGAL_CEILING_RATE
        for term in (36, 60):
            assert expected_loss_rate(safer, term) <= expected_loss_rate(riskier, term)
    for grade in grades:
        for term in (12, 36, 60):
            assert expected_return_rate(rate=FLOOR_RATES[grade], grade=grade, term_months=term) > Decimal(
                "0.02"
            )


def test_the_table_of_grades_can_be_printed():
    rows = describe_grades()

    assert [row.grade for row in rows] == list(Grade)
    assert all(row.words for row in rows)


def test_real_borrowers_spread_over_the_grades():
    purposes = {"house": "other", "renewable_energy": "green_energy"}
    usual_scores = {"A": 745, "B": 715, "C": 700, "D": 690, "E": 685, "F": 680, "G": 675}
    with shared_case("lendingclub_2018_10k.csv").open(newline="") as file:
        loans = [row for row in csv.DictReader(file) if row["debt_to_income"] not in {"", "NA"}]

    grades = Counter()
    for position, loan in enumerate(loans):
        income_cents = int(Decimal(loan["annual_income"]) * 100)
        profile = Profile(
            credit_score=usual_scores[loan["grade"]] + position % 61 - 30,
            annual_income_cents=income_cents,
            monthly_debt_cents=int(income_cents * Decimal(loan["debt_to_income"]) / 1200),
            years_employed=int(loan["emp_length"]) if loan["emp_length"] != "NA" else 0,
            home_ownership=HomeOwnership(loan["homeownership"].lower()),
        )
        request = Request(
            amount_cents=int(loan["loan_amount"]) * 100,
            term_months=int(loan["term"]),
            purpose=Purpose(purposes.get(loan["loan_purpose"], loan["loan_purpose"])),
        )
        grades[assess(profile=profile, request=request).grade] += 1

    assert set(grades) == set(Grade)
    assert sum(grades[grade] for grade in (Grade.A, Grade.B, Grade.C, Grade.D)) > 0.85 * len(loans)
    assert all(grades[grade] > 0.05 * len(loans) for grade in (Grade.A, Grade.B, Grade.C, Grade.D))
