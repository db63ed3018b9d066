"""Owns what money earns and costs: XIRR, APR, net annualized return and the return to expect."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isfinite

import pyxirr

from p2p_reflex.domain.fees import SERVICING_FEE_RATE
from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.rates import MILLION, from_millionths, to_millionths
from p2p_reflex.domain.scorecard import expected_loss_rate
from p2p_reflex.domain.vocabulary import DelinquencyBucket, Grade

XIRR_KNOWN_AFTER_DAYS = 90
"""Under this many days a return a year says more about chance than about money."""

STATUS_LOSS_RATES = {
    DelinquencyBucket.CURRENT: Decimal(0),
    DelinquencyBucket.GRACE: Decimal("0.23"),
    DelinquencyBucket.LATE_16_30: Decimal("0.49"),
    DelinquencyBucket.LATE_31_120: Decimal("0.72"),
    DelinquencyBucket.DEFAULT: Decimal("0.86"),
}
"""Share of the outstanding principal that notes in each bucket are expected to lose."""

_PRECISION = 50


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What a lender's notes did in one month, in cents; the principal is that at the month's start."""

    principal_start_cents: int
    interest_cents: int = 0
    late_fee_cents: int = 0
    servicing_fee_cents: int = 0
    charged_off_cents: int = 0
    recovered_cents: int = 0

    @property
    def gain_cents(self) -> int:
        """Give the month's gain: earnings and recoveries less fees and charge-offs."""
        return (
            self.interest_cents
            + self.late_fee_cents
            - self.servicing_fee_cents
            - self.charged_off_cents
            + self.recovered_cents
        )


def xirr(flows: Iterable[tuple[date, int]]) -> float | None:
    """Find the yearly rate at which dated flows in cents (out negative, in positive) are worth nothing.

    Days over 365. None where no root exists; money put in of which nothing came back gives −1.0. The
    flows are scaled by the largest first, because the root search depends on their size.
    """
    moved = [(on, cents) for on, cents in flows if cents]
    if not moved:
        return None
    if all(cents < 0 for _, cents in moved):
        return -1.0
    largest = max(abs(cents) for _, cents in moved)
    dates, amounts = zip(*((on, cents / largest) for on, cents in moved), strict=True)
    found: float | None = pyxirr.xirr(dates, amounts, silent=True)
    return found if found is not None and isfinite(found) else None


def apr(*, net_proceeds_cents: int, payments_cents: Sequence[int]) -> Decimal:
    """Find the nominal annual rate of monthly payments: P·(1 − fee) = Σ payment_k / (1 + APR/12)^k.

    Exact to six decimals, half-even. Below zero where less is paid than was received. Nothing received,
    nothing paid or a negative payment raises ValueError.
    """
    payments = list(payments_cents)
    if net_proceeds_cents <= 0 or sum(payments) <= 0 or min(payments) < 0:
        raise ValueError("An APR needs money received and payments that are not negative.")
    with localcontext() as context:
        context.prec = _PRECISION
        monthly = _monthly_root(Decimal(net_proceeds_cents), payments)
    return from_millionths(round_half_even(monthly * 12 * MILLION))


def net_annualized_return(months: Iterable[MonthFigures]) -> Decimal | None:
    """Work out NAR = (1 + Σ gains / Σ month-start principal)^12 − 1, six decimals; None without principal."""
    gain_cents, principal_cents = _totals(months)
    return _annualized(gain_cents, principal_cents)


def adjusted_net_annualized_return(
    months: Iterable[MonthFigures], *, outstanding_by_bucket: Mapping[DelinquencyBucket, int]
) -> Decimal | None:
    """Work out NAR less what late notes are expected to lose, by the principal (cents) in each bucket."""
    gain_cents, principal_cents = _totals(months)
    return _annualized(gain_cents - expected_status_loss_cents(outstanding_by_bucket), principal_cents)


def expected_status_loss_cents(outstanding_by_bucket: Mapping[DelinquencyBucket, int]) -> int:
    """Work out what notes are expected to lose by how late they are: 23, 49, 72 and 86 % of principal."""
    loss = sum(cents * Fraction(STATUS_LOSS_RATES[bucket]) for bucket, cents in outstanding_by_bucket.items())
    return round_half_even(Fraction(loss))


def servicing_cost_rate(*, rate: Decimal, term_months: int) -> Decimal:
    """Turn the servicing fee into a yearly rate of outstanding principal: fee · (rate + 1 / D).

    D is the dollar-years a level loan keeps outstanding per dollar lent, Σ month-start balances / 12. All
    payments per dollar are 1 + rate · D; the fee takes its share of them, over D.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        cost = SERVICING_FEE_RATE * (rate + 1 / _dollar_years(rate, term_months))
    return from_millionths(round_half_even(cost * MILLION))


def expected_return_rate(*, rate: Decimal, grade: Grade, term_months: int) -> Decimal:
    """Expect a yearly return: rate − servicing cost − expected yearly loss of the grade over the term."""
    cost = servicing_cost_rate(rate=rate, term_months=term_months)
    net = to_millionths(rate) - to_millionths(cost) - to_millionths(expected_loss_rate(grade, term_months))
    return from_millionths(net)


def _dollar_years(rate: Decimal, term_months: int) -> Decimal:
    """Sum the month-start balances of one dollar over twelve."""
    if rate == 0:
        return Decimal(term_months + 1) / 24
    monthly = rate / 12
    installment = monthly / (1 - (1 + monthly) ** -term_months)
    return (installment * term_months - 1) / rate


def _monthly_root(proceeds: Decimal, payments: Sequence[int]) -> Decimal:
    """Find the monthly rate by Newton steps, kept inside a shrinking bracket; present value falls in it."""
    low, high = Decimal(-1), Decimal(1)
    while _value_and_slope(high, payments)[0] > proceeds:
        low, high = high, high * 2
    tolerance = Decimal(10) ** -20
    guess = Decimal("0.01") if low < 0 else (low + high) / 2
    for _ in range(200):
        value, slope = _value_and_slope(guess, payments)
        if value > proceeds:
            low = guess
        else:
            high = guess
        step = (value - proceeds) / slope
        following = guess - step
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - guess) < tolerance:
            return following
        guess = following
    return guess


def _value_and_slope(monthly: Decimal, payments: Sequence[int]) -> tuple[Decimal, Decimal]:
    """Give the present value of the payments and its slope, by Horner's rule from the last payment on."""
    discount = 1 / (1 + monthly)
    value = Decimal(0)
    slope = Decimal(0)
    for payment in reversed(payments):
        raised = value + payment
        slope = slope * discount + raised
        value = raised * discount
    return value, -slope * discount * discount


def _totals(months: Iterable[MonthFigures]) -> tuple[int, int]:
    figures = list(months)
    return sum(month.gain_cents for month in figures), sum(month.principal_start_cents for month in figures)


def _annualized(gain_cents: int, principal_cents: int) -> Decimal | None:
    if principal_cents <= 0:
        return None
    monthly = max(Fraction(gain_cents, principal_cents), Fraction(-1))
    return from_millionths(round_half_even(((1 + monthly) ** 12 - 1) * MILLION))
