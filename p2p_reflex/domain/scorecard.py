"""Owns the published scorecard: how a profile and a request become points, a grade and a floor rate.

Expected losses are calibrated on 42,535 real LendingClub loans of 2007 to 2011 (the table
`lendingclub_outcomes_by_grade.csv`): the net principal loss over the term, per dollar lent, divided by
the dollar-years a level loan of that rate and term keeps outstanding, which gives a loss per year.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.domain.amortization import installment_cents
from p2p_reflex.domain.money import divide_half_even, round_half_even
from p2p_reflex.domain.rates import from_millionths, to_millionths
from p2p_reflex.domain.vocabulary import Grade, HomeOwnership, Purpose

MAX_POINTS = 120
STARTING_POINTS = 30
ASSESSMENT_VALID_DAYS = 90
REFERENCE_RATE = Decimal("0.12")
"""The rate at which the new installment counts in debt-to-income, whatever it will turn out to be."""

_LARGEST_DEBT_TO_INCOME = 9_9999

GRADE_FROM_POINTS = {
    Grade.A: 86,
    Grade.B: 70,
    Grade.C: 54,
    Grade.D: 40,
    Grade.E: 28,
    Grade.F: 16,
    Grade.G: 0,
}

GRADE_WORDS = {
    Grade.A: "Very strong credit",
    Grade.B: "Strong",
    Grade.C: "Good",
    Grade.D: "Fair",
    Grade.E: "Stretched",
    Grade.F: "Weak",
    Grade.G: "Very weak",
}

FLOOR_RATES = {
    Grade.A: Decimal("0.059"),
    Grade.B: Decimal("0.094"),
    Grade.C: Decimal("0.118"),
    Grade.D: Decimal("0.136"),
    Grade.E: Decimal("0.152"),
    Grade.F: Decimal("0.171"),
    Grade.G: Decimal("0.192"),
}

YEARLY_LOSS_RATES = {
    Grade.A: (Decimal("0.0171"), Decimal("0.0165")),
    Grade.B: (Decimal("0.0331"), Decimal("0.0343")),
    Grade.C: (Decimal("0.0496"), Decimal("0.0461")),
    Grade.D: (Decimal("0.0579"), Decimal("0.0592")),
    Grade.E: (Decimal("0.0692"), Decimal("0.0615")),
    Grade.F: (Decimal("0.1069"), Decimal("0.0723")),
    Grade.G: (Decimal("0.1309"), Decimal("0.0723")),
}
"""Expected loss per year over 36 and over 60 months; G over 60 months (262 loans) is held at F's figure."""

_HOME_POINTS = {HomeOwnership.OWN: 14, HomeOwnership.MORTGAGE: 10, HomeOwnership.RENT: 0}
_HOME_LABELS = {
    HomeOwnership.OWN: "Owns the home",
    HomeOwnership.MORTGAGE: "Home with a mortgage",
    HomeOwnership.RENT: "Rents the home",
}
_PURPOSE_POINTS = {
    Purpose.SMALL_BUSINESS: -8,
    Purpose.MOVING: -4,
    Purpose.VACATION: -4,
    Purpose.MEDICAL: -3,
    Purpose.OTHER: -3,
    Purpose.MAJOR_PURCHASE: -2,
    Purpose.WEDDING: -2,
    Purpose.EDUCATION: -2,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a borrower; money in cents, income a year, debt payments a month."""

    credit_score: int
    annual_income_cents: int
    monthly_debt_cents: int
    years_employed: int
    home_ownership: HomeOwnership
    loans_paid_off: int = 0
    late_payments: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What a borrower asks for."""

    amount_cents: int
    term_months: int
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of an assessment: what was looked at, what was found, and its points."""

    name: str
    label: str
    points: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """The card's answer; the factors stand best first, and with the starting points sum to the points.

    Where the sum would pass 0 or 120 points it is held there.
    """

    points: int
    grade: Grade
    floor_rate: Decimal
    debt_to_income: Decimal
    expected_loss_rate: Decimal
    factors: tuple[Factor, ...]
    starting_points: int = STARTING_POINTS
    max_points: int = MAX_POINTS


@dataclass(frozen=True, slots=True)
class CardRow:
    """One line of the published card: the factor, how its points come about, and their span."""

    name: str
    rule: str
    lowest_points: int
    highest_points: int


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One line of the published table of grades."""

    grade: Grade
    words: str
    from_points: int
    floor_rate: Decimal
    loss_rate_36_months: Decimal
    loss_rate_60_months: Decimal


def assess(*, profile: Profile, request: Request) -> Assessment:
    """Score a borrower's request on the published card."""
    debt_to_income = debt_to_income_ratio(profile=profile, request=request)
    factors = [rule(profile, request, debt_to_income) for rule in _RULES]
    total = STARTING_POINTS + sum(factor.points for factor in factors)
    points = max(0, min(MAX_POINTS, total))
    grade = grade_for(points)
    return Assessment(
        points=points,
        grade=grade,
        floor_rate=FLOOR_RATES[grade],
        debt_to_income=debt_to_income,
        expected_loss_rate=expected_loss_rate(grade, request.term_months),
        factors=tuple(sorted(factors, key=lambda factor: -factor.points)),
    )


def debt_to_income_ratio(*, profile: Profile, request: Request) -> Decimal:
    """Divide monthly debt payments, the new installment included, by monthly income; four decimals."""
    if profile.annual_income_cents <= 0:
        ratio = _LARGEST_DEBT_TO_INCOME
    else:
        installment = installment_cents(
            principal_cents=request.amount_cents, annual_rate=REFERENCE_RATE, term_months=request.term_months
        )
        yearly_debt_cents = 12 * (profile.monthly_debt_cents + installment)
        ratio = divide_half_even(10_000 * yearly_debt_cents, profile.annual_income_cents)
    return Decimal(min(ratio, _LARGEST_DEBT_TO_INCOME)).scaleb(-4)


def grade_for(points: int) -> Grade:
    """Give the grade that a number of points reaches."""
    return next(grade for grade, least in GRADE_FROM_POINTS.items() if points >= least or grade is Grade.G)


def floor_rate(grade: Grade) -> Decimal:
    """Give the lowest rate a lender may bid on a grade; under it the return after losses is no return."""
    return FLOOR_RATES[grade]


def expected_loss_rate(grade: Grade, term_months: int = 36) -> Decimal:
    """Give the expected loss per year of outstanding principal.

    Terms up to 36 months take the figure of 36, those of 60 and more that of 60; a straight line between.
    """
    short, long = (to_millionths(rate) for rate in YEARLY_LOSS_RATES[grade])
    months = min(max(term_months, 36), 60) - 36
    return from_millionths(divide_half_even(short * (24 - months) + long * months, 24))


def describe_card() -> tuple[CardRow, ...]:
    """List the card's rules in words, for the documentation and the screen."""
    return (
        CardRow("Start", "everyone begins with 30 points", 30, 30),
        CardRow("Credit score", "one point for every 4 above 579, at most 50", -20, 50),
        CardRow("Home", "owned 14, with a mortgage 10, rented 0", 0, 14),
        CardRow("Employment", "4 points for every 3 years with the same employer, at most 12", 0, 12),
        CardRow("Conduct here", "9 for one loan paid off, 12 for more, 6 off for each late payment", -18, 12),
        CardRow(
            "Debt-to-income",
            "13 less one point for every percent that debt, the new installment included, takes of income",
            -40,
            2,
        ),
        CardRow("Purpose", "small business −8, moving and vacation −4, others −3 to 0", -8, 0),
    )


def describe_grades() -> tuple[GradeRow, ...]:
    """List the grades with their points, floors and expected losses."""
    return tuple(
        GradeRow(grade, GRADE_WORDS[grade], least, FLOOR_RATES[grade], *YEARLY_LOSS_RATES[grade])
        for grade, least in GRADE_FROM_POINTS.items()
    )


def _credit_score(profile: Profile, _request: Request, _ratio: Decimal) -> Factor:
    points = max(-20, min(50, (profile.credit_score - 579) // 4))
    return Factor("Credit score", f"Credit score {profile.credit_score}", points)


def _home(profile: Profile, _request: Request, _ratio: Decimal) -> Factor:
    home = profile.home_ownership
    return Factor("Home", _HOME_LABELS[home], _HOME_POINTS[home])


def _employment(profile: Profile, _request: Request, _ratio: Decimal) -> Factor:
    years = profile.years_employed
    label = f"Same employer {formats.count(years, 'year')}" if years > 0 else "Less than a year employed"
    return Factor("Employment", label, max(0, min(12, years * 4 // 3)))


def _conduct(profile: Profile, _request: Request, _ratio: Decimal) -> Factor:
    paid, late = profile.loans_paid_off, profile.late_payments
    points = max(-18, (12 if paid > 1 else 9 * paid) - 6 * late)
    loans = "one loan" if paid == 1 else f"{paid} loans"
    if late and paid:
        label = f"Paid {loans} here, {formats.count(late, 'payment')} late"
    elif late:
        label = f"{formats.count(late, 'late payment')} here"
    elif paid:
        label = f"Paid {loans} here on time"
    else:
        label = "No loan paid off here yet"
    return Factor("Conduct here", label, points)


def _debt(_profile: Profile, _request: Request, ratio: Decimal) -> Factor:
    percent = round_half_even(ratio * 100)
    return Factor("Debt-to-income", f"Debt takes {percent} % of income", max(-40, min(2, 13 - percent)))


def _purpose(_profile: Profile, request: Request, _ratio: Decimal) -> Factor:
    if request.purpose is Purpose.SMALL_BUSINESS:
        label = "New business purpose"
    else:
        label = f"{formats.purpose(request.purpose)} purpose"
    return Factor("Purpose", label, _PURPOSE_POINTS.get(request.purpose, 0))


_RULES: tuple[Callable[[Profile, Request, Decimal], Factor], ...] = (
    _credit_score,
    _home,
    _employment,
    _conduct,
    _debt,
    _purpose,
)
