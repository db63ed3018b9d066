"""Reminders: on the days that are promised, and after an outage only the last one."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.notice_kinds import NoticeKind
from p2p_reflex.models import Loan
from p2p_reflex.services.days import business_date, business_day, opening, reminders
from p2p_reflex.services.notices import notices
from tests.builders import NOW, TODAY, a_loan

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DUE_ON = date(2026, 12, 20)


@pytest.fixture
def borrower_id(database: Engine) -> int:
    """Give a borrower with one loan, due in a month."""
    run(opening.open_market, business_on=TODAY)
    loan_id = run(a_loan)
    with transaction() as session:
        return session.get_one(Loan, loan_id).borrower_id


def told(member_id: int) -> list[str]:
    """Read what a borrower was reminded of, oldest first."""
    page = read(notices.page_of, member_id=member_id, kind=NoticeKind.REMINDER)
    return [row.text.title for row in reversed(page.rows)]


def reminded_on(borrower_id: int, until: date) -> list[int]:
    """Close days one by one, and give the days from the due date on which there was a reminder."""
    days, count = [], 0
    while (today := read(business_date.today)) < until:
        business_day.advance(run, days=1, now=NOW)
        if len(told(borrower_id)) > count:
            count = len(told(borrower_id))
            days.append((today + timedelta(days=1) - DUE_ON).days)
    return days


def test_a_borrower_is_reminded_before_on_and_after_the_due_date(borrower_id: int) -> None:
    assert reminded_on(borrower_id, DUE_ON + timedelta(days=17)) == list(reminders.DAYS)
    assert [words.split(" ", 1)[1] for words in told(borrower_id)] == [
        "is due in 7 days, on 20 Dec 2026",
        "is due tomorrow",
        "is due today",
        "was due on 20 Dec 2026 and is not paid",
        "was due on 20 Dec 2026 and is not paid",
        "was due on 20 Dec 2026 and is not paid",
    ]


def test_after_an_outage_only_the_last_reminder_is_sent(borrower_id: int) -> None:
    business_day.close_until(run, until=DUE_ON + timedelta(days=9), now=NOW)

    assert [words.split(" ", 1)[1] for words in told(borrower_id)] == [
        "was due on 20 Dec 2026 and is not paid"
    ]


def test_days_that_a_demo_lives_through_are_heard_of_one_by_one(borrower_id: int) -> None:
    business_day.close_until(run, until=DUE_ON, now=NOW, live=lambda on: None)

    assert [words.split(" ", 1)[1] for words in told(borrower_id)] == [
        "is due in 7 days, on 20 Dec 2026",
        "is due tomorrow",
        "is due today",
    ]


def test_nobody_is_reminded_twice_of_the_same(borrower_id: int) -> None:
    run(reminders.remind, today=DUE_ON, now=NOW)
    run(reminders.remind, today=DUE_ON, now=NOW)

    assert len(told(borrower_id)) == 1


def test_who_has_paid_is_left_alone(borrower_id: int) -> None:
    with transaction() as session:
        loan = session.get_one(Loan, 1)
        loan.autopay = True

    business_day.close_until(run, until=DUE_ON + timedelta(days=1), now=NOW)
    before = len(told(borrower_id))
    business_day.close_until(run, until=DUE_ON + timedelta(days=10), now=NOW)

    assert len(told(borrower_id)) == before
