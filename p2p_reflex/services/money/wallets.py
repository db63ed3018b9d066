"""Owns money in and out of a member's wallet, and the statement that explains every movement."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import AccountKind, HoldState, MoneyRequestKind, Role, TransactionKind
from p2p_reflex.models import Bid, Hold, Listing, Member, table_of
from p2p_reflex.services import idempotency
from p2p_reflex.services.money import ledger, money_requests, statements, waiting_money
from p2p_reflex.services.money.ledger import InsufficientFundsError, Leg, MemberAccounts, Movement
from p2p_reflex.services.money.statements import StatementFilter, StatementPage
from p2p_reflex.services.money.waiting_money import OwnRequest
from p2p_reflex.services.notices import money_notices
from p2p_reflex.settings import ConfirmMoney, settings

SMALLEST_DEPOSIT_CENTS = 1_00
SMALLEST_WITHDRAWAL_CENTS = 1
MOST_AT_ONCE_CENTS = 1_000_000_00

_holds = table_of(Hold)
_bids = table_of(Bid)
_listings = table_of(Listing)


class NotAvailableError(FieldError):
    """Somebody asked for more than the wallet has."""

    def __init__(self, available_cents: int) -> None:
        super().__init__("amount", f"You have {formats.money(available_cents)} available.")


@dataclass(frozen=True, slots=True)
class WalletChange:
    """What a deposit or withdrawal moved, and what is available after it.

    One that an admin has to confirm has a request in place of a transaction.
    """

    transaction_id: int | None
    amount_cents: int
    available_cents: int
    request_id: int | None = None


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
    """A member's money: what can be used, what is held, what waits for an admin, a page of the statement."""

    available_cents: int
    held_cents: int
    holds: tuple[HeldForListing, ...]
    waiting: tuple[OwnRequest, ...]
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
        waiting=waiting_money.of_member(session, member_id=member_id),
        statement=statements.page_of(
            session, member_id=member_id, page=page, shows=shows, page_size=page_size
        ),
    )


def add_money(
    session: Session,
    *,
    member_id: int,
    amount: str,
    form_key: str,
    business_on: date,
    now: datetime,
    confirm: ConfirmMoney | None = None,
) -> WalletChange:
    """Record money that came in from outside; a form sent twice adds it once.

    Where admins confirm (the setting, unless `confirm` says otherwise) it waits for one of them.
    Raises FieldError, EnoughWaitsError, UnknownError where the member has no wallet to use.
    """
    accounts = wallet_of(session, member_id=member_id)
    cents = parsing.parse_money(
        amount,
        field="amount",
        minimum_cents=SMALLEST_DEPOSIT_CENTS,
        maximum_cents=MOST_AT_ONCE_CENTS,
    )
    move = _Move(session, member_id, MoneyRequestKind.DEPOSIT, cents, business_on, now)
    return _once(move, accounts, form_key, confirm or settings().confirm_money)


def withdraw(
    session: Session,
    *,
    member_id: int,
    amount: str,
    form_key: str,
    business_on: date,
    now: datetime,
    confirm: ConfirmMoney | None = None,
) -> WalletChange:
    """Record money that goes out, never more than is available; a form sent twice takes it once.

    Where admins confirm (the setting, unless `confirm` says otherwise) it is held until one of them does.
    Raises FieldError, EnoughWaitsError, UnknownError where the member has no wallet to use.
    """
    accounts = wallet_of(session, member_id=member_id)
    cents = parsing.parse_money(
        amount,
        field="amount",
        minimum_cents=SMALLEST_WITHDRAWAL_CENTS,
        maximum_cents=MOST_AT_ONCE_CENTS,
    )
    move = _Move(session, member_id, MoneyRequestKind.WITHDRAWAL, cents, business_on, now)
    return _once(move, accounts, form_key, confirm or settings().confirm_money)


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


@dataclass(frozen=True, slots=True)
class _Move:
    """One deposit or withdrawal as it was asked for."""

    session: Session
    member_id: int
    kind: MoneyRequestKind
    cents: int
    business_on: date
    now: datetime


def _once(move: _Move, accounts: MemberAccounts, form_key: str, confirm: ConfirmMoney) -> WalletChange:
    """Move money once for a form's key, or let it wait, and return what came of it."""

    def act() -> dict[str, int | None]:
        moved = _wait(move) if confirm is ConfirmMoney.BY_ADMIN else _post(move, accounts)
        available_cents, _ = ledger.balances(move.session, member_id=move.member_id)
        return moved | {"amount_cents": move.cents, "available_cents": available_cents}

    answer = idempotency.once(
        move.session,
        member_id=move.member_id,
        key=form_key,
        action=move.kind.value,
        body={"amount_cents": move.cents},
        now=move.now,
        act=act,
    )
    return WalletChange(**answer)


def _wait(move: _Move) -> dict[str, int | None]:
    """Ask an admin to confirm it."""
    try:
        request_id = money_requests.ask(
            move.session,
            member_id=move.member_id,
            kind=move.kind,
            amount_cents=move.cents,
            business_on=move.business_on,
            now=move.now,
        )
    except InsufficientFundsError as short:
        raise NotAvailableError(short.available_cents) from short
    return {"transaction_id": None, "request_id": request_id}


def _post(move: _Move, accounts: MemberAccounts) -> dict[str, int | None]:
    """Journal it at once, and tell the member."""
    is_deposit = move.kind is MoneyRequestKind.DEPOSIT
    cents = move.cents if is_deposit else -move.cents
    bank_id = ledger.house_accounts(move.session)[AccountKind.BANK]
    movement = Movement(
        kind=TransactionKind.DEPOSIT if is_deposit else TransactionKind.WITHDRAWAL,
        memo="Money added" if is_deposit else "Money withdrawn",
        legs=(Leg(bank_id, -cents), Leg(accounts.wallet_id, cents)),
        actor_id=move.member_id,
    )
    try:
        (transaction_id,) = ledger.post(
            move.session, [movement], business_on=move.business_on, recorded_at=move.now
        )
    except InsufficientFundsError as short:
        raise NotAvailableError(short.available_cents) from short
    money_notices.tell_moved(
        move.session,
        member_id=move.member_id,
        amount_cents=cents,
        business_on=move.business_on,
        now=move.now,
    )
    return {"transaction_id": transaction_id, "request_id": None}
