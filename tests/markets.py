"""Owns a small market with loans of every kind of payer, for tests of the business day."""

from datetime import UTC, date, datetime, time

from sqlmodel import Session

from p2p_reflex.models import Loan
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money import ledger, wallets
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_loan,
    give_cash,
)

PAYERS = ("autopay", "autopay", "partial", "short", "by hand", "broke", "payoff")
SINCE = (date(2026, 10, 20), date(2026, 10, 22), date(2026, 9, 25), date(2026, 7, 18))
LAST_ONE_DUE = date(2025, 11, 20)


def a_market(session: Session, *, loan_count: int = 9, opens_on: date = TODAY) -> None:
    """Open a market on a day: loans in every stage, a book that is covered, one that is not."""
    business_date.open_day(session, business_on=date(2025, 11, 1))
    for place in range(loan_count):
        payer = PAYERS[place % len(PAYERS)]
        since = LAST_ONE_DUE if payer == "payoff" else SINCE[place % len(SINCE)]
        notes = [(600_00, "0.09"), (350_00, "0.1125"), (250_00, "0.2")]
        loan_id = a_loan(session, principal_cents=1_200_00, term_months=12, notes=notes, disbursed_on=since)
        _arrange(session, session.get_one(Loan, loan_id), payer)
    business_date.open_day(session, business_on=opens_on)
    for amount_cents, automatic in ((1_000_00, True), (2_000_00, False)):
        listing_id = a_listing(
            session,
            amount_cents=amount_cents,
            window_days=3,
            accepts_automatically=automatic,
            opens_on=opens_on,
        )
        bidding.place_bid(
            session,
            lender_id=a_lender(session, cash_cents=1_000_00),
            listing_id=listing_id,
            amount="1000",
            rate="12",
            message="",
            form_key=a_form_key(),
            business_on=opens_on,
            now=NOW,
        )
    a_borrower(session)


def _arrange(session: Session, loan: Loan, payer: str) -> None:
    """Give a borrower the habits of a kind."""
    loan.autopay = payer not in ("by hand",)
    loan.autopay_partial = payer == "partial"
    spare_cents = {"autopay": 900_00, "payoff": 2_000_00, "partial": 100_00}.get(payer, 0)
    if spare_cents:
        give_cash(session, member_id=loan.borrower_id, cash_cents=spare_cents)
    if payer in ("short", "broke", "partial"):
        _spend(session, loan, keep_cents=150_00 if payer != "broke" else 0)
    session.add(loan)
    session.flush()


def _spend(session: Session, loan: Loan, *, keep_cents: int) -> None:
    """Take what was paid out into the world."""
    available, _ = ledger.balances(session, member_id=loan.borrower_id)
    cents = available - keep_cents
    wallets.withdraw(
        session,
        member_id=loan.borrower_id,
        amount=f"{cents // 100}.{cents % 100:02d}",
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def moment_of(on: date) -> datetime:
    """Name the moment at which a day closes."""
    return datetime.combine(on, time(23), tzinfo=UTC)
