"""Owns what stands, in SQL for the laws: payments that were not reversed, events that nothing voided."""

STANDING_PAYMENTS = (
    "SELECT p.* FROM payment p WHERE NOT EXISTS"
    " (SELECT 1 FROM journal_transaction r WHERE r.reverses_id = p.transaction_id)"
)
"""A payment stands as long as its transaction was not reversed."""

STANDING_EVENTS = (
    "SELECT e.* FROM loan_event e WHERE NOT EXISTS (SELECT 1 FROM loan_event_void v WHERE v.event_id = e.id)"
)
"""An event of a loan's log stands as long as no correction names it."""
