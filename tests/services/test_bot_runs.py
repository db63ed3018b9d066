"""A round of the bots: what they place, what is refused, what is kept, and what a broken one does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bots import registry
from bots.base import Bot as Strategy
from bots.base import Market, ProposedBid
from bots.registry import Registry
from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState, Grade, ListingState, TransactionKind
from p2p_reflex.models import Bid, Bot, BotDecision, JournalTransaction, Listing, Member, Verdict
from p2p_reflex.services import bidding, bot_runs, business_date, ledger
from p2p_reflex.services.bot_runs import RoundOutcome
from p2p_reflex.settings import settings
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_listing, broken_laws

pytestmark = pytest.mark.usefixtures("database")
LATER = NOW + timedelta(hours=2)
SIX = 6


@dataclass(frozen=True, kw_only=True)
class Scripted(Strategy):
    """Say what a test wrote down."""

    name: str = "Scripted"
    says: Callable[[Market], Any] = lambda market: []
    loan_share: Decimal = Decimal(1)
    borrower_share: Decimal = Decimal(1)
    grade_share: Decimal = Decimal(1)

    def choose_bids(self, market: Market) -> Any:
        return self.says(market)


def _enroll() -> None:
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)


def _round(*listing_ids: int, now: datetime = LATER, seed: int = 7) -> RoundOutcome:
    return house.run(
        bot_runs.run_round, listing_ids=list(listing_ids) or None, business_on=TODAY, now=now, seed=seed
    )


def _script(monkeypatch: pytest.MonkeyPatch, **says: Callable[[Market], Any]) -> None:
    bots = {key: Scripted(name=key, says=said) for key, said in says.items()}
    monkeypatch.setattr(registry, "load", lambda: Registry(bots))
    _enroll()


def _bids(listing_id: int) -> list[Bid]:
    def read(session: Session) -> list[Bid]:
        mine = select(Bid).where(Bid.listing_id == listing_id, Bid.state == BidState.LIVE)
        return list(session.exec(mine.order_by(col(Bid.id))).all())

    return house.run(read)


def _decisions() -> list[BotDecision]:
    return house.run(lambda session: session.exec(select(BotDecision).order_by(col(BotDecision.id))).all())


def _bots() -> dict[str, Bot]:
    return {bot.key: bot for bot in house.run(lambda session: session.exec(select(Bot)).all())}


def _good_listing(**changes: Any) -> int:
    terms: dict[str, Any] = {"amount_cents": 12_000_00, "floor_rate": "0.094", "highest_rate": "0.15"}
    return house.run(a_listing, **terms | changes)


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
    _enroll()

    members = house.run(lambda session: session.exec(select(Member).where(Member.is_bot)).all())
    wallets = {member.full_name: house.read(ledger.balances, member_id=member.id) for member in members}
    kinds = house.run(lambda session: session.exec(select(JournalTransaction.kind)).all())
    assert wallets["PremiumRate Investors"] == (750_000_00, 0)
    assert sum(available for available, _ in wallets.values()) == 2_500_000_00
    assert kinds == [TransactionKind.CAPITAL] * SIX
    assert house.read(broken_laws) == []


def test_enrolling_again_changes_nothing() -> None:
    _enroll()

    again = house.run(bot_runs.enroll_bots, business_on=TODAY, now=LATER)

    assert again == ()
    assert len(_bots()) == SIX


def test_a_new_listing_gets_bids_that_are_held_and_ledgered() -> None:
    _enroll()
    listing_id = _good_listing()

    outcome = _round(listing_id)

    bids = _bids(listing_id)
    assert outcome.bid_count == len(bids) == 4
    assert outcome.changed_listing_ids == (listing_id,)
    assert all(bid.is_bot and (bid.hold_id is not None) == (bid.leading_cents > 0) for bid in bids)
    assert sum(bid.leading_cents for bid in bids) == 12_000_00
    assert house.read(broken_laws) == []


def test_the_same_seed_gives_the_same_bids() -> None:
    _enroll()
    first, second = _good_listing(), _good_listing()

    _round(first, seed=11)
    _round(second, seed=11)

    rates = [[(bid.lender_id, bid.amount_cents) for bid in _bids(each)] for each in (first, second)]
    assert rates[0] == rates[1]


def test_a_second_round_says_nothing_new() -> None:
    _enroll()
    listing_id = _good_listing()
    _round()
    said = len(_decisions())

    again = _round()

    assert (again.bid_count, again.books) == (0, ())
    assert len(_decisions()) == said
    assert len(_bids(listing_id)) == 4


def test_every_decision_is_kept_with_its_reason_the_passes_too() -> None:
    _enroll()
    _good_listing()

    _round()

    decisions = _decisions()
    assert len(decisions) == SIX
    assert {decision.verdict for decision in decisions} == {Verdict.BID, Verdict.PASS}
    assert all(decision.bid_id for decision in decisions if decision.verdict is Verdict.BID)
    passes = {decision.reason for decision in decisions if decision.verdict is Verdict.PASS}
    assert passes == {"Credit score 731 is under our 750.", "Credit score 731 is under our 780."}


def test_bots_leave_the_last_tenth_to_people_in_the_first_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    _script(monkeypatch, greedy=lambda market: [_bid(market, 10_000_00)], next_one=_take_the_room)
    listing_id = _good_listing(amount_cents=10_000_00)

    _round(now=NOW + timedelta(minutes=59))
    early = sum(bid.amount_cents for bid in _bids(listing_id))
    _round(now=NOW + timedelta(minutes=60))
    late = sum(bid.leading_cents for bid in _bids(listing_id))

    assert early == 9_000_00
    assert late == 10_000_00
    assert "people in its first hour" in _decisions()[0].reason


def test_the_room_for_people_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_BOT_ROOM_SHARE", "0.40")
    settings.cache_clear()
    _script(monkeypatch, one=_take_the_room)
    listing_id = _good_listing(amount_cents=10_000_00)

    _round(now=NOW)

    assert [bid.amount_cents for bid in _bids(listing_id)] == [6_000_00]


def test_a_bot_ranks_behind_a_person_at_the_same_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    _script(monkeypatch, same=lambda market: [_bid(market, 12_000_00, rate="0.11")])
    listing_id = _good_listing()
    _round()

    person = _person_bids(listing_id, "5000", "11")

    leading = {bid.lender_id: bid.leading_cents for bid in _bids(listing_id)}
    assert leading.pop(person) == 5_000_00
    assert list(leading.values()) == [7_000_00]
    assert house.read(broken_laws) == []


def test_outbid_bots_come_back_lower_once_a_round_and_at_last_let_go() -> None:
    _enroll()
    listing_id = _good_listing(amount_cents=4_000_00)
    _round()
    _person_bids(listing_id, "4000", "10.5")

    counts = [_round(listing_id).bid_count for _ in range(25)]

    assert counts[0] >= 2
    assert counts[-1] == 0
    bids = _bids(listing_id)
    assert len({bid.lender_id for bid in bids}) == len(bids)
    assert min(bid.rate for bid in bids) >= Decimal("0.094")
    assert house.read(broken_laws) == []


def test_one_broken_bot_is_stopped_with_its_reason_and_the_others_bid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(market: Market) -> list[ProposedBid]:
        raise ZeroDivisionError("the sum of nothing")

    _script(monkeypatch, broken=breaks, sound=lambda market: [_bid(market, 500_00)])
    listing_id = _good_listing()

    outcome = _round()

    assert [stopped.reason for stopped in outcome.stopped] == ["ZeroDivisionError: the sum of nothing"]
    bots = _bots()
    assert (bots["broken"].is_running, bots["sound"].is_running) == (False, True)
    assert bots["broken"].stopped_reason == "ZeroDivisionError: the sum of nothing"
    assert [bid.lender_id for bid in _bids(listing_id)] == [bots["sound"].member_id]
    assert [row.verdict for row in _decisions()] == [Verdict.ERROR, Verdict.BID]
    assert _round().stopped == ()


def test_a_bot_whose_file_is_gone_is_stopped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    _script(monkeypatch, gone=lambda market: [])
    _good_listing()
    broken = Registry({}, {"gone": "SyntaxError: invalid syntax (gone.py, line 3)"})
    monkeypatch.setattr(registry, "load", lambda: broken)

    outcome = _round()

    assert [stopped.reason for stopped in outcome.stopped] == [
        "LookupError: SyntaxError: invalid syntax (gone.py, line 3)"
    ]


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
    "rate too fine": ({"rate": Decimal("0.1100001")}, "The rate can have at most six decimals."),
    "a listing that is not there": ({"listing_id": 987654}, "Bidding on listing 987654 has ended."),
    "no listing": ({"listing_id": None}, "Bidding on listing None has ended."),
    "a listing that cannot be": ({"listing_id": [1]}, "Bidding on listing [1] has ended."),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused_with_a_reason(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    changes, reason = NONSENSE[case]
    listing_id = _good_listing()
    asked = {"listing_id": listing_id, "reason": "Why not.", "amount_cents": 500_00, "rate": Decimal("0.11")}
    _script(monkeypatch, odd=lambda market: [ProposedBid(**asked | changes)])

    outcome = _round()

    assert (outcome.bid_count, outcome.refused_count, outcome.stopped) == (0, 1, ())
    assert [(row.verdict, row.reason) for row in _decisions()] == [(Verdict.REFUSED, reason)]
    assert _bids(listing_id) == []
    assert house.read(broken_laws) == []


def test_what_is_no_proposal_at_all_is_refused_or_stops_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    _script(monkeypatch, words=lambda market: ["buy", None, 7], nothing=lambda market: None)
    _good_listing()

    outcome = _round()

    assert outcome.refused_count == 3
    assert [stopped.name for stopped in outcome.stopped] == ["nothing"]
    assert _decisions()[-1].reason == "TypeError: 'NoneType' object is not iterable"


def test_two_bids_on_one_listing_in_a_round_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    _script(monkeypatch, twice=lambda market: [_bid(market, 500_00), _bid(market, 600_00)])
    listing_id = _good_listing()

    outcome = _round()

    assert (outcome.bid_count, outcome.refused_count) == (1, 1)
    assert [bid.amount_cents for bid in _bids(listing_id)] == [500_00]


def test_a_bot_does_not_bid_against_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = iter(("0.12", "0.11"))
    _script(monkeypatch, eager=lambda market: [_bid(market, 500_00, rate=next(rates))])
    listing_id = _good_listing()

    _round()
    again = _round()

    assert again.refused_count == 1
    assert [bid.rate for bid in _bids(listing_id)] == [Decimal("0.12")]
    assert _decisions()[-1].reason.startswith("Its bid leads in full already")


def test_a_bid_over_a_cap_is_refused_with_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    capped = Scripted(
        name="capped",
        says=lambda market: [_bid(market, 600_00, place) for place in range(len(market.listings))],
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
    _enroll()
    _good_listing()
    _good_listing()

    _round()

    reasons = [row.reason for row in _decisions() if row.verdict is Verdict.REFUSED]
    assert reasons == [
        "It lends at most $500.00 on one loan.",
        "It lends at most $500.00 on one loan.",
        "It lends at most $1,000.00 in grade B.",
    ]


def test_a_bot_without_enough_cash_is_refused_like_anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = Scripted(name="poor", says=lambda market: [_bid(market, 600_00)], capital_cents=500_00)
    rich = {"loan_share": Decimal(2), "borrower_share": Decimal(2), "grade_share": Decimal(2)}
    monkeypatch.setattr(registry, "load", lambda: Registry({"poor": Scripted(**vars(poor) | rich)}))
    _enroll()
    _good_listing()

    _round()

    assert [row.reason for row in _decisions()] == ["You have $500.00 available."]


def test_a_closed_listing_is_not_on_the_market() -> None:
    _enroll()
    listing_id = _good_listing()

    def close(session: Session) -> None:
        listing = session.get_one(Listing, listing_id)
        listing.state = ListingState.WITHDRAWN
        session.add(listing)

    house.run(close)

    assert _round(listing_id) == RoundOutcome()


def test_a_grade_that_is_full_is_passed_over() -> None:
    _enroll()
    for _ in range(60):
        _good_listing(grade=Grade.B)

    outcome = _round()

    reasons = {row.reason for row in _decisions() if row.verdict is Verdict.PASS}
    assert "Grade B has the 30 % of our capital that we allow one grade." in reasons
    assert outcome.stopped == ()
    assert house.read(broken_laws) == []


def test_a_sweep_covers_the_market_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    _enroll()
    monkeypatch.setattr(bot_runs, "SWEEP_LISTINGS", 2)
    house.run(business_date.open_day, business_on=TODAY)
    ids = {_good_listing() for _ in range(5)}

    outcomes = bot_runs.sweep(house.run, holder="one", now=LATER, seed=7)

    assert len(outcomes) == 3
    assert {each for outcome in outcomes for each in outcome.changed_listing_ids} == ids


def test_of_two_sweepers_one_acts_until_its_lease_is_over() -> None:
    _enroll()
    house.run(business_date.open_day, business_on=TODAY)
    _good_listing()

    first = bot_runs.sweep(house.run, holder="one", now=LATER, seed=7)
    second = bot_runs.sweep(house.run, holder="two", now=LATER + timedelta(seconds=30), seed=7)
    third = bot_runs.sweep(house.run, holder="two", now=LATER + timedelta(seconds=91), seed=7)

    assert (len(first), len(second), len(third)) == (1, 0, 1)


def _bid(market: Market, cents: int, place: int = 0, rate: str = "0.12") -> ProposedBid:
    return ProposedBid(market.listings[place].listing_id, "Because.", cents, Decimal(rate))


def _take_the_room(market: Market) -> list[ProposedBid]:
    listing = market.listings[0]
    left_cents = listing.amount_cents - listing.kept_cents - market.books[listing.listing_id].offered_cents
    return [_bid(market, left_cents)] if left_cents > 0 and not market.own_bids else []
