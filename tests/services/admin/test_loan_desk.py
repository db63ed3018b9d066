"""The admin's list of loans: what to act on first, and every loan by state and days past due."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanEventKind, LoanState, Role
from p2p_reflex.models import Loan
from p2p_reflex.services.admin import loan_desk
from p2p_reflex.services.admin.loan_desk import LoanQuery, LoanSort, Reason
from p2p_reflex.services.loans import loan_log
from tests.builders import NOW, TODAY, a_borrower, a_member
from tests.loan_rows import a_bare_loan

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


def a_late_loan(days: int, *, title: str = "", state: LoanState = LoanState.ACTIVE, name: str = "") -> int:
    """Make a loan whose oldest unpaid installment was due so many days ago."""

    def build(session: Session) -> int:
        borrower_id = a_borrower(session, full_name=name or None)
        loan_id = a_bare_loan(
            session,
            borrower_id=borrower_id,
            title=title or f"{days} days late",
            state=state,
            disbursed_on=TODAY - timedelta(days=days + 40),
        )
        session.get_one(Loan, loan_id).next_due_on = TODAY - timedelta(days=days)
        return loan_id

    return run(build)


def charged_off(on: date) -> int:
    def build(session: Session) -> int:
        loan_id = a_bare_loan(
            session,
            borrower_id=a_borrower(session),
            title=f"Charged off on {on}",
            state=LoanState.CHARGED_OFF,
        )
        loan = session.get_one(Loan, loan_id)
        loan.charged_off_on, loan.next_due_on = on, None
        return loan_id

    return run(build)


def pause(loan_id: int, *, from_on: date, until_on: date) -> None:
    event = LoanEvent(kind=LoanEventKind.PAUSED, effective_on=from_on, until_on=until_on)
    run(loan_log.record, [(loan_id, event)], reason="Hardship", business_on=TODAY, now=NOW)


def found(admin_id: int, **wanted: object) -> list[str]:
    page = read(
        loan_desk.page_of,
        admin_id=admin_id,
        query=LoanQuery(**wanted),
        business_on=TODAY,  # type: ignore[arg-type]
    )
    return [row.title for row in page.rows]


def to_act_on(admin_id: int) -> list[tuple[str, Reason]]:
    acts = read(loan_desk.loans_to_act_on, admin_id=admin_id, business_on=TODAY)
    return [(each.loan.title, each.reason) for each in acts]


def test_the_most_urgent_comes_first(database: Engine, admin_id: int) -> None:
    for days in (0, 30, 31, 120):
        a_late_loan(days)
    a_late_loan(149, state=LoanState.DEFAULTED)
    a_late_loan(130, state=LoanState.DEFAULTED)
    charged_off(TODAY.replace(day=2))
    charged_off(TODAY.replace(day=1) - timedelta(days=1))

    assert to_act_on(admin_id) == [
        ("120 days late", Reason.DEFAULT_TOMORROW),
        ("149 days late", Reason.CHARGE_OFF_TOMORROW),
        ("130 days late", Reason.LATE),
        ("31 days late", Reason.LATE),
        ("Charged off on 2026-11-02", Reason.CHARGED_OFF),
    ]


def test_a_paused_loan_is_left_in_peace_and_its_days_do_not_count(database: Engine, admin_id: int) -> None:
    paused_now, paused_before = a_late_loan(60, title="Paused"), a_late_loan(60, title="Paused before")
    pause(paused_now, from_on=TODAY - timedelta(days=5), until_on=TODAY + timedelta(days=5))
    pause(paused_before, from_on=TODAY - timedelta(days=50), until_on=TODAY - timedelta(days=11))

    assert to_act_on(admin_id) == []
    assert found(admin_id, bucket=DelinquencyBucket.LATE_16_30) == ["Paused before"]
    assert found(admin_id, bucket=DelinquencyBucket.LATE_31_120) == ["Paused"]


@pytest.mark.parametrize(
    ("bucket", "titles"),
    [
        (DelinquencyBucket.CURRENT, ["0 days late"]),
        (DelinquencyBucket.GRACE, ["15 days late", "1 days late"]),
        (DelinquencyBucket.LATE_16_30, ["30 days late", "16 days late"]),
        (DelinquencyBucket.LATE_31_120, ["120 days late", "31 days late"]),
        (DelinquencyBucket.DEFAULT, ["121 days late"]),
    ],
)
def test_each_bucket_begins_and_ends_on_its_day(
    database: Engine, admin_id: int, bucket: DelinquencyBucket, titles: list[str]
) -> None:
    for days in (0, 1, 15, 16, 30, 31, 120, 121):
        a_late_loan(days)
    charged_off(TODAY)

    assert found(admin_id, bucket=bucket) == titles


def test_the_list_is_searched_filtered_sorted_and_paged(database: Engine, admin_id: int) -> None:
    a_late_loan(3, title="Apple cart", name="Zoë Ford")
    a_late_loan(2, title="Bread oven", name="Max Apple")
    a_late_loan(1, title="Coffee bar", name="Ann Lee", state=LoanState.DEFAULTED)

    assert found(admin_id, search="APPLE", sort=LoanSort.TITLE, is_descending=False) == [
        "Apple cart",
        "Bread oven",
    ]
    assert found(admin_id, state=LoanState.DEFAULTED) == ["Coffee bar"]
    assert found(admin_id, search="%") == []
    assert found(admin_id, sort=LoanSort.LATE, page=2, page_size=2) == ["Coffee bar"]
    assert found(admin_id, page=99, page_size=2) == ["Coffee bar"]


def test_the_page_says_how_many_there_are_and_what_they_owe(database: Engine, admin_id: int) -> None:
    a_late_loan(3)
    a_late_loan(2)

    page = read(loan_desk.page_of, admin_id=admin_id, query=LoanQuery(page_size=1), business_on=TODAY)

    assert (page.row_count, page.outstanding_cents, page.page_count) == (2, 12_000_00, 2)
    assert (page.rows[0].days_past_due, page.rows[0].borrower_name.count(" ")) == (3, 1)


@ON_SQLITE
@pytest.mark.parametrize("role", [Role.BORROWER, Role.LENDER])
def test_nobody_else_sees_it(database: Engine, role: Role) -> None:
    member_id = run(a_member, role=role)

    with pytest.raises(UnknownError):
        to_act_on(member_id)
    with pytest.raises(UnknownError):
        found(member_id)


@ON_SQLITE
def test_an_empty_market_has_an_empty_page(database: Engine, admin_id: int) -> None:
    page = read(loan_desk.page_of, admin_id=admin_id, query=LoanQuery(), business_on=TODAY)

    assert (page.rows, page.row_count, page.first_number, page.page_count) == ((), 0, 0, 1)
    with transaction() as session:
        assert loan_desk.loans_to_act_on(session, admin_id=admin_id, business_on=TODAY) == ()
