"""Owns how the market is written for visitors: the featured book, the figures, what each grade costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.domain.scorecard import GRADE_WORDS
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.services.listings.listing_book import BookRow, Place
from p2p_reflex.services.listings.market import FeaturedListing, GradeFigures, PublicFigures

MOST_LEADING = 9
MOST_OUTBID = 2
UNKNOWN = "Not known yet"
DAYS_IN_MONTH = 30


@dataclass
class OfferLine:
    """One bid of the featured book; `leading` and `behind` are percents of the largest bid shown."""

    name: str = ""
    initials: str = ""
    is_bot: bool = False
    amount: str = ""
    of_amount: str = ""
    rate: str = ""
    leading: int = 0
    behind: int = 0


@dataclass
class FeaturedShown:
    """The liveliest open listing, as text; without a title there is none."""

    title: str = ""
    href: str = ""
    grade: str = ""
    rate: str = ""
    asked: str = ""
    covered: int = 0
    offered: int = 0
    covered_words: str = ""
    offered_words: str = ""
    leading: list[OfferLine] = field(default_factory=list)
    more_words: str = ""
    last_leading: list[OfferLine] = field(default_factory=list)
    line_words: str = ""
    outbid: list[OfferLine] = field(default_factory=list)


@dataclass
class FiguresShown:
    """The strip of figures; where one is not known yet, its note says when it will be."""

    lent: str = ""
    lent_note: str = ""
    open_count: str = ""
    open_note: str = ""
    rate: str = ""
    rate_note: str = ""
    earned: str = ""
    earned_note: str = ""
    up_to_date: str = ""
    up_to_date_note: str = ""


@dataclass
class GradeLine:
    """What one grade cost and is expected to earn; `kept` and `behind` are percents of the highest rate."""

    grade: str = ""
    words: str = ""
    is_known: bool = False
    pays: str = ""
    costs: str = ""
    keeps: str = ""
    kept: int = 0
    behind: int = 0


def write_featured(listing: FeaturedListing | None) -> FeaturedShown:
    """Write the featured book; a long one keeps its first bids, the last that leads, and the next behind."""
    if listing is None:
        return FeaturedShown()
    rows = listing.rows
    leads = [row for row in rows if row.place is not Place.OUTBID]
    behind = [row for row in rows if row.place is Place.OUTBID][:MOST_OUTBID]
    is_long = len(leads) > MOST_LEADING
    first, last = (leads[: MOST_LEADING - 2], leads[-1:]) if is_long else (leads, [])
    left_out = len(leads) - len(first) - len(last)
    largest = max((row.amount_cents for row in (*first, *last, *behind)), default=1)
    asked = listing.amount_cents
    return FeaturedShown(
        title=listing.title,
        href=f"/listings/{listing.listing_id}",
        grade=listing.grade.value,
        rate=formats.rate(listing.average_rate) if listing.average_rate is not None else UNKNOWN,
        asked=formats.whole_money(asked),
        covered=100 * listing.covered_cents // asked,
        offered=100 * listing.offered_cents // asked,
        covered_words=f"{formats.whole_money(listing.covered_cents)} covered",
        offered_words=f"{formats.whole_money(listing.offered_cents)} offered",
        leading=[_offer(row, largest) for row in first],
        more_words=f"{formats.count(left_out, 'more bid')} in between" if is_long else "",
        last_leading=[_offer(row, largest) for row in last],
        line_words="Fully covered here" if listing.is_covered else "",
        outbid=[_offer(row, largest) for row in behind],
    )


def write_figures(found: PublicFigures, business_on: date) -> FiguresShown:
    """Write the five figures of the market."""
    summary, expected = found.market, found.expected_return_rate
    late = found.running_loan_count - found.up_to_date_loan_count
    return FiguresShown(
        lent=formats.whole_money(found.lent_cents) if found.loan_count else "Nothing yet",
        lent_note=_lent_note(found, business_on),
        open_count=f"{summary.open_count:,}" if summary.open_count else "None now",
        open_note=f"{formats.whole_money(summary.asked_cents)} asked for"
        if summary.open_count
        else "yours could be the first",
        rate=formats.rate(summary.average_rate) if summary.average_rate is not None else UNKNOWN,
        rate_note="weighted by amount" if summary.average_rate is not None else "shows with the first bid",
        earned=formats.rate(expected) if expected is not None else UNKNOWN,
        earned_note="after fees and expected losses"
        if expected is not None
        else "shows with the next loan"
        if found.loan_count
        else "shows with the first loan",
        up_to_date=f"{found.up_to_date_loan_count:,} of {found.running_loan_count:,}"
        if found.running_loan_count
        else "No loans now",
        up_to_date_note=_late_note(late) if found.running_loan_count else "late ones show here openly",
    )


def write_grades(grades: Sequence[GradeFigures]) -> list[GradeLine]:
    """Write every grade, those without a recent loan too; nothing where there is no recent loan at all."""
    if not grades:
        return []
    by_grade = {each.grade: each for each in grades}
    highest = max(each.average_rate for each in grades)
    return [_grade_line(grade, by_grade.get(grade), highest) for grade in Grade]


def write_recent(grades: Sequence[GradeFigures]) -> str:
    """Say which loans the rates by grade come from."""
    total = sum(each.loan_count for each in grades)
    return f"Average rates of the {formats.count(total, 'loan')} made in the last 90 days." if total else ""


def _offer(row: BookRow, largest_cents: int) -> OfferLine:
    in_part = row.place is Place.LEADING_IN_PART
    amount = formats.whole_money(row.amount_cents)
    return OfferLine(
        name=row.name,
        initials=row.initials,
        is_bot=row.is_bot,
        amount=formats.whole_money(row.leading_cents) if in_part else amount,
        of_amount=f"of {amount}" if in_part else "",
        rate=formats.rate(row.rate),
        leading=_percent(row.leading_cents, largest_cents),
        behind=_percent(row.amount_cents - row.leading_cents, largest_cents),
    )


def _grade_line(grade: Grade, found: GradeFigures | None, highest: Decimal) -> GradeLine:
    if found is None:
        return GradeLine(grade=grade.value, words=GRADE_WORDS[grade])
    costs = found.servicing_cost_rate + found.expected_loss_rate
    kept = max(found.expected_return_rate, Decimal(0))
    return GradeLine(
        grade=grade.value,
        words=GRADE_WORDS[grade],
        is_known=True,
        pays=formats.rate(found.average_rate),
        costs=formats.rate(-costs),
        keeps=formats.rate(found.expected_return_rate),
        kept=_percent(kept, highest),
        behind=_percent(found.average_rate - kept, highest),
    )


def _lent_note(found: PublicFigures, business_on: date) -> str:
    if found.first_loan_on is None:
        return "the first loan shows here"
    loans = formats.count(found.loan_count, "loan")
    months = round((business_on - found.first_loan_on).days / DAYS_IN_MONTH)
    return f"{loans} in {formats.count(months, 'month')}" if months else f"{loans} so far"


def _late_note(late_count: int) -> str:
    if not late_count:
        return "none is late"
    return "1 is late, shown openly" if late_count == 1 else f"{late_count:,} are late, shown openly"


def _percent(part: int | Decimal, whole: int | Decimal) -> int:
    return max(1, round(100 * part / whole)) if part > 0 else 0
