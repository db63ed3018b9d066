"""What people hear when loans are late: of each rung of the ladder, and after an outage of the last only."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from p2p_reflex import database as house
from p2p_reflex.database import read, run
from p2p_reflex.domain.notice_kinds import NoticeKind
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Note
from p2p_reflex.services.days import business_date, business_day, business_runs, opening, sealing
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.services.money import ledger
from p2p_reflex.services.notices import late_notices, notice_preferences, notices
from p2p_reflex.services.paying import payments
from p2p_reflex.services.servicing import late_fees
from tests.builders import NOW, TODAY, a_form_key, a_loan, a_member, give_cash

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

DUE_ON = date(2026, 12, 20)
NOTES = [(4_000_00, "0.1000"), (2_000_00, "0.1300")]


@pytest.fixture
def admin_id(database: Engine) -> int:
    """Open the market, and give its admin."""
    run(opening.open_market, business_on=TODAY)
    return run(a_member, role=Role.ADMIN)


@pytest.fixture
def loan_id(admin_id: int) -> int:
    """Give a loan of two lenders that nobody pays."""
    return run(a_loan, principal_cents=6_000_00, notes=NOTES, term_months=12)


def close_late(days: int) -> None:
    """Close all days at once, up to the one on which the first installment is so many days late."""
    business_day.close_until(run, until=DUE_ON + timedelta(days=days + 1), now=NOW)


def heard(member_id: int) -> list[tuple[str, str, str]]:
    """Give what a member was told of late loans, oldest first: title, meaning, where it leads."""
    page = read(notices.page_of, member_id=member_id, kind=NoticeKind.LATE, page_size=100)
    return [(row.text.title, row.text.meaning, row.text.path) for row in reversed(page.rows)]


def titles(member_id: int) -> list[str]:
    return [title for title, _, _ in heard(member_id)]


def borrower_of(loan_id: int) -> int:
    return read(lambda session: session.get_one(Loan, loan_id).borrower_id)


def lenders_of(loan_id: int) -> list[int]:
    query = select(Note.lender_id).where(Note.loan_id == loan_id, col(Note.lender_id).is_not(None))
    return read(lambda session: list(session.exec(query.order_by(col(Note.id)))))


def give_fund(session: Session, *, cents: int) -> None:
    """Let the fund have so much more."""
    house_ids = ledger.house_accounts(session)
    legs = (
        ledger.Leg(house_ids[ledger.AccountKind.BANK], -cents),
        ledger.Leg(house_ids[ledger.AccountKind.RESERVE_FUND], cents),
    )
    movement = ledger.Movement(kind=ledger.TransactionKind.CAPITAL, memo="For the fund", legs=legs)
    ledger.post(session, [movement], business_on=TODAY, recorded_at=NOW)


def pay(loan_id: int, amount: str) -> None:
    run(
        payments.pay,
        borrower_id=borrower_of(loan_id),
        loan_id=loan_id,
        amount=amount,
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=read(business_date.today),
        now=NOW,
    )


def test_everybody_hears_of_each_rung_when_it_is_taken(admin_id: int, loan_id: int) -> None:
    maya_id, _ = lenders_of(loan_id)

    for days in (15, 16, 46, 47, 120, 121, 149, 150, 151):
        close_late(days)

    assert titles(borrower_of(loan_id)) == [
        "A late fee of $26.51 was charged",
        "A late fee of $26.51 was charged",
        "2 late fees, $53.02 in all, were charged",
        "“Roof repair after the storm” is in default",
        "A late fee of $26.51 was charged",
        "“Roof repair after the storm” was charged off",
    ]
    assert titles(maya_id) == [
        "“Roof repair after the storm” is late",
        "A late fee of $26.51 was charged on “Roof repair after the storm”",
        "$53.02 of late fees were charged on “Roof repair after the storm”",
        "“Roof repair after the storm” is in default",
        "A late fee of $26.51 was charged on “Roof repair after the storm”",
        "“Roof repair after the storm” was charged off",
    ]
    assert titles(admin_id) == ["1 loan became late", "1 loan defaulted", "1 loan was charged off"]


@ON_SQLITE
def test_a_borrower_hears_how_late_they_are_and_where_to_look(admin_id: int, loan_id: int) -> None:
    close_late(15)
    close_late(16)

    assert heard(borrower_of(loan_id)) == [
        (
            "A late fee of $26.51 was charged",
            "For “Roof repair after the storm”, 16 days past due."
            " It goes to your lenders with what you pay next.",
            f"/loans/{loan_id}",
        )
    ]


@ON_SQLITE
def test_a_lender_hears_what_the_fund_bought_of_their_part(admin_id: int, loan_id: int) -> None:
    maya_id, tomas_id = lenders_of(loan_id)
    with house.transaction() as session:
        account = ledger.house_accounts(session)[ledger.AccountKind.RESERVE_FUND]
        had_cents = session.scalar(
            sa.text("SELECT balance_cents FROM ledger_account WHERE id = :id").bindparams(id=account)
        )
        give_fund(session, cents=900_00 - had_cents)
    close_late(120)

    close_late(121)

    bought = "At least 121 days past due. The reserve fund bought {} of your part and paid you for it"
    assert heard(maya_id)[-1][1] == f"{bought.format('$600.00')}; you are still owed $3,400.00."
    assert heard(tomas_id)[-1][1] == f"{bought.format('$300.00')}; you are still owed $1,700.00."
    assert heard(admin_id)[-1] == (
        "1 loan defaulted",
        "“Roof repair after the storm”, on 20 Apr 2027, with $6,000.00 of principal owed."
        " The reserve fund bought $900.00 of it.",
        f"/loans/{loan_id}",
    )


@ON_SQLITE
def test_after_an_outage_people_hear_once_how_far_it_has_come(admin_id: int, loan_id: int) -> None:
    close_late(160)

    assert titles(borrower_of(loan_id)) == ["“Roof repair after the storm” was charged off"]
    assert titles(lenders_of(loan_id)[0]) == ["“Roof repair after the storm” was charged off"]
    assert heard(admin_id) == [
        (
            "1 loan was charged off",
            "“Roof repair after the storm”, on 19 May 2027, with $6,000.00 of principal owed.",
            f"/loans/{loan_id}",
        )
    ]


@ON_SQLITE
def test_several_loans_of_one_lender_make_one_notice(admin_id: int) -> None:
    def three_loans(session: Session) -> list[int]:
        ids = [a_loan(session, principal_cents=1_000_00, term_months=12) for _ in range(3)]
        first = session.exec(select(Note.lender_id).where(Note.loan_id == ids[0])).one()
        session.execute(sa.update(Note).where(col(Note.loan_id).in_(ids)).values(lender_id=first))
        return ids

    ids = run(three_loans)
    (lender_id,) = lenders_of(ids[0])
    close_late(15)

    close_late(16)

    assert heard(lender_id) == [
        (
            "3 of your loans are late",
            "More than 15 days past due. You are owed $3,000.00. Late fees of $45.00 were charged.",
            "/portfolio",
        )
    ]
    assert heard(admin_id) == [
        ("3 loans became late", "On 5 Jan 2027, with $3,000.00 of principal owed.", "/admin/loans")
    ]
    assert [len(heard(borrower_of(each))) for each in ids] == [1, 1, 1]


@ON_SQLITE
def test_a_loan_that_paid_up_within_the_outage_is_not_called_late(admin_id: int, loan_id: int) -> None:
    close_late(15)
    on = DUE_ON + timedelta(days=16)
    run(late_fees.charge, business_on=on, now=NOW)
    pay(loan_id, "600")

    close_late(16)

    assert titles(admin_id) == []
    assert titles(lenders_of(loan_id)[0]) == [
        "A late fee of $26.51 was charged on “Roof repair after the storm”"
    ]


@ON_SQLITE
def test_a_recovery_is_told_as_one_with_the_collection_fee(admin_id: int, loan_id: int) -> None:
    maya_id, _ = lenders_of(loan_id)
    run(give_cash, member_id=borrower_of(loan_id), cash_cents=1_000_00)
    close_late(150)
    before = len(titles(maya_id))

    pay(loan_id, "1,000")

    (told,) = heard(maya_id)[before:]
    assert told[0].endswith(" was recovered")
    assert told[1].startswith("From “Roof repair after the storm”, which was charged off, after $")
    assert told[1].endswith(" of collection fees.")
    assert read(notices.page_of, member_id=maya_id, kind=NoticeKind.MONEY).row_count == 0


@ON_SQLITE
def test_days_of_a_pause_make_nobody_late(admin_id: int, loan_id: int) -> None:
    run(
        hardship.give,
        admin_id=admin_id,
        loan_id=loan_id,
        reason="Hospital",
        event=help_plans.a_pause(from_on=TODAY, until_on=DUE_ON + timedelta(days=40)),
        form_key=a_form_key(),
        business_on=TODAY,
        now=NOW,
    )

    close_late(40)

    assert titles(lenders_of(loan_id)[0]) == titles(borrower_of(loan_id)) == titles(admin_id) == []


@ON_SQLITE
def test_of_a_day_people_hear_once_however_often_it_is_told(admin_id: int, loan_id: int) -> None:
    close_late(16)
    before = (titles(borrower_of(loan_id)), titles(admin_id))

    again = run(late_notices.tell_late, business_on=DUE_ON + timedelta(days=16), now=NOW)
    close_late(17)

    assert again == 0
    assert (titles(borrower_of(loan_id)), titles(admin_id)) == before


@ON_SQLITE
def test_a_day_that_breaks_after_people_were_told_tells_them_no_second_time(
    admin_id: int, loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_late(15)
    monkeypatch.setattr(business_runs, "ENOUGH_ITEMS", 0)

    def out_of_wax(*_: Any, **__: Any) -> None:
        raise RuntimeError("Out of wax")

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "seal", out_of_wax)
        with pytest.raises(business_day.DayStoppedError):
            close_late(16)
    told = titles(borrower_of(loan_id))
    close_late(16)

    assert told == titles(borrower_of(loan_id)) == ["A late fee of $26.51 was charged"]


@ON_SQLITE
def test_what_is_not_wanted_stays_away(admin_id: int, loan_id: int) -> None:
    maya_id, tomas_id = lenders_of(loan_id)
    for channel in notice_preferences.CHANNELS:
        run(notice_preferences.choose, member_id=maya_id, kind="late", channel=channel, wanted=False)

    close_late(16)

    assert titles(maya_id) == []
    assert len(titles(tomas_id)) == 1


@ON_SQLITE
def test_many_late_loans_are_told_in_as_many_statements_as_few(admin_id: int) -> None:
    def late_loans(session: Session, *, count: int) -> None:
        for _ in range(count):
            a_loan(session, principal_cents=1_000_00, term_months=12)

    counts = []
    for count in (2, 40):
        run(late_loans, count=count)
        on = DUE_ON + timedelta(days=16)
        run(late_fees.charge, business_on=on, now=NOW)
        counts.append(statements_of(on))

    assert counts[1] == counts[0]


def statements_of(on: date) -> int:
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    engine = house.current_engine()
    sa.event.listen(engine, "before_cursor_execute", note)
    told = run(late_notices.tell_late, business_on=on, now=NOW)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert told
    return len([each for each in seen if not each.startswith(("BEGIN", "PRAGMA"))])
