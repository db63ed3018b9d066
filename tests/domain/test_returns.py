"""Owns the proof of what money earns and costs."""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p_reflex.domain.amortization import amortization_schedule
from p2p_reflex.domain.returns import (
    MonthFigures,
    adjusted_net_annualized_return,
    apr,
    expected_return_rate,
    expected_status_loss_cents,
    net_annualized_return,
    servicing_cost_rate,
    xirr,
)
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade
from tests.domain.shared_cases import shared_case


def test_the_published_cash_flows_have_the_published_return():
    expected = json.loads(shared_case("xirr/expected.json").read_text())["expected"]

    for name, wanted in expected.items():
        with shared_case(f"xirr/{name}").open(newline="") as file:
            flows = [
                (date.fromisoformat(on), round(Decimal(amount) * 10**8)) for on, amount in csv.reader(file)
            ]

        found = xirr(flows)

        if wanted is None:
            assert found is None, name
        else:
            assert found == pytest.approx(wanted, abs=1e-7), name
    assert len(expected) == 30


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(30, 2_000))
def test_two_flows_have_the_return_of_the_formula(put_in, came_back, days):
    on = date(2025, 1, 1)

    found = xirr([(on, -put_in), (on + timedelta(days=days), came_back)])

    closed_form = (came_back / put_in) ** (365 / days) - 1
    if found is not None:
        assert found == pytest.approx(closed_form, rel=1e-5, abs=1e-6)
    else:
        assert closed_form > 10**6 or closed_form < -0.999


@pytest.mark.parametrize("factor", [1, 100, 10**6, 10**12])
def test_a_return_does_not_depend_on_the_unit_of_money(factor):
    flows = [
        (date(2024, 1, 1), -1_000),
        (date(2024, 7, 1), -2_000),
        (date(2025, 3, 1), 700),
        (date(2025, 9, 1), 500),
    ]

    scaled = xirr([(on, amount * factor) for on, amount in flows])

    assert scaled == pytest.approx(xirr(flows), abs=1e-9)
    assert -1 < scaled < 0


def test_a_total_loss_is_minus_one_hundred_percent():
    assert xirr([(date(2025, 1, 1), -100_00), (date(2026, 1, 1), 0)]) == -1.0


def test_where_there_is_no_root_there_is_no_return():
    assert xirr([]) is None
    assert xirr([(date(2025, 1, 1), 0)]) is None
    assert xirr([(date(2025, 1, 1), 100_00), (date(2026, 1, 1), 5_00)]) is None
    assert xirr([(date(2025, 1, 1), -100_00), (date(2025, 1, 1), 120_00)]) is None


def test_the_order_of_flows_does_not_matter():
    flows = [(date(2025, 1, 1), -100_00), (date(2025, 7, 1), 20_00), (date(2026, 1, 1), 95_00)]

    assert xirr(flows) == pytest.approx(xirr(flows[::-1]))


def present_value(rate, payments):
    monthly = Fraction(rate) / 12
    return sum(payment / (1 + monthly) ** number for number, payment in enumerate(payments, start=1))


@settings(max_examples=60, deadline=None)
@given(st.integers(100_000, 10_000_000), st.integers(0, 360_000), st.integers(1, 60), st.integers(0, 6))
def test_the_apr_discounts_the_payments_to_what_was_received(principal, rate, term, fee_percent):
    received = principal - principal * fee_percent // 100
    rows = amortization_schedule(
        principal_cents=principal,
        annual_rate=Decimal(rate).scaleb(-6),
        term_months=term,
        disbursed_on=date(2026, 1, 31),
    )
    payments = [row.payment_cents for row in rows]

    found = apr(net_proceeds_cents=received, payments_cents=payments)

    half_a_step = Decimal("0.0000005000001")
    assert (
        present_value(found - half_a_step, payments)
        >= received
        >= present_value(found + half_a_step, payments)
    )


def test_without_a_fee_the_apr_is_the_nominal_rate_but_for_the_cents():
    rows = amortization_schedule(
        principal_cents=10_000_000, annual_rate=Decimal("0.12"), term_months=36, disbursed_on=date(2026, 1, 1)
    )

    found = apr(net_proceeds_cents=10_000_000, payments_cents=[row.payment_cents for row in rows])

    assert abs(found - Decimal("0.12")) <= Decimal("0.000002")


def test_at_no_interest_and_no_fee_the_apr_is_zero():
    assert apr(net_proceeds_cents=3_600_00, payments_cents=[100_00] * 36) == 0


def test_an_apr_may_be_below_zero_or_very_high():
    assert apr(net_proceeds_cents=3_600_00, payments_cents=[99_00] * 36) == Decimal("-0.006507")
    assert apr(net_proceeds_cents=100, payments_cents=[100_000]) == Decimal("11988")
    assert apr(net_proceeds_cents=100, payments_cents=[0, 0, 121]) > 0


@pytest.mark.parametrize(
    ("received", "payments"), [(0, [1]), (-1, [1]), (100, []), (100, [0]), (100, [-1, 200])]
)
def test_what_is_no_loan_has_no_apr(received, payments):
    with pytest.raises(ValueError, match="APR"):
        apr(net_proceeds_cents=received, payments_cents=payments)


def test_the_return_of_a_year_compounds_the_average_month():
    months = [MonthFigures(100_000_00, interest_cents=1_000_00, servicing_fee_cents=50_00)] * 6

    found = net_annualized_return(months)

    assert found == Decimal("0.120149")


def test_losses_and_recoveries_count():
    month = MonthFigures(
        1_000_00,
        interest_cents=10_00,
        late_fee_cents=15_00,
        servicing_fee_cents=25,
        charged_off_cents=90_00,
        recovered_cents=5_00,
    )

    assert month.gain_cents == 10_00 + 15_00 - 25 - 90_00 + 5_00
    assert net_annualized_return([month]) < 0


def test_without_principal_there_is_no_return_and_it_never_falls_under_everything():
    assert net_annualized_return([]) is None
    assert net_annualized_return([MonthFigures(0, interest_cents=5)]) is None
    assert net_annualized_return([MonthFigures(100, charged_off_cents=500)]) == -1


def test_late_notes_lower_the_adjusted_return():
    months = [MonthFigures(10_000_00, interest_cents=100_00)] * 12
    late = {DelinquencyBucket.CURRENT: 9_000_00, DelinquencyBucket.GRACE: 1_000_00}

    assert expected_status_loss_cents(dict.fromkeys(DelinquencyBucket, 10000)) == (
        23_00 + 49_00 + 72_00 + 86_00
    )
    assert expected_status_loss_cents({}) == 0
    adjusted = adjusted_net_annualized_return(months, outstanding_by_bucket=late)
    assert adjusted == Decimal("0.101431")
    assert adjusted < net_annualized_return(months)


@pytest.mark.parametrize(("rate", "term"), [("0.1155", 36), ("0.07", 60), ("0", 24), ("0.36", 12)])
def test_the_servicing_cost_is_the_fee_on_every_payment_over_the_balance(rate, term):
    rows = amortization_schedule(
        principal_cents=10_000_000, annual_rate=Decimal(rate), term_months=term, disbursed_on=date(2026, 1, 1)
    )
    balances = [10_000_000, *(row.balance_cents for row in rows[:-1])]
    fees = sum(row.payment_cents for row in rows) / Decimal(100)

    cost = servicing_cost_rate(rate=Decimal(rate), term_months=term)

    assert abs(cost - fees * 12 / sum(balances)) < Decimal("0.00001")


def test_the_return_to_expect_takes_off_the_fee_and_the_expected_loss():
    found = expected_return_rate(rate=Decimal("0.1155"), grade=Grade.B, term_months=36)

    assert servicing_cost_rate(rate=Decimal("0.1155"), term_months=36) == Decimal("0.007299")
    assert found == Decimal("0.1155") - Decimal("0.007299") - Decimal("0.0331")
