"""Owns small makers of people, money and listings for tests."""

import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain.amortization import Schedule, amortization_schedule
from p2p_reflex.domain.fees import origination_fee_cents, reserve_contribution_cents
from p2p_reflex.domain.rates import weighted_average_rate
from p2p_reflex.domain.vocabulary import (
    AccountKind,
    BidState,
    Grade,
    HomeOwnership,
    ListingState,
    Purpose,
    Role,
    TransactionKind,
)
from p2p_reflex.models import Assessment, Bid, BorrowerProfile, Installment, Listing, Loan, Note
from p2p_reflex.services.listings.listing_form import ListingForm
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.money import books, ledger
from p2p_reflex.services.money.ledger import Leg, Movement
from p2p_reflex.services.people.members import create_member

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
        password_hash=None,
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


def a_loan(
    session: Session,
    *,
    borrower_id: int | None = None,
    principal_cents: int = 12_000_00,
    rate: str = "0.1084",
    term_months: int = 24,
    notes: Sequence[tuple[int, str]] | None = None,
    disbursed_on: date = TODAY,
) -> int:
    """Make a loan as accepting a book would: listing, accepted bids, notes, schedule, and the money.

    `notes` gives each lender's whole-dollar part and rate.
    """
    borrower_id = borrower_id or a_borrower(session)
    shares = notes or [(principal_cents, rate)]
    assert sum(cents for cents, _ in shares) == principal_cents
    annual_rate = weighted_average_rate((cents, Decimal(each)) for cents, each in shares)
    assert annual_rate is not None
    plan = amortization_schedule(
        principal_cents=principal_cents,
        annual_rate=annual_rate,
        term_months=term_months,
        disbursed_on=disbursed_on,
    )
    listing_id = _accepted_listing(
        session, borrower_id, principal_cents, term_months, annual_rate, disbursed_on
    )
    fee_cents = origination_fee_cents(principal_cents=principal_cents, grade=Grade.B)
    loan = Loan(
        listing_id=listing_id,
        borrower_id=borrower_id,
        title="Roof repair after the storm",
        purpose=Purpose.HOME_IMPROVEMENT,
        grade=Grade.B,
        principal_cents=principal_cents,
        annual_rate=annual_rate,
        apr=annual_rate + Decimal("0.0203"),
        term_months=term_months,
        installment_cents=plan[0].payment_cents,
        origination_fee_cents=fee_cents,
        reserve_contribution_cents=reserve_contribution_cents(fee_cents=fee_cents),
        outstanding_cents=principal_cents,
        disbursed_on=disbursed_on,
        next_due_on=plan[0].due_on,
        final_due_on=plan[-1].due_on,
        created_at=NOW,
    )
    session.add(loan)
    session.flush()
    _add_schedule(session, loan, plan)
    lender_ids = [_a_note(session, loan, cents, Decimal(each)) for cents, each in shares]
    loan_log.record_disbursed(session, loan=loan, now=NOW)
    _pay_out(session, loan, dict(zip(lender_ids, (cents for cents, _ in shares), strict=True)))
    session.flush()
    return loan.id


def _add_schedule(session: Session, loan: Loan, plan: Schedule) -> None:
    session.add_all(
        Installment(
            loan_id=loan.id,
            number=row.number,
            due_on=row.due_on,
            principal_cents=row.principal_cents,
            interest_cents=row.interest_cents,
            balance_cents=row.balance_cents,
        )
        for row in plan
    )


def _accepted_listing(
    session: Session, borrower_id: int, amount_cents: int, term_months: int, rate: Decimal, on: date
) -> int:
    assessment = Assessment(
        borrower_id=borrower_id,
        assessed_on=on,
        expires_on=on + timedelta(days=90),
        credit_score=731,
        annual_income_cents=96_000_00,
        monthly_debt_cents=600_00,
        years_employed=9,
        home_ownership=HomeOwnership.OWN,
        points=70,
        max_points=100,
        grade=Grade.B,
        floor_rate=Decimal("0.01"),
        expected_loss_rate=Decimal("0.02"),
        debt_to_income=Decimal("0.2"),
        created_at=NOW,
    )
    session.add(assessment)
    session.flush()
    listing = Listing(
        borrower_id=borrower_id,
        assessment_id=assessment.id,
        state=ListingState.ACCEPTED,
        title="Roof repair after the storm",
        story="The storm of last week took a third of the roof with it, and winter is near.",
        purpose=Purpose.HOME_IMPROVEMENT,
        grade=Grade.B,
        amount_cents=amount_cents,
        term_months=term_months,
        highest_rate=Decimal("0.36"),
        floor_rate=Decimal("0.01"),
        expected_loss_rate=Decimal("0.02"),
        opens_on=on,
        closes_on=on,
        decide_until_on=on,
        covered_cents=amount_cents,
        offered_cents=amount_cents,
        average_rate=rate,
        published_at=NOW,
        ended_on=on,
    )
    session.add(listing)
    session.flush()
    return listing.id


def _a_note(session: Session, loan: Loan, cents: int, rate: Decimal) -> int:
    lender_id = a_lender(session, cash_cents=cents)
    bid = Bid(
        listing_id=loan.listing_id,
        lender_id=lender_id,
        amount_cents=cents,
        rate=rate,
        accepted_cents=cents,
        state=BidState.ACCEPTED,
        placed_on=loan.disbursed_on,
        placed_at=NOW,
    )
    session.add(bid)
    session.flush()
    note = Note(
        loan_id=loan.id,
        lender_id=lender_id,
        bid_id=bid.id,
        principal_cents=cents,
        annual_rate=rate,
        outstanding_cents=cents,
        bought_on=loan.disbursed_on,
    )
    session.add(note)
    session.flush()
    return lender_id


def _pay_out(session: Session, loan: Loan, parts: dict[int, int]) -> None:
    accounts = ledger.member_accounts(session, member_ids=[loan.borrower_id, *parts])
    house = ledger.house_accounts(session)
    income_cents = loan.origination_fee_cents - loan.reserve_contribution_cents
    legs = (
        *(Leg(accounts[lender_id].wallet_id, -cents) for lender_id, cents in parts.items()),
        Leg(accounts[loan.borrower_id].wallet_id, loan.principal_cents - loan.origination_fee_cents),
        Leg(house[AccountKind.RESERVE_FUND], loan.reserve_contribution_cents),
        Leg(house[AccountKind.FEE_INCOME], income_cents),
    )
    movement = Movement(kind=TransactionKind.ORIGINATION, memo="Loan paid out", legs=legs, loan_id=loan.id)
    ledger.post(session, [movement], business_on=loan.disbursed_on, recorded_at=NOW)


def a_listing(
    session: Session,
    *,
    borrower_id: int | None = None,
    amount_cents: int = 1_000_00,
    floor_rate: str = "0.06",
    highest_rate: str = "0.20",
    grade: Grade = Grade.B,
    term_months: int = 36,
    purpose: Purpose = Purpose.CAR,
    title: str = "Used van for a flower route",
    window_days: int = 7,
    smallest_share_percent: int = 100,
    accepts_automatically: bool = False,
    opens_on: date = TODAY,
) -> int:
    """Open a listing for bids, with the grade and limits as said."""
    borrower_id = borrower_id or a_borrower(session)
    assessment = Assessment(
        borrower_id=borrower_id,
        assessed_on=opens_on,
        expires_on=opens_on + timedelta(days=90),
        credit_score=731,
        annual_income_cents=96_000_00,
        monthly_debt_cents=600_00,
        years_employed=9,
        home_ownership=HomeOwnership.OWN,
        points=84,
        max_points=120,
        grade=grade,
        floor_rate=Decimal(floor_rate),
        expected_loss_rate=Decimal("0.0331"),
        debt_to_income=Decimal("0.24"),
        factors=[{"name": "Credit score", "label": "Credit score 731", "points": 38}],
        created_at=NOW,
    )
    session.add(assessment)
    session.flush()
    listing = Listing(
        borrower_id=borrower_id,
        assessment_id=assessment.id,
        title=title,
        story="The old van fails its next inspection, and the route needs one every day.",
        purpose=purpose,
        grade=grade,
        amount_cents=amount_cents,
        term_months=term_months,
        highest_rate=Decimal(highest_rate),
        floor_rate=Decimal(floor_rate),
        expected_loss_rate=Decimal("0.0331"),
        smallest_share_percent=smallest_share_percent,
        accepts_automatically=accepts_automatically,
        opens_on=opens_on,
        closes_on=opens_on + timedelta(days=window_days),
        decide_until_on=opens_on + timedelta(days=window_days + 2),
        published_at=NOW,
    )
    session.add(listing)
    session.flush()
    return listing.id


def broken_laws(session: Session) -> list[str]:
    """List everything that breaks a law of the books; a test expects nothing."""
    return [sentence for law in books.check_books(session) for sentence in law.violations]
