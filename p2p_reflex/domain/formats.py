"""Owns how figures, dates and names are written for people; the amounts are in US dollars by default."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction

from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.vocabulary import Purpose

CURRENCY_SYMBOL = "$"
MINUS = "\u2212"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_PURPOSES = {
    Purpose.DEBT_CONSOLIDATION: "Debt consolidation",
    Purpose.CREDIT_CARD: "Credit card",
    Purpose.HOME_IMPROVEMENT: "Home improvement",
    Purpose.MAJOR_PURCHASE: "Major purchase",
    Purpose.SMALL_BUSINESS: "Small business",
    Purpose.CAR: "Car",
    Purpose.MEDICAL: "Medical",
    Purpose.MOVING: "Moving",
    Purpose.VACATION: "Vacation",
    Purpose.WEDDING: "Wedding",
    Purpose.EDUCATION: "Education",
    Purpose.GREEN_ENERGY: "Green energy",
    Purpose.OTHER: "Other",
}


def money(cents: int) -> str:
    """Write an amount to the cent: $25,975.24, and −$914.20 below zero."""
    dollars, rest = divmod(abs(cents), 100)
    return f"{MINUS if cents < 0 else ''}{CURRENCY_SYMBOL}{dollars:,}.{rest:02d}"


def whole_money(cents: int) -> str:
    """Write an amount in whole dollars: $18,000; an amount that has cents keeps them."""
    return money(cents) if cents % 100 else money(cents)[:-3]


def signed_money(cents: int) -> str:
    """Write a change of an amount with its sign: +$1,975.24 or −$914.20; zero has none."""
    return f"+{money(cents)}" if cents > 0 else money(cents)


def rate(value: Decimal | Fraction | float) -> str:
    """Write a rate or return as a percentage with two decimals, half-even: 11.18 %."""
    return f"{_hundredths_of_percent(value, plus='')} %"


def rate_points(delta: Decimal | Fraction | float) -> str:
    """Write the change of a rate, with its sign: −0.14 points."""
    return f"{_hundredths_of_percent(delta, plus='+')} points"


def share(value: Decimal | Fraction | float) -> str:
    """Write a share as a whole percentage, half-even: 73 %."""
    percent = round_half_even(_exact(value) * 100)
    return f"{MINUS if percent < 0 else ''}{abs(percent):,} %"


def long_date(on: date) -> str:
    """Write a date in full: 20 Nov 2026."""
    return f"{short_date(on)} {on.year}"


def short_date(on: date) -> str:
    """Write a date for dense tables: 20 Nov."""
    return f"{on.day} {_MONTHS[on.month - 1]}"


def days_away(on: date, today: date) -> str:
    """Say how far a date is from today: in 3 days, tomorrow, today, yesterday, 3 days ago."""
    days = (on - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if near:
        return near
    return f"in {days:,} days" if days > 0 else f"{-days:,} days ago"


def person(full_name: str) -> str:
    """Shorten a person's name to what others may see: Maya R."""
    words = _words(full_name)
    if len(words) < 2:
        return words[0] if words else ""
    return f"{words[0]} {words[-1][0].upper()}."


def initials(full_name: str) -> str:
    """Take the first letters of the first and the last name: MR."""
    words = _words(full_name)
    shown = words if len(words) < 2 else (words[0], words[-1])
    return "".join(word[0].upper() for word in shown)


def purpose(value: Purpose) -> str:
    """Name a purpose in words: Small business."""
    return _PURPOSES[value]


def count(n: int, singular: str, plural: str | None = None) -> str:
    """Count things in words: 1 note, 64 notes."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def _exact(value: Decimal | Fraction | float) -> Fraction:
    """Take a figure exactly as it reads; a float by its shortest writing, as a person would see it."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _hundredths_of_percent(value: Decimal | Fraction | float, *, plus: str) -> str:
    hundredths = round_half_even(_exact(value) * 10_000)
    sign = MINUS if hundredths < 0 else plus if hundredths > 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def _words(full_name: str) -> list[str]:
    """Split a name into the words that begin with a letter or figure."""
    return [word for word in re.split(r"\s+", full_name) if word and word[0].isalnum()]
