"""Owns how the bots are written on the admin's desk: their rows, their parameters, what they decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from p2p_reflex.charts import BotDay, BotGrades
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.models import Verdict
from p2p_reflex.services.bots.bot_desk import CHART_DAYS, BotDesk
from p2p_reflex.services.bots.bot_figures import BotCard, Decision
from p2p_reflex.services.bots.bot_steering import STOPPED_BY_ADMIN
from p2p_reflex.state.bot_changes import typed, write_last_change
from p2p_reflex.state.moments import since_or_day

UNKNOWN = "not known yet"
NONE_YET = "none yet"


@dataclass
class DecisionLine:
    """One decision as a list shows it; without a title it concerns the bot itself."""

    decision_id: int = 0
    verdict: str = ""
    bot_name: str = ""
    did: str = ""
    title: str = ""
    href: str = ""
    reason: str = ""
    since: str = ""
    changed: str = ""


@dataclass
class BotLine:
    """One bot with its figures as text; the three shares are widths of its bar."""

    bot_id: int
    name: str
    way: str
    is_running: bool
    badge_kind: str
    badge: str
    stopped_by: str
    capital: str
    capital_share: str
    lent_share: str
    held_share: str
    lent: str
    held: str
    free: str
    bids: str
    open_bids: str
    wins: str
    win_rate: str
    average_rate: str
    expected: str
    realised: str
    errors: str
    last: DecisionLine
    has_decided: bool
    last_change: str
    changed: str = ""


@dataclass
class StripShown:
    """The figures of all bots together."""

    purpose: str = ""
    running: str = ""
    running_note: str = ""
    capital: str = ""
    capital_note: str = ""
    bids: str = ""
    bids_note: str = ""
    won: str = ""
    won_note: str = ""


@dataclass
class ParameterLine:
    """One parameter as its field shows it."""

    field: str
    label: str
    value: str
    unit: str
    help: str


@dataclass
class SettingsShown:
    """The bot whose settings are open."""

    name: str = ""
    way: str = ""
    capital: str = ""
    capital_help: str = ""
    open_bids: str = ""
    has_open_bids: bool = False
    is_running: bool = False


@dataclass
class WaitingShown:
    """The bots that are not enrolled, and what enrolling them would do."""

    count: int = 0
    names: str = ""
    capital: str = ""
    press: str = ""
    confirm: str = ""


@dataclass
class ResetShown:
    """What a reset would do."""

    title: str = ""
    text: str = ""
    bids: str = ""
    leading: str = ""
    released: str = ""
    confirm: str = ""


def write_strip(desk: BotDesk) -> StripShown:
    """Write the figures of all bots together."""
    bots = desk.bots
    capital_cents = sum(bot.capital_cents for bot in bots)
    broken = sum(is_broken(bot) for bot in bots)
    stopped = len(bots) - desk.running_count - broken
    by_error = f"{broken} stopped by an error" if broken else ""
    by_admin = f"{stopped} {'' if broken else 'stopped '}by an admin" if stopped else ""
    ended, won = sum(bot.ended_count for bot in bots), sum(bot.win_count for bot in bots)
    lent = _part(sum(bot.deployed_cents for bot in bots), capital_cents)
    held = _part(sum(bot.held_cents for bot in bots), capital_cents)
    return StripShown(
        purpose=f"{formats.count(len(bots), 'lender')} with {formats.whole_money(capital_cents)}. "
        "Each explains every bid and every pass.",
        running=f"{desk.running_count} of {len(bots)}",
        running_note=", ".join(filter(None, (by_error, by_admin))) or "none is stopped",
        capital=formats.whole_money(capital_cents),
        capital_note=f"{formats.share(lent)} in loans, {formats.share(held)} held",
        bids=f"{sum(each.bid_count for each in desk.bids_by_day):,}",
        bids_note=f"{sum(bot.live_count for bot in bots):,} are open, "
        f"{sum(bot.leading_count for bot in bots):,} lead",
        won=f"{won:,}",
        won_note=f"{formats.share(Decimal(won) / ended)} of those that ended" if ended else "none has ended",
    )


def write_waiting(desk: BotDesk) -> WaitingShown:
    """Write which bots are not enrolled."""
    capital = formats.whole_money(sum(desk.waiting_cents.values()))
    return WaitingShown(
        count=len(desk.waiting_cents),
        names=", ".join(desk.waiting_cents),
        capital=capital,
        press=f"Enroll {formats.count(len(desk.waiting_cents), 'bot')}",
        confirm=f"Enroll and pay in {capital}",
    )


def write_bots(desk: BotDesk, *, now: datetime, today: date) -> list[BotLine]:
    """Write each bot with its figures."""
    largest_cents = max((bot.capital_cents for bot in desk.bots), default=0)
    return [_bot(bot, largest_cents, now=now, today=today) for bot in desk.bots]


def write_decision(row: Decision, *, now: datetime, today: date) -> DecisionLine:
    """Write one decision."""
    return DecisionLine(
        decision_id=row.decision_id,
        verdict=row.verdict.value,
        bot_name=row.bot_name,
        did=_did(row),
        title=row.listing_title or "",
        href=f"/listings/{row.listing_id}" if row.listing_id is not None else "",
        reason=unbroken(row.reason),
        since=since_or_day(row.decided_at, row.business_on, now=now, today=today),
    )


def write_settings(bot: BotCard) -> SettingsShown:
    """Write what stands above the fields of a bot."""
    return SettingsShown(
        name=bot.name,
        way=_capitalised(bot.way),
        capital=f"{bot.capital_cents // 100:,}",
        capital_help=f"{formats.money(bot.available_cents)} can be taken out; what is lent or leads cannot.",
        open_bids=formats.count(bot.live_count, "open bid"),
        has_open_bids=bot.live_count > 0,
        is_running=bot.is_running,
    )


def write_parameters(bot: BotCard) -> list[ParameterLine]:
    """Write a bot's parameters as they are set, ready to be typed over."""
    return [
        ParameterLine(
            field=each.field,
            label=each.label,
            value=typed(each, each.value),
            unit="%" if each.is_percent else "",
            help=f"{typed(each, each.lowest)} to {typed(each, each.highest)}, "
            f"usually {typed(each, each.usual)}",
        )
        for each in bot.parameters
    ]


def write_reset(bots: list[BotCard], *, is_all: bool) -> ResetShown:
    """Write what resetting these bots would do."""
    live = sum(bot.live_count for bot in bots)
    whose = "every bot" if is_all else bots[0].name
    return ResetShown(
        title="Reset the bots" if is_all else f"Reset {bots[0].name}",
        text=f"Every open bid of {whose} leaves its order book, and the next best offers move up. This "
        "cannot be undone. Notes and settings stay. A bot that runs bids anew when it next looks.",
        bids=f"{live:,}",
        leading=f"{sum(bot.leading_count for bot in bots):,}",
        released=formats.money(sum(bot.held_cents for bot in bots)),
        confirm=f"Withdraw {formats.count(live, 'bid')}",
    )


def bids_by_day(desk: BotDesk, *, today: date) -> list[BotDay]:
    """Lay out the last days, those without a bid too."""
    counts: dict[date, dict[str, int]] = {}
    for each in desk.bids_by_day:
        counts.setdefault(each.on, {})[each.bot_name] = each.bid_count
    days = [today - timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    return [BotDay(on, counts.get(on, {})) for on in days]


def capital_by_grade(desk: BotDesk) -> list[BotGrades]:
    """Lay out what each bot has in each grade, lent and leading."""
    sums: dict[str, dict[Grade, int]] = {bot.name: {} for bot in desk.bots}
    for each in desk.capital_by_grade:
        sums[each.bot_name][each.grade] = each.lent_cents + each.leading_cents
    return [BotGrades(name, by_grade) for name, by_grade in sums.items()]


def changed_parameters(typed: Mapping[str, str], shown: list[ParameterLine]) -> dict[str, str]:
    """Keep what was typed over; the others go on following the bot's own values."""
    return {
        line.field: typed[line.field]
        for line in shown
        if line.field in typed and typed[line.field].strip() != line.value
    }


def unbroken(reason: str) -> str:
    """Keep every percent sign on the line of its figure."""
    return reason.replace(" %", "\N{NO-BREAK SPACE}%")


def is_broken(bot: BotCard) -> bool:
    """Tell a bot that an error has stopped."""
    return not bot.is_running and bot.stopped_reason != STOPPED_BY_ADMIN


def _bot(bot: BotCard, largest_cents: int, *, now: datetime, today: date) -> BotLine:
    whole_cents = max(bot.capital_cents, bot.deployed_cents + bot.held_cents + bot.available_cents)
    last = bot.last_decisions[:1]
    badge_kind, badge = _badge(bot)
    return BotLine(
        bot_id=bot.bot_id,
        name=bot.name,
        way=_capitalised(bot.way),
        is_running=bot.is_running,
        badge_kind=badge_kind,
        badge=badge,
        stopped_by=f"{bot.stopped_reason.rstrip('.')}." if is_broken(bot) else "",
        capital=formats.whole_money(bot.capital_cents),
        capital_share=_width(bot.capital_cents, largest_cents),
        lent_share=_width(bot.deployed_cents, whole_cents),
        held_share=_width(bot.held_cents, whole_cents),
        lent=formats.money(bot.deployed_cents),
        held=formats.money(bot.held_cents),
        free=formats.money(bot.available_cents),
        bids=f"{bot.bid_count:,}",
        open_bids=f"{bot.live_count:,}",
        wins=f"{bot.win_count:,}",
        win_rate=formats.share(bot.win_rate) if bot.win_rate is not None else NONE_YET,
        average_rate=_rate(bot.average_rate, NONE_YET),
        expected=_rate(bot.expected_return_rate, NONE_YET),
        realised=_rate(bot.realised_return_rate, UNKNOWN),
        errors=f"{bot.refused_count:,}",
        last=write_decision(last[0], now=now, today=today) if last else DecisionLine(),
        has_decided=bool(last),
        last_change=write_last_change(bot, now=now, today=today),
    )


def _badge(bot: BotCard) -> tuple[str, str]:
    if bot.is_running:
        return "done", "Running"
    return ("late", "Stopped by an error") if is_broken(bot) else ("paused", "Stopped")


def _did(row: Decision) -> str:
    if row.verdict is Verdict.BID and row.amount_cents is not None and row.rate is not None:
        return f"bid {formats.whole_money(row.amount_cents)} at {formats.rate(row.rate)} on"
    if row.verdict is Verdict.ERROR:
        return "was stopped by an error"
    did = "was refused" if row.verdict is Verdict.REFUSED else "passed"
    return f"{did} on" if row.listing_title else did


def _rate(value: Decimal | None, otherwise: str) -> str:
    return formats.rate(value) if value is not None else otherwise


def _part(cents: int, whole_cents: int) -> Decimal:
    return Decimal(cents) / whole_cents if whole_cents > 0 else Decimal(0)


def _width(cents: int, whole_cents: int) -> str:
    return f"{_part(cents, whole_cents) * 100:.1f}%"


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
