"""Owns the laws of servicing: the log tells of payments and pauses, the fund and the advances add up."""

from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.services.laws.found import violations
from p2p_reflex.services.laws.standing import STANDING_EVENTS, STANDING_PAYMENTS


def log_tells_of_payments(session: Session) -> list[str]:
    """Part of law 7: every payment that stands is in the log of its loan once, as it stands, and no other."""
    return violations(
        session,
        "SELECT payment_id, SUM(amount) AS difference FROM ("  # noqa: S608
        " SELECT p.id AS payment_id, p.amount_cents AS amount, 1 AS times, p.paid_on AS dated_on"
        f" FROM ({STANDING_PAYMENTS}) AS p"
        " UNION ALL"
        " SELECT e.payment_id, -e.amount_cents AS amount, -1 AS times, e.effective_on AS dated_on"
        f" FROM ({STANDING_EVENTS}) AS e WHERE e.kind = 'paid'"
        ") AS both_sides GROUP BY payment_id"
        " HAVING SUM(amount) <> 0 OR SUM(times) <> 0 OR MIN(dated_on) <> MAX(dated_on) ORDER BY payment_id",
        lambda row: f"The log of its loan does not tell of payment {row.payment_id} as it stands.",
    )


def pauses_end_once(session: Session) -> list[str]:
    """Part of law 7: a pause that ended early ended on one of its own days, and on no later one again."""
    return violations(
        session,
        f"SELECT e.id, e.loan_id FROM ({STANDING_EVENTS}) AS e WHERE e.kind = 'pause_ended'"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM ({STANDING_EVENTS}) AS p WHERE p.kind = 'paused'"
        " AND p.loan_id = e.loan_id AND p.id < e.id"
        " AND e.effective_on BETWEEN p.effective_on AND p.until_on"
        " AND NOT EXISTS (SELECT 1 FROM loan_event o WHERE o.kind = 'pause_ended' AND o.loan_id = e.loan_id"
        " AND o.id > p.id AND o.id < e.id AND o.effective_on <= e.effective_on"
        " AND o.effective_on BETWEEN p.effective_on AND p.until_on)) ORDER BY e.id",
        lambda row: f"Event {row.id} ends a pause of loan {row.loan_id} that does not run on that day.",
    )


def fund_owns_what_it_paid_for(session: Session) -> list[str]:
    """Part of law 8: what the fund paid for notes of a loan is the principal of the notes it holds of it."""
    return violations(
        session,
        "SELECT loan_id, SUM(amount) AS difference FROM ("
        " SELECT loan_id, principal_cents AS amount FROM note WHERE lender_id IS NULL"
        " UNION ALL"
        " SELECT t.loan_id, e.amount_cents AS amount FROM journal_transaction t"
        " JOIN journal_entry e ON e.transaction_id = t.id JOIN ledger_account a ON a.id = e.account_id"
        " WHERE t.kind = 'fund_purchase' AND a.kind = 'reserve_fund'"
        ") AS both_sides GROUP BY loan_id HAVING SUM(amount) <> 0 ORDER BY loan_id",
        lambda row: (
            f"Of loan {row.loan_id} the reserve fund holds {money(abs(int(row.difference)))}"
            f" {'more' if row.difference > 0 else 'less'} than it paid for."
        ),
    )


def advances_add_up(session: Session) -> list[str]:
    """Part of law 9: what is owed to the platform was advanced, and neither collected nor written off."""
    return violations(
        session,
        "SELECT owed, open FROM (SELECT"
        " (SELECT COALESCE(SUM(-balance_cents), 0) FROM ledger_account WHERE kind = 'receivable') AS owed,"
        " (SELECT COALESCE(SUM(amount_cents - collected_cents - written_off_cents), 0) FROM receivable)"
        " AS open) AS book WHERE owed <> open OR owed < 0",
        lambda row: (
            f"The account of advances says {money(int(row.owed))}; {money(int(row.open))} of them is open."
        ),
    )
