"""Owns whole tables of schedules at once: 30/360 loans by the thousand, identical to the single schedule."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from p2p_reflex.domain.installments import SMOOTHING_ROUNDS, annuity_cents
from p2p_reflex.domain.rates import MILLION

Cents = npt.NDArray[np.int64]

_YEAR = 12 * MILLION
_LARGEST_PRODUCT = 1 << 62
_UNSURE = 1e-3


@dataclass(frozen=True, slots=True)
class ScheduleBatch:
    """Many schedules: row k of each array is installment k + 1, column j is loan j; zero after the term."""

    installment_cents: Cents
    principal_cents: Cents
    interest_cents: Cents


def schedule_batch(*, principal_cents: Cents, rate_millionths: Cents, term_months: Cents) -> ScheduleBatch:
    """Plan many 30/360 loans; the three arrays are as long as there are loans.

    Law: to the cent what `amortization_schedule` gives for each. Cents and rates are 64-bit whole
    numbers; the rate is in millionths a year. What could overflow raises ValueError.
    """
    principal = np.ascontiguousarray(principal_cents, dtype=np.int64)
    rate = np.ascontiguousarray(rate_millionths, dtype=np.int64)
    term = np.ascontiguousarray(term_months, dtype=np.int64)
    _check(principal, rate, term)
    level = _annuities(principal, rate, term)
    gap = _gaps(principal, rate, term, level)
    trying = np.flatnonzero(np.abs(gap) > term // 2)
    for _ in range(SMOOTHING_ROUNDS):
        if not trying.size:
            break
        n = term[trying]
        tried = level[trying] + _divide_half_even(gap[trying], n)
        new_gap = _gaps(principal[trying], rate[trying], n, tried)
        better = np.abs(new_gap) < np.abs(gap[trying])
        trying = trying[better]
        level[trying], gap[trying] = tried[better], new_gap[better]
        trying = trying[np.abs(gap[trying]) > term[trying] // 2]
    return _tables(principal, rate, term, level)


def _annuities(principal: Cents, rate: Cents, term: Cents) -> Cents:
    """Round every installment; where binary fractions cannot decide a half cent, decide it exactly."""
    monthly = rate / _YEAR
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(rate > 0, principal * monthly / -np.expm1(-term * np.log1p(monthly)), 0.5)
    level = np.rint(estimate).astype(np.int64)
    doubt = np.abs(np.abs(estimate - np.floor(estimate)) - 0.5) < _UNSURE
    for loan in np.flatnonzero(doubt | (estimate > 1e10)):
        level[loan] = annuity_cents(int(principal[loan]), int(rate[loan]), _YEAR, int(term[loan]))
    return level


def _gaps(principal: Cents, rate: Cents, term: Cents, level: Cents) -> Cents:
    """Run every loan down to its term; what is left is the gap between the last installment and the level."""
    balance = principal.copy()
    gap = np.zeros_like(balance)
    lengths = set(np.unique(term).tolist())
    for number in range(1, max(lengths) + 1):
        balance += _interest(balance, rate)
        balance -= level
        if number in lengths:
            ends = term == number
            gap[ends] = balance[ends]
            balance[ends] = 0
    return gap


def _tables(principal: Cents, rate: Cents, term: Cents, level: Cents) -> ScheduleBatch:
    months = int(term.max())
    principals = np.zeros((months, principal.size), dtype=np.int64)
    interests = np.zeros_like(principals)
    balance = principal.copy()
    lengths = set(np.unique(term).tolist())
    for number in range(1, months + 1):
        interest, repaid = interests[number - 1], principals[number - 1]
        interest[:] = _interest(balance, rate)
        np.subtract(level, interest, out=repaid)
        np.minimum(repaid, balance, out=repaid)
        if number in lengths:
            ends = term == number
            repaid[ends] = balance[ends]
        balance -= repaid
    return ScheduleBatch(level, principals, interests)


def _interest(balance: Cents, rate: Cents) -> Cents:
    """Round balance · rate / 12 half-even: add the half, then take back ties that went to an odd cent."""
    raised = balance * rate
    raised += _YEAR // 2
    interest: Cents = raised // _YEAR
    ties = interest * _YEAR == raised
    if ties.any():
        interest -= ties & (interest & 1)
    return interest


def _divide_half_even(numerator: Cents, denominator: Cents) -> Cents:
    quotient, rest = np.divmod(numerator, denominator)
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
    result: Cents = quotient + up
    return result


def _check(principal: Cents, rate: Cents, term: Cents) -> None:
    if not principal.size == rate.size == term.size > 0:
        raise ValueError("A batch needs one principal, one rate and one term for each of its loans.")
    if principal.min() <= 0 or rate.min() < 0 or term.min() <= 0:
        raise ValueError("A schedule needs a positive principal, a rate and at least one month.")
    if int(principal.max()) * max(int(rate.max()), 1) >= _LARGEST_PRODUCT:
        raise ValueError("An amount in this batch is too large.")
