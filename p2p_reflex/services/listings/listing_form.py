"""Owns the new-listing form: texts as typed, and what each of them means once it has been checked."""

from dataclasses import dataclass
from decimal import Decimal

from p2p_reflex.domain import parsing
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.fees import LEGAL_CEILING_RATE
from p2p_reflex.domain.vocabulary import Purpose

AMOUNT_CENTS = (1_000_00, 100_000_00)
TERM_MONTHS = (12, 60)
WINDOW_DAYS = (1, 14)
SMALLEST_SHARE_PERCENT = (70, 100)
TITLE_LENGTH = (3, 80)
STORY_LENGTH = (10, 2_000)


@dataclass(frozen=True, slots=True)
class ListingForm:
    """A request for money as typed; the rate and the share in percent, the window in days."""

    amount: str = ""
    term_months: str = ""
    purpose: str = ""
    highest_rate: str = ""
    title: str = ""
    story: str = ""
    window_days: str = "7"
    smallest_share: str = "100"
    accepts_automatically: bool = False


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """What a form means, all but the highest rate, whose lower limit depends on the grade."""

    amount_cents: int
    term_months: int
    purpose: Purpose
    title: str
    story: str
    window_days: int
    smallest_share_percent: int


def read_form(form: ListingForm) -> ListingRequest:
    """Read every field but the highest rate. Raises FieldError for the first that cannot be used."""
    return ListingRequest(
        amount_cents=read_amount(form),
        term_months=read_term(form),
        purpose=read_purpose(form),
        title=read_title(form),
        story=read_story(form),
        window_days=read_window(form),
        smallest_share_percent=read_smallest_share(form),
    )


def read_amount(form: ListingForm) -> int:
    """Read the amount, in cents. Raises FieldError."""
    low_cents, high_cents = AMOUNT_CENTS
    return parsing.parse_money(
        form.amount, field="amount", minimum_cents=low_cents, maximum_cents=high_cents, whole_dollars=True
    )


def read_term(form: ListingForm) -> int:
    """Read the term, in months. Raises FieldError."""
    return _whole(form.term_months, "term_months", TERM_MONTHS, "The term in months")


def read_purpose(form: ListingForm) -> Purpose:
    """Read the purpose. Raises FieldError."""
    if form.purpose not in set(Purpose):
        raise FieldError("purpose", "Choose what the money is for.")
    return Purpose(form.purpose)


def read_title(form: ListingForm) -> str:
    """Read the title, one line of plain text. Raises FieldError."""
    shortest, longest = TITLE_LENGTH
    return parsing.clean_line(
        form.title, field="title", minimum_length=shortest, maximum_length=longest, name="The title"
    )


def read_story(form: ListingForm) -> str:
    """Read the story, plain text of many lines. Raises FieldError."""
    shortest, longest = STORY_LENGTH
    return parsing.clean_text(
        form.story, field="story", minimum_length=shortest, maximum_length=longest, name="The story"
    )


def read_window(form: ListingForm) -> int:
    """Read how many days the bidding lasts. Raises FieldError."""
    return _whole(form.window_days, "window_days", WINDOW_DAYS, "The number of days of bidding")


def read_smallest_share(form: ListingForm) -> int:
    """Read the smallest share worth taking, in percent. Raises FieldError."""
    return _whole(form.smallest_share, "smallest_share", SMALLEST_SHARE_PERCENT, "The smallest share")


def read_highest_rate(form: ListingForm, *, floor_rate: Decimal) -> Decimal:
    """Read the highest rate, between the grade's floor and the legal ceiling. Raises FieldError."""
    return parsing.parse_rate_percent(
        form.highest_rate,
        field="highest_rate",
        minimum=floor_rate,
        maximum=LEGAL_CEILING_RATE,
        name="The highest rate",
    )


def _whole(text: str, field: str, limits: tuple[int, int], name: str) -> int:
    return parsing.parse_whole_number(text, field=field, minimum=limits[0], maximum=limits[1], name=name)
