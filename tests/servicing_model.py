"""Owns a second, slow way to work out a loan's whole life: day by day from the beginning, in fractions.

It shares no code with the rules it judges but the business words. Every change of the past is judged by
living through all days again.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

FUND = -1


def months_after(start: date, months: int) -> date:
    whole = start.year * 12 + start.month - 1 + months
    year, month = whole // 12, whole % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def shared(total: int, weights: list[int]) -> list[int]:
    """Give everyone the floor of their share, then the missing cents to the largest remainders."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [int(share) for share in exact]
    left = total - sum(parts)
    for place in sorted(range(len(parts)), key=lambda each: (parts[each] - exact[each], each))[:left]:
        parts[place] += 1
    return parts


def level_plan(balance: int, rate: Fraction, months: int) -> list[tuple[int, int]]:
    """Plan equal installments, smoothed, the last one taking the rest: principal and interest of each."""
    monthly = rate / 12
    if monthly:
        level = round(balance * monthly / (1 - (1 + monthly) ** -months))
    else:
        level = round(Fraction(balance, months))

    def run(installment: int) -> list[int]:
        owed, after = balance, []
        for _ in range(months):
            owed += round(owed * monthly) - installment
            after.append(owed)
        return after

    owed_after = run(level)
    for _ in range(3):
        gap = owed_after[-1]
        if abs(gap) <= months // 2:
            break
        tried = level + round(Fraction(gap, months))
        other = run(tried)
        if abs(other[-1]) >= abs(gap):
            break
        level, owed_after = tried, other
    plan, owed = [], balance
    for place in range(months):
        interest = round(owed * monthly)
        principal = owed if place == months - 1 else min(level - interest, owed)
        plan.append((principal, interest if owed else 0))
        owed -= principal
    return plan


def kept_plan(balance: int, rate: Fraction, months: int, level: int) -> list[tuple[int, int]]:
    """Pay the same installment until nothing is owed, the last date taking the rest."""
    plan = []
    for place in range(months):
        interest = round(balance * rate / 12)
        principal = balance if place == months - 1 else min(balance, level - interest)
        plan.append((principal, interest))
        balance -= principal
        if not balance:
            break
    return plan


@dataclass
class Row:
    number: int
    due_on: date
    principal: int
    interest: int
    fee: int = 0
    paid_principal: int = 0
    paid_interest: int = 0
    paid_fee: int = 0
    paid_on: date | None = None
    is_charged: bool = False

    @property
    def unpaid(self) -> int:
        return self.principal + self.interest + self.fee - self.paid

    @property
    def paid(self) -> int:
        return self.paid_principal + self.paid_interest + self.paid_fee


@dataclass
class Happening:
    """A payment, a pause, its early end, a rate cut or a purchase of the fund, on its day."""

    kind: str
    on: date
    payment_id: int = 0
    cents: int = 0
    keeps_term: bool = False
    until_on: date | None = None
    rate: Fraction | None = None
    bought: dict[int, int] = field(default_factory=dict)


@dataclass
class Model:
    """Lives through a loan's days; `notes` are holder, rate and cents."""

    principal: int
    rate: Fraction
    months: int
    start_on: date
    notes: list[tuple[int, Fraction, int]]
    happenings: list[Happening] = field(default_factory=list)

    def live(self, closed_through: date) -> "Model":
        """Live again from the first day, all nights closed up to one day, and all that happened."""
        plan = level_plan(self.principal, self.rate, self.months)
        self.rows = [
            Row(place, months_after(self.start_on, place), *parts)
            for place, parts in enumerate(plan, start=1)
        ]
        self.paused_days = self._paused_days()
        self.level = sum(plan[0])
        self.now_rate = self.rate
        self.state = "active"
        self.outstanding = self.principal
        self.ahead_cents = 0
        self.holders = [holder for holder, _, _ in self.notes]
        self.rates = [rate for _, rate, _ in self.notes]
        self.owed = [cents for _, _, cents in self.notes]
        self.got = dict.fromkeys([*self.holders, FUND], 0)
        self.income = 0
        self.taken: dict[int, int] = {}
        self.defaulted_on: date | None = None
        self.charged_off_on: date | None = None
        last = max([closed_through, *(each.on for each in self.happenings if "pause" not in each.kind)])
        on = self.start_on
        while on <= last:
            for happening in [each for each in self.happenings if each.on == on]:
                self._happen(happening)
            if on <= closed_through:
                self._close(on)
            on += timedelta(days=1)
        return self

    def settle(self) -> None:
        """Keep to what was really taken: money given back to a wallet is not taken again later."""
        for each in self.happenings:
            if each.kind == "pay":
                each.cents = self.taken.get(each.payment_id, 0)
        self.happenings = [each for each in self.happenings if each.kind != "pay" or each.cents]

    def days_late(self, row: Row, on: date) -> int:
        """Count the days after the due date, without the paused ones."""
        paused = sum(row.due_on < day <= on for day in self.paused_days)
        return max(0, (on - row.due_on).days) - paused

    def _paused_days(self) -> set[date]:
        """List every day of every pause."""
        return {
            first + timedelta(days=number)
            for first, last in self.pauses()
            for number in range((last - first).days + 1)
        }

    def pauses(self) -> list[tuple[date, date]]:
        """List the first and last days of the pauses, in the order in which they were given and ended."""
        found: list[tuple[date, date]] = []
        for each in self.happenings:
            if each.kind == "pause" and each.until_on is not None:
                found.append((each.on, each.until_on))
            elif each.kind == "unpause":
                found = [
                    (first, each.on - timedelta(days=1) if first <= each.on <= last else last)
                    for first, last in found
                ]
                found = [(first, last) for first, last in found if first <= last]
        return found

    def open_rows(self) -> list[Row]:
        return [row for row in self.rows if row.unpaid]

    def payoff(self, on: date) -> int:
        if self.state == "charged_off":
            return sum(row.unpaid for row in self.rows)
        total = self.outstanding + sum(row.fee - row.paid_fee for row in self.rows)
        total += sum(row.interest - row.paid_interest for row in self.rows if row.due_on <= on)
        ahead = self._ahead(on)
        return total + (self._accrued_unpaid(ahead[0], on) if ahead else 0)

    def _ahead(self, on: date) -> list[Row]:
        return [row for row in self.rows if row.due_on > on and row.unpaid]

    def _accrued(self, interest: int, row: Row, on: date) -> int:
        first = months_after(self.start_on, row.number - 1)
        days, gone = (row.due_on - first).days, (on - first).days
        return round(Fraction(interest * min(max(gone, 0), days), days))

    def _accrued_unpaid(self, row: Row, on: date) -> int:
        return max(0, self._accrued(row.interest, row, on) - row.paid_interest)

    def _happen(self, happening: Happening) -> None:
        if happening.kind == "pay":
            self._pay(happening)
        elif happening.kind == "cut" and self.state in ("active", "defaulted"):
            self._cut(happening)
        elif happening.kind == "bought":
            self._sell(happening)

    def _sell(self, happening: Happening) -> None:
        """Let the fund take over what is still owed of what it bought."""
        for place, wanted in happening.bought.items():
            cents = min(wanted, self.owed[place])
            happening.bought[place] = cents
            self.owed[place] -= cents
            self.got[self.holders[place]] += cents
            self.got[FUND] -= cents
            self.holders.append(FUND)
            self.rates.append(self.rates[place])
            self.owed.append(cents)

    def _close(self, on: date) -> None:
        """Charge fees, declare the default, charge off: what the night brings."""
        if self.state not in ("active", "defaulted") or on in self.paused_days:
            return
        oldest = next((row for row in self.rows if row.unpaid), None)
        if oldest is None or (on - oldest.due_on).days <= 15:
            return
        for row in self.open_rows():
            if not row.is_charged and self.days_late(row, on) > 15:
                row.fee += max(1500, round(Fraction(row.unpaid * 5, 100)))
                row.is_charged = True
        late = self.days_late(oldest, on)
        if self.state == "active" and late >= 121:
            self.state, self.defaulted_on = "defaulted", on
        if late >= 150:
            for row in self._ahead(on):
                row.interest = max(row.paid_interest, self._accrued(row.interest, row, on))
            self.state, self.charged_off_on = "charged_off", on

    def _pay(self, happening: Happening) -> None:
        on, left = happening.on, happening.cents
        if self.state == "paid_off":
            return
        before = (self.outstanding, self._paid_interest(), self._paid_fees())
        is_recovery = self.state == "charged_off"
        if is_recovery:
            self._pay_rows(self.open_rows(), left, on)
        elif left >= self.payoff(on):
            self._pay_off(on)
        else:
            due = [row for row in self.open_rows() if row.due_on <= on]
            left = self._pay_rows(due + self._ahead(on)[:1], left, on)
            if left:
                self._pay_ahead(left, keeps_term=happening.keeps_term)
        self.outstanding = self.principal - self._paid_principal()
        principal = before[0] - self.outstanding
        interest = self._paid_interest() - before[1]
        fees = self._paid_fees() - before[2]
        self.taken[happening.payment_id] = principal + interest + fees
        if principal + interest + fees:
            self._share(principal, interest, fees, is_recovery=is_recovery)
        overdue = any(row.due_on < on for row in self.open_rows())
        if self.state == "defaulted" and not overdue:
            self.state, self.defaulted_on = "active", None

    def _pay_rows(self, rows: list[Row], left: int, on: date) -> int:
        for row in rows:
            fee = min(left, row.fee - row.paid_fee)
            interest = min(left - fee, row.interest - row.paid_interest)
            principal = min(left - fee - interest, row.principal - row.paid_principal)
            row.paid_fee, row.paid_interest = row.paid_fee + fee, row.paid_interest + interest
            row.paid_principal += principal
            left -= fee + interest + principal
            if not row.unpaid:
                row.paid_on = on
        return left

    def _pay_off(self, on: date) -> None:
        ahead = self._ahead(on)
        due_principal = sum(
            row.principal - row.paid_principal for row in self.open_rows() if row.due_on <= on
        )
        if ahead:
            last = ahead[0]
            last.interest = last.paid_interest + self._accrued_unpaid(last, on)
            last.principal = last.paid_principal + self.outstanding - due_principal
            self.rows = [row for row in self.rows if row.number <= last.number]
        rows = self.open_rows()
        self._pay_rows(rows, sum(row.unpaid for row in rows), on)
        self.state = "paid_off"

    def _pay_ahead(self, cents: int, *, keeps_term: bool) -> None:
        """Take principal off the rest and plan it anew; what was paid ahead stands in no row."""
        rest = self.open_rows()
        self.ahead_cents += cents
        balance = self.principal - self._paid_principal()
        if keeps_term:
            plan = level_plan(balance, self.now_rate, len(rest))
        else:
            plan = kept_plan(balance, self.now_rate, len(rest), self.level)
        for row in rest:
            row.principal, row.interest = plan.pop(0) if plan else (0, 0)
        self.rows = [row for row in self.rows if row not in rest or row.unpaid]
        if keeps_term:
            self.level = self.open_rows()[0].unpaid

    def _paid_principal(self) -> int:
        return sum(row.paid_principal for row in self.rows) + self.ahead_cents

    def _paid_interest(self) -> int:
        return sum(row.paid_interest for row in self.rows)

    def _paid_fees(self) -> int:
        return sum(row.paid_fee for row in self.rows)

    def _cut(self, happening: Happening) -> None:
        on, rate = happening.on, happening.rate
        assert rate is not None
        if rate >= self.now_rate:
            return
        ahead = self._ahead(on)
        old_rate, self.now_rate = self.now_rate, rate
        million = 10**6
        self.rates = [Fraction(round(each * million * rate / old_rate), million) for each in self.rates]
        if not ahead:
            return
        first = ahead[0]
        new = round(first.interest * rate / old_rate)
        mixed = self._accrued(first.interest, first, on) + new - self._accrued(new, first, on)
        first.interest = max(first.paid_interest, mixed)
        free = ahead[1:] if first.paid else ahead
        fixed = sum(row.principal - row.paid_principal for row in self.rows if row not in free)
        if not free or self.outstanding <= fixed:
            return
        plan = level_plan(self.outstanding - fixed, rate, len(free))
        self.level = sum(plan[0])
        for row, (principal, interest) in zip(free, plan, strict=True):
            row.principal = principal
            row.interest = first.interest if row is first else interest
        self.rows = [row for row in self.rows if row.principal + row.interest + row.fee]

    def _share(self, principal: int, interest: int, fees: int, *, is_recovery: bool) -> None:
        by_owed = self.owed if any(self.owed) else [1] * len(self.owed)
        earning = [int(owed * rate * 10**6) for owed, rate in zip(by_owed, self.rates, strict=True)]
        by_interest = by_owed if is_recovery or not any(earning) else earning
        parts = [
            shared(cents, weights)
            for cents, weights in ((principal, by_owed), (interest, by_interest), (fees, by_owed))
        ]
        gross = [sum(each) for each in zip(*parts, strict=True)]
        if is_recovery:
            kept = shared(sum(gross) * 3 // 10, gross)
        else:
            kept = [
                0 if holder == FUND else round(Fraction(cents, 100))
                for holder, cents in zip(self.holders, gross, strict=True)
            ]
        for place, holder in enumerate(self.holders):
            self.got[holder] += gross[place] - kept[place]
            self.income += kept[place]
            self.owed[place] -= parts[0][place]
