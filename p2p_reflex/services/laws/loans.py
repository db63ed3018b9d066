"""Owns the laws of loans: notes, schedules and payments add up to each other, cent for cent."""

from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.services.laws.found import violations
from p2p_reflex.services.laws.servicing import (
    fund_owns_what_it_paid_for,
    log_tells_of_payments,
    pauses_end_once,
)
from p2p_reflex.services.laws.standing import STANDING_PAYMENTS


def notes_make_the_loan(session: Session) -> list[str]:
    """Law 5: a loan's outstanding principal = the sum of its notes', and so for what was lent.

    What the reserve fund bought of a note is a note, too; what was lent is the lenders' alone.
    """
    return violations(
        session,
        "SELECT n.id, n.principal_cents, n.outstanding_cents, COALESCE(s.principal, 0) AS principal,"
        " COALESCE(s.outstanding, 0) AS outstanding FROM loan n"
        " LEFT JOIN (SELECT loan_id, SUM(principal_cents) AS principal, SUM(outstanding_cents) AS outstanding"
        " FROM (SELECT loan_id, CASE WHEN bought_from_id IS NULL THEN principal_cents ELSE 0 END AS"
        " principal_cents, outstanding_cents FROM note) AS held GROUP BY loan_id) s ON s.loan_id = n.id"
        " WHERE n.principal_cents <> COALESCE(s.principal, 0)"
        " OR n.outstanding_cents <> COALESCE(s.outstanding, 0) ORDER BY n.id",
        lambda row: (
            f"Loan {row.id} owes {money(row.outstanding_cents)} of {money(row.principal_cents)};"
            f" its notes say {money(int(row.outstanding))} of {money(int(row.principal))}."
        ),
    )


def schedules_add_up(session: Session) -> list[str]:
    """Law 7: scheduled principal sums to the principal; paid parts sum to the payments."""
    return (
        _schedule_against_principal(session)
        + _parts_against_payments(session)
        + _installments_against_parts(session)
        + _loans_against_payments(session)
        + log_tells_of_payments(session)
        + pauses_end_once(session)
    )


def lenders_get_the_payment(session: Session) -> list[str]:
    """Law 8: lenders' parts of a payment sum to the payment less fees, in the tables and in the wallets."""
    return (
        _lender_parts_against_payments(session)
        + _notes_against_lender_parts(session)
        + _wallets_against_lender_parts(session)
        + _parts_that_move_nothing(session)
        + fund_owns_what_it_paid_for(session)
    )


def _schedule_against_principal(session: Session) -> list[str]:
    """Compare what is scheduled, paid ahead of the schedule and forgiven with what was lent."""
    return violations(
        session,
        "SELECT n.id, n.principal_cents, COALESCE(i.principal, 0) AS scheduled,"  # noqa: S608
        " COALESCE(p.prepaid, 0) AS prepaid, n.forgiven_cents FROM loan n"
        " LEFT JOIN (SELECT loan_id, SUM(principal_cents) AS principal FROM installment GROUP BY loan_id) i"
        " ON i.loan_id = n.id"
        " LEFT JOIN (SELECT loan_id, SUM(prepaid_principal_cents) AS prepaid"
        f" FROM ({STANDING_PAYMENTS}) AS standing GROUP BY loan_id) p ON p.loan_id = n.id"
        " WHERE n.principal_cents <> COALESCE(i.principal, 0) + COALESCE(p.prepaid, 0) + n.forgiven_cents"
        " ORDER BY n.id",
        lambda row: (
            f"Loan {row.id} is {money(row.principal_cents)}; {money(int(row.scheduled))} is scheduled,"
            f" {money(int(row.prepaid))} was paid ahead and {money(row.forgiven_cents)} forgiven."
        ),
    )


def _parts_against_payments(session: Session) -> list[str]:
    """Compare what each payment says it was for with its parts."""
    return violations(
        session,
        f"SELECT p.id, p.amount_cents FROM ({STANDING_PAYMENTS}) p"  # noqa: S608
        " LEFT JOIN (SELECT payment_id, SUM(principal_cents) AS principal, SUM(interest_cents) AS interest,"
        " SUM(late_fee_cents) AS late_fee FROM payment_part GROUP BY payment_id) s ON s.payment_id = p.id"
        " WHERE p.principal_cents - p.prepaid_principal_cents <> COALESCE(s.principal, 0)"
        " OR p.interest_cents <> COALESCE(s.interest, 0)"
        " OR p.late_fee_cents <> COALESCE(s.late_fee, 0) ORDER BY p.id",
        lambda row: f"Payment {row.id} of {money(row.amount_cents)} does not sum from its parts.",
    )


def _installments_against_parts(session: Session) -> list[str]:
    """Compare what each installment says was paid with the parts of the payments that stand."""
    return violations(
        session,
        "SELECT i.id, i.loan_id, i.number FROM installment i"  # noqa: S608
        " LEFT JOIN (SELECT q.installment_id, SUM(q.principal_cents) AS principal,"
        " SUM(q.interest_cents) AS interest, SUM(q.late_fee_cents) AS late_fee"
        f" FROM payment_part q JOIN ({STANDING_PAYMENTS}) AS standing ON standing.id = q.payment_id"
        " GROUP BY q.installment_id) s ON s.installment_id = i.id"
        " WHERE i.principal_paid_cents <> COALESCE(s.principal, 0)"
        " OR i.interest_paid_cents <> COALESCE(s.interest, 0)"
        " OR i.late_fee_paid_cents <> COALESCE(s.late_fee, 0) ORDER BY i.id",
        lambda row: f"Installment {row.number} of loan {row.loan_id} does not say what was paid on it.",
    )


def _loans_against_payments(session: Session) -> list[str]:
    """Compare a loan's running totals with its payments."""
    return violations(
        session,
        "SELECT n.id FROM loan n"  # noqa: S608
        " LEFT JOIN (SELECT loan_id, SUM(principal_cents) AS principal, SUM(interest_cents) AS interest,"
        f" SUM(late_fee_cents) AS late_fee FROM ({STANDING_PAYMENTS}) AS standing GROUP BY loan_id) p"
        " ON p.loan_id = n.id"
        " WHERE n.principal_cents - n.outstanding_cents - n.forgiven_cents <> COALESCE(p.principal, 0)"
        " OR n.interest_paid_cents <> COALESCE(p.interest, 0)"
        " OR n.late_fees_paid_cents <> COALESCE(p.late_fee, 0) ORDER BY n.id",
        lambda row: f"Loan {row.id} does not say what its payments say.",
    )


def _lender_parts_against_payments(session: Session) -> list[str]:
    """Compare each payment that stands with what its notes got; of one that was reversed nothing is left."""
    return violations(
        session,
        "SELECT p.id, p.amount_cents FROM (SELECT p.id, p.amount_cents, CASE WHEN r.id IS NULL THEN 1 ELSE 0"
        " END AS stands, p.principal_cents, p.interest_cents, p.late_fee_cents, p.servicing_fee_cents,"
        " p.collection_fee_cents FROM payment p"
        " LEFT JOIN journal_transaction r ON r.reverses_id = p.transaction_id) p"
        " LEFT JOIN (SELECT payment_id, SUM(principal_cents) AS principal, SUM(interest_cents) AS interest,"
        " SUM(late_fee_cents) AS late_fee, SUM(servicing_fee_cents) AS fee,"
        " SUM(collection_fee_cents) AS collection_fee FROM lender_payment"
        " GROUP BY payment_id) s ON s.payment_id = p.id"
        " WHERE p.principal_cents * stands <> COALESCE(s.principal, 0)"
        " OR p.interest_cents * stands <> COALESCE(s.interest, 0)"
        " OR p.late_fee_cents * stands <> COALESCE(s.late_fee, 0)"
        " OR p.servicing_fee_cents * stands <> COALESCE(s.fee, 0)"
        " OR p.collection_fee_cents * stands <> COALESCE(s.collection_fee, 0) ORDER BY p.id",
        lambda row: f"Payment {row.id} of {money(row.amount_cents)} is not what its lenders got.",
    )


def _notes_against_lender_parts(session: Session) -> list[str]:
    """Compare each note with what was paid on it, what the fund bought of it, and what was forgiven."""
    return violations(
        session,
        "SELECT o.id, o.loan_id FROM note o"
        " LEFT JOIN (SELECT q.note_id, SUM(q.principal_cents) AS principal,"
        " SUM(q.interest_cents) AS interest, SUM(q.late_fee_cents) AS late_fee,"
        " SUM(q.servicing_fee_cents) AS fee, SUM(q.collection_fee_cents) AS collection_fee"
        " FROM lender_payment q GROUP BY q.note_id) s ON s.note_id = o.id"
        " LEFT JOIN (SELECT bought_from_id, SUM(principal_cents) AS sold FROM note"
        " WHERE bought_from_id IS NOT NULL GROUP BY bought_from_id) f ON f.bought_from_id = o.id"
        " WHERE o.principal_cents - o.outstanding_cents - o.forgiven_cents"
        " <> COALESCE(s.principal, 0) + COALESCE(f.sold, 0)"
        " OR o.interest_received_cents <> COALESCE(s.interest, 0)"
        " OR o.late_fees_received_cents <> COALESCE(s.late_fee, 0)"
        " OR o.servicing_fees_cents <> COALESCE(s.fee, 0)"
        " OR o.collection_fees_cents <> COALESCE(s.collection_fee, 0) ORDER BY o.id",
        lambda row: f"Note {row.id} of loan {row.loan_id} does not say what was paid on it.",
    )


def _wallets_against_lender_parts(session: Session) -> list[str]:
    """Compare what each holder got by a transaction with what the journal put into wallet or fund.

    Payments, recoveries, and the reversals and corrections of them; the reserve fund is member 0.
    """
    return violations(
        session,
        "SELECT transaction_id, member_id, SUM(amount) AS difference FROM ("
        " SELECT COALESCE(q.transaction_id, p.transaction_id) AS transaction_id,"
        " COALESCE(o.lender_id, 0) AS member_id, q.principal_cents + q.interest_cents + q.late_fee_cents"
        " - q.servicing_fee_cents - q.collection_fee_cents AS amount"
        " FROM payment p JOIN lender_payment q ON q.payment_id = p.id JOIN note o ON o.id = q.note_id"
        " WHERE q.event_id IS NULL OR q.transaction_id IS NOT NULL"
        " UNION ALL"
        " SELECT t.id AS transaction_id, COALESCE(a.member_id, 0) AS member_id, -e.amount_cents AS amount"
        " FROM journal_transaction t"
        " JOIN journal_entry e ON e.transaction_id = t.id"
        " JOIN ledger_account a ON a.id = e.account_id"
        " JOIN loan n ON n.id = t.loan_id WHERE (t.kind IN ('payment', 'recovery', 'correction')"
        " OR (t.kind = 'reversal' AND t.reverses_id IN (SELECT transaction_id FROM payment)))"
        " AND ((a.kind = 'wallet' AND a.member_id <> n.borrower_id) OR a.kind = 'reserve_fund')"
        ") AS both_sides GROUP BY transaction_id, member_id HAVING SUM(amount) <> 0"
        " ORDER BY transaction_id, member_id",
        lambda row: (
            f"Transaction {row.transaction_id} gave {_holder(row.member_id)}"
            f" {money(abs(int(row.difference)))}"
            f" {'less' if row.difference > 0 else 'more'} than their part of the payment."
        ),
    )


def _parts_that_move_nothing(session: Session) -> list[str]:
    """Find corrections without a transaction that bring a holder something all the same."""
    return violations(
        session,
        "SELECT q.event_id, COALESCE(o.lender_id, 0) AS member_id, SUM(q.principal_cents + q.interest_cents"
        " + q.late_fee_cents - q.servicing_fee_cents - q.collection_fee_cents) AS difference"
        " FROM lender_payment q JOIN note o ON o.id = q.note_id"
        " WHERE q.event_id IS NOT NULL AND q.transaction_id IS NULL"
        " GROUP BY q.event_id, COALESCE(o.lender_id, 0) HAVING SUM(q.principal_cents + q.interest_cents"
        " + q.late_fee_cents - q.servicing_fee_cents - q.collection_fee_cents) <> 0 ORDER BY q.event_id",
        lambda row: (
            f"Correction {row.event_id} gave {_holder(row.member_id)} {money(int(row.difference))}"
            " without a transaction."
        ),
    )


def _holder(member_id: int) -> str:
    return f"member {member_id}" if member_id else "the reserve fund"
