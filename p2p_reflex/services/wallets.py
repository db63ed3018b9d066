"""Owns money in and out of a member's wallet, and the statement that explains every movement."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, HoldState, Role, TransactionKind
from p2p_reflex.models import Bid, Hold, Listing, Member
from p2p_reflex.services import idempotency, ledger, money_notices, statements
from p2p_reflex.services.ledger import InsufficientFundsError, Leg, MemberAccounts, Movement
from p2p_reflex.services.statements import StatementFilter, StatementPage

SMALLEST_DEPOSIT_CENTS = 1_00
SMALLEST_WITHDRAWAL_CENTS = 1
MOST_AT_ONCE_CENTS = 1_000_000_00

_holds = cast(sa.Table, Hold.__table__)  # type: ignore[attr-defined]
_bids = cast(sa.Table, Bid.__table__)  # type: ignore[attr-defined]
_listings = cast(sa.Table, Listing.__table__)  # type: ignore[attr-defined]


class NotAvailableError(FieldError):
    """Somebody asked for more than the wallet has."""

    def __init__(self, available_cents: int) -> None:
        super().__init__("amount", f"You have {formats.money(available_cents)} available.")


@dataclass(frozen=True, slots=True)
class WalletChange:
    """What a deposit or withdrawal moved, and what is available after it."""

    transaction_id: int
    amount_cents: int
    available_cents: int


@dataclass(frozen=True, slots=True)
class HeldForListing:
    """What is held for a bid that leads, and since when."""

    listing_id: int
    title: str
    amount_cents: int
    bid_cents: int
    placed_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class WalletView:
    """A member's money: what can be used, what is held for which bids, and a page of the statement."""

    available_cents: int
    held_cents: int
    holds: tuple[HeldForListing, ...]
    statement: StatementPage


def view(
    session: Session,
    *,
    member_id: int,
    page: int = 1,
    shows: StatementFilter = StatementFilter.ALL,
    page_size: int = statements.PAGE_SIZE,
) -> WalletView:
    """Return a member's wallet with one page of its statement, the newest first. Raises UnknownError."""
    wallet_of(session, member_id=member_id)
    available_cents, held_cents = ledger.balances(session, member_id=member_id)
    return WalletView(
        available_cents=available_cents,
        held_cents=held_cents,
        holds=_holds_of(session, member_id),
        statement=statements.page_of(
            session, member_id=member_id, page=page, shows=shows, page_size=page_size
        ),
    )


def add_money(
    session: Session, *, member_id: int, amount: str, form_key: str, business_on: date, now: datetime
) -> WalletChange:
    """Record money that came in from outside; a form sent twice adds it once.

    Raises FieldError, UnknownError where the member has no wallet to use.
    """
    accounts = wallet_of(session, member_id=member_id)
    cents = parsing.parse_money(
        amount,
        field="amount",
        minimum_cents=SMALLEST_DEPOSIT_CENTS,
        maximum_cents=MOST_AT_ONCE_CENTS,
    )
    movement = Movement(
        kind=TransactionKind.DEPOSIT,
        memo="Money added",
        legs=_legs(session, accounts, cents),
        actor_id=member_id,
    )
    return _once(session, movement, cents, member_id, form_key=form_key, business_on=business_on, now=now)


def withdraw(
    session: Session, *, member_id: int, amount: str, form_key: str, business_on: date, now: datetime
) -> WalletChange:
    """Record money that goes out, never more than is available; a form sent twice takes it once.

    Raises FieldError, UnknownError where the member has no wallet to use.
    """
    accounts = wallet_of(session, member_id=member_id)
    cents = parsing.parse_money(
        amount,
        field="amount",
        minimum_cents=SMALLEST_WITHDRAWAL_CENTS,
        maximum_cents=MOST_AT_ONCE_CENTS,
    )
    movement = Movement(
        kind=TransactionKind.WITHDRAWAL,
        memo="Money withdrawn",
        legs=_legs(session, accounts, -cents),
        actor_id=member_id,
    )
    return _once(session, movement, -cents, member_id, form_key=form_key, business_on=business_on, now=now)


def wallet_of(session: Session, *, member_id: int) -> MemberAccounts:
    """Return the accounts of a person who may move money: a borrower or a lender, not a bot, not an admin.

    Raises UnknownError.
    """
    member = session.get(Member, member_id)
    if member is None or member.is_bot or member.role not in (Role.BORROWER, Role.LENDER):
        raise UnknownError("wallet")
    return ledger.member_accounts(session, member_ids=[member_id])[member_id]


def _holds_of(session: Session, member_id: int) -> tuple[HeldForListing, ...]:
    """List what is held, the largest first."""
    rows = session.execute(
        sa.select(
            _listings.c.id.label("listing_id"),
            _listings.c.title,
            _holds.c.amount_cents,
            _bids.c.amount_cents.label("bid_cents"),
            _bids.c.placed_on,
            _listings.c.closes_on,
        )
        .join(_bids, _bids.c.hold_id == _holds.c.id)
        .join(_listings, _listings.c.id == _bids.c.listing_id)
        .where(_holds.c.member_id == member_id, _holds.c.state == HoldState.ACTIVE)
        .order_by(_holds.c.amount_cents.desc(), _holds.c.id)
    )
    return tuple(HeldForListing(**row._mapping) for row in rows)


def _legs(session: Session, accounts: MemberAccounts, cents: int) -> tuple[Leg, ...]:
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    return Leg(bank_id, -cents), Leg(accounts.wallet_id, cents)


def _once(
    session: Session,
    movement: Movement,
    change_cents: int,
    member_id: int,
    *,
    form_key: str,
    business_on: date,
    now: datetime,
) -> WalletChange:
    """Post a movement once for a form's key, tell the member, and return what came of it."""
    cents = abs(change_cents)

    def act() -> dict[str, int]:
        try:
            (transaction_id,) = ledger.post(session, [movement], business_on=business_on, recorded_at=now)
        except InsufficientFundsError as short:
            raise NotAvailableError(short.available_cents) from short
        money_notices.tell_moved(
            session, member_id=member_id, amount_cents=change_cents, business_on=business_on, now=now
        )
        available_cents, _ = ledger.balances(session, member_id=member_id)
        return {"transaction_id": transaction_id, "amount_cents": cents, "available_cents": available_cents}

    answer = idempotency.once(
        session,
        member_id=member_id,
        key=form_key,
        action=movement.kind.value,
        body={"amount_cents": cents},
        now=now,
        act=act,
    )
    return WalletChange(**answer)
