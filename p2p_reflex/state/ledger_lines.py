"""Owns how the admin's ledger is written: what waits, what was decided, the journal's entries in words."""

from dataclasses import dataclass, field
from datetime import datetime

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import AccountKind, MoneyRequestKind, MoneyRequestState, TransactionKind
from p2p_reflex.services.money.journal import EntryRow, JournalRow
from p2p_reflex.services.money.waiting_money import DecidedRequest, WaitingRequest
from p2p_reflex.state.moments import day_and_time

FEW_ENTRIES = 5

KIND_WORDS = {
    TransactionKind.DEPOSIT: "Deposit",
    TransactionKind.WITHDRAWAL: "Withdrawal",
    TransactionKind.HOLD: "Hold",
    TransactionKind.RELEASE: "Release",
    TransactionKind.ORIGINATION: "Origination",
    TransactionKind.PAYMENT: "Payment",
    TransactionKind.RECOVERY: "Recovery",
    TransactionKind.REVERSAL: "Reversal",
    TransactionKind.CORRECTION: "Correction",
    TransactionKind.ADVANCE: "Advance",
    TransactionKind.COLLECTION: "Collection of an advance",
    TransactionKind.WRITE_OFF: "Write-off of an advance",
    TransactionKind.FUND_PURCHASE: "Reserve fund buys",
    TransactionKind.CAPITAL: "Capital of a bot",
}
ENDED_WORDS = {
    MoneyRequestState.CONFIRMED: ("done", "Confirmed"),
    MoneyRequestState.REFUSED: ("bad", "Refused"),
    MoneyRequestState.CANCELLED: ("neutral", "Cancelled"),
}
_ENTRY_WORDS = {
    AccountKind.WALLET: ("into {name}’s wallet", "out of {name}’s wallet"),
    AccountKind.HELD: ("held for {name}", "no longer held for {name}"),
    AccountKind.BANK: ("less at the bank", "more at the bank"),
    AccountKind.RESERVE_FUND: ("into the reserve fund", "out of the reserve fund"),
    AccountKind.FEE_INCOME: ("to the platform’s income", "out of the platform’s income"),
    AccountKind.RECEIVABLE: ("less is owed to the platform", "more is owed to the platform"),
}
"""What an entry above zero says of its account, and one below; the house's own side turns around."""


@dataclass
class WaitingLine:
    """A deposit or withdrawal that waits, as the list shows it."""

    id: int = 0
    words: str = ""
    amount: str = ""
    under: str = ""
    second: str = ""
    is_deposit: bool = False
    may_confirm: bool = True


@dataclass
class DecidedLine:
    """What waited once, as the list shows it."""

    words: str = ""
    amount: str = ""
    kind: str = ""
    word: str = ""
    under: str = ""


@dataclass
class JournalLine:
    """One transaction as the table shows it; `left` counts the entries that are not shown."""

    id: int = 0
    on: str = ""
    number: str = ""
    words: str = ""
    title: str = ""
    href: str = ""
    under: str = ""
    amount: str = ""
    moved: list[str] = field(default_factory=list)
    left: str = ""


def write_waiting(request: WaitingRequest, now: datetime) -> WaitingLine:
    """Write one deposit or withdrawal that waits."""
    is_deposit = request.kind is MoneyRequestKind.DEPOSIT
    second = ""
    if request.first_confirmed_by:
        by = "you" if request.is_first_own else request.first_confirmed_by
        second = f"Confirmed by {by}; another admin has to confirm it, too."
    elif request.needs_second_admin:
        second = "Large: two admins have to confirm it."
    asked = day_and_time(request.requested_at, now)
    besides = formats.money(request.available_cents)
    return WaitingLine(
        id=request.request_id,
        words=f"{request.member_name} {'added' if is_deposit else 'wants to withdraw'}",
        amount=formats.money(request.amount_cents),
        under=f"{request.email}, {asked}; {besides} is available besides",
        second=second,
        is_deposit=is_deposit,
        may_confirm=not (request.needs_second_admin and request.is_first_own),
    )


def write_decided(request: DecidedRequest, now: datetime) -> DecidedLine:
    """Write what became of a deposit or withdrawal, by whom and why."""
    kind, word = ENDED_WORDS[request.state]
    by = f"{request.first_confirmed_by} and {request.decided_by}"
    if not request.first_confirmed_by or request.state is not MoneyRequestState.CONFIRMED:
        by = request.decided_by
    why = f": {request.reason}" if request.reason else ""
    what = "Deposit" if request.kind is MoneyRequestKind.DEPOSIT else "Withdrawal"
    return DecidedLine(
        words=f"{what} of {request.member_name}",
        amount=formats.money(request.amount_cents),
        kind=kind,
        word=word,
        under=f"by {by}, {day_and_time(request.decided_at, now)}{why}",
    )


def write_transaction(row: JournalRow, *, is_open: bool) -> JournalLine:
    """Write one transaction with its entries; of many only the first, unless it is open."""
    entries = [write_entry(entry) for entry in row.entries]
    left = 0 if is_open else max(0, len(entries) - FEW_ENTRIES)
    place = f"/loans/{row.loan_id}" if row.loan_id else ""
    if row.listing_id and not place:
        place = f"/listings/{row.listing_id}"
    by = f"by {row.actor_name}" if row.actor_name else "by the market itself"
    if row.kind is TransactionKind.RELEASE and row.listing_id:
        by = f"the bid of {row.actor_name}"  # whose cash is freed, whoever outbid or declined it
    reverses = f", reverses no. {row.reverses_id:,}" if row.reverses_id else ""
    return JournalLine(
        id=row.transaction_id,
        on=formats.long_date(row.business_on),
        number=f"no. {row.transaction_id:,}",
        words=KIND_WORDS[row.kind],
        title=row.title,
        href=place,
        under=f"{row.memo}, {by}{reverses}",
        amount=formats.money(row.amount_cents),
        moved=entries[: len(entries) - left],
        left=f"Show {left:,} more" if left else "",
    )


def write_entry(entry: EntryRow) -> str:
    """Write what an entry did: $40.00 out of Ingrid Sund’s wallet."""
    added, taken = _ENTRY_WORDS[entry.account]
    words = added if entry.amount_cents > 0 else taken
    return f"{formats.money(abs(entry.amount_cents))} {words.format(name=entry.member_name)}"
