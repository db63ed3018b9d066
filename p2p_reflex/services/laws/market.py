"""Owns the laws of the market: cash is held for exactly what leads, and no more is taken than was asked."""

from typing import Any

from sqlmodel import Session

from p2p_reflex.domain.formats import money
from p2p_reflex.services.laws.found import violations

_RANKED = (
    "SELECT b.id, b.listing_id, b.leading_cents, b.amount_cents, l.amount_cents AS asked_cents,"
    " SUM(b.amount_cents) OVER (PARTITION BY b.listing_id ORDER BY b.rate, b.is_bot, b.id) - b.amount_cents"
    " AS before_cents FROM bid b JOIN listing l ON l.id = b.listing_id WHERE b.state = 'live'"
)


def held_is_what_leads(session: Session) -> list[str]:
    """Law 4: cash held = what leads in open books + withdrawals that wait, by member, bid and listing."""
    return _accounts_against_bids(session) + _holds_against_bids(session) + _books_against_bids(session)


def accepted_within_asked(session: Session) -> list[str]:
    """Law 6: accepted money ≤ the amount asked for, and a loan is what was accepted."""
    too_much = violations(
        session,
        "SELECT l.id, l.amount_cents, SUM(b.accepted_cents) AS accepted FROM listing l"
        " JOIN bid b ON b.listing_id = l.id GROUP BY l.id, l.amount_cents"
        " HAVING SUM(b.accepted_cents) > l.amount_cents ORDER BY l.id",
        lambda row: (
            f"Listing {row.id} asked for {money(row.amount_cents)} and took {money(int(row.accepted))}."
        ),
    )
    unlike_loan = violations(
        session,
        "SELECT n.id, n.principal_cents, COALESCE(b.accepted, 0) AS accepted FROM loan n"
        " LEFT JOIN (SELECT listing_id, SUM(accepted_cents) AS accepted FROM bid GROUP BY listing_id) b"
        " ON b.listing_id = n.listing_id WHERE n.principal_cents <> COALESCE(b.accepted, 0) ORDER BY n.id",
        lambda row: (
            f"Loan {row.id} is {money(row.principal_cents)}; {money(int(row.accepted))} of bids was accepted."
        ),
    )
    without_loan = violations(
        session,
        "SELECT b.listing_id FROM bid b LEFT JOIN loan n ON n.listing_id = b.listing_id"
        " WHERE b.accepted_cents > 0 AND n.id IS NULL GROUP BY b.listing_id ORDER BY b.listing_id",
        lambda row: f"Listing {row.listing_id} has accepted bids and no loan.",
    )
    return too_much + unlike_loan + without_loan


def _accounts_against_bids(session: Session) -> list[str]:
    """Compare each member's held account with what of their bids leads and what they wait to withdraw."""
    return violations(
        session,
        "SELECT member_id, balance_cents, leads, waits FROM (SELECT a.member_id, a.balance_cents,"
        " COALESCE(b.leads, 0) AS leads, COALESCE(w.waits, 0) AS waits FROM ledger_account a"
        " LEFT JOIN (SELECT lender_id, SUM(leading_cents) AS leads FROM bid WHERE state = 'live'"
        " GROUP BY lender_id) b ON b.lender_id = a.member_id"
        " LEFT JOIN (SELECT member_id, SUM(amount_cents) AS waits FROM money_request"
        " WHERE state = 'waiting' AND kind = 'withdrawal' GROUP BY member_id) w ON w.member_id = a.member_id"
        " WHERE a.kind = 'held') AS each_member WHERE balance_cents <> leads + waits ORDER BY member_id",
        _held_sentence,
    )


def _held_sentence(row: Any) -> str:
    waiting = f" and {money(int(row.waits))} waits to be withdrawn" if row.waits else ""
    return (
        f"Member {row.member_id} has {money(row.balance_cents)} held;"
        f" {money(int(row.leads))} of their bids leads{waiting}."
    )


def _holds_against_bids(session: Session) -> list[str]:
    """Compare each bid with its hold, and find holds that no bid needs."""
    unlike = violations(
        session,
        "SELECT b.id, b.leading_cents, COALESCE(h.amount_cents, 0) AS held FROM bid b"
        " LEFT JOIN hold h ON h.id = b.hold_id AND h.state = 'active'"
        " WHERE b.state = 'live' AND b.leading_cents <> COALESCE(h.amount_cents, 0) ORDER BY b.id",
        lambda row: f"Bid {row.id} leads with {money(row.leading_cents)}; {money(row.held)} is held for it.",
    )
    orphans = violations(
        session,
        "SELECT h.id, h.amount_cents FROM hold h WHERE h.state = 'active' AND NOT EXISTS"
        " (SELECT 1 FROM bid b WHERE b.hold_id = h.id AND b.state = 'live') ORDER BY h.id",
        lambda row: f"Hold {row.id} keeps {money(row.amount_cents)} for no bid.",
    )
    return unlike + orphans


def _books_against_bids(session: Session) -> list[str]:
    """Fill every open book anew, and compare what leads and the totals on the listings."""
    # CASE instead of min and max: the two engines name the scalar ones differently.
    wrong_lead = violations(
        session,
        "SELECT id, leading_cents, expected FROM (SELECT id, leading_cents, CASE"  # noqa: S608
        " WHEN asked_cents <= before_cents THEN 0"
        " WHEN asked_cents - before_cents < amount_cents THEN asked_cents - before_cents"
        f" ELSE amount_cents END AS expected FROM ({_RANKED}) AS ranked) AS filled"
        " WHERE leading_cents <> expected ORDER BY id",
        lambda row: (
            f"Bid {row.id} leads with {money(row.leading_cents)}; by its rank it leads with"
            f" {money(int(row.expected))}."
        ),
    )
    wrong_totals = violations(
        session,
        "SELECT l.id, l.covered_cents, l.offered_cents, COALESCE(b.leading, 0) AS leading,"
        " COALESCE(b.amount, 0) AS amount FROM listing l"
        " LEFT JOIN (SELECT listing_id, SUM(leading_cents) AS leading, SUM(amount_cents) AS amount FROM bid"
        " WHERE state = 'live' GROUP BY listing_id) b ON b.listing_id = l.id"
        " WHERE l.state IN ('open', 'deciding') AND (l.covered_cents <> COALESCE(b.leading, 0)"
        " OR l.offered_cents <> COALESCE(b.amount, 0)) ORDER BY l.id",
        lambda row: (
            f"Listing {row.id} says {money(row.covered_cents)} covered of {money(row.offered_cents)} offered;"
            f" its book says {money(int(row.leading))} of {money(int(row.amount))}."
        ),
    )
    left_over = violations(
        session,
        "SELECT b.id, b.listing_id FROM bid b JOIN listing l ON l.id = b.listing_id"
        " WHERE b.state = 'live' AND l.state NOT IN ('open', 'deciding') ORDER BY b.id",
        lambda row: f"Bid {row.id} still stands in the closed book of listing {row.listing_id}.",
    )
    return wrong_lead + wrong_totals + left_over
