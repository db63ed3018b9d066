"""Owns how the consequences of a request are written for the new-listing screen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.domain.scorecard import GRADE_WORDS, Factor
from p2p_reflex.services.listings.listings import Consequences

FACTORS_AT_EACH_END = 2


@dataclass
class FactorShown:
    """One factor: its words, its points with their sign, its side and its length among the others."""

    label: str = ""
    points: str = ""
    side: str = "for"
    size: int = 0


@dataclass
class ConsequencesShown:
    """What a request means, as text; `floor_hundredths` is the slider's lower end, in 0.01 %."""

    grade: str = ""
    points: str = ""
    grade_words: str = ""
    starting_points: str = ""
    expires: str = ""
    top_factors: list[FactorShown] = field(default_factory=list)
    factors: list[FactorShown] = field(default_factory=list)
    is_assumed: bool = False
    likely: str = ""
    likely_note: str = ""
    is_within_reach: bool = True
    range_from: str = "0%"
    range_to: str = "100%"
    range_middle: str = "50%"
    range_low: str = ""
    range_high: str = ""
    floor_hundredths: int = 590
    floor: str = ""
    installment: str = ""
    installment_note: str = ""
    apr: str = ""
    net: str = ""
    fee_note: str = ""
    cost: str = ""


def write_consequences(meant: Consequences) -> ConsequencesShown:
    """Turn consequences into what the screen shows."""
    assessment = meant.assessment
    floor_rate = assessment.floor_rate
    top_rate = meant.highest_rate or meant.suggested_highest_rate
    longest = max((abs(factor.points) for factor in assessment.factors), default=1) or 1
    factors = [_factor(factor, longest) for factor in assessment.factors]
    return ConsequencesShown(
        grade=assessment.grade.value,
        points=f"{assessment.points} of {assessment.max_points} points",
        grade_words=GRADE_WORDS[assessment.grade],
        starting_points=str(assessment.starting_points),
        expires=formats.long_date(assessment.expires_on),
        top_factors=_ends(factors),
        factors=factors,
        is_assumed=meant.purpose_is_assumed,
        likely=_rate_range(meant.likely.low_rate, meant.likely.high_rate),
        likely_note=_likely_note(meant),
        is_within_reach=meant.likely.is_within_reach,
        range_from=_place(meant.likely.low_rate, floor_rate, top_rate),
        range_to=_place(meant.likely.high_rate, floor_rate, top_rate),
        range_middle=_place(meant.likely.middle_rate, floor_rate, top_rate),
        range_low=f"floor {formats.rate(floor_rate)}",
        range_high=("your highest " if meant.highest_rate else "") + formats.rate(top_rate),
        floor_hundredths=int(floor_rate * 10_000),
        floor=f"{floor_rate * 100:.2f}",
        installment=formats.money(meant.installment_cents),
        installment_note=f"{meant.term_months} of them, monthly",
        apr=formats.rate(meant.apr),
        net=formats.money(meant.net_proceeds_cents),
        fee_note=f"after the {formats.share(meant.fee_rate)} fee of {formats.whole_money(meant.fee_cents)}",
        cost=formats.money(meant.total_cost_cents),
    )


def percent_text(rate: Decimal) -> str:
    """Write a rate as the text of a percent field: 13.50."""
    return f"{rate * 100:.2f}"


def _likely_note(meant: Consequences) -> str:
    likely, grade = meant.likely, meant.assessment.grade.value
    middle = formats.rate(likely.middle_rate)
    uses = f"The figures below use the middle, {middle}."
    if meant.highest_rate is not None and likely.middle_rate == meant.highest_rate:
        uses = f"The figures below use your highest rate, {middle}."
    if not likely.is_within_reach:
        return f"Your highest rate is under where such listings end, so it may not be covered. {uses}"
    if likely.comparable_count:
        loans = f"{likely.comparable_count} loans of grade {grade}"
        return f"The middle half of {loans} from the last 90 days. {uses}"
    return (
        f"Too few loans of grade {grade} were made here lately, so this is a guess around what the grade "
        f"paid on average at LendingClub. {uses}"
    )


def _ends(factors: Sequence[FactorShown]) -> list[FactorShown]:
    """Take the best and the worst factors."""
    if len(factors) <= 2 * FACTORS_AT_EACH_END:
        return list(factors)
    return [*factors[:FACTORS_AT_EACH_END], *factors[-FACTORS_AT_EACH_END:]]


def _factor(factor: Factor, longest: int) -> FactorShown:
    points = factor.points
    sign = "+" if points > 0 else formats.MINUS if points < 0 else ""
    return FactorShown(
        label=factor.label,
        points=f"{sign}{abs(points)}",
        side="against" if points < 0 else "for",
        size=round(100 * abs(points) / longest),
    )


def _rate_range(low_rate: Decimal, high_rate: Decimal) -> str:
    high = formats.rate(high_rate)
    return high if low_rate == high_rate else f"{formats.rate(low_rate).removesuffix(' %')} to {high}"


def _place(rate: Decimal, low_rate: Decimal, high_rate: Decimal) -> str:
    """Say where a rate stands between two others, as the stylesheet takes it."""
    if high_rate <= low_rate:
        return "100%"
    share = (min(max(rate, low_rate), high_rate) - low_rate) / (high_rate - low_rate)
    return f"{share * 100:.1f}%"
