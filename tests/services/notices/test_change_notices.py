"""What people hear when an admin changes a loan: the borrower why, each lender what it means in money."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.notice_kinds import NoticeKind
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import NoticeMail
from p2p_reflex.services.desk import approval_requests
from p2p_reflex.services.hardship.help_plans import (
    a_forgiveness,
    a_pause,
    a_rate_cut,
    a_reschedule,
    an_end_of_pause,
)
from p2p_reflex.services.notices import change_notices, notice_preferences, notices
from p2p_reflex.settings import settings
from tests.builders import NOW, a_loan, a_member
from tests.loan_deeds import (
    FIRST_DUE,
    MADE_ON,
    NOTES,
    approve,
    close_until,
    date_back,
    first_installment,
    help_with,
    pay,
    preview_help,
    reverse,
    stands,
    withdraw_all,
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN, full_name="Sam Whitfield")


@pytest.fixture
def loan_id(database: Engine) -> int:
    return run(a_loan, notes=NOTES, disbursed_on=MADE_ON)


def heard(member_id: int | None) -> list[tuple[str, str]]:
    """Give what a member was told of changes, oldest first."""
    assert member_id is not None
    page = read(notices.page_of, member_id=member_id, kind=NoticeKind.CHANGE, page_size=100)
    return [(row.text.title, row.text.meaning) for row in reversed(page.rows)]


def parties(loan_id: int) -> tuple[int, list[int]]:
    loan = stands(loan_id)
    return loan.borrower_id, [note.lender_id for note in loan.notes if note.lender_id is not None]


def test_a_reversal_is_told_with_the_money_it_moves_and_what_was_advanced(
    admin_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    borrower_id, lender_ids = parties(loan_id)
    gone = withdraw_all(lender_ids[0], on=FIRST_DUE)

    reverse(admin_id, paid.payment_id, on=FIRST_DUE)

    assert heard(borrower_id) == [
        (
            "Your payment of $700.00 was reversed",
            "That of 28 Feb 2026 for “Roof repair after the storm”. $700.00 is back in your wallet."
            " You owe $12,000.00 of principal. The reason: It was meant for another loan.",
        )
    ]
    first, second = (heard(lender_id) for lender_id in lender_ids[:2])
    assert first[0][0] == "A payment on “Roof repair after the storm” was reversed"
    assert f"${gone / 100:.2f} has to go back." in first[0][1]
    assert f"the platform advanced ${gone / 100:.2f}" in first[0][1]
    assert "was taken from your wallet." in second[0][1]
    assert "advanced" not in second[0][1]
    assert all("another loan" not in meaning for _, meaning in first + second)


def test_a_payment_dated_back_is_told_with_what_came_back(admin_id: int, loan_id: int) -> None:
    close_until(FIRST_DUE + timedelta(days=20))
    owed_cents = sum(row.unpaid_cents for row in stands(loan_id).due_by(FIRST_DUE))
    arrived = pay(loan_id, owed_cents, on=FIRST_DUE + timedelta(days=21))
    borrower_id, lender_ids = parties(loan_id)

    date_back(admin_id, arrived.payment_id, to=FIRST_DUE, on=FIRST_DUE + timedelta(days=22))

    ((title, meaning),) = heard(borrower_id)
    assert title.endswith("counts from 28 Feb 2026 on")
    assert "not from 21 Mar 2026 on." in meaning
    assert all(
        told[0][0] == "A payment on “Roof repair after the storm” counts from 28 Feb 2026 on"
        for told in map(heard, lender_ids)
        if told
    )


@pytest.mark.parametrize("kind", ["pause", "cut", "reschedule", "forgive"])
def test_every_help_is_told_to_the_borrower_and_to_each_lender(
    admin_id: int, loan_id: int, kind: str
) -> None:
    events = {
        "pause": a_pause(from_on=FIRST_DUE, until_on=date(2026, 4, 20)),
        "cut": a_rate_cut(rate="6", from_on=FIRST_DUE),
        "reschedule": a_reschedule(months="36", business_on=FIRST_DUE),
        "forgive": a_forgiveness(late_fees="0", interest="10", principal="500", business_on=FIRST_DUE),
    }
    titles = {
        "pause": "“Roof repair after the storm” is paused",
        "cut": "The rate of “Roof repair after the storm” falls to 6.00 %",
        "reschedule": "“Roof repair after the storm” was rescheduled",
        "forgive": "$510.00 of “Roof repair after the storm” was forgiven",
    }
    borrower_id, lender_ids = parties(loan_id)
    told = preview_help(admin_id, loan_id, events[kind], on=FIRST_DUE)

    help_with(admin_id, loan_id, events[kind], on=FIRST_DUE)

    ((title, meaning),) = heard(borrower_id)
    assert title == titles[kind]
    assert meaning.endswith("The reason: Out of work.")
    changes = {holder.member_id: holder.change_cents for holder in told.holders}
    for lender_id in lender_ids:
        ((title, meaning),) = heard(lender_id)
        assert title == titles[kind]
        assert "Out of work" not in meaning
        cents = changes[lender_id]
        way = "more" if cents > 0 else "less"
        amount = f"You are to receive ${abs(cents) / 100:,.2f} {way}."
        assert (amount in meaning) == bool(cents)
    assert (kind == "pause") == (not any(changes.values()))


def test_the_end_of_a_pause_is_told_once_whoever_brings_it_about(admin_id: int, loan_id: int) -> None:
    borrower_id, lender_ids = parties(loan_id)
    last_on = FIRST_DUE + timedelta(days=20)
    help_with(admin_id, loan_id, a_pause(from_on=FIRST_DUE, until_on=last_on), on=FIRST_DUE)
    ends_on = FIRST_DUE + timedelta(days=10)

    help_with(admin_id, loan_id, an_end_of_pause(from_on=ends_on), on=FIRST_DUE)
    for days in range(9, 25):
        run(change_notices.tell_pauses_over, business_on=FIRST_DUE + timedelta(days=days), now=NOW)
    help_with(admin_id, loan_id, a_pause(from_on=last_on, until_on=last_on), on=last_on)
    for days in (20, 22, 23):
        run(change_notices.tell_pauses_over, business_on=FIRST_DUE + timedelta(days=days), now=NOW)

    for member_id in (borrower_id, *lender_ids):
        ends = [
            meaning
            for title, meaning in heard(member_id)
            if title == "The pause of “Roof repair after the storm” ends"
        ]
        assert len(ends) == 2
        assert ends[0].startswith("From 10 Mar 2026 on, days count as late again.")
        assert ends[1].startswith("From 21 Mar 2026 on, days count as late again.")


def test_admins_hear_of_what_waits_and_of_what_became_of_it(
    admin_id: int, loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "600")
    settings.cache_clear()
    other_id, third_id = (run(a_member, role=Role.ADMIN, full_name=name) for name in ("Olga Berg", "Ed Hall"))
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    event = a_forgiveness(late_fees="0", interest="0", principal="700", business_on=FIRST_DUE)

    asked = help_with(admin_id, loan_id, event, on=FIRST_DUE)
    approve(other_id, asked.request_id, on=FIRST_DUE)
    again = reverse(admin_id, paid.payment_id, on=FIRST_DUE)
    run(
        approval_requests.reject,
        admin_id=third_id,
        request_id=again.request_id,
        business_on=FIRST_DUE,
        now=NOW,
    )

    assert [title for title, _ in heard(other_id)] == ["Sam Whitfield asks for a second admin"] * 2
    assert heard(third_id)[0][1].startswith("For forgiving $700.00 on “Roof repair after the storm”.")
    assert heard(admin_id) == [
        (
            "Olga Berg approved what you asked for",
            "It was forgiving $700.00 on “Roof repair after the storm”. It was carried out as it was shown.",
        ),
        (
            "Ed Hall rejected what you asked for",
            "It was the reversal of a payment of $700.00 on “Roof repair after the storm”."
            " Nothing was changed.",
        ),
    ]


def test_changes_are_mailed_and_stay_away_where_not_wanted(admin_id: int, loan_id: int) -> None:
    borrower_id, lender_ids = parties(loan_id)
    for channel in ("in_app", "by_email"):
        run(
            notice_preferences.choose,
            member_id=lender_ids[0],
            kind=NoticeKind.CHANGE.value,
            channel=channel,
            wanted=False,
        )
    before = len(run(lambda session: session.exec(select(NoticeMail)).all()))

    help_with(admin_id, loan_id, a_rate_cut(rate="6", from_on=FIRST_DUE), on=FIRST_DUE)

    assert heard(lender_ids[0]) == []
    assert len(heard(borrower_id)) == len(heard(lender_ids[1])) == 1
    mails = len(run(lambda session: session.exec(select(NoticeMail)).all())) - before
    assert mails == len(lender_ids)


def test_a_payment_that_owes_nothing_more_says_that_the_loan_has_ended(
    admin_id: int, loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "20000")
    settings.cache_clear()
    pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    paid = pay(loan_id, 20_000_00, on=date(2026, 3, 20))

    date_back(admin_id, paid.payment_id, to=date(2026, 3, 10), on=date(2026, 3, 21))

    borrower_id, _ = parties(loan_id)
    assert "The loan has ended." in heard(borrower_id)[0][1]
    assert "of it came back to your wallet." in heard(borrower_id)[0][1]
