"""Owns how the tables of risk are written: stages with their amounts, and roll rates month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from p2p_reflex.domain import formats
from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.vocabulary import LoanStage
from p2p_reflex.services.admin.risk import Risk
from p2p_reflex.services.admin.roll_rates import MonthRolls, RollRate

STAGES = {
    LoanStage.CURRENT: ("1", "Current"),
    LoanStage.GRACE: ("behind", "Grace, 1 to 15"),
    LoanStage.LATE_16_30: ("soft-amber", "Late, 16 to 30"),
    LoanStage.LATE_31_120: ("amber", "Late, 31 to 120"),
    LoanStage.DEFAULT: ("red", "Default, over 120"),
}
ROLL_WORDS = {
    LoanStage.CURRENT: "current",
    LoanStage.GRACE: "grace",
    LoanStage.LATE_16_30: "16 to 30 days",
    LoanStage.LATE_31_120: "31 to 120 days",
    LoanStage.DEFAULT: "default",
}


@dataclass(frozen=True)
class StageLine:
    """The running loans of one stage as the table shows them."""

    series: str
    name: str
    loan_count: str
    owed: str
    share: str
    cents: int


@dataclass(frozen=True)
class RollLine:
    """How much of each stage rolled on in a month: a share, and what is behind it."""

    month: str
    current: str
    current_of: str
    grace: str
    grace_of: str
    late_16_30: str
    late_16_30_of: str
    late_31_120: str
    late_31_120_of: str
    default: str
    default_of: str
    in_words: str


def write_stages(found: Risk) -> list[StageLine]:
    """Write the stages of running loans."""
    whole_cents = found.running_cents
    return [
        StageLine(
            series=STAGES[each.stage][0],
            name=STAGES[each.stage][1],
            loan_count=f"{each.loan_count:,}",
            owed=formats.money(each.outstanding_cents),
            share=share_of(each.outstanding_cents, whole_cents),
            cents=each.outstanding_cents,
        )
        for each in found.stages
        if each.stage in STAGES
    ]


def share_of(part_cents: int, whole_cents: int) -> str:
    """Write a part of the principal with one decimal, half-even: 7.2 %."""
    if not whole_cents:
        return "0 %"
    tenths = round_half_even(Fraction(part_cents * 1000, whole_cents))
    return f"{tenths // 10}.{tenths % 10} %"


def write_rolls(months: Sequence[MonthRolls], *, business_on: date) -> list[RollLine]:
    """Write a line for each month, the newest first."""
    return [_roll_line(each, business_on) for each in months]


def _roll_line(rolls: MonthRolls, business_on: date) -> RollLine:
    cells: dict[str, str] = {}
    words = []
    for rate in rolls.rates:
        cells[rate.stage.value], cells[f"{rate.stage.value}_of"] = _cell(rate)
        if rate.loan_count:
            words.append(f"{ROLL_WORDS[rate.stage]} {cells[rate.stage.value]}")
    name = f"{rolls.until:%b %Y}"
    if rolls.until == business_on:
        name = f"{name}, so far"
    return RollLine(month=name, in_words=", ".join(words), **cells)


def _cell(rate: RollRate) -> tuple[str, str]:
    if rate.worse_share is None:
        return "", "no loans"
    return formats.share(rate.worse_share), f"{rate.worse_count:,} of {rate.loan_count:,}"
