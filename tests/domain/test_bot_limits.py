"""What bots leave to people in a listing's first hour."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.bot_limits import kept_for_people_cents, room_for_bot_cents


def _kept(minutes_open: int, asked_cents: int = 8_000_00) -> int:
    return kept_for_people_cents(
        asked_cents=asked_cents, minutes_open=minutes_open, room_share=Decimal("0.10"), room_minutes=60
    )


def test_a_tenth_is_kept_for_the_first_hour_and_nothing_after_it() -> None:
    assert [_kept(minutes) for minutes in (0, 59, 60)] == [800_00, 800_00, 0]


def test_what_is_kept_is_whole_dollars_rounded_up() -> None:
    assert _kept(5, asked_cents=1_015_00) == 102_00


@given(
    asked=st.integers(10, 1000).map(lambda hundreds: hundreds * 100_00),
    people=st.integers(0, 1200),
    bids=st.lists(st.integers(1, 900), max_size=8),
)
def test_bots_together_never_touch_what_is_kept(asked: int, people: int, bids: list[int]) -> None:
    kept_cents = _kept(5, asked_cents=asked)
    people_cents = asked * people // 1000
    bots_cents = 0

    for wanted in bids:
        room_cents = room_for_bot_cents(
            asked_cents=asked,
            kept_cents=kept_cents,
            offered_cents=people_cents + bots_cents,
            bots_offered_cents=bots_cents,
            own_cents=0,
        )
        bots_cents += min(room_cents, asked * wanted // 1000)

    assert bots_cents <= asked - kept_cents
    if people_cents < asked and bots_cents:
        assert people_cents + bots_cents <= asked - kept_cents


def test_a_bot_may_keep_what_it_offers_already() -> None:
    room_cents = room_for_bot_cents(
        asked_cents=1_000_00,
        kept_cents=100_00,
        offered_cents=950_00,
        bots_offered_cents=300_00,
        own_cents=300_00,
    )

    assert room_cents == 300_00
