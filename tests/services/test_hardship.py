"""Hardship: a longer schedule, something forgiven, a lower rate; nothing is given up unless it is written."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Installment, Loan, Note
from p2p_reflex.services import hardship, loan_log
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws
from tests.loan_deeds import (
    FIRST_DUE,
    MADE_ON,
    NOTES,
    close_until,
    compare_with_its_log,
    first_installment,
    pay,
    reverse,
    stands,
)


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

    run(
        hardship.reschedule,
        admin_id=admin_id,
        loan_id=loan_id,
        months="36",
        reason="Out of work",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )

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
    close_until(date(2026, 4, 20))
    before = stands(loan_id)
    fees = sum(row.late_fee_cents for row in before.rows)
    forgiven = {"late_fees": f"{fees / 100:.2f}", "interest": "10.00", "principal": "1,200.00"}

    run(
        hardship.forgive,
        admin_id=admin_id,
        loan_id=loan_id,
        **forgiven,
        reason="Agreed in court",
        form_key=a_form_key(),
        business_on=date(2026, 4, 20),
        now=NOW,
    )

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
    with pytest.raises(FieldError, match="At most"):
        run(
            hardship.forgive,
            admin_id=admin_id,
            loan_id=loan_id,
            principal="20,000",
            reason="Too much",
            form_key=a_form_key(),
            business_on=date(2026, 4, 20),
            now=NOW,
        )


def test_a_rate_is_cut_from_an_earlier_day_and_what_was_too_much_pays_ahead(
    admin_id: int, loan_id: int
) -> None:
    pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    before = stands(loan_id)

    run(
        hardship.cut_rate,
        admin_id=admin_id,
        loan_id=loan_id,
        rate="6",
        from_on=MADE_ON,
        reason="Called to service",
        form_key=a_form_key(),
        business_on=date(2026, 3, 10),
        now=NOW,
    )

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
        run(
            hardship.cut_rate,
            admin_id=admin_id,
            loan_id=loan_id,
            rate="6",
            from_on=MADE_ON,
            reason="Again",
            form_key=a_form_key(),
            business_on=date(2026, 3, 10),
            now=NOW,
        )


def test_a_reversal_beside_a_reschedule_and_a_forgiveness_keeps_every_law(
    admin_id: int, loan_id: int
) -> None:
    paid = pay(loan_id, first_installment(loan_id), on=FIRST_DUE)
    close_until(date(2026, 5, 10))
    on = date(2026, 5, 11)
    how: dict[str, Any] = {"admin_id": admin_id, "loan_id": loan_id, "business_on": on, "now": NOW}
    run(hardship.reschedule, months="30", reason="Out of work", form_key=a_form_key(), **how)
    run(hardship.forgive, principal="500", reason="Agreed", form_key=a_form_key(), **how)
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
