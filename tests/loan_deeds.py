"""Owns what people do to a loan in tests of its late life: pay, reverse, date back, let days pass."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, select

from p2p_reflex.database import read, run
from p2p_reflex.domain.loan_life import LoanEvent, replay
from p2p_reflex.domain.loan_standing import LoanStanding
from p2p_reflex.domain.vocabulary import AccountKind
from p2p_reflex.models import LedgerAccount
from p2p_reflex.services.corrections import corrections
from p2p_reflex.services.desk import approvals
from p2p_reflex.services.desk.desk_work import DeskOutcome
from p2p_reflex.services.hardship import hardship
from p2p_reflex.services.hardship.help_previews import HelpPreview
from p2p_reflex.services.loans import loan_log
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.services.money import ledger, wallets
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payments import PaymentOutcome
from p2p_reflex.services.servicing import charge_offs, defaults, late_fees
from tests.builders import NOW, a_form_key

MADE_ON = date(2026, 1, 31)
FIRST_DUE = date(2026, 2, 28)
NOTES = [(5_000_00, "0.0950"), (4_000_00, "0.1100"), (3_000_00, "0.1300")]
STANDING = (
    "state", "notes", "pauses", "annual_rate", "installment_cents", "outstanding_cents", "next_due_on",
    "defaulted_on", "charged_off_on", "charged_off_cents", "forgiven_cents", "ended_on",
)  # fmt: skip


def stands(loan_id: int) -> LoanPosition:
    loan = read(position, loan_id=loan_id)
    assert loan is not None
    return loan


def pay(loan_id: int, cents: int, *, on: date) -> PaymentOutcome:
    return run(
        payments.pay,
        borrower_id=stands(loan_id).borrower_id,
        loan_id=loan_id,
        amount=f"{cents // 100}.{cents % 100:02d}",
        choice="keep_installment",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def reverse(admin_id: int, payment_id: int, *, on: date, form_key: str | None = None) -> Any:
    return run(
        corrections.reverse_payment,
        admin_id=admin_id,
        payment_id=payment_id,
        reason="It was meant for another loan",
        form_key=form_key or a_form_key(),
        business_on=on,
        now=NOW,
    )


def date_back(admin_id: int, payment_id: int, *, to: date, on: date) -> Any:
    return run(
        corrections.backdate_payment,
        admin_id=admin_id,
        payment_id=payment_id,
        paid_on=to,
        reason="It lay in the post",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )


def help_with(
    admin_id: int, loan_id: int, event: LoanEvent, *, on: date, seen: str = "", form_key: str | None = None
) -> DeskOutcome:
    return run(
        hardship.give,
        admin_id=admin_id,
        loan_id=loan_id,
        event=event,
        reason="Out of work",
        seen=seen,
        form_key=form_key or a_form_key(),
        business_on=on,
        now=NOW,
    )


def preview_help(admin_id: int, loan_id: int, event: LoanEvent, *, on: date) -> HelpPreview:
    return read(hardship.preview, admin_id=admin_id, loan_id=loan_id, event=event, business_on=on)


def approve(admin_id: int, request_id: int | None, *, on: date, form_key: str | None = None) -> DeskOutcome:
    assert request_id is not None
    return run(
        approvals.approve,
        admin_id=admin_id,
        request_id=request_id,
        form_key=form_key or a_form_key(),
        business_on=on,
        now=NOW,
    )


def close_until(on: date) -> None:
    """Close every day up to one."""
    day = MADE_ON
    while day <= on:
        run(late_fees.charge, business_on=day, now=NOW)
        run(defaults.declare, business_on=day, now=NOW)
        run(charge_offs.charge_off, business_on=day, now=NOW)
        day += timedelta(days=1)


def wallet_of(member_id: int | None) -> int:
    assert member_id is not None
    return read(ledger.balances, member_id=member_id)[0]


def withdraw_all(member_id: int | None, *, on: date) -> int:
    cents = wallet_of(member_id)
    assert member_id is not None
    run(
        wallets.withdraw,
        member_id=member_id,
        amount=f"{cents // 100}.{cents % 100:02d}",
        form_key=a_form_key(),
        business_on=on,
        now=NOW,
    )
    return cents


def balance_of(kind: AccountKind) -> int:
    query = select(LedgerAccount).where(LedgerAccount.kind == kind)
    return run(lambda session: session.exec(query).one().balance_cents)


def first_installment(loan_id: int) -> int:
    return stands(loan_id).rows[0].total_cents


def told_by_its_log(session: Session, *, loan_id: int) -> LoanStanding:
    """Replay a loan's log from the beginning."""
    events = loan_log.standing_events(session, loan_id=loan_id)
    return replay(loan_log.terms_of(session, loan_id=loan_id, events=events), events).loan


def compare_with_its_log(session: Session, *, loan_id: int) -> None:
    """Expect in the tables exactly what the log tells."""
    told = told_by_its_log(session, loan_id=loan_id)
    loan = position(session, loan_id=loan_id)
    assert loan is not None
    assert [replace(row, id=0) for row in told.rows] == [replace(row, id=0) for row in loan.rows]
    assert [getattr(told, name) for name in STANDING] == [getattr(loan, name) for name in STANDING]
