"""Owns the rows a round of the bots reads and writes: few statements, however large the market is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.rates import from_millionths
from p2p_reflex.domain.vocabulary import AccountKind, BidState, Grade, ListingState, Purpose
from p2p_reflex.models import (
    Assessment,
    Bid,
    Bot,
    BotDecision,
    LedgerAccount,
    Listing,
    Loan,
    Note,
    Verdict,
    table_of,
)
from p2p_reflex.services.bidding.book_rows import LiveBid
from p2p_reflex.services.bulk import batch_columns, batch_rows

LONGEST_REASON = 300

_accounts = table_of(LedgerAccount)
_assessments = table_of(Assessment)
_bids = table_of(Bid)
_bots = table_of(Bot)
_decisions = table_of(BotDecision)
_listings = table_of(Listing)
_loans = table_of(Loan)
_notes = table_of(Note)


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot that is switched on, with what its wallet has."""

    bot_id: int
    lender_id: int
    key: str
    name: str
    capital_cents: int
    parameters: dict[str, Any]
    cash_cents: int


class OpenListing(NamedTuple):
    """A listing that takes bids, read under its lock, with what its assessment says."""

    id: int
    borrower_id: int
    title: str
    grade: Grade
    purpose: Purpose
    term_months: int
    amount_cents: int
    floor_rate: Decimal
    highest_rate: Decimal
    expected_loss_rate: Decimal
    average_rate: Decimal | None
    version: int
    published_at: datetime
    credit_score: int
    debt_to_income: Decimal


@dataclass(slots=True)
class Exposure:
    """What a lender has lent and bids, in cents."""

    by_borrower: dict[int, int] = field(default_factory=dict)
    by_grade: dict[Grade, int] = field(default_factory=dict)


class DecisionRow(NamedTuple):
    """One decision to be kept."""

    bot_id: int
    listing_id: int | None
    verdict: Verdict
    reason: str
    amount_cents: int | None = None
    rate: Decimal | None = None
    bid_id: int | None = None


def lock_running(session: Session) -> list[RunningBot]:
    """Return the bots that are switched on; their rows are locked, so that rounds follow one another."""
    statement = sa.select(_bots).where(_bots.c.is_running).order_by(_bots.c.id).with_for_update()
    rows = session.execute(statement).all()
    balances = sa.select(_accounts.c.member_id, _accounts.c.balance_cents).where(
        _accounts.c.member_id.in_([row.member_id for row in rows]), _accounts.c.kind == AccountKind.WALLET
    )
    wallets = {row.member_id: row.balance_cents for row in session.execute(balances)}
    return [
        RunningBot(
            bot_id=row.id,
            lender_id=row.member_id,
            key=row.key,
            name=row.name,
            capital_cents=row.capital_cents,
            parameters=row.parameters,
            cash_cents=wallets[row.member_id],
        )
        for row in rows
    ]


def open_ids(session: Session, *, business_on: date) -> list[int]:
    """Return the ids of the listings that take bids on a day."""
    return list(session.execute(sa.select(_listings.c.id).where(*_is_open(business_on))).scalars())


def lock_open(session: Session, *, listing_ids: Iterable[int] | None, business_on: date) -> list[int]:
    """Lock the listings that take bids (all, or those among some) in the order of their ids.

    A round over all of them leaves out what somebody acts on at this moment; the next one sees to it.
    """
    conditions = _is_open(business_on)
    if listing_ids is not None:
        conditions.append(_listings.c.id.in_(sorted(set(listing_ids))))
    statement = sa.select(_listings.c.id).where(*conditions).order_by(_listings.c.id)
    return list(session.execute(statement.with_for_update(skip_locked=listing_ids is None)).scalars())


def market_of(
    session: Session, *, listing_ids: Sequence[int]
) -> tuple[list[OpenListing], dict[int, list[LiveBid]]]:
    """Return locked listings with the bids that stand in their books, with one query."""
    live = sa.and_(_bids.c.listing_id == _listings.c.id, _bids.c.state == BidState.LIVE)
    assessed = _listings.join(_assessments, _assessments.c.id == _listings.c.assessment_id)
    statement = (
        sa.select(*_BID_COLUMNS, *_LISTING_COLUMNS)
        .select_from(assessed.outerjoin(_bids, live))
        .where(batch_columns.among(session, _listings.c.id, listing_ids))
        .order_by(_listings.c.id, _bids.c.id)
    )
    listings: list[OpenListing] = []
    books: dict[int, list[LiveBid]] = defaultdict(list)
    latest = 0
    for row in session.execute(statement):
        bid_id, lender_id, is_bot, amount_cents, rate, leading_cents, hold_id, listing_id = row[:8]
        if listing_id != latest:
            latest = listing_id
            listings.append(_listing(row[7:]))
        if bid_id is not None:
            books[listing_id].append(
                LiveBid(
                    bid_id,
                    listing_id,
                    lender_id,
                    bool(is_bot),
                    amount_cents,
                    _rate(rate),
                    leading_cents,
                    hold_id,
                )
            )
    return listings, books


def exposures(session: Session, *, lender_ids: Sequence[int]) -> dict[int, Exposure]:
    """Add up what lenders have lent and bid, by borrower and by grade, with one query."""
    lent = (
        sa.select(_notes.c.lender_id, _loans.c.borrower_id, _loans.c.grade, _sum(_notes.c.outstanding_cents))
        .join(_loans, _loans.c.id == _notes.c.loan_id)
        .where(_notes.c.lender_id.in_(lender_ids), _notes.c.outstanding_cents > 0)
        .group_by(_notes.c.lender_id, _loans.c.borrower_id, _loans.c.grade)
    )
    bid = (
        sa.select(_bids.c.lender_id, _listings.c.borrower_id, _listings.c.grade, _sum(_bids.c.amount_cents))
        .join(_listings, _listings.c.id == _bids.c.listing_id)
        .where(_bids.c.lender_id.in_(lender_ids), _bids.c.state == BidState.LIVE)
        .group_by(_bids.c.lender_id, _listings.c.borrower_id, _listings.c.grade)
    )
    found = {lender_id: Exposure() for lender_id in lender_ids}
    for lender_id, borrower_id, grade, amount_cents in session.execute(sa.union_all(lent, bid)):
        own = found[lender_id]
        own.by_borrower[borrower_id] = own.by_borrower.get(borrower_id, 0) + amount_cents
        own.by_grade[Grade(grade)] = own.by_grade.get(Grade(grade), 0) + amount_cents
    return found


def latest_words(
    session: Session, *, listing_ids: Sequence[int]
) -> dict[tuple[int, int], tuple[Verdict, str]]:
    """Return what each bot said last about each of some listings."""
    latest = (
        sa.select(sa.func.max(_decisions.c.id))
        .where(batch_columns.among(session, _decisions.c.listing_id, listing_ids))
        .group_by(_decisions.c.listing_id, _decisions.c.bot_id)
    )
    columns = (
        _decisions.c.bot_id,
        _decisions.c.listing_id,
        sa.type_coerce(_decisions.c.verdict, sa.String),
        _decisions.c.reason,
    )
    rows = session.execute(sa.select(*columns).where(_decisions.c.id.in_(latest)))
    return {
        (bot_id, listing_id): (_VERDICTS[verdict], reason) for bot_id, listing_id, verdict, reason in rows
    }


def write_decisions(
    session: Session, rows: Sequence[DecisionRow], *, business_on: date, now: datetime
) -> None:
    """Keep decisions, all at once."""
    if not rows:
        return
    columns = dict(zip(DecisionRow._fields, zip(*rows, strict=True), strict=True))
    batch_columns.insert(
        session,
        _decisions,
        columns=batch_rows.typed(session, _decisions, columns),
        same={"business_on": business_on, "decided_at": now},
    )


def stop(session: Session, *, bot_id: int, reason: str, now: datetime) -> None:
    """Switch a bot off with the reason for it."""
    values = {"is_running": False, "stopped_reason": reason, "changed_at": now}
    session.connection().execute(sa.update(_bots).where(_bots.c.id == bot_id).values(**values))
    known = session.identity_map.get(session.identity_key(Bot, bot_id))
    if known is not None:
        session.expire(known)


def sentence(text: object) -> str:
    """Keep of a reason what can be stored and shown."""
    if isinstance(text, str) and text.isprintable() and 0 < len(text) <= LONGEST_REASON:
        return text
    shown = "".join(mark for mark in str(text)[: 2 * LONGEST_REASON] if mark.isprintable()).strip()
    return shown[:LONGEST_REASON] or "It gave no reason."


def _is_open(business_on: date) -> list[sa.ColumnElement[bool]]:
    return [
        _listings.c.state == ListingState.OPEN,
        _listings.c.opens_on <= business_on,
        _listings.c.closes_on >= business_on,
    ]


def _raw(column: sa.ColumnElement[Any], kind: type[sa.types.TypeEngine[Any]]) -> sa.ColumnElement[Any]:
    """Read a column as it lies there; a thousand listings repeat their words and rates a lot."""
    return sa.type_coerce(column, kind)


def _sum(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.sum(column), sa.BigInteger)


@lru_cache(maxsize=16_384)
def _rate(millionths: int) -> Decimal:
    return from_millionths(millionths)


def _listing(row: Sequence[Any]) -> OpenListing:
    (listing_id, borrower_id, title, grade, purpose, term_months, amount_cents, floor, highest, loss, average,
     version, published_at, credit_score, debt_to_income) = row  # fmt: skip
    return OpenListing(
        id=listing_id,
        borrower_id=borrower_id,
        title=title,
        grade=_GRADES[grade],
        purpose=_PURPOSES[purpose],
        term_months=term_months,
        amount_cents=amount_cents,
        floor_rate=_rate(floor),
        highest_rate=_rate(highest),
        expected_loss_rate=_rate(loss),
        average_rate=None if average is None else _rate(average),
        version=version,
        published_at=published_at,
        credit_score=credit_score,
        debt_to_income=_rate(debt_to_income),
    )


_GRADES = {each.value: each for each in Grade}
_PURPOSES = {each.value: each for each in Purpose}
_VERDICTS = {each.value: each for each in Verdict}
_BID_COLUMNS = (
    _bids.c.id,
    _bids.c.lender_id,
    _bids.c.is_bot,
    _raw(_bids.c.amount_cents, sa.BigInteger),
    _raw(_bids.c.rate, sa.BigInteger),
    _raw(_bids.c.leading_cents, sa.BigInteger),
    _bids.c.hold_id,
)
_LISTING_COLUMNS = (
    _listings.c.id,
    _listings.c.borrower_id,
    _listings.c.title,
    _raw(_listings.c.grade, sa.String),
    _raw(_listings.c.purpose, sa.String),
    _listings.c.term_months,
    _raw(_listings.c.amount_cents, sa.BigInteger),
    _raw(_listings.c.floor_rate, sa.BigInteger),
    _raw(_listings.c.highest_rate, sa.BigInteger),
    _raw(_listings.c.expected_loss_rate, sa.BigInteger),
    _raw(_listings.c.average_rate, sa.BigInteger),
    _listings.c.version,
    _listings.c.published_at,
    _assessments.c.credit_score,
    _raw(_assessments.c.debt_to_income, sa.BigInteger),
)
