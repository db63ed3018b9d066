from datetime import UTC, date, datetime, timedelta

import pytest

from p2p_reflex.state.moments import since_or_day

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
A_MONTH_ON = date(2026, 12, 20)


@pytest.mark.parametrize(
    ("told_at", "on", "today", "words"),
    [
        (NOW - timedelta(minutes=3), TODAY, TODAY, "3 min"),
        (NOW - timedelta(hours=13), TODAY - timedelta(days=1), TODAY, "13 h"),
        (NOW, date(2026, 12, 12), A_MONTH_ON, "12 Dec"),
        (NOW - timedelta(minutes=3), TODAY, A_MONTH_ON, "20 Nov"),
        (NOW - timedelta(minutes=3), A_MONTH_ON, A_MONTH_ON, "3 min"),
        (NOW + timedelta(hours=9), TODAY, TODAY, "20 Nov"),
        (datetime(2026, 11, 9, 23, tzinfo=UTC), date(2026, 11, 10), TODAY, "10 Nov"),
    ],
)
def test_news_carry_their_business_day_after_a_day_and_where_the_clock_has_another_date(
    told_at: datetime, on: date, today: date, words: str
) -> None:
    assert since_or_day(told_at, on, now=NOW, today=today) == words
