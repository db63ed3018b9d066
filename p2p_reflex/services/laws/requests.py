"""Owns the law of what admins confirmed: each confirmed request is in the journal, to the cent, once."""

from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.services.laws.found import violations


def confirmed_is_journalled(session: Session) -> list[str]:
    """Part of law 9: what an admin confirmed moved exactly that much at the bank, for that member."""
    unlike = violations(
        session,
        "SELECT r.id, r.kind, r.amount_cents, COALESCE(m.moved, 0) AS moved FROM money_request r LEFT JOIN"
        " (SELECT e.transaction_id, a.member_id, t.kind, SUM(e.amount_cents) AS moved FROM journal_entry e"
        " JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'wallet'"
        " JOIN journal_transaction t ON t.id = e.transaction_id"
        " WHERE e.transaction_id IN (SELECT transaction_id FROM money_request)"
        " GROUP BY e.transaction_id, a.member_id, t.kind) m"
        " ON m.transaction_id = r.transaction_id AND m.member_id = r.member_id AND m.kind = r.kind"
        " WHERE r.state = 'confirmed' AND COALESCE(m.moved, 0)"
        " <> CASE WHEN r.kind = 'deposit' THEN r.amount_cents ELSE -r.amount_cents END ORDER BY r.id",
        lambda row: (
            f"Request {row.id}, a {row.kind} of {money(row.amount_cents)}, was confirmed;"
            f" its transaction moved {money(int(row.moved))}."
        ),
    )
    unasked = violations(
        session,
        "SELECT t.id FROM journal_transaction t LEFT JOIN money_request r ON r.transaction_id = t.id"
        " WHERE t.key LIKE 'money-request%confirmed' AND r.id IS NULL ORDER BY t.id",
        lambda row: f"Transaction {row.id} says it was confirmed, and no request says so.",
    )
    return unlike + unasked
