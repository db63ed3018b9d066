"""What a bot may not do is refused by the rules for everybody, or by its own limits, with the reason."""

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from bots import registry
from bots.base import ProposedBid
from bots.registry import Registry
from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing, Verdict
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.bots.bot_turns import Turn
from tests.builders import TODAY, a_borrower, broken_laws
from tests.scripted_bots import (
    LATER,
    Scripted,
    a_bid,
    all_decisions,
    bots_by_key,
    enroll,
    good_listing,
    live_bids,
    run_round,
    script,
)

pytestmark = pytest.mark.usefixtures("database")

NONSENSE: dict[str, tuple[dict[str, Any], str]] = {
    "negative": ({"amount_cents": -500_00}, "The amount must be between $25 and $12,000."),
    "nothing": ({"amount_cents": 0}, "The amount must be between $25 and $12,000."),
    "float": ({"amount_cents": 500_00.0}, "The amount must be whole cents."),
    "not a number": ({"amount_cents": float("nan")}, "The amount must be whole cents."),
    "truth": ({"amount_cents": True}, "The amount must be whole cents."),
    "cents": ({"amount_cents": 500_01}, "The amount must be in whole dollars, without cents."),
    "huge": ({"amount_cents": 2**70 * 100}, "The amount must be between $25 and $12,000."),
    "rate is NaN": ({"rate": Decimal("NaN")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate signals": ({"rate": Decimal("sNaN")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate without end": ({"rate": Decimal("Infinity")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate under the floor": ({"rate": Decimal("0.0939")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate below zero": ({"rate": Decimal("-0.1")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate is a float": ({"rate": 0.11}, "The rate must be a decimal fraction."),
    "rate is text": ({"rate": "0.11"}, "The rate must be a decimal fraction."),
    "rate is huge": ({"rate": Decimal("1E+400000")}, "The rate must be between 9.40 % and 15.00 %."),
    "rate over the borrower's highest": (
        {"rate": Decimal("0.1501")},
        "The rate must be between 9.40 % and 15.00 %.",
    ),
    "rate too fine": ({"rate": Decimal("0.1100001")}, "The rate can have at most six decimals."),
    "a listing that is not there": ({"listing_id": 987654}, "Bidding on listing 987654 has ended."),
    "no listing": ({"listing_id": None}, "Bidding on listing None has ended."),
    "a listing that cannot be": ({"listing_id": [1]}, "Bidding on listing [1] has ended."),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused_with_a_reason(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    changes, reason = NONSENSE[case]
    listing_id = good_listing()
    asked = {"listing_id": listing_id, "reason": "Why not.", "amount_cents": 500_00, "rate": Decimal("0.11")}
    script(monkeypatch, odd=lambda market: [ProposedBid(**asked | changes)])

    outcome = run_round()

    assert (outcome.bid_count, outcome.refused_count, outcome.stopped) == (0, 1, ())
    assert [(row.verdict, row.reason) for row in all_decisions()] == [(Verdict.REFUSED, reason)]
    assert live_bids(listing_id) == []
    assert house.read(broken_laws) == []


def test_a_listing_that_has_closed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, still_open = good_listing(), good_listing()
    script(
        monkeypatch,
        late=lambda market: [ProposedBid(closed, "It was there a moment ago.", 500_00, Decimal("0.11"))],
    )
    house.run(_close, listing_id=closed)

    outcome = run_round(closed, still_open)

    assert (outcome.bid_count, outcome.refused_count, outcome.stopped) == (0, 1, ())
    assert [row.reason for row in all_decisions()] == [f"Bidding on listing {closed} has ended."]


def _close(session: Session, *, listing_id: int) -> None:
    session.get_one(Listing, listing_id).state = ListingState.WITHDRAWN


def test_a_listing_that_closes_while_a_bot_thinks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    listing_id, other = good_listing(), good_listing()
    script(monkeypatch, slow=lambda market: [])
    turn = Turn(lambda: [ProposedBid(listing_id, "Mine.", 500_00, Decimal("0.11"))])
    turn.settle()
    house.run(_close, listing_id=listing_id)

    outcome = house.run(
        bot_runs.run_round,
        listing_ids=[listing_id, other],
        business_on=TODAY,
        now=LATER,
        seed=7,
        settled={bots_by_key()["slow"].id: turn},
    )

    assert (outcome.bid_count, outcome.refused_count) == (0, 1)
    assert all_decisions()[0].reason == f"Bidding on listing {listing_id} has ended."


def test_a_borrower_has_a_cap_over_all_their_loans(monkeypatch: pytest.MonkeyPatch) -> None:
    borrower_id = house.run(a_borrower)
    capped = Scripted(
        name="capped",
        says=lambda market: [a_bid(market, 600_00, place) for place in range(len(market.listings))],
        capital_cents=10_000_00,
        borrower_share=Decimal("0.10"),
    )
    monkeypatch.setattr(registry, "load", lambda: Registry({"capped": capped}))
    enroll()
    first = good_listing(borrower_id=borrower_id)
    good_listing(borrower_id=borrower_id)

    run_round()

    assert [bid.amount_cents for bid in live_bids(first)] == [600_00]
    refused = [row.reason for row in all_decisions() if row.verdict is Verdict.REFUSED]
    assert refused == ["It lends at most $1,000.00 to one borrower."]


def test_what_is_no_proposal_at_all_is_refused_or_stops_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, words=lambda market: ["buy", None, 7], nothing=lambda market: None)
    good_listing()

    outcome = run_round()

    assert outcome.refused_count == 3
    assert [stopped.name for stopped in outcome.stopped] == ["nothing"]
    assert all_decisions()[-1].reason == "TypeError: 'NoneType' object is not iterable"


def test_two_bids_on_one_listing_in_a_round_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, twice=lambda market: [a_bid(market, 500_00), a_bid(market, 600_00)])
    listing_id = good_listing()

    outcome = run_round()

    assert (outcome.bid_count, outcome.refused_count) == (1, 1)
    assert [bid.amount_cents for bid in live_bids(listing_id)] == [500_00]


def test_a_bot_does_not_bid_against_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = iter(("0.12", "0.11"))
    script(monkeypatch, eager=lambda market: [a_bid(market, 500_00, rate=next(rates))])
    listing_id = good_listing()

    run_round()
    again = run_round()

    assert again.refused_count == 1
    assert [bid.rate for bid in live_bids(listing_id)] == [Decimal("0.12")]
    assert all_decisions()[-1].reason.startswith("Its bid leads in full already")


def test_a_bid_over_a_cap_is_refused_with_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    capped = Scripted(
        name="capped",
        says=lambda market: [a_bid(market, 600_00, place) for place in range(len(market.listings))],
        capital_cents=10_000_00,
        loan_share=Decimal("0.05"),
    )
    narrow = Scripted(
        name="narrow",
        says=capped.says,
        capital_cents=10_000_00,
        grade_share=Decimal("0.10"),
    )
    monkeypatch.setattr(registry, "load", lambda: Registry({"capped": capped, "narrow": narrow}))
    enroll()
    good_listing()
    good_listing()

    run_round()

    reasons = [row.reason for row in all_decisions() if row.verdict is Verdict.REFUSED]
    assert reasons == [
        "It lends at most $500.00 on one loan.",
        "It lends at most $500.00 on one loan.",
        "It lends at most $1,000.00 in grade B.",
    ]


def test_a_bot_without_enough_cash_is_refused_like_anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = Scripted(name="poor", says=lambda market: [a_bid(market, 600_00)], capital_cents=500_00)
    rich = {"loan_share": Decimal(2), "borrower_share": Decimal(2), "grade_share": Decimal(2)}
    monkeypatch.setattr(registry, "load", lambda: Registry({"poor": Scripted(**vars(poor) | rich)}))
    enroll()
    good_listing()

    run_round()

    assert [row.reason for row in all_decisions()] == ["You have $500.00 available."]
