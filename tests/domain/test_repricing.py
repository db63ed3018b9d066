"""A book when bids come and go, with wallets that may be short."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p_reflex.domain.order_book import OpenBid, fill
from p2p_reflex.domain.repricing import SMALLEST_BID_CENTS, Repricing, StandingBid, reprice_book

ASKED = 1_000_00

_bids = st.tuples(
    st.integers(25, 1_000).map(lambda dollars: dollars * 100),
    st.integers(6, 12).map(lambda percent: Decimal(percent) / 100),
    st.booleans(),
)


def a_bid(lender_id: int, dollars: int, percent: int, *, number: int, is_bot: bool = False) -> OpenBid:
    return OpenBid(number, lender_id, dollars * 100, Decimal(percent) / 100, is_bot, number)


def standing(*bids: OpenBid) -> list[StandingBid]:
    book = fill(asked_cents=ASKED, bids=bids)
    return [StandingBid(lead.bid, lead.leading_cents) for lead in book.leads]


def test_an_arriving_bid_that_cannot_be_paid_leaves_the_book_as_it_was() -> None:
    stands = standing(a_bid(1, 600, 10, number=1))
    arriving = a_bid(1, 1000, 9, number=2)

    outcome = reprice_book(
        asked_cents=ASKED, standing=stands, arriving=[arriving], available_cents={1: 399_00}
    )

    assert [(refused.bid, refused.available_cents) for refused in outcome.refused] == [(arriving, 399_00)]
    assert [lead.bid for lead in outcome.book.leads] == [stands[0].bid]
    assert (outcome.replaced, dict(outcome.drawn_cents)) == ((), {})


def test_what_a_replaced_bid_holds_pays_for_the_new_one() -> None:
    outcome = reprice_book(
        asked_cents=ASKED,
        standing=standing(a_bid(1, 600, 10, number=1)),
        arriving=[a_bid(1, 1000, 9, number=2)],
        available_cents={1: 400_00},
    )

    assert (outcome.replaced, outcome.refused) == ((1,), ())
    assert outcome.drawn_cents == {1: 400_00}


def test_a_partial_lead_under_the_smallest_bid_lapses_as_a_whole() -> None:
    stands = standing(a_bid(1, 980, 9, number=1), a_bid(2, 100, 10, number=2))

    outcome = reprice_book(asked_cents=ASKED, standing=stands, leaving={1}, available_cents={})

    assert (outcome.lapsed, dict(outcome.cut)) == ((2,), {})
    assert outcome.drawn_cents == {1: -980_00, 2: -20_00}


def test_two_new_bids_of_one_lender_in_one_book_are_refused_loudly() -> None:
    with pytest.raises(ValueError, match="one bid"):
        reprice_book(
            asked_cents=ASKED,
            standing=[],
            arriving=[a_bid(1, 100, 9, number=-1), a_bid(1, 200, 9, number=-2)],
            available_cents={},
        )


@settings(max_examples=300, deadline=None)
@given(
    old=st.dictionaries(st.integers(1, 6), _bids, max_size=6),
    new=st.dictionaries(st.integers(1, 8), _bids, max_size=4),
    leaving=st.sets(st.integers(1, 6), max_size=3),
    cash=st.dictionaries(st.integers(1, 8), st.integers(0, 1_200_00), max_size=8),
)
def test_nobody_pays_more_than_they_have_and_the_book_is_filled_by_rank(
    old: dict[int, tuple[int, Decimal, bool]],
    new: dict[int, tuple[int, Decimal, bool]],
    leaving: set[int],
    cash: dict[int, int],
) -> None:
    stands = standing(
        *(OpenBid(who, who, cents, rate, is_bot, who) for who, (cents, rate, is_bot) in old.items())
    )
    arriving = [
        OpenBid(-who, who, cents, rate, is_bot, 100 + who) for who, (cents, rate, is_bot) in new.items()
    ]

    outcome = reprice_book(
        asked_cents=ASKED,
        standing=stands,
        arriving=arriving,
        leaving=leaving & old.keys(),
        available_cents=cash,
    )

    book = outcome.book
    assert book == fill(asked_cents=ASKED, bids=[lead.bid for lead in book.leads])
    assert book.covered_cents <= ASKED
    assert all(drawn <= cash.get(who, 0) for who, drawn in outcome.drawn_cents.items())
    held = sum(stand.leading_cents for stand in stands)
    assert sum(outcome.drawn_cents.values()) == book.covered_cents - held
    _everybody_is_accounted_for(outcome, stands, arriving, leaving & old.keys())


def _everybody_is_accounted_for(
    outcome: Repricing, stands: list[StandingBid], arriving: list[OpenBid], leaving: set[int]
) -> None:
    """Check that each bid stays, leaves, lapses, is replaced or refused, and exactly one of them."""
    kept = {lead.bid.bid_id for lead in outcome.book.leads}
    for stand in stands:
        bid_id = stand.bid.bid_id
        ends = [bid_id in leaving, bid_id in outcome.lapsed, bid_id in outcome.replaced, bid_id in kept]
        assert sum(ends) == 1
        if bid_id in outcome.cut:
            assert outcome.cut[bid_id] == stand.leading_cents >= SMALLEST_BID_CENTS
    refused = {one.bid.bid_id for one in outcome.refused}
    assert {bid.bid_id for bid in arriving} == refused | {bid_id for bid_id in kept if bid_id < 0}
