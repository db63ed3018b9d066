"""Owns one hash of all books, without the numbers a database gives as it likes: same books, same hash."""

import hashlib

import sqlalchemy as sa
from sqlmodel import Session

_QUESTIONS = (
    "SELECT a.member_id, a.kind, a.balance_cents FROM ledger_account a",
    "SELECT t.id, t.business_on, t.kind, t.memo, t.listing_id, a.member_id, a.kind, e.amount_cents"
    " FROM journal_transaction t JOIN journal_entry e ON e.transaction_id = t.id"
    " JOIN ledger_account a ON a.id = e.account_id",
    "SELECT l.id, l.state, l.covered_cents, l.offered_cents, l.ended_on FROM listing l",
    "SELECT b.listing_id, b.lender_id, b.amount_cents, b.rate, b.state, b.leading_cents, b.accepted_cents"
    " FROM bid b",
    "SELECT h.member_id, h.listing_id, h.amount_cents, h.state FROM hold h",
    "SELECT n.listing_id, n.state, n.stage, n.outstanding_cents, n.interest_paid_cents, n.version,"
    " n.late_fees_paid_cents, n.next_due_on, n.ended_on, n.defaulted_on, n.charged_off_on FROM loan n",
    "SELECT n.listing_id, i.number, i.due_on, i.principal_cents, i.interest_cents, i.late_fee_cents,"
    " i.principal_paid_cents, i.interest_paid_cents, i.late_fee_paid_cents, i.paid_on"
    " FROM installment i JOIN loan n ON n.id = i.loan_id",
    "SELECT n.listing_id, o.lender_id, o.principal_cents, o.outstanding_cents, o.interest_received_cents,"
    " o.late_fees_received_cents, o.servicing_fees_cents FROM note o JOIN loan n ON n.id = o.loan_id",
    "SELECT n.listing_id, p.paid_on, p.amount_cents, p.principal_cents, p.interest_cents, p.late_fee_cents,"
    " p.servicing_fee_cents, p.outstanding_after_cents, p.is_payoff, p.is_autopay"
    " FROM payment p JOIN loan n ON n.id = p.loan_id",
    "SELECT n.listing_id, q.paid_on, o.lender_id, q.principal_cents, q.interest_cents, q.late_fee_cents,"
    " q.servicing_fee_cents FROM lender_payment q JOIN note o ON o.id = q.note_id"
    " JOIN loan n ON n.id = o.loan_id",
    "SELECT n.listing_id, v.kind, v.effective_on, v.amount_cents, v.number FROM loan_event v"
    " JOIN loan n ON n.id = v.loan_id",
    "SELECT business_on, transaction_count, entry_count FROM sealed_day",
    "SELECT * FROM daily_figures",
    "SELECT * FROM delinquency_roll",
    "SELECT business_on FROM business_clock",
)


def books_hash(session: Session) -> str:
    """Digest everything that a business day may change."""
    digest = hashlib.sha256()
    for question in _QUESTIONS:
        rows = [tuple(row) for row in session.execute(sa.text(question))]
        if "journal_transaction t" in question:
            rows = _by_transaction(rows)
        digest.update("\n".join(sorted(map(repr, rows))).encode())
    return digest.hexdigest()


def _by_transaction(rows: list[tuple]) -> list[tuple]:
    """Put the legs of each transaction together, and forget its number."""
    legs: dict[int, list[tuple]] = {}
    for number, *rest in rows:
        legs.setdefault(number, []).append(tuple(rest))
    return [tuple(sorted(each, key=repr)) for each in legs.values()]
