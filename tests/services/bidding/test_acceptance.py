"""Accepting: what it would mean, what it makes, and when it is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import BidState, Grade, HoldState, ListingState, TransactionKind
from p2p_reflex.models import Bid, Hold, Installment, JournalTransaction, Listing, Loan, Note
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.bidding.acceptance import NotAcceptableError, OffersGotWorseError
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.money import books, ledger
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws, in_threads

pytestmark = pytest.mark.usefixtures("database")


def _bid(lender_id: int, listing_id: int, amount: str, rate: str) -> bidding.BidOutcome:
    return house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def _a_covered_listing(**how: Any) -> tuple[int, int, list[int]]:
    """Let three lenders cover $18,000 at 11 % on average, a fourth be outbid."""
    borrower_id = house.run(a_borrower)
    listing_id = house.run(a_listing, borrower_id=borrower_id, amount_cents=18_000_00, **how)
    lenders = [house.run(a_lender, cash_cents=10_000_00) for _ in range(4)]
    for lender_id, amount, rate in zip(
        lenders, ("6000", "6000", "8000", "5000"), ("10", "11", "12", "13"), strict=True
    ):
        _bid(lender_id, listing_id, amount, rate)
    return borrower_id, listing_id, lenders


def _quote(borrower_id: int, listing_id: int, on: date = TODAY) -> acceptance.AcceptanceQuote:
    return house.read(acceptance.quote, borrower_id=borrower_id, listing_id=listing_id, business_on=on)


def _accept(borrower_id: int, listing_id: int, **how: Any) -> int:
    asked: dict[str, Any] = {
        "seen_average_rate": Decimal("0.11"),
        "seen_covered_cents": 18_000_00,
        "form_key": a_form_key(),
        "business_on": TODAY,
        "now": NOW,
    }
    return house.run(acceptance.accept, borrower_id=borrower_id, listing_id=listing_id, **asked | how)


def _change_listing(listing_id: int, **values: Any) -> None:
    def change(session: Any) -> None:
        listing = session.get_one(Listing, listing_id)
        for name, value in values.items():
            setattr(listing, name, value)

    house.run(change)


def _all(table: Any, *conditions: Any) -> list[Any]:
    return house.run(lambda session: session.exec(select(table).where(*conditions).order_by(table.id)).all())


def test_accepting_makes_the_loan_its_notes_and_its_schedule_and_pays_the_money_out() -> None:
    borrower_id, listing_id, lenders = _a_covered_listing()

    loan_id = _accept(borrower_id, listing_id)

    (loan,) = _all(Loan, col(Loan.id) == loan_id)
    assert (loan.principal_cents, loan.outstanding_cents) == (18_000_00, 18_000_00)
    assert loan.annual_rate == Decimal("0.11")
    assert (loan.origination_fee_cents, loan.reserve_contribution_cents) == (360_00, 90_00)
    assert loan.apr > loan.annual_rate
    assert (loan.disbursed_on, loan.next_due_on) == (TODAY, date(2026, 12, 20))
    notes = _all(Note, col(Note.loan_id) == loan_id)
    assert [(note.lender_id, note.principal_cents, note.annual_rate) for note in notes] == [
        (lenders[0], 6_000_00, Decimal("0.10")),
        (lenders[1], 6_000_00, Decimal("0.11")),
        (lenders[2], 6_000_00, Decimal("0.12")),
    ]
    installments = _all(Installment, col(Installment.loan_id) == loan_id)
    assert len(installments) == 36
    assert sum(row.principal_cents for row in installments) == 18_000_00
    assert installments[0].principal_cents + installments[0].interest_cents == loan.installment_cents
    assert house.read(ledger.balances, member_id=borrower_id) == (17_640_00, 0)
    equation = house.read(books.bank_equation)
    assert (equation.reserve_fund_cents, equation.income_cents, equation.held_cents) == (90_00, 270_00, 0)
    assert house.read(broken_laws) == []


def test_accepting_takes_the_winners_holds_and_rejects_everybody_else() -> None:
    borrower_id, listing_id, lenders = _a_covered_listing()

    _accept(borrower_id, listing_id)

    bids = _all(Bid, col(Bid.listing_id) == listing_id)
    assert [(bid.state, bid.accepted_cents, bid.leading_cents) for bid in bids] == [
        (BidState.ACCEPTED, 6_000_00, 0),
        (BidState.ACCEPTED, 6_000_00, 0),
        (BidState.ACCEPTED, 6_000_00, 0),
        (BidState.REJECTED, 0, 0),
    ]
    assert {hold.state for hold in _all(Hold)} == {HoldState.POSTED}
    assert [house.read(ledger.balances, member_id=who) for who in lenders] == [
        (4_000_00, 0),
        (4_000_00, 0),
        (4_000_00, 0),
        (10_000_00, 0),
    ]
    (listing,) = _all(Listing, col(Listing.id) == listing_id)
    assert (listing.state, listing.ended_on, listing.covered_cents) == (
        ListingState.ACCEPTED,
        TODAY,
        18_000_00,
    )
    (movement,) = _all(JournalTransaction, col(JournalTransaction.kind) == TransactionKind.ORIGINATION)
    assert movement.listing_id == listing_id


def test_the_quote_says_to_the_cent_what_accepting_does() -> None:
    borrower_id, listing_id, _ = _a_covered_listing(grade=Grade.C)

    quote = _quote(borrower_id, listing_id)
    loan_id = _accept(borrower_id, listing_id)

    (loan,) = _all(Loan, col(Loan.id) == loan_id)
    assert quote.can_accept
    assert quote.reason is None
    assert (quote.amount_cents, quote.fee_cents, quote.net_cents) == (18_000_00, 540_00, 17_460_00)
    assert (quote.average_rate, quote.apr) == (loan.annual_rate, loan.apr)
    assert (quote.installment_cents, quote.first_due_on) == (loan.installment_cents, loan.next_due_on)
    assert (quote.lender_count, quote.term_months) == (3, 36)


def test_a_better_book_than_the_one_seen_is_accepted_and_a_worse_one_is_not() -> None:
    borrower_id, listing_id, _ = _a_covered_listing()

    with pytest.raises(OffersGotWorseError, match=r"now average 11\.00 %"):
        _accept(borrower_id, listing_id, seen_average_rate=Decimal("0.109999"))
    assert _accept(borrower_id, listing_id, seen_average_rate=Decimal("0.12"))


def test_a_declined_bid_makes_the_book_worse_than_what_was_seen() -> None:
    borrower_id, listing_id, _ = _a_covered_listing()
    (best, *_) = _all(Bid, col(Bid.listing_id) == listing_id)
    house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=best.id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    with pytest.raises(OffersGotWorseError):
        _accept(borrower_id, listing_id)

    assert _all(Loan) == []
    assert house.read(broken_laws) == []


def test_an_open_listing_must_be_covered_in_full() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=10_000_00)
    listing_id = house.run(
        a_listing, borrower_id=borrower_id, amount_cents=10_000_00, smallest_share_percent=70
    )
    _bid(lender_id, listing_id, "9000", "11")

    quote = _quote(borrower_id, listing_id)

    assert quote.reason == "$9,000 of $10,000 is covered so far. You can accept once all of it is."
    with pytest.raises(NotAcceptableError, match=r"\$9,000 of \$10,000"):
        _accept(borrower_id, listing_id, seen_covered_cents=9_000_00)


def test_after_the_deadline_the_smallest_share_is_enough_until_the_time_to_decide_is_over() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=10_000_00)
    listing_id = house.run(
        a_listing, borrower_id=borrower_id, amount_cents=10_000_00, smallest_share_percent=90
    )
    _bid(lender_id, listing_id, "9000", "11")
    _change_listing(listing_id, state=ListingState.DECIDING)
    last_day = TODAY + timedelta(days=9)

    too_late = _quote(borrower_id, listing_id, last_day + timedelta(days=1))
    loan_id = _accept(borrower_id, listing_id, seen_covered_cents=9_000_00, business_on=last_day)

    assert too_late.reason == "The time to accept these offers is over."
    (loan,) = _all(Loan, col(Loan.id) == loan_id)
    assert loan.principal_cents == 9_000_00
    assert house.read(broken_laws) == []


def test_less_than_the_smallest_share_is_refused() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender, cash_cents=10_000_00)
    listing_id = house.run(
        a_listing, borrower_id=borrower_id, amount_cents=10_000_00, smallest_share_percent=90
    )
    _bid(lender_id, listing_id, "8900", "11")
    _change_listing(listing_id, state=ListingState.DECIDING)

    reason = _quote(borrower_id, listing_id).reason

    assert reason == "Only $8,900 of $10,000 is covered, and you asked for at least 90 % of it."


def test_accepting_somebody_elses_listing_is_as_if_it_did_not_exist() -> None:
    _, listing_id, lenders = _a_covered_listing()
    stranger = house.run(a_borrower)

    for who in (stranger, lenders[0]):
        with pytest.raises(UnknownError):
            _accept(who, listing_id)
        with pytest.raises(UnknownError):
            _quote(who, listing_id)


def test_the_same_form_accepts_once_and_a_second_one_is_told_so() -> None:
    borrower_id, listing_id, _ = _a_covered_listing()
    form_key = a_form_key()
    loan_id = _accept(borrower_id, listing_id, form_key=form_key)

    again = _accept(borrower_id, listing_id, form_key=form_key)

    assert again == loan_id
    with pytest.raises(FormReusedError):
        _accept(borrower_id, listing_id, form_key=form_key, seen_covered_cents=1)
    with pytest.raises(NotAcceptableError, match="already accepted"):
        _accept(borrower_id, listing_id)


def test_two_tabs_accepting_at_once_make_one_loan() -> None:
    borrower_id, listing_id, _ = _a_covered_listing()

    results = in_threads([lambda: _accept(borrower_id, listing_id) for _ in range(6)])

    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, NotAcceptableError) for result in results) == 5
    assert len(_all(Loan)) == 1
    assert house.read(broken_laws) == []
