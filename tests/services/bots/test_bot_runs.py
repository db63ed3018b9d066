"""A round of the bots: what they place, what is refused, what is kept, and what a broken one does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session, select

from bots import registry
from bots.base import Market, ProposedBid
from bots.registry import Registry
from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Grade, ListingState, TransactionKind
from p2p_reflex.models import JournalTransaction, Listing, Member, Verdict
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.bots.bot_runs import RoundOutcome
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money import ledger
from p2p_reflex.settings import settings
from tests.builders import NOW, TODAY, a_form_key, a_lender, broken_laws
from tests.scripted_bots import (
    LATER,
    a_bid,
    all_decisions,
    bots_by_key,
    enroll,
    good_listing,
    live_bids,
    run_round,
    script,
    take_the_room,
)

pytestmark = pytest.mark.usefixtures("database")
SIX = 6


def _person_bids(listing_id: int, amount: str, rate: str) -> int:
    lender_id = house.run(a_lender, cash_cents=20_000_00)
    house.run(
        bidding.place_bid,
        lender_id=lender_id,
        listing_id=listing_id,
        amount=amount,
        rate=rate,
        form_key=a_form_key(),
        business_on=TODAY,
        now=LATER,
    )
    return lender_id


def test_six_bots_are_lenders_with_their_capital_in_the_ledger() -> None:
    enroll()

    members = house.run(lambda session: session.exec(select(Member).where(Member.is_bot)).all())
    wallets = {member.full_name: house.read(ledger.balances, member_id=member.id) for member in members}
    kinds = house.run(lambda session: session.exec(select(JournalTransaction.kind)).all())
    assert wallets["PremiumRate Investors"] == (750_000_00, 0)
    assert sum(available for available, _ in wallets.values()) == 2_500_000_00
    assert kinds == [TransactionKind.CAPITAL] * SIX
    assert house.read(broken_laws) == []


def test_enrolling_again_changes_nothing() -> None:
    enroll()

    again = house.run(bot_runs.enroll_bots, business_on=TODAY, now=LATER)

    assert again == ()
    assert len(bots_by_key()) == SIX


def test_a_new_listing_gets_bids_that_are_held_and_ledgered() -> None:
    enroll()
    listing_id = good_listing()

    outcome = run_round(listing_id)

    bids = live_bids(listing_id)
    assert outcome.bid_count == len(bids) == 4
    assert outcome.changed_listing_ids == (listing_id,)
    assert all(bid.is_bot and (bid.hold_id is not None) == (bid.leading_cents > 0) for bid in bids)
    assert sum(bid.leading_cents for bid in bids) == 12_000_00
    assert house.read(broken_laws) == []


def test_the_same_seed_gives_the_same_bids() -> None:
    enroll()
    first, second = good_listing(), good_listing()

    run_round(first, seed=11)
    run_round(second, seed=11)

    rates = [[(bid.lender_id, bid.amount_cents) for bid in live_bids(each)] for each in (first, second)]
    assert rates[0] == rates[1]


def test_a_second_round_says_nothing_new() -> None:
    enroll()
    listing_id = good_listing()
    run_round()
    said = len(all_decisions())

    again = run_round()

    assert (again.bid_count, again.books) == (0, ())
    assert len(all_decisions()) == said
    assert len(live_bids(listing_id)) == 4


def test_every_decision_is_kept_with_its_reason_the_passes_too() -> None:
    enroll()
    good_listing()

    run_round()

    decisions = all_decisions()
    assert len(decisions) == SIX
    assert {decision.verdict for decision in decisions} == {Verdict.BID, Verdict.PASS}
    assert all(decision.bid_id for decision in decisions if decision.verdict is Verdict.BID)
    passes = {decision.reason for decision in decisions if decision.verdict is Verdict.PASS}
    assert passes == {"Credit score 731 is under our 750.", "Credit score 731 is under our 780."}


def test_bots_leave_the_last_tenth_to_people_in_the_first_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, greedy=lambda market: [a_bid(market, 10_000_00)], next_one=take_the_room)
    listing_id = good_listing(amount_cents=10_000_00)

    run_round(now=NOW + timedelta(minutes=59))
    early = sum(bid.amount_cents for bid in live_bids(listing_id))
    run_round(now=NOW + timedelta(minutes=60))
    late = sum(bid.leading_cents for bid in live_bids(listing_id))

    assert early == 9_000_00
    assert late == 10_000_00
    assert "people in its first hour" in all_decisions()[0].reason


def test_the_room_for_people_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_BOT_ROOM_SHARE", "0.40")
    settings.cache_clear()
    script(monkeypatch, one=take_the_room)
    listing_id = good_listing(amount_cents=10_000_00)

    run_round(now=NOW)

    assert [bid.amount_cents for bid in live_bids(listing_id)] == [6_000_00]


def test_a_bot_ranks_behind_a_person_at_the_same_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, same=lambda market: [a_bid(market, 12_000_00, rate="0.11")])
    listing_id = good_listing()
    run_round()

    person = _person_bids(listing_id, "5000", "11")

    leading = {bid.lender_id: bid.leading_cents for bid in live_bids(listing_id)}
    assert leading.pop(person) == 5_000_00
    assert list(leading.values()) == [7_000_00]
    assert house.read(broken_laws) == []


def test_outbid_bots_come_back_lower_once_a_round_and_at_last_let_go() -> None:
    enroll()
    listing_id = good_listing(amount_cents=4_000_00)
    run_round()
    _person_bids(listing_id, "4000", "10.5")

    counts = [run_round(listing_id).bid_count for _ in range(25)]

    assert counts[0] >= 2
    assert counts[-1] == 0
    bids = live_bids(listing_id)
    assert len({bid.lender_id for bid in bids}) == len(bids)
    assert min(bid.rate for bid in bids) >= Decimal("0.094")
    assert house.read(broken_laws) == []


def test_one_broken_bot_is_stopped_with_its_reason_and_the_others_bid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(market: Market) -> list[ProposedBid]:
        raise ZeroDivisionError("the sum of nothing")

    script(monkeypatch, broken=breaks, sound=lambda market: [a_bid(market, 500_00)])
    listing_id = good_listing()

    outcome = run_round()

    assert [stopped.reason for stopped in outcome.stopped] == ["ZeroDivisionError: the sum of nothing"]
    bots = bots_by_key()
    assert (bots["broken"].is_running, bots["sound"].is_running) == (False, True)
    assert bots["broken"].stopped_reason == "ZeroDivisionError: the sum of nothing"
    assert [bid.lender_id for bid in live_bids(listing_id)] == [bots["sound"].member_id]
    assert [row.verdict for row in all_decisions()] == [Verdict.ERROR, Verdict.BID]
    assert run_round().stopped == ()


def test_a_bot_whose_file_is_gone_is_stopped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, gone=lambda market: [])
    good_listing()
    broken = Registry({}, {"gone": "SyntaxError: invalid syntax (gone.py, line 3)"})
    monkeypatch.setattr(registry, "load", lambda: broken)

    outcome = run_round()

    assert [stopped.reason for stopped in outcome.stopped] == [
        "LookupError: SyntaxError: invalid syntax (gone.py, line 3)"
    ]


def test_a_closed_listing_is_not_on_the_market() -> None:
    enroll()
    listing_id = good_listing()

    def close(session: Session) -> None:
        listing = session.get_one(Listing, listing_id)
        listing.state = ListingState.WITHDRAWN
        session.add(listing)

    house.run(close)

    assert run_round(listing_id) == RoundOutcome()


def test_a_grade_that_is_full_is_passed_over() -> None:
    enroll()
    for _ in range(60):
        good_listing(grade=Grade.B)

    outcome = run_round()

    reasons = {row.reason for row in all_decisions() if row.verdict is Verdict.PASS}
    assert "Grade B has the 30 % of our capital that we allow one grade." in reasons
    assert outcome.stopped == ()
    assert house.read(broken_laws) == []


def test_a_sweep_covers_the_market_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    enroll()
    monkeypatch.setattr(bot_runs, "SWEEP_LISTINGS", 2)
    house.run(business_date.open_day, business_on=TODAY)
    ids = {good_listing() for _ in range(5)}

    outcomes = bot_runs.sweep(house.run, holder="one", now=LATER, seed=7)

    assert len(outcomes) == 3
    assert {each for outcome in outcomes for each in outcome.changed_listing_ids} == ids


def test_of_two_sweepers_one_acts_until_its_lease_is_over() -> None:
    enroll()
    house.run(business_date.open_day, business_on=TODAY)
    good_listing()

    first = bot_runs.sweep(house.run, holder="one", now=LATER, seed=7)
    second = bot_runs.sweep(house.run, holder="two", now=LATER + timedelta(seconds=30), seed=7)
    third = bot_runs.sweep(house.run, holder="two", now=LATER + timedelta(seconds=91), seed=7)

    assert (len(first), len(second), len(third)) == (1, 0, 1)
