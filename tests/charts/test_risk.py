"""The figures of risk say the same as a picture, in a sentence and in a table."""

from datetime import date

from p2p_reflex.charts import EMPTY_FIGURE, FundDay, LateShare, fund_chart, late_share_chart

DAYS = (date(2026, 11, 18), date(2026, 11, 19))


def test_the_late_share_is_drawn_told_and_listed() -> None:
    figure = late_share_chart([LateShare(on, 0.10 + place / 100, 0.02) for place, on in enumerate(DAYS)])

    assert figure.layout.meta["label"] == ("11 % of the principal was late on 19 Nov 2026, 2 % over 30 days.")
    assert figure.layout.meta["rows"][0] == ["18 Nov 2026", "10 %", "2 %"]
    assert list(figure.data[0].y) == [10.0, 11.0]
    assert figure.layout.yaxis.ticktext[-1] == "12 %"


def test_the_fund_stands_beside_expected_losses_and_is_no_guarantee() -> None:
    figure = fund_chart([FundDay(on, 1_000_00 + place, 4_000_00) for place, on in enumerate(DAYS)])

    assert figure.layout.meta["label"] == (
        "$1,000.01 in the reserve fund on 19 Nov 2026; losses of $4,000.00 were expected."
    )
    assert "guarantee" not in str(figure.layout.meta).lower()
    assert len(figure.layout.yaxis.tickvals) <= 5


def test_nothing_known_draws_nothing() -> None:
    assert late_share_chart([]) is EMPTY_FIGURE
    assert fund_chart([]) is EMPTY_FIGURE
