"""Listings: their live preview, publishing within the limits, drafts, and withdrawal."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import FieldError, UnknownError
from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState
from p2p_reflex.models import Assessment, Bid, Hold, Listing
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.listings import listings
from p2p_reflex.services.listings.listing_limits import BorrowingLimitError
from p2p_reflex.services.listings.listings import ListingEndedError, ListingForm, ListingPreview
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.holds import HoldChange, change_holds
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing_form, in_threads
from tests.loan_rows import a_bare_loan

pytestmark = pytest.mark.usefixtures("database")


def publish(borrower_id: int, form: ListingForm | None = None, form_key: str | None = None) -> int:
    """Publish a listing in a transaction of its own."""
    return run(
        listings.publish,
        borrower_id=borrower_id,
        form=form or a_listing_form(),
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def preview(borrower_id: int, **changes: Any) -> ListingPreview:
    """Preview a form with some texts changed."""
    return read(listings.preview, borrower_id=borrower_id, form=a_listing_form(**changes), business_on=TODAY)


def withdraw(borrower_id: int, listing_id: int, form_key: str | None = None) -> None:
    """Withdraw a listing in a transaction of its own."""
    run(
        listings.withdraw,
        borrower_id=borrower_id,
        listing_id=listing_id,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def listing_of(listing_id: int) -> Listing:
    """Read a listing as it stands."""
    with transaction() as session:
        return session.exec(select(Listing).where(Listing.id == listing_id)).one()


def a_leading_bid(session: Session, *, listing_id: int, lender_id: int, amount_cents: int) -> int:
    """Write a bid that leads in full, with its cash held."""
    (hold_id,) = change_holds(
        session,
        changes=[HoldChange(lender_id, listing_id, None, 0, amount_cents, "A bid")],
        business_on=TODAY,
        recorded_at=NOW,
    )
    bid = Bid(
        listing_id=listing_id,
        lender_id=lender_id,
        amount_cents=amount_cents,
        rate=Decimal("0.12"),
        leading_cents=amount_cents,
        hold_id=hold_id,
        placed_on=TODAY,
        placed_at=NOW,
    )
    session.add(bid)
    session.flush()
    return bid.id


def test_a_preview_shows_what_the_request_would_mean() -> None:
    borrower_id = run(a_borrower)

    shown = preview(borrower_id)

    meant = shown.consequences
    assert shown.errors == {}
    assert meant is not None
    assert meant.assessment.floor_rate <= meant.likely.low_rate <= meant.likely.high_rate <= Decimal("0.135")
    assert meant.fee_cents + meant.net_proceeds_cents == 18_000_00
    assert len(meant.schedule) == 36
    assert sum(row.principal_cents for row in meant.schedule) == 18_000_00
    assert meant.total_cost_cents == sum(row.interest_cents for row in meant.schedule) + meant.fee_cents
    assert meant.apr > meant.likely.middle_rate
    assert shown.closes_on == TODAY + timedelta(days=7)


def test_a_preview_says_one_sentence_beside_each_field_that_cannot_be_used() -> None:
    borrower_id = run(a_borrower)

    shown = preview(
        borrower_id,
        amount="999",
        term_months="61",
        purpose="yacht",
        highest_rate="99",
        title="",
        story="x",
        window_days="0",
        smallest_share="69",
    )

    assert set(shown.errors) == set(asdict(a_listing_form())) - {"accepts_automatically"}
    assert all(sentence.endswith(".") for sentence in shown.errors.values())
    assert shown.consequences is None


def test_a_preview_works_with_what_can_be_read_already() -> None:
    borrower_id = run(a_borrower)

    shown = preview(borrower_id, purpose="", highest_rate="", title="", story="")

    assert set(shown.errors) == {"purpose", "highest_rate", "title", "story"}
    assert shown.consequences is not None
    assert shown.consequences.purpose_is_assumed
    assert shown.consequences.highest_rate is None


def test_the_suggested_highest_rate_is_acceptable() -> None:
    borrower_id = run(a_borrower)
    meant = preview(borrower_id, highest_rate="").consequences
    assert meant is not None

    shown = preview(borrower_id, highest_rate=f"{meant.suggested_highest_rate * 100:.2f}")

    assert shown.errors == {}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-5", "1e30", "0.001", "1_000", "٣٦", "", "x" * 10_000])
def test_odd_figures_are_refused_beside_their_field(text: str) -> None:
    borrower_id = run(a_borrower)

    shown = preview(borrower_id, amount=text, term_months=text, highest_rate=text)

    assert {"amount", "term_months", "highest_rate"} <= set(shown.errors)


def test_the_highest_rate_lies_between_the_grades_floor_and_the_legal_ceiling() -> None:
    borrower_id = run(a_borrower)
    meant = preview(borrower_id).consequences
    assert meant is not None
    floor_percent = meant.assessment.floor_rate * 100

    under = preview(borrower_id, highest_rate=f"{floor_percent - Decimal('0.01'):f}")
    at_floor = preview(borrower_id, highest_rate=f"{floor_percent:f}")
    at_ceiling = preview(borrower_id, highest_rate="36")
    over = preview(borrower_id, highest_rate="36.01")

    assert f"between {floor_percent:.2f} % and 36.00 %" in under.errors["highest_rate"]
    assert at_floor.errors == {}
    assert at_ceiling.errors == {}
    assert "highest_rate" in over.errors


def test_the_likely_rate_rests_on_five_recent_loans_of_the_grade_or_says_it_does_not() -> None:
    borrower_id = run(a_borrower)
    other_id = run(a_borrower)
    before = preview(borrower_id, highest_rate="36").consequences
    assert before is not None
    for hundredths in (1050, 1090, 1120, 1150, 1400):
        run(
            a_bare_loan,
            borrower_id=other_id,
            grade=before.assessment.grade,
            annual_rate=Decimal(hundredths).scaleb(-4),
            disbursed_on=TODAY - timedelta(days=89),
        )
    run(a_bare_loan, borrower_id=other_id, grade=Grade.G, annual_rate=Decimal("0.3"))
    run(a_bare_loan, borrower_id=other_id, grade=Grade.B, disbursed_on=TODAY - timedelta(days=91))

    after = preview(borrower_id, highest_rate="36").consequences

    assert before.likely.comparable_count == 0
    assert after is not None
    assert after.likely.comparable_count == 5
    assert (after.likely.low_rate, after.likely.middle_rate, after.likely.high_rate) == (
        Decimal("0.1090"),
        Decimal("0.1120"),
        Decimal("0.1150"),
    )


def test_a_highest_rate_under_the_likely_ones_is_said_to_be_out_of_reach() -> None:
    borrower_id = run(a_borrower)
    meant = preview(borrower_id).consequences
    assert meant is not None

    low = preview(borrower_id, highest_rate=f"{meant.assessment.floor_rate * 100:f}").consequences

    assert low is not None
    assert not low.likely.is_within_reach
    assert low.likely.middle_rate == meant.assessment.floor_rate


def test_publishing_opens_the_listing_with_a_fresh_assessment_and_removes_the_draft() -> None:
    borrower_id = run(a_borrower)
    run(listings.save_draft, borrower_id=borrower_id, form=a_listing_form(), now=NOW)

    listing_id = publish(borrower_id, a_listing_form(window_days="5", smallest_share="80"))

    listing = listing_of(listing_id)
    with transaction() as session:
        assessment = session.get(Assessment, listing.assessment_id)
    assert assessment is not None
    assert (listing.state, listing.amount_cents, listing.term_months) == (ListingState.OPEN, 18_000_00, 36)
    assert (listing.grade, listing.floor_rate) == (assessment.grade, assessment.floor_rate)
    assert listing.opens_on == TODAY
    assert listing.closes_on == TODAY + timedelta(days=5)
    assert listing.decide_until_on == TODAY + timedelta(days=7)
    assert listing.smallest_share_percent == 80
    assert read(listings.load_draft, borrower_id=borrower_id) is None


def test_the_same_form_published_twice_makes_one_listing() -> None:
    borrower_id = run(a_borrower)
    form_key = a_form_key()

    first = publish(borrower_id, form_key=form_key)
    second = publish(borrower_id, form_key=form_key)
    with pytest.raises(FormReusedError):
        publish(borrower_id, a_listing_form(amount="19,000"), form_key=form_key)

    assert first == second
    with transaction() as session:
        assert len(session.exec(select(Listing)).all()) == 1


def test_a_form_with_an_error_publishes_nothing_and_names_the_field() -> None:
    borrower_id = run(a_borrower)

    with pytest.raises(FieldError) as refused:
        publish(borrower_id, a_listing_form(highest_rate="1"))

    assert refused.value.field == "highest_rate"
    with transaction() as session:
        assert session.exec(select(Listing)).all() == []
        assert session.exec(select(Assessment)).all() == []


def test_a_borrower_has_at_most_two_open_listings() -> None:
    borrower_id = run(a_borrower)
    first = publish(borrower_id, a_listing_form(amount="5,000"))
    publish(borrower_id, a_listing_form(amount="5,000"))

    with pytest.raises(BorrowingLimitError, match="2 open listings"):
        publish(borrower_id, a_listing_form(amount="5,000"))
    assert "2 open listings" in preview(borrower_id).obstacle
    withdraw(borrower_id, first)

    assert publish(borrower_id, a_listing_form(amount="5,000"))


def test_of_five_listings_published_at_once_two_are_opened() -> None:
    borrower_id = run(a_borrower)

    outcomes = in_threads([lambda: publish(borrower_id, a_listing_form(amount="5,000"))] * 5)

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, BorrowingLimitError) for outcome in outcomes) == 3


def test_what_is_owed_and_asked_for_together_stays_under_the_cap() -> None:
    borrower_id = run(a_borrower, annual_income_cents=900_000_00)
    run(a_bare_loan, borrower_id=borrower_id, principal_cents=60_000_00)
    publish(borrower_id, a_listing_form(amount="30,000", highest_rate="36"))

    with pytest.raises(BorrowingLimitError, match=r"You can ask for \$10,000 more"):
        publish(borrower_id, a_listing_form(amount="10,001", highest_rate="36"))

    assert publish(borrower_id, a_listing_form(amount="10,000", highest_rate="36"))


def test_a_borrower_whose_loan_is_late_beyond_its_grace_cannot_ask_for_more() -> None:
    borrower_id = run(a_borrower)
    run(a_bare_loan, borrower_id=borrower_id, paid_count=2, disbursed_on=TODAY - timedelta(days=120))

    with pytest.raises(BorrowingLimitError, match="is late"):
        publish(borrower_id, a_listing_form(highest_rate="36"))


def test_a_lender_cannot_publish() -> None:
    lender_id = run(a_lender)

    with pytest.raises(UnknownError):
        publish(lender_id)


def test_a_draft_comes_back_as_it_was_typed_right_or_wrong() -> None:
    borrower_id = run(a_borrower)
    form = a_listing_form(amount="about ten", story="Half a sent", accepts_automatically=True)

    run(listings.save_draft, borrower_id=borrower_id, form=a_listing_form(), now=NOW - timedelta(hours=1))
    run(listings.save_draft, borrower_id=borrower_id, form=form, now=NOW)

    draft = read(listings.load_draft, borrower_id=borrower_id)
    assert draft is not None
    assert draft.form == form
    assert draft.saved_at == NOW


def test_a_draft_drops_what_no_database_keeps_and_is_cut_to_size() -> None:
    borrower_id = run(a_borrower)

    run(
        listings.save_draft,
        borrower_id=borrower_id,
        form=a_listing_form(title="Oven\x00\ud800", story="y" * 1_000_000, amount="9" * 99),
        now=NOW,
    )

    draft = read(listings.load_draft, borrower_id=borrower_id)
    assert draft is not None
    assert draft.form.title == "Oven"
    assert (len(draft.form.story), len(draft.form.amount)) == (4_000, 40)


def test_discarding_a_draft_twice_is_as_good_as_once() -> None:
    borrower_id = run(a_borrower)
    run(listings.save_draft, borrower_id=borrower_id, form=a_listing_form(), now=NOW)

    run(listings.discard_draft, borrower_id=borrower_id)
    run(listings.discard_draft, borrower_id=borrower_id)

    assert read(listings.load_draft, borrower_id=borrower_id) is None


def test_withdrawing_rejects_every_bid_and_releases_its_cash() -> None:
    borrower_id = run(a_borrower)
    lender_id = run(a_lender, cash_cents=5_000_00)
    listing_id = publish(borrower_id)
    run(a_leading_bid, listing_id=listing_id, lender_id=lender_id, amount_cents=2_000_00)

    withdraw(borrower_id, listing_id)

    listing = listing_of(listing_id)
    with transaction() as session:
        bid = session.exec(select(Bid)).one()
        hold = session.exec(select(Hold)).one()
    assert (listing.state, listing.ended_on) == (ListingState.WITHDRAWN, TODAY)
    assert (bid.state, bid.leading_cents) == (BidState.REJECTED, 0)
    assert hold.amount_cents == 0
    assert read(ledger.balances, member_id=lender_id) == (5_000_00, 0)


def test_a_listing_is_withdrawn_once() -> None:
    borrower_id = run(a_borrower)
    listing_id = publish(borrower_id)
    form_key = a_form_key()

    withdraw(borrower_id, listing_id, form_key)
    withdraw(borrower_id, listing_id, form_key)

    with pytest.raises(ListingEndedError, match="withdrawn already"):
        withdraw(borrower_id, listing_id)


def test_the_listing_of_somebody_else_does_not_exist() -> None:
    borrower_id, stranger_id = run(a_borrower), run(a_borrower)
    listing_id = publish(borrower_id)

    with pytest.raises(UnknownError):
        withdraw(stranger_id, listing_id)
    with pytest.raises(UnknownError):
        withdraw(borrower_id, listing_id + 1)

    assert listing_of(listing_id).state is ListingState.OPEN
