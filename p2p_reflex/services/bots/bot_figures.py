"""Owns the figures of the bots: what each has, bids, wins and earns, and what it decided and why."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain import returns
from p2p_reflex.domain.money import round_half_even
from p2p_reflex.domain.rates import MILLION, from_millionths
from p2p_reflex.domain.vocabulary import AccountKind, BidState, Grade
from p2p_reflex.models import Bid, Bot, BotDecision, LedgerAccount, Listing, Loan, Note, Verdict, table_of
from p2p_reflex.services.bidding.book import BOOK_STATES
from p2p_reflex.services.bots import bot_events, bot_runs
from p2p_reflex.services.bots.bot_events import PastEvent
from p2p_reflex.services.bots.bot_runs import ParameterValue
from p2p_reflex.services.loans import portfolio_history
from p2p_reflex.services.loans.portfolio_history import total_of
from p2p_reflex.services.money import ledger

LAST_DECISIONS = 5
PAGE_SIZES = (5, 100)

_accounts = table_of(LedgerAccount)
_bids = table_of(Bid)
_bots = table_of(Bot)
_decisions = table_of(BotDecision)
_listings = table_of(Listing)
_loans = table_of(Loan)
_notes = table_of(Note)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as the admin reads it; without a listing it concerns the bot itself."""

    decision_id: int
    bot_id: int
    bot_name: str
    listing_id: int | None
    listing_title: str | None
    verdict: Verdict
    reason: str
    amount_cents: int | None
    rate: Decimal | None
    business_on: date
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class BotCard:
    """One bot with its figures.

    `deployed_cents` is lent, `held_cents` leads in open books. A win is a bid that was accepted; the win rate
    is the share of the bids that met their end, none while none has. The realised return is none under 90
    days.
    """

    bot_id: int
    member_id: int
    key: str
    name: str
    way: str
    is_running: bool
    stopped_reason: str
    capital_cents: int
    deployed_cents: int
    held_cents: int
    available_cents: int
    bid_count: int
    live_count: int
    leading_count: int
    win_count: int
    ended_count: int
    refused_count: int
    win_rate: Decimal | None
    average_rate: Decimal | None
    expected_return_rate: Decimal | None
    realised_return_rate: Decimal | None
    parameters: tuple[ParameterValue, ...]
    last_decisions: tuple[Decision, ...]
    history: tuple[PastEvent, ...]


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decisions somebody looks for."""

    bot_id: int | None = None
    listing_id: int | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """One page of decisions, the newest first; a page counts from 1."""

    rows: tuple[Decision, ...]
    total_count: int
    page: int
    page_count: int


@dataclass(frozen=True, slots=True)
class BidsOnDay:
    """How many bids a bot placed on a day."""

    on: date
    bot_name: str
    bid_count: int


@dataclass(frozen=True, slots=True)
class GradeCapital:
    """What a bot has in a grade: lent, and leading in open books."""

    bot_name: str
    grade: Grade
    lent_cents: int
    leading_cents: int


@dataclass(slots=True)
class _Counts:
    """What became of a bot's bids: how many are in each state, and how many of the live ones lead."""

    by_state: dict[BidState, int] = field(default_factory=lambda: defaultdict(int))
    leading: int = 0

    @property
    def placed(self) -> int:
        """Give how many times the bot bid."""
        return sum(self.by_state.values())

    @property
    def ended(self) -> int:
        """Give how many bids won or lost; one that was replaced or withdrawn did neither."""
        states = (BidState.ACCEPTED, BidState.REJECTED, BidState.DECLINED, BidState.LAPSED)
        return sum(self.by_state[state] for state in states)


@dataclass(slots=True)
class _Lent:
    """What a bot has lent: outstanding, and that weighted by rate and by expected return (millionths)."""

    outstanding_cents: int = 0
    by_rate: Decimal = Decimal(0)
    by_return: Decimal = Decimal(0)

    def average(self, weighted: Decimal) -> Decimal | None:
        """Divide by what is outstanding, to six decimals."""
        if not self.outstanding_cents:
            return None
        return from_millionths(round_half_even(weighted / self.outstanding_cents * MILLION))


def cards(session: Session, *, business_on: date) -> tuple[BotCard, ...]:
    """Return every bot with its figures."""
    bots = session.exec(select(Bot).order_by(col(Bot.id))).all()
    members = [bot.member_id for bot in bots]
    money = _money(session, members)
    counts = _counts(session, members)
    lent = _lent(session, members)
    refused = _refused(session)
    history = bot_events.latest(session)
    return tuple(
        BotCard(
            bot_id=bot.id,
            member_id=bot.member_id,
            key=bot.key,
            name=bot.name,
            way=bot_runs.way_of(key=bot.key),
            is_running=bot.is_running,
            stopped_reason=bot.stopped_reason,
            capital_cents=bot.capital_cents,
            deployed_cents=lent[bot.member_id].outstanding_cents,
            held_cents=money[bot.member_id, AccountKind.HELD],
            available_cents=money[bot.member_id, AccountKind.WALLET],
            bid_count=counts[bot.member_id].placed,
            live_count=counts[bot.member_id].by_state[BidState.LIVE],
            leading_count=counts[bot.member_id].leading,
            win_count=counts[bot.member_id].by_state[BidState.ACCEPTED],
            ended_count=counts[bot.member_id].ended,
            refused_count=bot.forgotten_count + refused.get(bot.id, 0),
            win_rate=_win_rate(counts[bot.member_id]),
            average_rate=lent[bot.member_id].average(lent[bot.member_id].by_rate),
            expected_return_rate=lent[bot.member_id].average(lent[bot.member_id].by_return),
            realised_return_rate=_realised(session, bot.member_id, business_on),
            parameters=bot_runs.parameters_of(key=bot.key, stored=bot.parameters),
            last_decisions=_found(session, [_decisions.c.bot_id == bot.id], 0, LAST_DECISIONS),
            history=history.get(bot.id, ()),
        )
        for bot in bots
    )


def decisions(session: Session, *, query: DecisionFilter, page: int, page_size: int) -> DecisionPage:
    """Return a page of decisions; a page beyond the last gives the last."""
    conditions: list[sa.ColumnElement[bool]] = []
    if query.bot_id is not None:
        conditions.append(_decisions.c.bot_id == query.bot_id)
    if query.listing_id is not None:
        conditions.append(_decisions.c.listing_id == query.listing_id)
    if query.verdict is not None:
        conditions.append(_decisions.c.verdict == query.verdict)
    size = min(max(page_size, PAGE_SIZES[0]), PAGE_SIZES[1])
    counted = sa.select(sa.func.count()).select_from(_decisions).where(*conditions)
    total = session.execute(counted).scalar_one()
    pages = max(-(-total // size), 1)
    page = min(max(page, 1), pages)
    return DecisionPage(_found(session, conditions, (page - 1) * size, size), total, page, pages)


def bids_by_day(session: Session, *, until: date, days: int) -> tuple[BidsOnDay, ...]:
    """Count the bids of each bot on each of the last days on which it bid."""
    rows = session.execute(
        sa.select(_bids.c.placed_on, _bots.c.name, sa.func.count())
        .join(_bots, _bots.c.member_id == _bids.c.lender_id)
        .where(_bids.c.placed_on > until - timedelta(days=days), _bids.c.placed_on <= until)
        .group_by(_bids.c.placed_on, _bots.c.id, _bots.c.name)
        .order_by(_bids.c.placed_on, _bots.c.id)
    )
    return tuple(BidsOnDay(*row) for row in rows)


def capital_by_grade(session: Session) -> tuple[GradeCapital, ...]:
    """Add up what each bot has lent and what leads, by grade."""
    sums: dict[tuple[int, str, Grade], list[int]] = defaultdict(lambda: [0, 0])
    lent = (
        sa.select(_bots.c.id, _bots.c.name, _loans.c.grade, total_of(_notes.c.outstanding_cents))
        .select_from(_notes)
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .join(_bots, _bots.c.member_id == _notes.c.lender_id)
        .group_by(_bots.c.id, _bots.c.name, _loans.c.grade)
    )
    leads = (
        sa.select(_bots.c.id, _bots.c.name, _listings.c.grade, total_of(_bids.c.leading_cents))
        .select_from(_bids)
        .join(_listings, _listings.c.id == _bids.c.listing_id)
        .join(_bots, _bots.c.member_id == _bids.c.lender_id)
        .where(_bids.c.state == BidState.LIVE, _listings.c.state.in_(BOOK_STATES))
        .group_by(_bots.c.id, _bots.c.name, _listings.c.grade)
    )
    for place, statement in enumerate((lent, leads)):
        for bot_id, name, grade, cents in session.execute(statement):
            sums[bot_id, name, grade][place] += cents
    return tuple(
        GradeCapital(name, grade, lent_cents, leading_cents)
        for (_, name, grade), (lent_cents, leading_cents) in sorted(sums.items())
        if lent_cents or leading_cents
    )


def _money(session: Session, members: list[int]) -> dict[tuple[int, AccountKind], int]:
    rows = session.execute(
        sa.select(_accounts.c.member_id, _accounts.c.kind, _accounts.c.balance_cents).where(
            _accounts.c.member_id.in_(members)
        )
    )
    return {(member_id, kind): cents for member_id, kind, cents in rows}


def _counts(session: Session, members: list[int]) -> dict[int, _Counts]:
    leads = sa.func.sum(sa.case((_bids.c.leading_cents > 0, 1), else_=0))
    rows = session.execute(
        sa.select(_bids.c.lender_id, _bids.c.state, sa.func.count(), leads)
        .where(_bids.c.lender_id.in_(members))
        .group_by(_bids.c.lender_id, _bids.c.state)
    )
    found: dict[int, _Counts] = defaultdict(_Counts)
    for lender_id, state, count, leading in rows:
        found[lender_id].by_state[state] += count
        found[lender_id].leading += int(leading) if state is BidState.LIVE else 0
    return found


def _win_rate(counts: _Counts) -> Decimal | None:
    return Decimal(counts.by_state[BidState.ACCEPTED]) / counts.ended if counts.ended else None


def _lent(session: Session, members: list[int]) -> dict[int, _Lent]:
    """Add up what is lent, by the few combinations of rate, grade and term that there are."""
    rows = session.execute(
        sa.select(
            _notes.c.lender_id,
            _notes.c.annual_rate,
            _loans.c.grade,
            _loans.c.term_months,
            total_of(_notes.c.outstanding_cents),
        )
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .where(_notes.c.lender_id.in_(members), _notes.c.outstanding_cents > 0)
        .group_by(_notes.c.lender_id, _notes.c.annual_rate, _loans.c.grade, _loans.c.term_months)
    )
    found: dict[int, _Lent] = defaultdict(_Lent)
    for lender_id, rate, grade, term_months, cents in rows:
        own = found[lender_id]
        own.outstanding_cents += cents
        own.by_rate += cents * rate
        own.by_return += cents * returns.expected_return_rate(rate=rate, grade=grade, term_months=term_months)
    return found


def _refused(session: Session) -> dict[int, int]:
    rows = session.execute(
        sa.select(_decisions.c.bot_id, sa.func.count().label("times"))
        .where(_decisions.c.verdict.in_((Verdict.REFUSED, Verdict.ERROR)))
        .group_by(_decisions.c.bot_id)
    )
    return {row.bot_id: row.times for row in rows}


def _realised(session: Session, member_id: int, business_on: date) -> Decimal | None:
    """Work out the net annualized return, once there are 90 days behind it."""
    accounts = ledger.member_accounts(session, member_ids=[member_id])[member_id]
    past = portfolio_history.history(session, lender_id=member_id, wallet_id=accounts.wallet_id)
    first_on = min(past.bought, default=None)
    if first_on is None or business_on < first_on + timedelta(days=returns.XIRR_KNOWN_AFTER_DAYS):
        return None
    return returns.net_annualized_return(past.months(until=business_on))


def _found(
    session: Session, conditions: list[sa.ColumnElement[bool]], offset: int, limit: int
) -> tuple[Decision, ...]:
    columns: tuple[sa.ColumnElement[Any], ...] = (
        _decisions.c.id,
        _decisions.c.bot_id,
        _bots.c.name,
        _decisions.c.listing_id,
        _listings.c.title,
        _decisions.c.verdict,
        _decisions.c.reason,
        _decisions.c.amount_cents,
        _decisions.c.rate,
        _decisions.c.business_on,
        _decisions.c.decided_at,
    )
    rows = session.execute(
        sa.select(*columns)
        .select_from(_decisions.join(_bots, _bots.c.id == _decisions.c.bot_id))
        .outerjoin(_listings, _listings.c.id == _decisions.c.listing_id)
        .where(*conditions)
        .order_by(_decisions.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(Decision(*row) for row in rows)
