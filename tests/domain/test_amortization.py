"""Owns the proof that schedules are exact to the cent."""

import csv
import json
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from p2p_reflex.domain.amortization import (
    DayCount,
    amortization_schedule,
    installment_cents,
    remaining_schedule,
)
from p2p_reflex.domain.dates import due_dates
from p2p_reflex.domain.installments import annuity_cents, is_hopeless, monthly_factor
from tests.domain.shared_cases import shared_case

DISBURSED_ON = date(2026, 1, 31)

principals = st.integers(100_000, 10_000_000)
millionths = st.integers(0, 360_000)
terms = st.integers(12, 60)


def schedule(principal_cents, rate, term, day_count=DayCount.THIRTY_360, disbursed_on=DISBURSED_ON):
    return amortization_schedule(
        principal_cents=principal_cents,
        annual_rate=Decimal(rate),
        term_months=term,
        disbursed_on=disbursed_on,
        day_count=day_count,
    )


def oracle(principal, rate, term):
    """Follow the rule with 50 digits, as slowly and plainly as it is written."""
    with localcontext() as context:
        context.prec = 50
        cent = Decimal(1)
        monthly = rate / 12
        exact = principal * monthly / (1 - (1 + monthly) ** -term) if rate else Decimal(principal) / term

        def run(level):
            balance, rows = Decimal(principal), []
            for number in range(1, term + 1):
                interest = (balance * rate / 12).quantize(cent, ROUND_HALF_EVEN)
                repaid = balance if number == term else level - interest
                balance -= repaid
                rows.append((int(repaid), int(interest), int(repaid + interest), int(balance)))
            return rows, rows[-1][2] - level

        level = exact.quantize(cent, ROUND_HALF_EVEN)
        rows, gap = run(level)
        for _ in range(3):
            if abs(gap) <= term // 2:
                break
            tried = level + (gap / term).quantize(cent, ROUND_HALF_EVEN)
            new_rows, new_gap = run(tried)
            if abs(new_gap) >= abs(gap):
                break
            level, rows, gap = tried, new_rows, new_gap
        return rows


def test_the_published_schedules_are_reproduced_to_the_cent():
    cases = json.loads(shared_case("schedule_cases.json").read_text())["cases"]

    for case in cases:
        rows = schedule(
            int(Decimal(case["principal"]) * 100),
            Decimal(case["annual_rate_percent"]) / 100,
            case["term_months"],
            DayCount(case["day_count"]),
            date.fromisoformat(case["disbursed_on"]),
        )
        expected = [
            (
                date.fromisoformat(row["due_date"]),
                *(int(Decimal(row[key]) * 100) for key in ("principal", "interest", "due", "balance")),
            )
            for row in case["installments"]
        ]
        assert [tuple(row)[1:] for row in rows] == expected, case["case"]
    assert len(cases) == 41


def test_the_installments_of_real_loans_are_reproduced_within_a_cent():
    with shared_case("lendingclub_2018_10k.csv").open(newline="") as file:
        loans = list(csv.DictReader(file))

    near = 0
    for loan in loans:
        installment = installment_cents(
            principal_cents=int(loan["loan_amount"]) * 100,
            annual_rate=Decimal(loan["interest_rate"]) / 100,
            term_months=int(loan["term"]),
        )
        near += abs(installment - int(Decimal(loan["installment"]) * 100)) <= 1

    assert len(loans) == 10_000
    assert near >= 9_997


@settings(max_examples=150, deadline=None)
@given(principals, millionths, terms)
def test_a_schedule_agrees_with_a_fifty_digit_oracle(principal, rate, term):
    annual_rate = Decimal(rate).scaleb(-6)

    rows = schedule(principal, annual_rate, term)

    assert [tuple(row)[2:] for row in rows] == oracle(principal, annual_rate, term)


@settings(max_examples=25, deadline=None)
@given(principals, millionths, st.integers(61, 480))
def test_a_long_schedule_agrees_with_it_too(principal, rate, term):
    annual_rate = Decimal(rate).scaleb(-6)

    rows = schedule(principal, annual_rate, term)

    assume(rows[-2].balance_cents > 0)
    assert [tuple(row)[2:] for row in rows] == oracle(principal, annual_rate, term)


@settings(deadline=None)
@given(principals, millionths, terms, st.sampled_from(DayCount), st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_a_schedule_repays_exactly_what_was_lent(principal, rate, term, day_count, disbursed_on):
    rows = schedule(principal, Decimal(rate).scaleb(-6), term, day_count, disbursed_on)

    assert sum(row.principal_cents for row in rows) == principal
    assert rows[-1].balance_cents == 0
    balance = principal
    for number, row in enumerate(rows, start=1):
        balance -= row.principal_cents
        assert row.number == number
        assert row.balance_cents == balance
        assert row.payment_cents == row.principal_cents + row.interest_cents
        assert row.interest_cents >= 0
    assert [row.due_on for row in rows] == list(due_dates(disbursed_on=disbursed_on, term_months=term))
    assert len({row.payment_cents for row in rows[:-1]}) == 1


@given(st.integers(1, 5_000), millionths, st.integers(1, 60))
def test_even_a_few_cents_are_repaid_exactly_and_never_overpaid(principal, rate, term):
    rows = schedule(principal, Decimal(rate).scaleb(-6), term)

    assert sum(row.principal_cents for row in rows) == principal
    assert rows[-1].balance_cents == 0
    assert all(
        row.balance_cents >= 0 and row.principal_cents >= 0 and row.interest_cents >= 0 for row in rows
    )


@given(principals, st.integers(1, 360_000), terms)
def test_the_installment_is_the_exact_annuity_rounded_half_even(principal, rate, term):
    numerator, denominator = monthly_factor(Decimal(rate).scaleb(-6))

    growth = Fraction(denominator + numerator, denominator) ** term
    exact = principal * Fraction(numerator, denominator) * growth / (growth - 1)

    assert annuity_cents(principal, numerator, denominator, term) == round(exact)


def test_a_half_cent_that_fixed_point_cannot_see_is_decided_exactly():
    numerator, denominator = monthly_factor(Decimal("0.12"))

    assert annuity_cents(50, numerator, denominator, 1) == 50
    assert annuity_cents(150, numerator, denominator, 1) == 152


@settings(max_examples=60, deadline=None)
@given(
    principals, st.integers(1, 360_000), st.integers(2, 400), st.integers(-300, 300), st.integers(0, 60_000)
)
def test_giving_up_on_an_installment_is_never_wrong(principal, rate, term, shift, gap):
    numerator, denominator = monthly_factor(Decimal(rate).scaleb(-6))
    level = annuity_cents(principal, numerator, denominator, term) + shift
    balance = principal
    for _ in range(term):
        balance += round(Fraction(balance * numerator, denominator)) - level

    if is_hopeless(principal, level, numerator, denominator, term, gap):
        assert abs(balance) >= gap


def test_at_no_interest_the_principal_is_paid_in_equal_parts():
    rows = schedule(1_000_000, "0", 36)

    assert {row.payment_cents for row in rows[:-1]} == {27_778}
    assert rows[-1].payment_cents == 1_000_000 - 35 * 27_778
    assert sum(row.interest_cents for row in rows) == 0


def test_a_schedule_reads_like_any_sequence():
    rows = schedule(1_800_000, "0.1118", 36)

    assert len(rows) == 36
    assert rows[0] == next(iter(rows))
    assert rows[-1].number == 36
    assert rows[1:3] == (rows[1], rows[2])
    assert rows == schedule(1_800_000, "0.1118", 36)
    assert rows == tuple(rows)
    assert rows != schedule(1_800_000, "0.1119", 36)
    assert hash(rows) == hash(schedule(1_800_000, "0.1118", 36))
    assert rows.interest_cents == sum(row.interest_cents for row in rows)


@pytest.mark.parametrize(
    ("principal", "rate", "term"), [(0, "0.1", 12), (-1, "0.1", 12), (100, "0.1", 0), (100, "-0.1", 12)]
)
def test_what_is_no_loan_has_no_schedule(principal, rate, term):
    with pytest.raises(ValueError, match=r"\.$"):
        schedule(principal, rate, term)


@given(principals, millionths, terms)
def test_what_remains_of_an_untouched_loan_is_its_schedule(principal, rate, term):
    annual_rate = Decimal(rate).scaleb(-6)
    rows = schedule(principal, annual_rate, term)

    again = remaining_schedule(
        balance_cents=principal,
        annual_rate=annual_rate,
        due_on=[row.due_on for row in rows],
        period_start_on=DISBURSED_ON,
        installment_cents=None,
    )

    assert rows == again


@settings(deadline=None)
@given(principals, millionths, st.integers(2, 60), st.data())
def test_paying_ahead_keeps_the_installment_and_shortens_the_term(principal, rate, term, data):
    annual_rate = Decimal(rate).scaleb(-6)
    rows = schedule(principal, annual_rate, term)
    paid = data.draw(st.integers(1, term - 1))
    left = rows[paid - 1].balance_cents
    balance = left - data.draw(st.integers(0, left - 1))

    kept = remaining_schedule(
        balance_cents=balance,
        annual_rate=annual_rate,
        due_on=[row.due_on for row in rows[paid:]],
        period_start_on=rows[paid - 1].due_on,
        installment_cents=rows[0].payment_cents,
        first_number=paid + 1,
    )

    assert sum(row.principal_cents for row in kept) == balance
    assert kept[-1].balance_cents == 0
    assert [row.number for row in kept] == list(range(paid + 1, paid + 1 + len(kept)))
    assert len(kept) <= term - paid
    assert all(row.payment_cents == rows[0].payment_cents for row in kept[:-1])
    if balance == left:
        assert kept == rows[paid:]


@settings(deadline=None)
@given(principals, millionths, st.integers(2, 60), st.data())
def test_paying_ahead_keeps_the_term_and_lowers_the_installment(principal, rate, term, data):
    annual_rate = Decimal(rate).scaleb(-6)
    rows = schedule(principal, annual_rate, term)
    paid = data.draw(st.integers(1, term - 1))
    balance = max(1, rows[paid - 1].balance_cents // 2)

    levelled = remaining_schedule(
        balance_cents=balance,
        annual_rate=annual_rate,
        due_on=[row.due_on for row in rows[paid:]],
        period_start_on=rows[paid - 1].due_on,
        installment_cents=None,
        first_number=paid + 1,
    )

    assert [row.due_on for row in levelled] == [row.due_on for row in rows[paid:]]
    assert sum(row.principal_cents for row in levelled) == balance
    assert levelled[-1].balance_cents == 0
    assert levelled[0].payment_cents <= rows[0].payment_cents


def test_the_loan_of_the_example_shortens_and_falls_as_shown():
    rows = schedule(960_000, "0.1084", 24, disbursed_on=date(2026, 2, 3))
    later = {
        "balance_cents": rows[9].balance_cents - 20_000,
        "annual_rate": Decimal("0.1084"),
        "due_on": [row.due_on for row in rows[10:]],
        "period_start_on": rows[9].due_on,
        "first_number": 11,
    }

    kept = remaining_schedule(**later, installment_cents=rows[0].payment_cents)
    levelled = remaining_schedule(**later, installment_cents=None)

    assert rows[0].payment_cents == 44_672
    assert rows[8].balance_cents == 624_043
    assert kept[-1].payment_cents == 21_995
    assert levelled[0].payment_cents == 43_145


def test_a_balance_that_the_dates_cannot_hold_falls_on_the_last():
    rows = remaining_schedule(
        balance_cents=1_000_000,
        annual_rate=Decimal("0.12"),
        due_on=[date(2026, 2, 28), date(2026, 3, 31)],
        period_start_on=DISBURSED_ON,
        installment_cents=50_000,
    )

    assert [row.payment_cents for row in rows] == [50_000, 960_000 + 9_600]


def test_nothing_left_needs_no_dates():
    left = {"annual_rate": Decimal("0.12"), "due_on": (), "period_start_on": DISBURSED_ON}

    assert remaining_schedule(balance_cents=0, installment_cents=None, **left) == ()
    with pytest.raises(ValueError, match="due date"):
        remaining_schedule(balance_cents=1, installment_cents=None, **left)
