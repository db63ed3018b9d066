"""Owns how what happened to a bot is written: who changed what, from what to what, when and why."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.models import BotEventKind
from p2p_reflex.services.bots.bot_events import PastEvent
from p2p_reflex.services.bots.bot_figures import BotCard
from p2p_reflex.services.bots.bot_runs import ParameterValue
from p2p_reflex.state.moments import day, since


@dataclass
class ChangeLine:
    """One thing that happened to a bot."""

    event_id: int
    kind: str
    what: str
    who: str
    since: str
    reason: str


def write_history(bot: BotCard, *, now: datetime, today: date) -> list[ChangeLine]:
    """Write what happened to a bot, the newest first."""
    known = {each.field: each for each in bot.parameters}
    return [_line(event, known, now=now, today=today) for event in bot.history]


def write_last_change(bot: BotCard, *, now: datetime, today: date) -> str:
    """Write the last thing that an admin did to a bot; nothing where that was to enroll it."""
    line = next(iter(write_history(bot, now=now, today=today)), None)
    if line is None or line.kind in (BotEventKind.ENROLLED, BotEventKind.FAULT):
        return ""
    told = f"{line.what} by {line.who}, {line.since}"
    return f"{told}: {line.reason}" if line.reason else f"{told}."


def typed(parameter: ParameterValue, value: Decimal) -> str:
    """Write a parameter's value as a person would type it: 40, 0.15."""
    shown = value * 100 if parameter.is_percent else value
    text = f"{shown:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _line(event: PastEvent, known: dict[str, ParameterValue], *, now: datetime, today: date) -> ChangeLine:
    is_today = event.happened_at <= now and event.happened_at.date() == event.business_on
    return ChangeLine(
        event_id=event.event_id,
        kind=event.kind.value,
        what=_what(event, known),
        who=event.admin_name or "The platform",
        since=_ago(since(event.happened_at, now)) if is_today else day(event.business_on, today),
        reason=event.reason,
    )


def _what(event: PastEvent, known: dict[str, ParameterValue]) -> str:
    if event.kind is BotEventKind.ENROLLED:
        return f"Enrolled with {formats.whole_money(int(event.after))}" if event.after else "Enrolled"
    if event.kind is BotEventKind.CAPITAL:
        before_cents, after_cents = int(event.before), int(event.after)
        way = "raised" if after_cents > before_cents else "lowered"
        return f"Capital {way} from {formats.whole_money(before_cents)} to {formats.whole_money(after_cents)}"
    if event.kind is BotEventKind.RESET:
        return f"{formats.count(int(event.before), 'open bid')} withdrawn"
    if event.kind is BotEventKind.PARAMETER:
        return _parameter(event, known.get(event.field))
    said = {BotEventKind.STARTED: "Started", BotEventKind.STOPPED: "Stopped"}
    return said.get(event.kind, "Stopped by an error")


def _parameter(event: PastEvent, parameter: ParameterValue | None) -> str:
    if parameter is None:  # its file is missing, and with it what the field is called
        return f"{event.field} set from {event.before} to {event.after}"
    unit = "\N{NO-BREAK SPACE}%" if parameter.is_percent else ""
    before, after = (typed(parameter, Decimal(value)) for value in (event.before, event.after))
    return f"{parameter.label} set from {before}{unit} to {after}{unit}"


def _ago(passed: str) -> str:
    """Let a span be read in a sentence."""
    if passed == "now":
        return "just now"
    return f"{passed} ago" if passed.endswith((" min", " h")) else passed
