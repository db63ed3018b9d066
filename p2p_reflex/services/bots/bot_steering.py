"""Owns what an admin may do with the bots: switching, resetting, and changing what they have and may."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import BidState
from p2p_reflex.models import Bid, Bot, BotEventKind
from p2p_reflex.services import idempotency
from p2p_reflex.services.bidding import book
from p2p_reflex.services.bidding.book import BookChange
from p2p_reflex.services.bots import bot_events, bot_runs
from p2p_reflex.services.bots.bot_capital import move_capital
from p2p_reflex.services.bots.bot_events import NewEvent
from p2p_reflex.services.bots.bot_runs import ParameterValue
from p2p_reflex.services.money import ledger
from p2p_reflex.services.people.authority import check_admin
from p2p_reflex.services.touched import BOTS, STEERED, touch

CAPITAL_BOUNDS_CENTS = (1_000_00, 10_000_000_00)
STOPPED_BY_ADMIN = "Stopped by an admin."
LONGEST_WHY = 200


class BotUnusableError(LendingError):
    """A bot whose strategy file is missing or broken cannot be started."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This bot cannot be started. {reason}")


@dataclass(frozen=True, slots=True)
class BotChange:
    """What an admin changed: which bots, and whether they run now."""

    bot_ids: tuple[int, ...]
    is_running: bool


@dataclass(frozen=True, slots=True)
class BotReset:
    """What a reset did: how many bids left which books, and what was released for them."""

    bid_count: int
    released_cents: int
    listing_ids: tuple[int, ...]


def enroll(session: Session, *, admin_id: int, form_key: str, business_on: date, now: datetime) -> int:
    """Make every bot that waits a lender with its capital, running; return how many. Raises UnknownError."""

    def act() -> dict[str, Any]:
        enrolled = bot_runs.enroll_bots(session, business_on=business_on, now=now, actor_id=admin_id)
        touch(session, STEERED)
        return {"bot_count": len(enrolled)}

    return int(_once(session, admin_id, form_key, "enroll_bots", {}, now, act)["bot_count"])


def switch(
    session: Session,
    *,
    admin_id: int,
    bot_id: int,
    is_running: bool,
    reason: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> BotChange:
    """Start a bot, or stop it; the bids of a stopped one stand.

    Raises UnknownError, BotUnusableError, FieldError on "reason".
    """

    def act() -> dict[str, Any]:
        bot = _lock(session, bot_id)
        if _switch(bot, is_running=is_running, now=now):
            _note_switched(session, [bot], admin_id, _why(reason), business_on, now)
        return {"bot_ids": [bot.id], "is_running": is_running}

    body = {"bot_id": bot_id, "is_running": is_running, "reason": reason}
    return _changed(_once(session, admin_id, form_key, "switch_bot", body, now, act))


def switch_all(
    session: Session,
    *,
    admin_id: int,
    is_running: bool,
    reason: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> BotChange:
    """Start every bot that can be started, or stop them all. Raises UnknownError, FieldError."""

    def act() -> dict[str, Any]:
        able, switched = [], []
        for bot in _lock_all(session):
            try:
                if _switch(bot, is_running=is_running, now=now):
                    switched.append(bot)
            except BotUnusableError:
                continue
            able.append(bot.id)
        _note_switched(session, switched, admin_id, _why(reason), business_on, now)
        return {"bot_ids": able, "is_running": is_running}

    body = {"is_running": is_running, "reason": reason}
    return _changed(_once(session, admin_id, form_key, "switch_all_bots", body, now, act))


def reset(
    session: Session,
    *,
    admin_id: int,
    bot_id: int | None,
    reason: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> BotReset:
    """Withdraw a bot's open bids (without an id: every bot's) by admin's right, leading ones too.

    Its notes stay. Raises UnknownError, FieldError on "reason".
    """

    def act() -> dict[str, Any]:
        bots = _lock_all(session) if bot_id is None else [_lock(session, bot_id)]
        lenders = [bot.member_id for bot in bots]
        mine = col(Bid.lender_id).in_(lenders) & (col(Bid.state) == BidState.LIVE)
        # The listings first, then their bids: what stands there cannot change any more.
        listings = book.lock_listings(
            session, listing_ids=session.exec(select(Bid.listing_id).where(mine)).all()
        )
        bids = session.exec(select(Bid.id, Bid.listing_id).where(mine)).all()
        leaving: dict[int, dict[int, BidState]] = defaultdict(dict)
        for bid_id, listing_id in bids:
            leaving[listing_id][bid_id] = BidState.WITHDRAWN
        changes = [
            BookChange(listing, leaving=leaving[listing.id]) for listing in listings if listing.id in leaving
        ]
        repriced = book.reprice_many(session, changes=changes, business_on=business_on, now=now)
        ended = [move for each in repriced for move in each.ended]
        counts = Counter(move.lender_id for move in ended)
        why = _why(reason)
        events = [
            NewEvent(bot.id, BotEventKind.RESET, before=str(counts[bot.member_id]), after="0", reason=why)
            for bot in bots
            if counts[bot.member_id]
        ]
        bot_events.note(session, events, actor_id=admin_id, business_on=business_on, now=now)
        return {
            "bid_count": len(ended),
            "released_cents": sum(move.before_cents for move in ended),
            "listing_ids": [each.listing_id for each in repriced],
        }

    answer = _once(session, admin_id, form_key, "reset_bot", {"bot_id": bot_id, "reason": reason}, now, act)
    return BotReset(answer["bid_count"], answer["released_cents"], tuple(answer["listing_ids"]))


def change_capital(
    session: Session,
    *,
    admin_id: int,
    bot_id: int,
    capital: str,
    reason: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> int:
    """Set a bot's capital, and pay the difference into its wallet or out of it; return it in cents.

    Raises FieldError on "capital" where it is out of bounds or not available, and on "reason"; UnknownError.
    """

    def act() -> dict[str, Any]:
        bot = _lock(session, bot_id)
        lowest, highest = CAPITAL_BOUNDS_CENTS
        wanted_cents = parsing.parse_money(
            capital,
            field="capital",
            minimum_cents=lowest,
            maximum_cents=highest,
            whole_dollars=True,
            name="The capital",
        )
        delta_cents = wanted_cents - bot.capital_cents
        memo = "Capital paid in" if delta_cents > 0 else "Capital taken out"
        parts = {bot.member_id: delta_cents}
        try:
            move_capital(session, parts=parts, memo=memo, business_on=business_on, now=now)
        except ledger.InsufficientFundsError as short:
            free = formats.money(short.available_cents)
            raise FieldError(
                "capital", f"Only {free} of this bot's capital is free: the rest is lent or leads."
            ) from short
        before, after = str(bot.capital_cents), str(wanted_cents)
        bot.capital_cents = wanted_cents
        bot.changed_at = now
        if delta_cents:
            event = NewEvent(bot.id, BotEventKind.CAPITAL, "", before, after, _why(reason))
            bot_events.note(session, [event], actor_id=admin_id, business_on=business_on, now=now)
            touch(session, STEERED)
        return {"capital_cents": wanted_cents}

    body = {"bot_id": bot_id, "capital": capital, "reason": reason}
    return int(_once(session, admin_id, form_key, "bot_capital", body, now, act)["capital_cents"])


def change_parameters(
    session: Session,
    *,
    admin_id: int,
    bot_id: int,
    typed: Mapping[str, str],
    reason: str = "",
    form_key: str,
    business_on: date,
    now: datetime,
) -> None:
    """Set some of a bot's parameters, as typed, each within its bounds; the others stay as they are.

    Raises FieldError with the parameter's name as its field or on "reason", UnknownError.
    """

    def act() -> dict[str, Any]:
        bot = _lock(session, bot_id)
        before = {each.field: each.value for each in _parameters(bot)}
        bot.parameters = {**bot.parameters, **bot_runs.read_parameters(typed)}
        bot.changed_at = now
        why = _why(reason)
        events = [
            NewEvent(
                bot.id, BotEventKind.PARAMETER, each.field, str(before[each.field]), str(each.value), why
            )
            for each in _parameters(bot)
            if each.value != before[each.field]
        ]
        bot_events.note(session, events, actor_id=admin_id, business_on=business_on, now=now)
        if events:
            touch(session, STEERED)
        return {}

    body = {"bot_id": bot_id, "typed": dict(typed), "reason": reason}
    _once(session, admin_id, form_key, "bot_parameters", body, now, act)


def _lock(session: Session, bot_id: int) -> Bot:
    """Return a bot, locked before anything else is, as rounds do. Raises UnknownError."""
    found = None
    if type(bot_id) is int and 0 < bot_id < 2**63:
        statement = select(Bot).where(Bot.id == bot_id).with_for_update()
        found = session.exec(statement.execution_options(populate_existing=True)).first()
    if found is None:
        raise UnknownError("bot")
    return found


def _lock_all(session: Session) -> Sequence[Bot]:
    """Return every bot, locked in the order of their ids."""
    statement = select(Bot).order_by(col(Bot.id)).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).all()


def _switch(bot: Bot, *, is_running: bool, now: datetime) -> bool:
    """Switch a bot, and tell whether that changed anything. Raises BotUnusableError."""
    if is_running and not bot_runs.parameters_of(key=bot.key, stored={}):
        raise BotUnusableError(bot_runs.way_of(key=bot.key))
    if bot.is_running == is_running:
        return False
    bot.is_running = is_running
    bot.stopped_reason = "" if is_running else STOPPED_BY_ADMIN
    bot.changed_at = now
    return True


def _note_switched(
    session: Session, bots: Sequence[Bot], admin_id: int, why: str, business_on: date, now: datetime
) -> None:
    """Put down which bots were switched; those that were started look at the market at once."""
    kinds = {True: BotEventKind.STARTED, False: BotEventKind.STOPPED}
    events = [NewEvent(bot.id, kinds[bot.is_running], reason=why) for bot in bots]
    bot_events.note(session, events, actor_id=admin_id, business_on=business_on, now=now)
    if any(bot.is_running for bot in bots):
        touch(session, STEERED)


def _parameters(bot: Bot) -> Sequence[ParameterValue]:
    return bot_runs.parameters_of(key=bot.key, stored=bot.parameters)


def _why(reason: str) -> str:
    """Read the reason that an admin gives for a change, if any. Raises FieldError on "reason"."""
    return parsing.clean_line(
        reason, field="reason", minimum_length=0, maximum_length=LONGEST_WHY, name="The reason"
    )


def _once(
    session: Session,
    admin_id: int,
    form_key: str,
    action: str,
    body: Mapping[str, Any],
    now: datetime,
    act: Any,
) -> dict[str, Any]:
    """Let an admin act once for a form."""
    check_admin(session, admin_id=admin_id)
    touch(session, BOTS)
    return idempotency.once(
        session, member_id=admin_id, key=form_key, action=action, body=body, now=now, act=act
    )


def _changed(answer: Mapping[str, Any]) -> BotChange:
    return BotChange(tuple(answer["bot_ids"]), answer["is_running"])
