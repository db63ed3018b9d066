"""Every figure is light, says itself in words, and has the exact amounts behind it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from p2p_reflex import charts
from p2p_reflex.charts.palette import dark_for_light
from p2p_reflex.domain.vocabulary import Grade

START = date(2026, 11, 20)


def a_schedule(count: int = 36) -> list[charts.ScheduleBar]:
    return [
        charts.ScheduleBar(START + timedelta(days=30 * n), 42_000 + n, 17_381 - n)
        for n in range(1, count + 1)
    ]


def a_book() -> list[charts.DepthStep]:
    return [
        charts.DepthStep(Decimal("0.1040"), 150_000, 150_000),
        charts.DepthStep(Decimal("0.1175"), 240_000, 140_000),
        charts.DepthStep(Decimal("0.1240"), 100_000, 0),
    ]


def every_figure() -> dict[str, go.Figure]:
    days = [START + timedelta(days=n) for n in range(90)]
    balances = [charts.BalancePoint(day, 960_000 - n * 1_000) for n, day in enumerate(days)]
    return {
        "schedule": charts.schedule_chart(a_schedule()),
        "balance": charts.balance_chart(balances[:40], balances[39:]),
        "depth": charts.depth_chart(a_book(), asked_cents=290_000, marked_rate=Decimal("0.1175")),
        "average rate": charts.average_rate_chart(
            [
                charts.RatePoint(datetime(2026, 11, 16, tzinfo=UTC), Decimal("0.1240")),
                charts.RatePoint(datetime(2026, 11, 18, tzinfo=UTC), Decimal("0.1118")),
            ]
        ),
        "cash flow": charts.cash_flow_chart(
            [charts.CashMonth(date(2026, n, 1), 60_000, 20_000, n > 6) for n in range(1, 13)]
        ),
        "value": charts.value_chart(
            [charts.ValuePoint(day, 2_500_000, 2_000_000, 2_400_000) for day in days]
        ),
        "volume": charts.volume_chart(
            [
                charts.MonthVolume(date(2026, n, 1), {Grade.A: 100_000 * n, Grade.C: 50_000})
                for n in range(1, 13)
            ]
        ),
        "bids": charts.bids_chart([charts.BidCount(day, 3, 5) for day in days[:30]]),
        "grades": charts.grade_bars([charts.GradeAmount(Grade.B, 10_000), charts.GradeAmount(Grade.A, 500)]),
        "bot bids": charts.bot_bids_chart(
            [charts.BotDay(day, {"QuickCash Solutions": n % 5}) for n, day in enumerate(days[:30])],
            names=["QuickCash Solutions", "GrowthMax Lending"],
        ),
        "bot grades": charts.bot_grades_chart(
            [charts.BotGrades(f"Bot {n}", {Grade.A: 10_000, Grade.D: n * 5_000}) for n in range(6)]
        ),
        "sparkline": charts.sparkline([1.0, 3.0, 2.0], label="The last hour"),
    }


@pytest.mark.parametrize("name", every_figure())
def test_a_figure_stays_small_and_uses_only_colours_that_have_a_dark_twin(name: str) -> None:
    written = every_figure()[name].to_json()

    used = {written[at : at + 7] for at in range(len(written)) if written[at] == "#"}

    assert len(written) < 14_000
    assert used <= set(dark_for_light())


@pytest.mark.parametrize("name", every_figure())
def test_a_figure_says_itself_in_one_sentence(name: str) -> None:
    label = every_figure()[name].layout.meta["label"]

    assert label
    assert "!" not in label


def test_every_light_colour_names_one_dark_colour() -> None:
    swaps = dark_for_light()

    assert len(swaps) == len(charts.LIGHT.__dataclass_fields__)


def test_a_figure_drawn_dark_is_the_light_one_with_its_colours_swapped() -> None:
    light = charts.schedule_chart(a_schedule()).to_json()
    dark = charts.schedule_chart(a_schedule(), theme="dark").to_json()

    for color, twin in dark_for_light().items():
        light = light.replace(color, twin)

    assert light == dark


def test_the_table_behind_a_schedule_has_every_installment_to_the_cent() -> None:
    rows = a_schedule(12)

    meta = charts.schedule_chart(rows).layout.meta

    assert meta["head"] == ["Due", "Principal", "Interest", "Installment"]
    assert len(meta["rows"]) == 12
    assert meta["rows"][0] == ["20 Dec 2026", "$420.01", "$173.80", "$593.81"]


def test_the_depth_rises_to_the_asked_amount_and_goes_on_in_grey() -> None:
    drawn = charts.depth_chart(a_book(), asked_cents=290_000)

    outbid, leading = drawn.data
    assert leading.y[-1] == 2_900
    assert outbid.y[0] == 2_900
    assert outbid.y[-1] == 4_900
    assert 2_900 in drawn.layout.yaxis.tickvals


def test_a_book_that_covers_nothing_yet_is_drawn_below_the_line() -> None:
    drawn = charts.depth_chart(a_book()[:1], asked_cents=290_000)

    (leading,) = drawn.data
    assert leading.y[-1] == 1_500
    assert drawn.layout.yaxis.range[1] > 2_900


def test_ten_thousand_points_are_thinned_and_keep_the_last() -> None:
    moments = [
        charts.RatePoint(
            datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n), Decimal("0.1") + Decimal(n) / 10**6
        )
        for n in range(10_000)
    ]

    line = charts.average_rate_chart(moments).data[0]

    assert len(line.x) <= 500
    assert line.y[-1] == 10.9999


@pytest.mark.parametrize(
    "empty",
    [
        charts.schedule_chart([]),
        charts.balance_chart([], []),
        charts.depth_chart([], asked_cents=1),
        charts.average_rate_chart([]),
        charts.cash_flow_chart([]),
        charts.value_chart([]),
        charts.volume_chart([]),
        charts.bids_chart([]),
        charts.grade_bars([]),
        charts.sparkline([1.0], label="One value"),
    ],
)
def test_nothing_to_draw_is_an_empty_figure(empty: go.Figure) -> None:
    assert empty is charts.EMPTY_FIGURE


def test_a_bot_without_capital_at_work_keeps_its_place_among_the_others() -> None:
    bots = [charts.BotGrades("QuickCash Solutions", {Grade.B: 60_000}), charts.BotGrades("FlexiLend", {})]

    drawn = charts.bot_grades_chart(bots)

    assert [note.text for note in drawn.layout.annotations] == [
        "QuickCash Solutions",
        "$600",
        "FlexiLend",
        "$0",
    ]
    assert drawn.layout.meta["rows"] == [["QuickCash Solutions", "$600", "$600"], ["FlexiLend", "$0", "$0"]]


def test_no_bids_and_no_loans_are_no_figures() -> None:
    days = [charts.BotDay(START, {})]

    assert charts.bot_bids_chart(days, names=[]) is charts.EMPTY_FIGURE
    assert charts.bot_grades_chart([charts.BotGrades("FlexiLend", {})]) is charts.EMPTY_FIGURE
