"""Hardship: a longer schedule, something forgiven, a lower rate; nothing is given up unless it is written."""

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Installment, Loan, Note
from p2p_reflex.services.hardship.help_plans import (
    a_forgiveness,
    a_pause,
    a_rate_cut,
    a_reschedule,
    an_end_of_pause,
)
from p2p_reflex.services.loans import loan_log
from tests.builders import NOW, a_loan, a_member, broken_laws
from tests.loan_deeds import (
    FIRST_DUE,
    MADE_ON,
    NOTES,
    close_until,
    compare_with_its_log,
    first_installment,
    help_with,
    pay,
    reverse,
    stands,
)

ON = date(2026, 4, 20)


@pytest.fixture
def admin_id(database: Engine) -> int:
    return run(a_member, role=Role.ADMIN)


@pytest.fixture
def loan_id(database: Engine) -> int:
    return run(a_loan, notes=NOTES, disbursed_on=MADE_ON)


def test_a_reschedule_forgives_nothing(admin_id: int, loan_id: int) -> None:
    close_until(date(2026, 5, 10))
    before = stands(loan_id)
    on = date(2026, 5, 11)
    overdue = [row.due for row in before.due_by(on)]

    help_with(admin_id, loan_id, a_reschedule(months="36", business_on=on), on=on)

    after = stands(loan_id)
    assert len(after.unpaid) == 36
    assert after.days_past_due(on) == 0
    assert (
        after.outstanding_cents == before.outstanding_cents == sum(r.due.principal_cents for r in after.rows)
    )
    first = after.unpaid[0]
    assert first.carried_interest_cents == sum(due.interest_cents for due in overdue) > 0
    assert first.late_fee_cents == sum(due.late_fee_cents for due in overdue) > 0
    assert {row.due_on for row in before.unpaid if row.due_on > on} < {row.due_on for row in after.unpaid}
    assert after.installment_cents < before.installment_cents
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []
    payoff = pay(loan_id, 20_000_00, on=on)
    running_cents = payoff.paid_cents - 12_000_00 - first.carried_interest_cents - first.late_fee_cents
    assert 0 < running_cents < first.interest_cents - first.carried_interest_cents
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []


def test_forgiving_is_an_entry_of_its_own_and_costs_the_lenders(admin_id: int, loan_id: int) -> None:
    on = ON
    close_until(on)
    before = stands(loan_id)
    fees = sum(row.late_fee_cents for row in before.rows)
    forgiven = {"late_fees": f"{fees / 100:.2f}", "interest": "10.00", "principal": "1,200.00"}

    help_with(admin_id, loan_id, a_forgiveness(**forgiven, business_on=on), on=on)

    after = stands(loan_id)
    assert after.outstanding_cents == 10_800_00
    assert sum(row.late_fee_cents for row in after.rows) == 0
    assert sum(note.outstanding_cents for note in after.notes) == 10_800_00
    events = read(loan_log.standing_events, loan_id=loan_id)
    assert events[-1].forgiven.principal_cents == 1_200_00
    notes = run(lambda session: session.exec(select(Note)).all())
    assert sum(note.forgiven_cents for note in notes) == 1_200_00
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []
    too_much = a_forgiveness(late_fees="0", interest="0", principal="20,000", business_on=on)
    with pytest.raises(FieldError, match="At most"):
        help_with(admin_id, loan_id, too_much, on=on)


def test_a_rate_is_cut_from_an_earlier_day_and_what_was_too_much_pays_ahead(
    admin_id: int, loan_id: int
) -> None:
    pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    before = stands(loan_id)

    cut = a_rate_cut(rate="6", from_on=MADE_ON)
    help_with(admin_id, loan_id, cut, on=date(2026, 3, 10))

    after = stands(loan_id)
    assert after.rows[0].interest_cents == 60_00
    assert after.rows[1].paid_cents == before.rows[0].total_cents - after.rows[0].total_cents
    assert all(
        new.outstanding_cents < old.outstanding_cents
        for new, old in zip(after.notes, before.notes, strict=True)
    )
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []
    with pytest.raises(FieldError, match=r"under 6\.00 %"):
        help_with(admin_id, loan_id, cut, on=date(2026, 3, 10))


def test_a_reversal_beside_a_reschedule_and_a_forgiveness_keeps_every_law(
    admin_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    close_until(date(2026, 5, 10))
    on = date(2026, 5, 11)
    help_with(admin_id, loan_id, a_reschedule(months="30", business_on=on), on=on)
    agreed = a_forgiveness(late_fees="0", interest="0", principal="500", business_on=on)
    help_with(admin_id, loan_id, agreed, on=on)
    later = pay(loan_id, 900_00, on=date(2026, 6, 30))

    reverse(admin_id, paid.payment_id, on=date(2026, 7, 1))
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []
    reverse(admin_id, later.payment_id, on=date(2026, 7, 1))

    loan = stands(loan_id)
    assert loan.outstanding_cents == 11_500_00
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []
    assert run(lambda session: session.exec(select(Loan)).one().forgiven_cents) == 500_00
    rows = run(lambda session: session.exec(select(Installment)).all())
    assert sum(row.principal_cents for row in rows) == 11_500_00


def test_a_pause_ends_early_and_days_count_again(admin_id: int, loan_id: int) -> None:
    paused_on, ends_on = FIRST_DUE + timedelta(days=5), FIRST_DUE + timedelta(days=12)
    help_with(admin_id, loan_id, a_pause(from_on=paused_on, until_on=ON), on=paused_on)
    close_until(FIRST_DUE + timedelta(days=30))
    now_on = FIRST_DUE + timedelta(days=31)
    before = stands(loan_id)

    done = help_with(admin_id, loan_id, an_end_of_pause(from_on=ends_on), on=now_on)

    loan = stands(loan_id)
    assert [(each.from_on, each.until_on) for each in loan.pauses] == [
        (paused_on, ends_on - timedelta(days=1))
    ]
    assert before.rows[0].late_fee_on is None
    assert loan.days_past_due(now_on) == 31 - 7
    # Paused from the 5th to the 11th day: its 16th late day is the 23rd after it was due.
    assert loan.rows[0].late_fee_on == FIRST_DUE + timedelta(days=23)
    assert read(loan_log.standing_events, loan_id=loan_id)[-2].id == done.event_id
    run(compare_with_its_log, loan_id=loan_id)
    assert read(broken_laws) == []


def test_a_pause_that_ends_on_a_day_it_does_not_run_is_found(admin_id: int, loan_id: int) -> None:
    help_with(admin_id, loan_id, a_pause(from_on=FIRST_DUE, until_on=ON), on=FIRST_DUE)
    ends_on = FIRST_DUE + timedelta(days=10)
    help_with(admin_id, loan_id, an_end_of_pause(from_on=ends_on), on=FIRST_DUE)
    help_with(admin_id, loan_id, an_end_of_pause(from_on=ends_on - timedelta(days=3)), on=FIRST_DUE)
    before = read(broken_laws)

    forged = an_end_of_pause(from_on=ends_on + timedelta(days=1))
    run(loan_log.record, events=[(loan_id, forged)], business_on=FIRST_DUE, now=NOW)

    assert before == []
    assert any(f"ends a pause of loan {loan_id}" in str(each) for each in read(broken_laws))


def test_only_a_day_that_is_paused_ends_a_pause(admin_id: int, loan_id: int) -> None:
    help_with(admin_id, loan_id, a_pause(from_on=FIRST_DUE, until_on=ON), on=FIRST_DUE)
    last = an_end_of_pause(from_on=FIRST_DUE)

    for wrong in (FIRST_DUE - timedelta(days=1), ON + timedelta(days=1)):
        with pytest.raises(FieldError, match="not paused on that day"):
            help_with(admin_id, loan_id, an_end_of_pause(from_on=wrong), on=FIRST_DUE)
    help_with(admin_id, loan_id, last, on=FIRST_DUE)
    assert stands(loan_id).pauses == ()
    with pytest.raises(FieldError, match="not paused on that day"):
        help_with(admin_id, loan_id, last, on=FIRST_DUE)
    help_with(admin_id, loan_id, a_pause(from_on=FIRST_DUE, until_on=ON), on=FIRST_DUE)
    run(compare_with_its_log, loan_id=loan_id)
