"""Owns the entries of a loan's ledger: the borrower's whole one, and a lender's own part of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain import formats
from p2p_reflex.domain.formats import money
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.vocabulary import LoanEventKind
from p2p_reflex.models import LenderPayment, Loan, Note, table_of
from p2p_reflex.services.loans import loan_history, loan_words
from p2p_reflex.services.loans.loan_history import PastEvent, PastPayment

_lender_payments = table_of(LenderPayment)
_notes = table_of(Note)

_PARTS = (
    "principal_cents",
    "interest_cents",
    "late_fee_cents",
    "servicing_fee_cents",
    "collection_fee_cents",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One line of a loan's ledger, in words and in cents.

    `charged_cents` is what the loan and its fees add (to a lender: what was lent). `paid_cents` is what came
    in, below zero where it was taken back; the parts say what it was for, fees what the platform kept of it.
    A routine entry is a payment like any other, which a timeline leaves to the list of payments.
    """

    on: date
    words: str
    detail: str
    charged_cents: int = 0
    paid_cents: int = 0
    principal_cents: int = 0
    interest_cents: int = 0
    late_fee_cents: int = 0
    fee_cents: int = 0
    owed_after_cents: int = 0
    is_routine: bool = False


def of_borrower(
    loan: Loan, *, payments: Sequence[PastPayment], events: Sequence[PastEvent]
) -> list[StatementEntry]:
    """Write the whole ledger of a loan, with the principal owed after each entry."""
    owed_cents = loan.principal_cents
    entries = [_paid_out(loan)]
    for each in loan_history.sorted_by_day([*payments, *events]):
        if isinstance(each, PastPayment):
            owed_cents -= each.principal_cents if each.reversed_on is None else 0
            entries.append(replace(_payment(each), owed_after_cents=owed_cents))
        else:
            owed_cents -= each.forgiven_principal_cents
            entries.append(replace(_event(each), owed_after_cents=owed_cents))
    return entries


def of_lender(
    session: Session,
    *,
    loan: Loan,
    lender_id: int,
    payments: Sequence[PastPayment],
    events: Sequence[PastEvent],
) -> list[StatementEntry]:
    """Write a lender's part of the ledger, with what their notes are owed after each entry.

    Nothing where they hold no part. What a correction took back and what it gave are entries of their own.
    """
    own = session.execute(
        sa.select(_notes).where(_notes.c.loan_id == loan.id, _notes.c.lender_id == lender_id)
    ).all()
    if not own:
        return []
    known = {payment.payment_id: payment for payment in payments}
    lines = [(note.bought_on, 0, _lent(note), note.principal_cents) for note in own]
    for row in _received(session, [note.id for note in own]):
        lines += _came(row, known.get(row.payment_id))
    forgiven = _forgiven(own, events)
    for event in events:
        lines.append((event.on, 3, *_befell(event, own, forgiven.get(event.event_id, 0))))
    owed_cents, entries = 0, []
    for _, _, entry, change_cents in sorted(lines, key=lambda line: line[:2]):
        owed_cents += change_cents
        entries.append(replace(entry, owed_after_cents=owed_cents))
    return entries


def _paid_out(loan: Loan) -> StatementEntry:
    received_cents = loan.principal_cents - loan.origination_fee_cents
    return StatementEntry(
        on=loan.disbursed_on,
        words="Loan paid out",
        detail=f"{money(received_cents)} reached the wallet, "
        f"after the origination fee of {money(loan.origination_fee_cents)}.",
        charged_cents=loan.principal_cents,
        owed_after_cents=loan.principal_cents,
    )


def _payment(payment: PastPayment) -> StatementEntry:
    """Write a payment; one that was reversed is told, and counts for nothing."""
    entry = StatementEntry(
        on=payment.paid_on,
        words=loan_words.payment_name(payment),
        detail=loan_words.payment_detail(payment),
    )
    if payment.reversed_on is not None:
        return entry
    return replace(
        entry,
        paid_cents=payment.amount_cents,
        principal_cents=payment.principal_cents,
        interest_cents=payment.interest_cents,
        late_fee_cents=payment.late_fee_cents,
        is_routine=not (payment.is_payoff or payment.is_recovery),
    )


def _event(event: PastEvent) -> StatementEntry:
    return StatementEntry(
        on=event.on,
        words=loan_words.event_name(event),
        detail=loan_words.event_detail(event, with_reason=True),
        charged_cents=event.amount_cents if event.kind is LoanEventKind.LATE_FEE else 0,
    )


def _lent(note: Any) -> StatementEntry:
    return StatementEntry(
        on=note.bought_on,
        words="Lent",
        detail=f"Your part of the loan, {money(note.principal_cents)}.",
        charged_cents=note.principal_cents,
    )


def _received(session: Session, note_ids: Sequence[int]) -> Sequence[Any]:
    """Add up what each payment, and each correction of one, brought a lender's notes."""
    sums = [sa.cast(sa.func.sum(_lender_payments.c[name]), sa.BigInteger).label(name) for name in _PARTS]
    named = (_lender_payments.c.payment_id, _lender_payments.c.transaction_id, _lender_payments.c.paid_on)
    return session.execute(
        sa.select(*named, *sums)
        .where(_lender_payments.c.note_id.in_(note_ids))
        .group_by(*named)
        .order_by(_lender_payments.c.paid_on, _lender_payments.c.payment_id)
    ).all()


def _came(row: Any, payment: PastPayment | None) -> Iterator[tuple[date, int, StatementEntry, int]]:
    """Write what a payment brought; of a correction, what it took back and what it gave."""
    amounts = {name: int(row._mapping[name]) for name in _PARTS}
    if row.transaction_id is None:
        is_routine = payment is None or not (payment.is_payoff or payment.is_recovery)
        on, place, entry, change = _money_line(row.paid_on, 2, amounts, loan_words.received_name(payment), "")
        yield on, place, replace(entry, is_routine=is_routine), change
        return
    which = f"the payment of {formats.long_date(payment.paid_on)}" if payment else "a payment"
    for amounts_of, words, detail in (
        (min, "Taken back", f"A correction changed {which}; this part of it was not yours."),
        (max, "Given again", f"A correction changed {which}; this is your part of it now."),
    ):
        side = {name: amounts_of(cents, 0) for name, cents in amounts.items()}
        if any(side.values()):
            yield _money_line(row.paid_on, 4, side, words, detail)


def _money_line(
    on: date, place: int, amounts: Mapping[str, int], words: str, detail: str
) -> tuple[date, int, StatementEntry, int]:
    principal, interest, late_fee, servicing_fee, collection_fee = (amounts[name] for name in _PARTS)
    fee_cents = servicing_fee + collection_fee
    entry = StatementEntry(
        on=on,
        words=words,
        detail=detail or loan_words.received_detail(servicing_fee, collection_fee),
        paid_cents=principal + interest + late_fee - fee_cents,
        principal_cents=principal,
        interest_cents=interest,
        late_fee_cents=late_fee,
        fee_cents=fee_cents,
    )
    return on, place, entry, -principal


def _forgiven(own: Sequence[Any], events: Sequence[PastEvent]) -> dict[int, int]:
    """Share out what was forgiven of a lender's notes among the events that forgave principal."""
    forgiving = [event for event in events if event.forgiven_principal_cents]
    if not forgiving:
        return {}
    parts = split_cents(
        sum(note.forgiven_cents for note in own), [event.forgiven_principal_cents for event in forgiving]
    )
    return {event.event_id: cents for event, cents in zip(forgiving, parts, strict=True)}


def _befell(event: PastEvent, own: Sequence[Any], forgiven_cents: int) -> tuple[StatementEntry, int]:
    """Write what happened to the loan as it concerns one lender; reasons are not theirs to read."""
    entry = StatementEntry(
        on=event.on,
        words=loan_words.event_name(event),
        detail=loan_words.event_detail(event, with_reason=False),
    )
    sold_cents = sum(event.bought_cents.get(note.id, 0) for note in own)
    if sold_cents:
        detail = f"It bought {money(sold_cents)} of what your part was still owed."
        return replace(entry, detail=detail, paid_cents=sold_cents, principal_cents=sold_cents), -sold_cents
    if forgiven_cents:
        detail = f"{entry.detail} Your part of it is {money(forgiven_cents)} principal."
        return replace(entry, detail=detail), -forgiven_cents
    return entry, 0
