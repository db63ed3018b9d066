"""Owns each note's part of payments that are corrected: as it was written first, and what is added to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.models import LenderPayment, Payment, table_of
from p2p_reflex.services.corrections.correction_plans import CorrectionPlan, PaidChange

_lender_payments = table_of(LenderPayment)
_payments = table_of(Payment)


class PartCents(NamedTuple):
    """A note's part of a payment, kind by kind; as it is written down, and below zero where it goes back."""

    principal_cents: int = 0
    interest_cents: int = 0
    late_fee_cents: int = 0
    servicing_fee_cents: int = 0
    collection_fee_cents: int = 0

    @property
    def gross_cents(self) -> int:
        """Give all of it, before fees."""
        return self.principal_cents + self.interest_cents + self.late_fee_cents

    @property
    def fee_cents(self) -> int:
        """Give what the platform keeps."""
        return self.servicing_fee_cents + self.collection_fee_cents

    def less(self, other: "PartCents") -> "PartCents":
        """Take another part off."""
        return PartCents(*(left - right for left, right in zip(self, other, strict=True)))


NOTHING = PartCents()


@dataclass(frozen=True, slots=True)
class FirstDone:
    """What a payment that is reversed did when it was made: its transaction, and each note's part."""

    transaction_id: int
    parts: Mapping[int, PartCents]

    @property
    def gross_cents(self) -> int:
        """Give what was paid."""
        return sum(part.gross_cents for part in self.parts.values())


def first_done(session: Session, returned: Iterable[PaidChange]) -> dict[int, FirstDone]:
    """Read what the payments to be reversed did when they were made."""
    own: dict[int, FirstDone] = {}
    connection = session.connection()
    for payment_id in sorted(change.payment_id for change in returned):
        transaction_id = connection.execute(
            sa.select(_payments.c.transaction_id).where(_payments.c.id == payment_id)
        ).scalar_one()
        query = sa.select(_lender_payments).where(
            _lender_payments.c.payment_id == payment_id, _lender_payments.c.event_id.is_(None)
        )
        parts = {row.note_id: _cents_of(row) for row in connection.execute(query)}
        own[payment_id] = FirstDone(transaction_id, parts)
    return own


def adjusting(change: PaidChange, own: Mapping[int, FirstDone]) -> dict[int, PartCents]:
    """Give what the adjusting transaction adds to each note's part of a payment."""
    first = own[change.payment_id].parts if change.payment_id in own else {}
    found = {}
    for note_id in {*change.before, *change.after, *first}:
        before = _cents_of_part(change.before.get(note_id))
        wanted = first.get(note_id, NOTHING) if first else _cents_of_part(change.after.get(note_id))
        delta = wanted.less(before)
        if any(delta):
            found[note_id] = delta
    return found


def write_parts(
    session: Session,
    plan: CorrectionPlan,
    own: Mapping[int, FirstDone],
    reversal_ids: Mapping[int | None, int],
    adjusting_id: int | None,
    event_id: int,
    business_on: date,
) -> None:
    """Add the notes' parts of the reversals and of the adjusting transaction to those of the payments."""
    rows: list[dict[str, Any]] = []
    for payment_id, first in own.items():
        reversal_id = reversal_ids[first.transaction_id]
        rows += [
            _part_row(payment_id, note_id, reversal_id, NOTHING.less(cents), business_on)
            for note_id, cents in first.parts.items()
        ]
    for change in plan.payments:
        rows += [
            _part_row(change.payment_id, note_id, adjusting_id, cents, business_on)
            for note_id, cents in adjusting(change, own).items()
        ]
    for row in rows:
        row["event_id"] = event_id
    if rows:
        session.connection().execute(sa.insert(_lender_payments), rows)


def _part_row(
    payment_id: int, note_id: int, transaction_id: int | None, cents: PartCents, business_on: date
) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "note_id": note_id,
        "transaction_id": transaction_id,
        "paid_on": business_on,
        **cents._asdict(),
    }


def _cents_of(row: Any) -> PartCents:
    """Take the part out of a row, or out of a part as it was worked out."""
    return PartCents(*(getattr(row, name) for name in PartCents._fields))


def _cents_of_part(part: LenderPart | None) -> PartCents:
    return NOTHING if part is None else _cents_of(part)
