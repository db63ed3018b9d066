"""Owns small makers of people, money and listings for tests."""

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, HomeOwnership, Role, TransactionKind
from p2p_reflex.models import BorrowerProfile
from p2p_reflex.services import ledger
from p2p_reflex.services.ledger import Leg, Movement
from p2p_reflex.services.listing_form import ListingForm
from p2p_reflex.services.members import create_member

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)

_numbers = itertools.count(1)


def a_form_key() -> str:
    """Make a key like the one a form gets when it opens."""
    return f"form-key-{next(_numbers):06d}"


def a_member(session: Session, *, role: Role, full_name: str | None = None, is_bot: bool = False) -> int:
    """Create a member who cannot sign in."""
    number = next(_numbers)
    return create_member(
        session,
        role=role,
        full_name=full_name or f"Member {number}",
        email=f"member{number}@example.org",
        password=None,
        now=NOW,
        is_bot=is_bot,
    )


def a_lender(
    session: Session, *, cash_cents: int = 0, full_name: str | None = None, is_bot: bool = False
) -> int:
    """Create a lender with money in the wallet."""
    lender_id = a_member(session, role=Role.LENDER, full_name=full_name, is_bot=is_bot)
    if cash_cents:
        give_cash(session, member_id=lender_id, cash_cents=cash_cents)
    return lender_id


def give_cash(session: Session, *, member_id: int, cash_cents: int) -> int:
    """Put money into a wallet from outside, and return the transaction."""
    accounts = ledger.member_accounts(session, member_ids=[member_id])[member_id]
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    movement = Movement(
        kind=TransactionKind.DEPOSIT,
        memo="Money added",
        legs=(Leg(bank_id, -cash_cents), Leg(accounts.wallet_id, cash_cents)),
    )
    (transaction_id,) = ledger.post(session, [movement], business_on=TODAY, recorded_at=NOW)
    return transaction_id


def in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run calls at the same instant, each in its own thread, and return what each gave or raised."""
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def attempt(place: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = call()
        except Exception as error:  # the test looks at it
            results[place] = error

    threads = [threading.Thread(target=attempt, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def a_borrower(
    session: Session,
    *,
    full_name: str | None = None,
    credit_score: int = 731,
    annual_income_cents: int = 96_000_00,
    monthly_debt_cents: int = 600_00,
    years_employed: int = 9,
    home_ownership: HomeOwnership = HomeOwnership.OWN,
) -> int:
    """Create a borrower with a financial profile."""
    borrower_id = a_member(session, role=Role.BORROWER, full_name=full_name)
    session.add(
        BorrowerProfile(
            member_id=borrower_id,
            credit_score=credit_score,
            annual_income_cents=annual_income_cents,
            monthly_debt_cents=monthly_debt_cents,
            years_employed=years_employed,
            home_ownership=home_ownership,
            updated_at=NOW,
        )
    )
    session.flush()
    return borrower_id


def a_listing_form(**changes: Any) -> ListingForm:
    """Fill the new-listing form as a borrower would."""
    typed: dict[str, Any] = {
        "amount": "18,000",
        "term_months": "36",
        "purpose": "small_business",
        "highest_rate": "13.50",
        "title": "Second oven for a neighbourhood bakery",
        "story": "The bakery on Alder Street sells out by ten. A second oven doubles what it can bake.",
    }
    return ListingForm(**typed | changes)
