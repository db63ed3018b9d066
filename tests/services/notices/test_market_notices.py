"""Who is told what while a listing lives: bids, cover, being outbid, closing, the loan, and its money."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.services.bidding import acceptance, bidding
from p2p_reflex.services.days import business_day, opening
from p2p_reflex.services.listings import closing, listings
from p2p_reflex.services.money import wallets
from p2p_reflex.services.notices import market_notices, notices
from p2p_reflex.services.paying import payments
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, in_threads

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _open_market(database: Any) -> None:
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def borrower_id() -> int:
    return house.run(a_borrower, full_name="Rosa Marchetti")


@pytest.fixture
def listing_id(borrower_id: int) -> int:
    return house.run(a_listing, borrower_id=borrower_id, amount_cents=1_000_00)


def lender(name: str = "Maya Rosen", **more: Any) -> int:
    return house.run(a_lender, full_name=name, cash_cents=5_000_00, **more)


def bid(listing_id: int, lender_id: int, amount: str, rate: str, minutes: int = 0) -> int:
    return house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW + timedelta(minutes=minutes),
    ).bid_id


def told(member_id: int) -> list[tuple[str, str]]:
    """Return what a member was told, the oldest first."""
    rows = house.read(notices.page_of, member_id=member_id, page_size=100).rows
    return [(row.event.value, f"{row.text.title}. {row.text.meaning}") for row in reversed(rows)]


def events(member_id: int) -> list[str]:
    return [event for event, _ in told(member_id)]


def test_the_borrower_hears_of_the_first_bid_once_and_of_being_covered(
    listing_id: int, borrower_id: int
) -> None:
    bid(listing_id, lender("Maya Rosen"), "400", "10")
    bid(listing_id, lender("Tomas Kral"), "600", "11")

    assert told(borrower_id) == [
        (
            "first_bid",
            "First bid on “Used van for a flower route”. Maya R. offers $400 at 10.00 %.",
        ),
        (
            "covered",
            "“Used van for a flower route” is fully covered. All $1,000 leads at 10.60 % on average. "
            "You can accept now, or wait for lower bids.",
        ),
    ]


def test_whoever_is_displaced_hears_by_whom_and_what_is_free_again(listing_id: int) -> None:
    maya_id, tomas_id = lender("Maya Rosen"), lender("Tomas Kral")
    bid(listing_id, maya_id, "1000", "11")

    bid(listing_id, tomas_id, "400", "10.5")
    bid(listing_id, lender("Ingrid Sund"), "1000", "10", minutes=61)

    assert [words for _, words in told(maya_id)] == [
        "You were outbid in part on “Used van for a flower route”. "
        "Tomas K. bid 10.50 %. $400 is free again, $600 still leads.",
        "You were outbid on “Used van for a flower route”. Ingrid S. bid 10.00 %. $600 is free again.",
    ]
    assert events(tomas_id) == ["outbid"]


def test_a_bidding_war_tells_of_being_outbid_once_an_hour(listing_id: int) -> None:
    maya_id = lender()
    bid(listing_id, maya_id, "1000", "15")

    for step in range(8):
        bid(listing_id, lender(f"Lender Number{step}"), "100", str(14 - step), minutes=5 * step)

    assert events(maya_id) == ["outbid"]


def test_bots_are_named_and_told_nothing(listing_id: int, borrower_id: int) -> None:
    maya_id = lender()
    bot_id = lender("GrowthMax Lending", is_bot=True)
    bid(listing_id, maya_id, "1000", "15")

    bid(listing_id, bot_id, "1000", "12")
    bid(listing_id, lender("Ingrid Sund"), "1000", "10")

    assert told(maya_id)[0][1].endswith("GrowthMax Lending bid 12.00 %. $1,000 is free again.")
    assert told(bot_id) == []


def test_a_declined_lender_hears_of_it(listing_id: int, borrower_id: int) -> None:
    maya_id = lender()
    bid_id = bid(listing_id, maya_id, "400", "10")

    house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=bid_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    assert told(maya_id)[-1][1].endswith("The borrower turned it down. $400 is free again.")


def test_a_bid_that_lapses_for_want_of_cash_is_told(listing_id: int, borrower_id: int) -> None:
    maya_id, poor_id = lender("Maya Rosen"), house.run(a_lender, full_name="Joel Park", cash_cents=0)
    maya_bid = bid(listing_id, maya_id, "1000", "10")
    bid(listing_id, poor_id, "500", "12")

    house.run(
        bidding.decline_bid,
        borrower_id=borrower_id,
        bid_id=maya_bid,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    assert events(poor_id) == ["bid_lapsed"]


def test_a_withdrawn_listing_is_told_to_every_lender_in_it(listing_id: int, borrower_id: int) -> None:
    maya_id, tomas_id = lender("Maya Rosen"), lender("Tomas Kral")
    bid(listing_id, maya_id, "1000", "10")
    bid(listing_id, tomas_id, "500", "12")

    house.run(
        listings.withdraw,
        borrower_id=borrower_id,
        listing_id=listing_id,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    assert told(maya_id)[-1][1].endswith("The listing ended without a loan. $1,000 is free again.")
    assert told(tomas_id)[-1][1].endswith("The listing ended without a loan.")


def accepted(listing_id: int, borrower_id: int) -> int:
    return house.run(
        acceptance.accept,
        borrower_id=borrower_id,
        listing_id=listing_id,
        seen_average_rate=Decimal("0.2"),
        seen_covered_cents=1_000_00,
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def test_a_loan_is_told_to_both_sides_and_to_who_was_left_over(listing_id: int, borrower_id: int) -> None:
    maya_id, tomas_id, ingrid_id = lender("Maya Rosen"), lender("Tomas Kral"), lender("Ingrid Sund")
    bid(listing_id, maya_id, "600", "10")
    bid(listing_id, tomas_id, "600", "11")
    bid(listing_id, ingrid_id, "600", "12")

    accepted(listing_id, borrower_id)

    assert told(borrower_id)[-1] == (
        "loan_funded",
        "“Used van for a flower route” is funded. $980.00 is in your wallet. "
        "The first installment of $32.46 is due 20 Dec 2026.",
    )
    assert told(tomas_id)[-2:] == [
        (
            "bid_accepted",
            "Your bid on “Used van for a flower route” was accepted. "
            "$400 of $600 was taken at 11.00 %, the rate you bid.",
        ),
        (
            "note_funded",
            "“Used van for a flower route” is funded. Your note is $400 at 11.00 %. "
            "The first payment is due 20 Dec 2026.",
        ),
    ]
    assert told(ingrid_id)[-1][1].endswith("Lower bids covered all of it.")


def test_everybody_in_a_book_hears_the_day_before_it_closes_and_only_once(
    listing_id: int, borrower_id: int
) -> None:
    maya_id = lender()
    bid(listing_id, maya_id, "400", "10")
    eve = TODAY + timedelta(days=6)

    early = house.run(market_notices.tell_closing_soon, business_on=eve - timedelta(days=1), now=NOW)
    business_day.close_until(house.run, until=eve + timedelta(days=1), now=NOW)
    again = house.run(market_notices.tell_closing_soon, business_on=eve, now=NOW)

    assert (early, again) == (0, 0)
    assert told(borrower_id)[-1][1] == (
        "Bidding on “Used van for a flower route” closes 27 Nov 2026. $400 of $1,000 is covered so far."
    )
    assert told(maya_id)[-1][1].endswith("All $400 of your bid leads.")


def test_the_end_of_a_window_is_told_to_the_borrower(borrower_id: int) -> None:
    covered = house.run(a_listing, borrower_id=borrower_id, title="Covered", window_days=1)
    empty = house.run(a_listing, borrower_id=borrower_id, title="Empty", window_days=1)
    bid(covered, lender(), "1000", "10")

    house.run(closing.close_listings, business_on=TODAY + timedelta(days=1), now=NOW)
    said = dict(told(borrower_id))
    house.run(closing.close_listings, business_on=TODAY + timedelta(days=3), now=NOW)

    assert empty
    assert said["decide_now"].startswith("Bidding on “Covered” is over. All of it is covered.")
    assert said["listing_expired"].startswith(
        "“Empty” ended without a loan. The offers did not cover enough."
    )
    assert told(borrower_id)[-1][1].startswith(
        "“Covered” ended without a loan. The offers were not accepted in time."
    )


def test_money_in_and_out_is_told_and_a_refusal_is_not() -> None:
    lender_id = house.run(a_lender)
    moving = {"member_id": lender_id, "business_on": TODAY, "now": NOW}

    house.run(wallets.add_money, amount="100", form_key=a_form_key(), **moving)
    house.run(wallets.withdraw, amount="40", form_key=a_form_key(), **moving)
    with pytest.raises(FieldError):
        house.run(wallets.withdraw, amount="4000", form_key=a_form_key(), **moving)

    assert [words for _, words in told(lender_id)] == [
        "$100.00 came in. You added it to your wallet.",
        "$40.00 went out. You took it out of your wallet.",
    ]


def test_a_payment_is_told_to_the_borrower_and_to_each_lender(listing_id: int, borrower_id: int) -> None:
    maya_id = lender()
    bid(listing_id, maya_id, "1000", "10")
    loan_id = accepted(listing_id, borrower_id)

    house.run(
        payments.pay,
        borrower_id=borrower_id,
        loan_id=loan_id,
        amount="32.27",
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=TODAY + timedelta(days=30),
        now=NOW,
    )

    assert told(borrower_id)[-1][1] == "$32.27 was paid. For “Used van for a flower route”."
    assert told(maya_id)[-1][1] == (
        "$31.95 came in. From “Used van for a flower route”, after $0.32 of servicing fees."
    )


def test_a_crowd_at_the_last_thousand_dollars_is_all_told(listing_id: int) -> None:
    crowd = [lender(f"Lender Number{number}") for number in range(12)]
    patient_id = lender("Maya Rosen")
    bid(listing_id, patient_id, "1000", "19")

    in_threads([lambda who=who: bid(listing_id, who, "100", "12") for who in crowd])  # type: ignore[misc]

    assert events(patient_id) == ["outbid"]
    assert NoticeEvent.OUTBID.value in events(patient_id)
