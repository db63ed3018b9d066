"""Owns the proof of the order book: who leads, and at what rate."""

import json
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.order_book import OpenBid, fill, place_of, rank_key, rate_to_lead_in_full
from tests.domain.shared_cases import shared_case

FLOOR = Decimal("0.05")


def a_bid(number, dollars, percent, *, is_bot=False, lender_id=None):
    return OpenBid(number, lender_id or number, dollars * 100, Decimal(percent) / 100, is_bot, number)


bids_strategy = st.lists(
    st.tuples(st.integers(25, 5_000), st.integers(100, 160), st.booleans()), max_size=25
).map(
    lambda rows: [
        OpenBid(number, number, dollars * 100, Decimal(tick) * Decimal("0.0005"), is_bot, number)
        for number, (dollars, tick, is_bot) in enumerate(rows, start=1)
    ]
)

THE_BAKERY = [
    a_bid(1, 1_500, "10.40"),
    a_bid(2, 4_000, "10.75", is_bot=True),
    a_bid(3, 600, "10.90"),
    a_bid(4, 2_500, "11.00", is_bot=True),
    a_bid(5, 1_200, "11.25"),
    a_bid(6, 1_000, "11.40", is_bot=True),
    a_bid(7, 800, "11.50"),
    a_bid(8, 5_000, "11.60", is_bot=True),
    a_bid(9, 2_400, "11.75"),
    a_bid(10, 1_500, "11.90"),
    a_bid(11, 1_000, "12.40"),
]


def test_the_published_quotes_are_reproduced():
    for case in json.loads(shared_case("zopa_quote_cases.json").read_text())["cases"]:
        names = [name for name, _, _ in case["offers"]]
        bids = [
            OpenBid(number, number, dollars * 100, Decimal(str(rate)), False, number)
            for number, (_, rate, dollars) in enumerate(case["offers"])
        ]

        book = fill(asked_cents=case["request"] * 100, bids=bids)

        expected = case["expected"]
        assert book.is_covered is (expected is not None)
        if expected:
            assert round(book.average_rate * 100, 1) == Decimal(str(expected["rate_pct_1dp"]))
            if "winners" in expected:
                won = {names[lead.bid.bid_id]: lead.leading_cents // 100 for lead in book.leading}
                assert won == expected["winners"]


def test_the_marginal_bid_leads_in_part():
    book = fill(asked_cents=18_000_00, bids=reversed(THE_BAKERY))

    assert [lead.bid.bid_id for lead in book.leads] == list(range(1, 12))
    assert [lead.position for lead in book.leads] == list(range(1, 12))
    assert book.leads[8].leading_cents == 1_400_00
    assert [lead.leading_cents for lead in book.leads[9:]] == [0, 0]
    assert (book.covered_cents, book.offered_cents) == (18_000_00, 21_500_00)
    assert book.average_rate == Decimal("0.111772")
    assert book.marginal_rate == Decimal("0.1175")


def test_a_bot_stands_behind_every_person_at_its_rate():
    early_bot = a_bid(1, 100, "10", is_bot=True)
    late_person = a_bid(2, 100, "10")
    cheaper_bot = a_bid(3, 100, "9.95", is_bot=True)

    assert sorted([early_bot, late_person, cheaper_bot], key=rank_key) == [
        cheaper_bot,
        late_person,
        early_bot,
    ]


def test_the_earlier_of_two_equals_comes_first():
    assert sorted([a_bid(2, 100, "10"), a_bid(1, 100, "10.0")], key=rank_key)[0].bid_id == 1


def test_an_empty_book_has_no_rate():
    book = fill(asked_cents=1_000_00, bids=[])

    assert (book.covered_cents, book.average_rate, book.marginal_rate) == (0, None, None)
    assert not book.is_covered


@given(st.integers(1_000, 40_000), bids_strategy)
def test_never_more_leads_than_was_asked_for(asked, bids):
    book = fill(asked_cents=asked * 100, bids=bids)

    offered = sum(bid.amount_cents for bid in bids)
    assert book.offered_cents == offered
    assert book.covered_cents == min(asked * 100, offered) == sum(lead.leading_cents for lead in book.leads)
    assert len(book.leads) == len(bids)
    in_part = [lead for lead in book.leads if 0 < lead.leading_cents < lead.bid.amount_cents]
    assert len(in_part) <= 1
    for better, worse in pairwise(book.leads):
        assert rank_key(better.bid) < rank_key(worse.bid)
        if worse.leading_cents:
            assert better.leading_cents == better.bid.amount_cents
    if book.leading:
        assert book.leading[0].bid.rate <= book.average_rate <= book.marginal_rate
        assert book.marginal_rate == book.leading[-1].bid.rate


@given(
    st.integers(1_000, 20_000), bids_strategy, st.integers(25, 5_000), st.integers(100, 160), st.booleans()
)
def test_a_better_bid_never_raises_the_average_of_a_covered_book(asked, bids, dollars, tick, is_bot):
    before = fill(asked_cents=asked * 100, bids=bids)
    arriving = OpenBid(99, 99, dollars * 100, Decimal(tick) * Decimal("0.0005"), is_bot, 99)

    after = fill(asked_cents=asked * 100, bids=[*bids, arriving])

    assert after.covered_cents >= before.covered_cents
    if before.is_covered:
        assert after.average_rate <= before.average_rate


def test_a_bid_knows_its_place_before_it_is_made():
    bid_lower = OpenBid(9, 9, 2_400_00, Decimal("0.1155"), False, 12)

    place = place_of(asked_cents=18_000_00, bids=THE_BAKERY, candidate=bid_lower)

    assert (place.position, place.of_count, place.leading_cents) == (8, 11, 2_400_00)
    assert [item.bid.bid_id for item in place.displaced] == [8]
    assert place.displaced[0].after_cents == 4_000_00


def test_a_bid_knows_whom_it_displaces():
    newcomer = OpenBid(12, 12, 2_000_00, Decimal("0.1155"), False, 12)

    place = place_of(asked_cents=18_000_00, bids=THE_BAKERY, candidate=newcomer)

    displaced = [(item.bid.bid_id, item.before_cents, item.after_cents) for item in place.displaced]
    assert (place.position, place.of_count) == (8, 12)
    assert displaced == [(8, 5_000_00, 4_400_00), (9, 1_400_00, 0)]


def test_a_bid_that_leads_nothing_displaces_nobody():
    late = OpenBid(12, 12, 2_000_00, Decimal("0.13"), False, 12)

    place = place_of(asked_cents=18_000_00, bids=THE_BAKERY, candidate=late)

    assert (place.position, place.leading_cents, place.displaced) == (12, 0, ())


def test_a_person_leads_in_full_at_a_bots_rate_and_a_bot_only_under_it():
    others = [bid for bid in THE_BAKERY if bid.bid_id != 9]
    asked = {"asked_cents": 18_000_00, "bids": others, "amount_cents": 2_400_00, "minimum_rate": FLOOR}

    assert rate_to_lead_in_full(**asked, is_bot=False) == Decimal("0.116")
    assert rate_to_lead_in_full(**asked, is_bot=True) == Decimal("0.1155")


def test_an_open_request_is_led_at_any_rate():
    room = {"asked_cents": 18_000_00, "bids": THE_BAKERY[:3], "amount_cents": 500_00, "is_bot": False}

    assert rate_to_lead_in_full(**room, minimum_rate=FLOOR, maximum_rate=Decimal("0.135")) == Decimal("0.135")
    assert rate_to_lead_in_full(**room, minimum_rate=FLOOR) is None


def test_more_than_was_asked_for_never_leads_in_full():
    assert (
        rate_to_lead_in_full(
            asked_cents=1_000_00, bids=[], amount_cents=1_001_00, is_bot=False, minimum_rate=FLOOR
        )
        is None
    )


@given(
    st.integers(1_000, 20_000),
    bids_strategy,
    st.integers(25, 5_000),
    st.booleans(),
    st.integers(1_000, 1_500).map(lambda basis: Decimal(basis).scaleb(-4) / 2),
)
def test_the_rate_to_lead_leads_in_full_and_the_next_tick_does_not(asked, bids, dollars, is_bot, minimum):
    maximum, tick = Decimal("0.09"), Decimal("0.0005")

    rate = rate_to_lead_in_full(
        asked_cents=asked * 100,
        bids=bids,
        amount_cents=dollars * 100,
        is_bot=is_bot,
        minimum_rate=minimum,
        maximum_rate=maximum,
    )

    def leads_in_full(at):
        candidate = OpenBid(99, 99, dollars * 100, at, is_bot, 99)
        return (
            place_of(asked_cents=asked * 100, bids=bids, candidate=candidate).leading_cents == dollars * 100
        )

    if rate is None:
        assert not leads_in_full(minimum)
    else:
        assert minimum <= rate <= maximum
        assert leads_in_full(rate)
        following = (rate // tick + 1) * tick
        assert following > maximum or not leads_in_full(following)
