"""Owns whole tables of schedules at once: 30/360 loans by the thousand, identical to the single schedule."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from p2p_reflex.domain.installments import SMOOTHING_ROUNDS, annuity_cents
from p2p_reflex.domain.rates import MILLION

Cents = npt.NDArray[np.int64]

_YEAR = 12 * MILLION
_LARGEST_PRODUCT = 1 << 62
_UNSURE = 1e-3


@dataclass(frozen=True)
class ScheduleBatch:
    """Many schedules: row k of each table is installment k + 1, column j is loan j; zero after the term.

    Interest and what the last installment repays are worked out at once; the table of principal follows
    from them when it is first looked at.
    """

    term_months: Cents
    installment_cents: Cents
    interest_cents: Cents
    last_principal_cents: Cents
    paid_early: Cents
    """The loans, if any, whose rounded-up installments have repaid them before their term."""
    loan_cents: Cents

    @cached_property
    def principal_cents(self) -> Cents:
        """Give the principal of every installment."""
        table = self.installment_cents - self.interest_cents
        months = np.arange(1, len(table) + 1)[:, np.newaxis]
        np.copyto(table, 0, where=months > self.term_months)
        np.copyto(table, self.last_principal_cents, where=months == self.term_months)
        if self.paid_early.size:
            repaid = np.minimum(table[:, self.paid_early].cumsum(axis=0), self.loan_cents[self.paid_early])
            table[:, self.paid_early] = np.diff(repaid, axis=0, prepend=0)
        return table


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
    interest, last = _run(principal, rate, term, level, _table(term))
    changed = _smooth(level, _gap(interest, last, level, term), principal, rate, term)
    if changed.size:
        loans = principal[changed], rate[changed], term[changed], level[changed]
        again, last[changed] = _run(*loans, _table(loans[2]))
        interest[: len(again), changed] = again
    paid_early = np.flatnonzero(last < 0)
    if paid_early.size:
        loans = principal[paid_early], rate[paid_early], term[paid_early], level[paid_early]
        again, last[paid_early] = _run(*loans, _table(loans[2]), stop_at_zero=True)
        interest[: len(again), paid_early] = again
    return ScheduleBatch(term, level, interest, last, paid_early, principal)


def _smooth(level: Cents, gap: Cents, principal: Cents, rate: Cents, term: Cents) -> Cents:
    """Move the levels whose last installment is too far off; give the loans that were moved."""
    moved = np.zeros(term.size, dtype=np.bool_)
    trying = np.flatnonzero(np.abs(gap) > term // 2)
    for _ in range(SMOOTHING_ROUNDS):
        if not trying.size:
            break
        n = term[trying]
        tried = level[trying] + _divide_half_even(gap[trying], n)
        new_gap = _gap(*_run(principal[trying], rate[trying], n, tried, None), tried, n)
        better = np.abs(new_gap) < np.abs(gap[trying])
        trying = trying[better]
        level[trying], gap[trying], moved[trying] = tried[better], new_gap[better], True
        trying = trying[np.abs(gap[trying]) > term[trying] // 2]
    return np.flatnonzero(moved)


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


def _table(term: Cents) -> Cents:
    return np.empty((int(term.max()), term.size), dtype=np.int64)


def _gap(interest: Cents, last: Cents, level: Cents, term: Cents) -> Cents:
    """Give the last installment less the level; of a table of interest, the row of each loan's term."""
    if interest.ndim > 1:
        interest = np.take_along_axis(interest, term[np.newaxis] - 1, axis=0)[0]
    gap: Cents = last + interest - level
    return gap


def _run(
    principal: Cents,
    rate: Cents,
    term: Cents,
    level: Cents,
    table: Cents | None,
    *,
    stop_at_zero: bool = False,
) -> tuple[Cents, Cents]:
    """Run every loan down to its term; give its interest and what the last installment repays.

    With a table the interest of every month is written into it; without one only the last is given.
    """
    balance, installment = principal.copy(), level.copy()
    interest, scratch = np.empty_like(balance), np.empty_like(balance)
    last, last_interest = np.zeros_like(balance), np.zeros_like(balance)
    lengths = set(np.unique(term).tolist())
    for month in range(max(lengths)):
        row = interest if table is None else table[month]
        _interest(balance, rate, row, scratch)
        if month + 1 in lengths:
            ends = term == month + 1
            np.copyto(last, balance, where=ends)
            np.copyto(last_interest, row, where=ends)
            np.copyto(balance, 0, where=ends)
            np.copyto(installment, 0, where=ends)
            balance += np.where(ends, 0, row)
        else:
            balance += row
        balance -= installment
        if stop_at_zero:
            np.maximum(balance, 0, out=balance)
    return (last_interest if table is None else table), last


def _interest(balance: Cents, rate: Cents, out: Cents, scratch: Cents) -> None:
    """Round balance · rate / 12 half-even: add the half, then take back ties that went to an odd cent."""
    np.multiply(balance, rate, out=scratch)
    scratch += _YEAR // 2
    np.floor_divide(scratch, _YEAR, out=out)
    ties = np.flatnonzero(out * _YEAR == scratch)
    out[ties] -= out[ties] & 1


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
