"""Owns which of a bot's parameters an admin may change, and within which bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bots.base import Bot
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.parsing import parse_rate_percent, parse_whole_number


class Kind(StrEnum):
    """How a parameter is written."""

    NUMBER = "number"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a bot, in words, with its bounds (both included)."""

    field: str
    label: str
    kind: Kind
    lowest: Decimal
    highest: Decimal


def _number(field: str, label: str, lowest: int, highest: int) -> Parameter:
    return Parameter(field, label, Kind.NUMBER, Decimal(lowest), Decimal(highest))


def _percent(field: str, label: str, lowest: str, highest: str) -> Parameter:
    return Parameter(field, label, Kind.PERCENT, Decimal(lowest), Decimal(highest))


PARAMETERS = (
    _number("lowest_score", "Lowest credit score", 500, 850),
    _percent("highest_debt_to_income", "Highest debt-to-income", "0.05", "0.60"),
    _number("longest_term_months", "Longest term in months", 12, 60),
    _percent("margin_rate", "Margin", "0", "0.10"),
    # Above zero: a bot never lends where it expects to lose.
    _percent("minimum_return_rate", "Lowest expected return", "0.0025", "0.15"),
    _percent("step_rate", "Step under a rival", "0.0005", "0.01"),
    _percent("bid_share", "Share of a listing per bid", "0.01", "1"),
    _percent("loan_share", "Cap on one loan, of the capital", "0.001", "0.20"),
    _percent("borrower_share", "Cap on one borrower, of the capital", "0.001", "0.25"),
    _percent("grade_share", "Cap on one grade, of the capital", "0.05", "1"),
)


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One parameter of a bot as it is set, with the value the bot comes with and its bounds."""

    field: str
    label: str
    is_percent: bool
    value: Decimal
    usual: Decimal
    lowest: Decimal
    highest: Decimal


def described(bot: Bot, *, stored: Mapping[str, Any]) -> tuple[ParameterValue, ...]:
    """List a bot's parameters as they are set."""
    values = []
    for each in PARAMETERS:
        usual = Decimal(str(getattr(bot, each.field)))
        value = Decimal(str(stored.get(each.field, usual)))
        is_percent = each.kind is Kind.PERCENT
        values.append(
            ParameterValue(each.field, each.label, is_percent, value, usual, each.lowest, each.highest)
        )
    return tuple(values)


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Read parameters as they were typed (percentages in percent) into text to be stored.

    Raises FieldError, also for a field that is no parameter.
    """
    known = {each.field: each for each in PARAMETERS}
    stored = {}
    for name, text in typed.items():
        each = known.get(name)
        if each is None:
            raise FieldError("parameters", "This bot has no such parameter.")
        if each.kind is Kind.NUMBER:
            lowest, highest = int(each.lowest), int(each.highest)
            number = parse_whole_number(
                text, field=name, minimum=lowest, maximum=highest, name=f"“{each.label}”"
            )
            stored[name] = str(number)
        else:
            share = parse_rate_percent(
                text, field=name, minimum=each.lowest, maximum=each.highest, name=f"“{each.label}”"
            )
            stored[name] = str(share)
    return stored


def configured(bot: Bot, *, stored: Mapping[str, Any], capital_cents: int) -> Bot:
    """Give the bot with its capital and the parameters that were changed (text as stored).

    Raises ValueError for a stored value that is not within its bounds.
    """
    values: dict[str, Any] = {"capital_cents": capital_cents}
    for parameter in PARAMETERS:
        if parameter.field not in stored:
            continue
        value = Decimal(str(stored[parameter.field]))
        if not parameter.lowest <= value <= parameter.highest:
            raise ValueError(f"The stored parameter {parameter.field} is out of its bounds.")
        values[parameter.field] = int(value) if parameter.kind is Kind.NUMBER else value
    return replace(bot, **values)
