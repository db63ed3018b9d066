"""Owns repayment schedules: equal installments, to the cent, the last one taking the rest."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from itertools import pairwise, repeat
from math import gcd, lcm
from operator import sub
from typing import NamedTuple, overload

from p2p_reflex.domain.dates import DayCount, due_dates, year_fraction
from p2p_reflex.domain.installments import (
    SMOOTHING_ROUNDS,
    annuity_cents,
    is_hopeless,
    monthly_factor,
    needs_smoothing,
    smoothed,
    uneven_annuity_cents,
)
from p2p_reflex.domain.money import divide_half_even
from p2p_reflex.domain.rates import MILLION, to_millionths
from p2p_reflex.domain.schedule_batch import ScheduleBatch, schedule_batch

__all__ = [
    "DayCount",
    "Schedule",
    "ScheduleBatch",
    "ScheduleRow",
    "amortization_schedule",
    "installment_cents",
    "remaining_schedule",
    "schedule_batch",
]


class ScheduleRow(NamedTuple):
    """One installment: its parts in cents, and the principal still owed after it."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    payment_cents: int
    balance_cents: int


_STRIDE_MONTHS = 72

_row = partial(tuple.__new__, ScheduleRow)
_cached_due_dates = lru_cache(maxsize=512)(due_dates)


class Schedule(Sequence[ScheduleRow]):
    """A read-only sequence of rows; the cents are worked out at once, the rows when first looked at."""

    __slots__ = ("_balances", "_disbursed_on", "_level_cents", "_principal_cents", "_rows")

    def __init__(
        self, *, principal_cents: int, level_cents: int, balances: list[int], disbursed_on: date
    ) -> None:
        self._principal_cents = principal_cents
        self._level_cents = level_cents
        self._balances = balances
        self._disbursed_on = disbursed_on
        self._rows: tuple[ScheduleRow, ...] | None = None

    @property
    def rows(self) -> tuple[ScheduleRow, ...]:
        """Give all rows as a tuple."""
        if self._rows is None:
            due_on = _cached_due_dates(disbursed_on=self._disbursed_on, term_months=len(self._balances))
            balances, interest = _closed(self._principal_cents, self._level_cents, self._balances)
            self._rows = _rows(self._principal_cents, balances, interest, due_on, 1)
        return self._rows

    @property
    def interest_cents(self) -> int:
        """Give the interest of all rows together."""
        return sum(row.interest_cents for row in self.rows)

    @overload
    def __getitem__(self, index: int) -> ScheduleRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ScheduleRow, ...]: ...
    def __getitem__(self, index: int | slice) -> ScheduleRow | tuple[ScheduleRow, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self._balances)

    def __iter__(self) -> Iterator[ScheduleRow]:
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Schedule):
            return self.rows == other.rows
        return self.rows == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.rows)

    def __repr__(self) -> str:
        return f"Schedule({self.rows!r})"


def amortization_schedule(
    *,
    principal_cents: int,
    annual_rate: Decimal,
    term_months: int,
    disbursed_on: date,
    day_count: DayCount = DayCount.THIRTY_360,
) -> Schedule:
    """Plan a loan's repayment in equal monthly installments.

    Law: principal sums to the principal, payment = principal + interest, and the last balance is zero.
    interest_k = round(balance · f_k); the installment is rounded half-even, smoothed as `docs/money.md`
    tells, and the last row takes the rest. Reproduces the schedules of Apache Fineract to the cent.
    """
    _check(principal_cents, term_months)
    if day_count == DayCount.THIRTY_360:
        numerator, denominator = monthly_factor(annual_rate)
        level, balances = _level(principal_cents, numerator, denominator, term_months)
    else:
        due_on = _cached_due_dates(disbursed_on=disbursed_on, term_months=term_months)
        numerators, denominator = _factors(annual_rate, (disbursed_on, *due_on), day_count)
        level, balances = _uneven(principal_cents, numerators, denominator)
    return Schedule(
        principal_cents=principal_cents, level_cents=level, balances=balances, disbursed_on=disbursed_on
    )


def installment_cents(*, principal_cents: int, annual_rate: Decimal, term_months: int) -> int:
    """Work out the level installment of a 30/360 schedule: what every row but the last pays."""
    _check(principal_cents, term_months)
    numerator, denominator = monthly_factor(annual_rate)
    return _level(principal_cents, numerator, denominator, term_months)[0]


def remaining_schedule(
    *,
    balance_cents: int,
    annual_rate: Decimal,
    due_on: Sequence[date],
    period_start_on: date,
    installment_cents: int | None,
    day_count: DayCount = DayCount.THIRTY_360,
    first_number: int = 1,
) -> tuple[ScheduleRow, ...]:
    """Plan what is left of a loan over the given due dates; the first period starts on `period_start_on`.

    Without an installment the balance is levelled over all the dates (the term is kept, the installment
    falls). With one it is kept until all is paid (the term shortens); the last row takes the rest.
    """
    if balance_cents <= 0:
        return ()
    if not due_on:
        raise ValueError("A balance needs at least one due date.")
    numerators, denominator = _factors(annual_rate, (period_start_on, *due_on), day_count)
    if installment_cents is None:
        balances, interest = _closed(balance_cents, *_uneven(balance_cents, numerators, denominator))
    else:
        balances, interest = _kept(balance_cents, installment_cents, numerators, denominator)
    return _rows(balance_cents, balances, interest, due_on, first_number)


def _level(principal: int, numerator: int, denominator: int, term_months: int) -> tuple[int, list[int]]:
    """Give installment and balances of a loan whose months all weigh the same; the last entry is the gap."""
    level = annuity_cents(principal, numerator, denominator, term_months)
    balances = _even_balances(principal, level, numerator, denominator, term_months)
    for _ in range(SMOOTHING_ROUNDS):
        gap = balances[-1]
        if not needs_smoothing(gap, term_months):
            break
        tried = smoothed(level, gap, term_months)
        others = _smaller_gap(principal, tried, numerator, denominator, term_months, gap)
        if others is None:
            break
        level, balances = tried, others
    return level, balances


def _smaller_gap(
    balance: int, installment: int, numerator: int, denominator: int, term_months: int, gap: int
) -> list[int] | None:
    """Give the balances under another installment if they end nearer to zero; else give up early."""
    balances: list[int] = []
    left = term_months
    while left > _STRIDE_MONTHS:
        if is_hopeless(balance, installment, numerator, denominator, left, gap):
            return None
        balances += _even_balances(balance, installment, numerator, denominator, _STRIDE_MONTHS)
        balance = balances[-1]
        left -= _STRIDE_MONTHS
    balances += _even_balances(balance, installment, numerator, denominator, left)
    return balances if abs(balances[-1]) < abs(gap) else None


def _even_balances(
    balance: int, installment: int, numerator: int, denominator: int, term_months: int
) -> list[int]:
    """Run a balance down by a constant installment; the last entry is the gap (last − installment).

    The rounding is half-even, written out: the half is added, and a tie that went to an odd cent is
    taken back. An odd denominator has no ties.
    """
    balances: list[int] = []
    append = balances.append
    half = denominator // 2
    if denominator & 1:
        for _ in repeat(None, term_months):
            balance += (balance * numerator + half) // denominator - installment
            append(balance)
        return balances
    for _ in repeat(None, term_months):
        raised = balance * numerator + half
        interest = raised // denominator
        if interest & 1 and interest * denominator == raised:
            interest -= 1
        balance += interest - installment
        append(balance)
    return balances


def _uneven(principal: int, numerators: Sequence[int], denominator: int) -> tuple[int, list[int]]:
    """Give installment and balances of a loan whose periods weigh differently; the last entry is the gap."""
    term = len(numerators)
    level = uneven_annuity_cents(principal, numerators, denominator)
    balances = _uneven_balances(principal, level, numerators, denominator)
    for _ in range(SMOOTHING_ROUNDS):
        gap = balances[-1]
        if not needs_smoothing(gap, term):
            break
        tried = smoothed(level, gap, term)
        others = _uneven_balances(principal, tried, numerators, denominator)
        if abs(others[-1]) >= abs(gap):
            break
        level, balances = tried, others
    return level, balances


def _uneven_balances(
    balance: int, installment: int, numerators: Sequence[int], denominator: int
) -> list[int]:
    balances: list[int] = []
    for numerator in numerators:
        balance += divide_half_even(balance * numerator, denominator) - installment
        balances.append(balance)
    return balances


def _closed(principal: int, level: int, balances: list[int]) -> tuple[list[int], list[int]]:
    """Let the last row take the rest, and read each row's interest off the balances around it.

    Where a loan of a few cents is paid before its term, the balance stays at zero.
    """
    gap = balances[-1]
    balances = [*balances[:-1], 0]
    starts = [principal, *balances[:-1]]
    interest = list(map(level.__sub__, map(sub, starts, balances)))
    interest[-1] = gap + level - starts[-1]
    if starts[-1] < 0:
        paid = next(position for position, balance in enumerate(balances) if balance <= 0)
        rest = len(balances) - paid
        balances[paid:] = repeat(0, rest)
        interest[paid + 1 :] = repeat(0, rest - 1)
    return balances, interest


def _kept(
    balance: int, installment: int, numerators: Sequence[int], denominator: int
) -> tuple[list[int], list[int]]:
    """Pay a given installment until the balance is gone, or the dates are."""
    balances: list[int] = []
    interests: list[int] = []
    for left, numerator in zip(range(len(numerators) - 1, -1, -1), numerators, strict=True):
        interest = divide_half_even(balance * numerator, denominator)
        balance = 0 if left == 0 else max(balance + interest - installment, 0)
        balances.append(balance)
        interests.append(interest)
        if balance == 0:
            break
    return balances, interests


def _factors(annual_rate: Decimal, boundaries: Sequence[date], day_count: DayCount) -> tuple[list[int], int]:
    """Give the period factors as whole numbers over one common denominator."""
    millionths = to_millionths(annual_rate)
    if millionths < 0:
        raise ValueError("A rate cannot be negative.")
    parts = [
        year_fraction(start_on=start_on, end_on=end_on, day_count=day_count)
        for start_on, end_on in pairwise(boundaries)
    ]
    year = lcm(*(part.denominator for part in parts))
    common = gcd(millionths, year * MILLION)
    rate = millionths // common
    return [rate * part.numerator * (year // part.denominator) for part in parts], year * MILLION // common


def _rows(
    principal: int, balances: list[int], interest: list[int], due_on: Sequence[date], first_number: int
) -> tuple[ScheduleRow, ...]:
    repaid = list(map(sub, (principal, *balances), balances))
    payments = map(int.__add__, repaid, interest)
    numbers = range(first_number, first_number + len(balances))
    used = due_on[: len(balances)]
    return tuple(map(_row, zip(numbers, used, repaid, interest, payments, balances, strict=True)))


def _check(principal_cents: int, term_months: int) -> None:
    if principal_cents <= 0 or term_months <= 0:
        raise ValueError("A schedule needs a positive principal and at least one month.")
