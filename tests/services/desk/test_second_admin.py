"""The second admin: above the limit nothing is given up until another admin lets exactly that be done."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import AccountKind, ApprovalKind, RequestState, Role
from p2p_reflex.models import ApprovalRequest
from p2p_reflex.services.corrections import receivables, write_offs
from p2p_reflex.services.desk import approval_requests, approvals
from p2p_reflex.services.desk.approval_requests import (
    DAYS_TO_DECIDE,
    AlreadyAskedError,
    AlreadyDecidedError,
    PendingRequest,
    RequestExpiredError,
    SecondAdminError,
)
from p2p_reflex.services.desk.approvals import OutdatedRequestError
from p2p_reflex.services.desk.desk_work import ChangedSinceError
from p2p_reflex.services.hardship.help_plans import a_forgiveness, a_rate_cut, a_reschedule
from p2p_reflex.services.idempotency import FormReusedError
from p2p_reflex.services.loans import loan_log
from p2p_reflex.settings import settings
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws, in_threads
from tests.loan_deeds import (
    FIRST_DUE,
    MADE_ON,
    NOTES,
    approve,
    balance_of,
    close_until,
    compare_with_its_log,
    date_back,
    first_installment,
    help_with,
    pay,
    preview_help,
    reverse,
    stands,
    withdraw_all,
)

ON = date(2026, 4, 20)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _a_low_limit(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "600")
    settings.cache_clear()


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


@pytest.fixture
def other_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


@pytest.fixture
def loan_id(database: Engine) -> int:
    return run(a_loan, notes=NOTES, disbursed_on=MADE_ON)


def forgiven(principal: str, *, on: date = ON, interest: str = "0", late_fees: str = "0") -> LoanEvent:
    return a_forgiveness(late_fees=late_fees, interest=interest, principal=principal, business_on=on)


def waiting(admin_id: int, *, on: date = ON) -> tuple[PendingRequest, ...]:
    return read(approval_requests.pending, admin_id=admin_id, business_on=on)


def reject(admin_id: int, request_id: int | None, *, on: date = ON) -> None:
    run(approval_requests.reject, admin_id=admin_id, request_id=request_id, business_on=on, now=NOW)


def states() -> list[RequestState]:
    query = select(ApprovalRequest.state).order_by(ApprovalRequest.id)
    return run(lambda session: list(session.exec(query)))


def test_a_reversal_above_the_limit_waits_for_another_admin(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    before = stands(loan_id)

    asked = reverse(admin_id, paid.payment_id, on=FIRST_DUE)

    assert not asked.is_done
    assert stands(loan_id) == before
    with pytest.raises(AlreadyAskedError):
        date_back(other_id, paid.payment_id, to=MADE_ON, on=FIRST_DUE)
    (each,) = waiting(other_id, on=FIRST_DUE)
    assert (each.kind, each.amount_cents, each.may_approve) == (ApprovalKind.REVERSAL, 700_00, True)
    assert not waiting(admin_id, on=FIRST_DUE)[0].may_approve
    with pytest.raises(SecondAdminError):
        approve(admin_id, asked.request_id, on=FIRST_DUE)
    assert approve(other_id, asked.request_id, on=FIRST_DUE).is_done
    assert stands(loan_id).outstanding_cents == 12_000_00
    assert waiting(other_id, on=FIRST_DUE) == ()
    with pytest.raises(AlreadyDecidedError):
        reject(other_id, asked.request_id, on=FIRST_DUE)
    assert read(broken_laws) == []


def test_what_is_forgiven_above_the_limit_waits_for_another_admin(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    close_until(ON - timedelta(days=1))
    before = stands(loan_id)
    fees_cents = sum(row.late_fee_cents for row in before.rows)
    event = forgiven("590", late_fees=f"{fees_cents / 100:.2f}", interest="1")
    told = preview_help(admin_id, loan_id, event, on=ON)

    asked = help_with(admin_id, loan_id, event, seen=told.fingerprint, on=ON)

    assert told.needs_second_admin
    assert told.written_off_cents == 590_00 + fees_cents + 1_00 > 600_00
    assert not asked.is_done
    assert stands(loan_id) == before
    seen = read(approvals.preview, admin_id=other_id, request_id=asked.request_id, business_on=ON)
    assert (seen.preview, seen.is_outdated) == (told, False)
    done = approve(other_id, asked.request_id, on=ON)
    after = stands(loan_id)
    assert done.is_done
    assert after.outstanding_cents == 12_000_00 - 590_00
    assert sum(row.late_fee_cents for row in after.rows) == 0
    assert read(loan_log.standing_events, loan_id=loan_id)[-1].id == done.event_id
    assert states() == [RequestState.APPROVED]
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []


def test_up_to_the_limit_one_admin_is_enough(admin_id: int, loan_id: int) -> None:
    event = forgiven("600", on=FIRST_DUE)

    assert not preview_help(admin_id, loan_id, event, on=FIRST_DUE).needs_second_admin
    assert help_with(admin_id, loan_id, event, on=FIRST_DUE).is_done


def test_a_rate_cut_that_reaches_far_back_writes_interest_off_and_waits_too(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    on = date(2026, 11, 20)
    for row in stands(loan_id).rows[:9]:
        pay(loan_id, row.total_cents, on=row.due_on)
    paid_cents = sum(row.interest_paid_cents for row in stands(loan_id).rows)

    asked = help_with(admin_id, loan_id, a_rate_cut(rate="0", from_on=MADE_ON), on=on)
    from_today = preview_help(admin_id, loan_id, a_rate_cut(rate="0", from_on=on), on=on)

    assert not asked.is_done
    assert waiting(other_id, on=on)[0].amount_cents > paid_cents > 600_00
    assert not from_today.needs_second_admin
    assert approve(other_id, asked.request_id, on=on).is_done
    assert sum(row.interest_cents for row in stands(loan_id).rows) == 0
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []


@pytest.mark.parametrize("meanwhile", ["pays", "is helped", "days pass"])
def test_what_is_approved_is_what_was_shown_or_nothing(
    admin_id: int, other_id: int, loan_id: int, meanwhile: str
) -> None:
    asked_on = FIRST_DUE + timedelta(days=8)
    asked = help_with(admin_id, loan_id, forgiven("700", on=asked_on), on=asked_on)
    on = asked_on + timedelta(days=1)
    match meanwhile:
        case "pays":
            pay(loan_id, 100_00, on=on)
        case "is helped":
            help_with(other_id, loan_id, a_reschedule(months="36", business_on=on), on=on)
        case "days pass":
            on = FIRST_DUE + timedelta(days=17)
            close_until(on - timedelta(days=1))
    before = stands(loan_id)

    with pytest.raises(OutdatedRequestError, match="The loan has changed since this was asked for"):
        approve(other_id, asked.request_id, on=on)

    assert stands(loan_id) == before
    assert states() == [RequestState.PENDING]
    seen = read(approvals.preview, admin_id=other_id, request_id=asked.request_id, business_on=on)
    assert seen.is_outdated
    reject(other_id, asked.request_id, on=on)
    assert not help_with(admin_id, loan_id, forgiven("700", on=on), on=on).is_done
    assert states() == [RequestState.REJECTED, RequestState.PENDING]


def test_a_reversal_is_refused_where_another_payment_came_between(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, 700_00, on=FIRST_DUE)
    asked = reverse(admin_id, paid.payment_id, on=FIRST_DUE)
    pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    before = stands(loan_id)

    with pytest.raises(OutdatedRequestError):
        approve(other_id, asked.request_id, on=FIRST_DUE)

    assert stands(loan_id) == before
    assert read(broken_laws) == []


def test_nobody_approves_twice_whoever_presses_at_once(admin_id: int, other_id: int, loan_id: int) -> None:
    third_id = run(a_member, role=Role.ADMIN)
    asked = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)

    outcomes = in_threads(
        [lambda who=who: approve(who, asked.request_id, on=FIRST_DUE) for who in (other_id, third_id) * 2]
    )

    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert len(refused) == 3
    assert all(isinstance(each, AlreadyDecidedError) for each in refused)
    assert stands(loan_id).outstanding_cents == 11_300_00
    assert read(broken_laws) == []


def test_a_button_pressed_twice_asks_and_approves_once(admin_id: int, other_id: int, loan_id: int) -> None:
    asking, approving = a_form_key(), a_form_key()
    event = forgiven("700", on=FIRST_DUE)

    asked = [help_with(admin_id, loan_id, event, on=FIRST_DUE, form_key=asking) for _ in range(2)]
    done = [approve(other_id, asked[0].request_id, on=FIRST_DUE, form_key=approving) for _ in range(2)]

    assert asked[0] == asked[1]
    assert done[0] == done[1]
    with pytest.raises(FormReusedError):
        help_with(admin_id, loan_id, forgiven("800", on=FIRST_DUE), on=FIRST_DUE, form_key=asking)
    assert stands(loan_id).outstanding_cents == 11_300_00


def test_who_asked_may_withdraw_and_who_did_not_may_reject(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    first = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)
    reject(admin_id, first.request_id, on=FIRST_DUE)
    second = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)
    reject(other_id, second.request_id, on=FIRST_DUE)

    assert states() == [RequestState.WITHDRAWN, RequestState.REJECTED]
    for request_id in (first.request_id, second.request_id):
        with pytest.raises(AlreadyDecidedError):
            approve(other_id, request_id, on=FIRST_DUE)
    assert stands(loan_id).outstanding_cents == 12_000_00


def test_a_request_expires(admin_id: int, other_id: int, loan_id: int) -> None:
    asked = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)
    last_on = FIRST_DUE + timedelta(days=DAYS_TO_DECIDE)
    late_on = last_on + timedelta(days=1)

    assert len(waiting(other_id, on=last_on)) == 1
    assert waiting(other_id, on=late_on) == ()
    with pytest.raises(RequestExpiredError, match="over 14 days old"):
        approve(other_id, asked.request_id, on=late_on)
    again = help_with(other_id, loan_id, forgiven("700", on=late_on), on=late_on)
    assert states() == [RequestState.EXPIRED, RequestState.PENDING]
    assert approve(admin_id, again.request_id, on=late_on).is_done


def test_an_advance_above_the_limit_is_written_off_by_two(
    admin_id: int, other_id: int, loan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "100")
    settings.cache_clear()
    paid = pay(loan_id, 300_00, on=FIRST_DUE)
    withdraw_all(stands(loan_id).notes[0].lender_id, on=FIRST_DUE)
    approve(other_id, reverse(admin_id, paid.payment_id, on=FIRST_DUE).request_id, on=FIRST_DUE)
    (debt,) = read(receivables.list_open, admin_id=admin_id, loan_id=loan_id)
    form = {"admin_id": admin_id, "receivable_id": debt.receivable_id, "reason": "Cannot be reached"}

    waits = run(write_offs.write_off, **form, form_key=a_form_key(), business_on=FIRST_DUE, now=NOW)

    assert debt.left_cents > 100_00
    assert not waits.is_done
    assert balance_of(AccountKind.RECEIVABLE) == -debt.left_cents
    with pytest.raises(SecondAdminError):
        approve(admin_id, waits.request_id, on=FIRST_DUE)
    done = approve(other_id, waits.request_id, on=FIRST_DUE)
    assert done.written_off_cents == debt.left_cents
    assert balance_of(AccountKind.RECEIVABLE) == 0
    assert read(broken_laws) == []


def test_a_write_off_that_the_platforms_income_does_not_cover_is_refused_with_a_sentence(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    for _ in range(2):
        paid = pay(loan_id, 1_900_00, on=FIRST_DUE)
    withdraw_all(stands(loan_id).notes[0].lender_id, on=FIRST_DUE)
    approve(other_id, reverse(admin_id, paid.payment_id, on=FIRST_DUE).request_id, on=FIRST_DUE)
    (debt,) = read(receivables.list_open, admin_id=admin_id, loan_id=loan_id)
    form = {"admin_id": admin_id, "receivable_id": debt.receivable_id, "reason": "Cannot be reached"}
    waits = run(write_offs.write_off, **form, form_key=a_form_key(), business_on=FIRST_DUE, now=NOW)

    with pytest.raises(write_offs.IncomeTooLowError, match="does not cover"):
        approve(other_id, waits.request_id, on=FIRST_DUE)

    assert len(waiting(other_id, on=FIRST_DUE)) == 1


def test_a_write_off_is_refused_where_some_of_it_was_collected_since(
    admin_id: int, other_id: int, loan_id: int
) -> None:
    for _ in range(2):
        paid = pay(loan_id, 1_900_00, on=FIRST_DUE)
    withdraw_all(stands(loan_id).notes[0].lender_id, on=FIRST_DUE)
    approve(other_id, reverse(admin_id, paid.payment_id, on=FIRST_DUE).request_id, on=FIRST_DUE)
    (debt,) = read(receivables.list_open, admin_id=admin_id, loan_id=loan_id)
    form = {"admin_id": admin_id, "receivable_id": debt.receivable_id, "reason": "Cannot be reached"}
    waits = run(write_offs.write_off, **form, form_key=a_form_key(), business_on=FIRST_DUE, now=NOW)
    pay(loan_id, 100_00, on=FIRST_DUE)

    with pytest.raises(OutdatedRequestError):
        approve(other_id, waits.request_id, on=FIRST_DUE)

    (left,) = read(receivables.list_open, admin_id=admin_id, loan_id=loan_id)
    assert 0 < left.left_cents < debt.left_cents


def test_what_changed_since_it_was_looked_at_is_not_done(admin_id: int, loan_id: int) -> None:
    event = forgiven("100", on=FIRST_DUE)
    told = preview_help(admin_id, loan_id, event, on=FIRST_DUE)
    pay(loan_id, 50_00, on=FIRST_DUE)

    with pytest.raises(ChangedSinceError, match="Look again; nothing was changed"):
        help_with(admin_id, loan_id, event, seen=told.fingerprint, on=FIRST_DUE)

    assert stands(loan_id).forgiven_cents == 0


def test_the_database_itself_wants_two_admins(admin_id: int, loan_id: int) -> None:
    asked = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)
    forged = sa.update(ApprovalRequest).values(state="approved", decided_by_id=admin_id)

    with pytest.raises(IntegrityError):
        run(lambda session: session.connection().execute(forged))

    assert asked.request_id is not None
    assert states() == [RequestState.PENDING]


@ON_SQLITE
def test_to_anybody_but_admins_requests_do_not_exist(admin_id: int, loan_id: int) -> None:
    asked = help_with(admin_id, loan_id, forgiven("700", on=FIRST_DUE), on=FIRST_DUE)
    borrower_id = stands(loan_id).borrower_id

    for attempt in (
        lambda: approve(borrower_id, asked.request_id, on=FIRST_DUE),
        lambda: reject(borrower_id, asked.request_id, on=FIRST_DUE),
        lambda: waiting(borrower_id, on=FIRST_DUE),
        lambda: help_with(borrower_id, loan_id, forgiven("1", on=FIRST_DUE), on=FIRST_DUE),
        lambda: preview_help(borrower_id, loan_id, forgiven("1", on=FIRST_DUE), on=FIRST_DUE),
        lambda: approve(admin_id, 999, on=FIRST_DUE),
        lambda: approve(admin_id, 2**70, on=FIRST_DUE),
    ):
        with pytest.raises(UnknownError):
            attempt()
