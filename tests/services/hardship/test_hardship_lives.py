"""Loans in hardship, whatever is done in whatever order: the tables are what the log tells, laws hold."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Payment
from p2p_reflex.services.corrections import corrections
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.services.loans.loan_positions import position
from p2p_reflex.services.paying import payments
from p2p_reflex.services.servicing import charge_offs, defaults, delinquency_days, late_fees, reserve_fund
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws
from tests.loan_deeds import MADE_ON, NOTES, compare_with_its_log

EXAMPLES = int(os.environ.get("LOAN_LIFE_EXAMPLES", "40"))

deeds = st.tuples(
    st.sampled_from(
        [*("pay", "wait") * 2, "reschedule", "forgive", "cut", "pause", "end pause", "reverse", "date back"]
    ),
    st.integers(0, 99),
)


class Life:
    """One loan in a transaction that is thrown away, and what may be done to it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.admin_id = a_member(session, role=Role.ADMIN)
        self.loan_id = a_loan(session, notes=NOTES, term_months=12, disbursed_on=MADE_ON)
        self.today = MADE_ON

    def do(self, deed: str, number: int) -> None:
        """Do one thing; a refusal leaves nothing behind."""
        acts: dict[str, Callable[[int], object]] = {
            "pay": self.pay,
            "wait": self.wait,
            "reschedule": lambda months: self.ask(
                help_plans.a_reschedule, months=str(months), business_on=self.today
            ),
            "forgive": self.forgive,
            "cut": self.cut,
            "pause": self.pause,
            "end pause": self.end_pause,
            "reverse": self.reverse,
            "date back": self.date_back,
        }
        try:
            with self.session.begin_nested():
                acts[deed](number)
        except LendingError:
            pass
        finally:
            self.session.expire_all()

    def pay(self, number: int) -> None:
        loan = position(self.session, loan_id=self.loan_id)
        assert loan is not None
        cents = (number + 1) * 37_31 if number < 90 else loan.owed_cents - 95_00 + number * 100
        payments.pay(
            self.session,
            borrower_id=loan.borrower_id,
            loan_id=self.loan_id,
            amount=formats.money(max(1, cents)),
            choice="keep_term" if number % 2 else "keep_installment",
            form_key=a_form_key(),
            business_on=self.today,
            now=NOW,
        )

    def wait(self, number: int) -> None:
        """Close the last night of some weeks, and those in between on which something may happen."""
        for _ in range(1 + number % 5):
            for step in (
                late_fees.charge,
                delinquency_days.age_loans,
                defaults.declare,
                reserve_fund.buy_defaulted,
                charge_offs.charge_off,
            ):
                step(self.session, business_on=self.today, now=NOW)
            self.today += timedelta(days=16)

    def forgive(self, number: int) -> None:
        amounts = (f"{number % 7 * 10}", f"{number % 3 * 15}", f"{number * 11}")
        self.ask(
            help_plans.a_forgiveness,
            late_fees=amounts[0],
            interest=amounts[1],
            principal=amounts[2],
            business_on=self.today,
        )

    def cut(self, number: int) -> None:
        from_on = self.today - timedelta(days=number % 4 * 12)
        self.ask(help_plans.a_rate_cut, rate=f"{number % 11}", from_on=from_on)

    def pause(self, number: int) -> None:
        from_on = self.today - timedelta(days=number % 60)
        self.ask(help_plans.a_pause, from_on=from_on, until_on=from_on + timedelta(days=number % 30))

    def end_pause(self, number: int) -> None:
        """End a pause, most often one that runs or ran a while ago."""
        loan = position(self.session, loan_id=self.loan_id)
        assert loan is not None
        from_on = self.today - timedelta(days=number)
        if loan.pauses:
            pause = loan.pauses[number % len(loan.pauses)]
            from_on = pause.from_on + timedelta(days=number % 31)
        self.ask(help_plans.an_end_of_pause, from_on=from_on)

    def ask(self, wish: Callable[..., LoanEvent], **how: Any) -> None:
        hardship.give(
            self.session,
            admin_id=self.admin_id,
            loan_id=self.loan_id,
            event=wish(**how),
            reason="Hardship",
            form_key=a_form_key(),
            business_on=self.today,
            now=NOW,
        )

    def reverse(self, number: int) -> None:
        self.correct(corrections.reverse_payment, number)

    def date_back(self, number: int) -> None:
        on: date = self.today - timedelta(days=number)
        self.correct(corrections.backdate_payment, number, paid_on=max(on, MADE_ON))

    def correct(self, service: Callable[..., object], number: int, **how: Any) -> None:
        paid = self.session.exec(select(Payment.id).order_by(col(Payment.id))).all()
        if paid:
            service(
                self.session,
                admin_id=self.admin_id,
                payment_id=paid[number % len(paid)],
                **how,
                reason="A mistake",
                form_key=a_form_key(),
                business_on=self.today,
                now=NOW,
            )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES == 40
)
@given(done=st.lists(deeds, min_size=6, max_size=12))
def test_a_loan_in_hardship_is_what_its_log_tells(database: Engine, done: list[tuple[str, int]]) -> None:
    with Session(database) as session:
        life = Life(session)
        for deed, number in done:
            life.do(deed, number)
            compare_with_its_log(session, loan_id=life.loan_id)
            assert broken_laws(session) == []
        session.rollback()
