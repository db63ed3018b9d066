"""The guess at where a rate ends: from comparable listings, or honestly from an average."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.likely_rate import capped, likely_rate, suggested_highest_rate
from p2p_reflex.domain.scorecard import FLOOR_RATES
from p2p_reflex.domain.vocabulary import Grade

grades = st.sampled_from(list(Grade))
rates = st.integers(min_value=0, max_value=360_000).map(lambda millionths: Decimal(millionths).scaleb(-6))


@given(grade=grades, comparable_rates=st.lists(rates, max_size=40))
def test_a_range_is_ordered_and_never_under_the_floor(grade: Grade, comparable_rates: list[Decimal]) -> None:
    likely = likely_rate(grade=grade, floor_rate=FLOOR_RATES[grade], comparable_rates=comparable_rates)

    assert FLOOR_RATES[grade] <= likely.low_rate <= likely.middle_rate <= likely.high_rate


@given(grade=grades, comparable_rates=st.lists(rates, max_size=40), highest_rate=rates)
def test_a_capped_range_stays_at_or_under_the_highest_rate(
    grade: Grade, comparable_rates: list[Decimal], highest_rate: Decimal
) -> None:
    likely = likely_rate(grade=grade, floor_rate=FLOOR_RATES[grade], comparable_rates=comparable_rates)

    cut = capped(likely, highest_rate=highest_rate)

    assert cut.low_rate <= cut.middle_rate <= cut.high_rate <= max(highest_rate, cut.low_rate)
    assert cut.is_within_reach == (likely.low_rate <= highest_rate)


@given(grade=grades, comparable_rates=st.lists(rates, max_size=40))
def test_the_suggested_rate_leaves_room_and_stays_under_the_ceiling(
    grade: Grade, comparable_rates: list[Decimal]
) -> None:
    ceiling_rate = Decimal("0.36")
    likely = likely_rate(grade=grade, floor_rate=FLOOR_RATES[grade], comparable_rates=comparable_rates)

    suggested = suggested_highest_rate(likely, ceiling_rate=ceiling_rate)

    assert suggested == ceiling_rate or suggested >= likely.high_rate + Decimal("0.01")
    assert suggested <= ceiling_rate


def test_four_comparable_listings_are_too_few() -> None:
    four = likely_rate(grade=Grade.B, floor_rate=Decimal("0.094"), comparable_rates=[Decimal("0.2")] * 4)
    five = likely_rate(grade=Grade.B, floor_rate=Decimal("0.094"), comparable_rates=[Decimal("0.2")] * 5)

    assert (four.low_rate, four.middle_rate, four.high_rate, four.comparable_count) == (
        Decimal("0.1021"),
        Decimal("0.1102"),
        Decimal("0.1183"),
        0,
    )
    assert (five.low_rate, five.middle_rate, five.high_rate, five.comparable_count) == (
        Decimal("0.2000"),
        Decimal("0.2000"),
        Decimal("0.2000"),
        5,
    )
