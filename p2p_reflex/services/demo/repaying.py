"""Owns how people in the demo market look after their loans: by autopay, by hand, ahead, or late."""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import col

from p2p_reflex.domain.vocabulary import LoanState, PrepaymentChoice
from p2p_reflex.models import Installment, Loan
from p2p_reflex.services.demo.village import World, add_money, moment, take_money
from p2p_reflex.services.money import ledger
from p2p_reflex.services.paying import autopay, payments
from p2p_reflex.settings import ConfirmMoney

MONTHS_BROUGHT = (3, 9)
"""For at least so many months, and fewer than so many, people on autopay bring money at once."""
MONTHS_PROVIDED = 2


_DUE = (
    sa.select(
        col(Loan.id),
        col(Loan.borrower_id),
        col(Loan.autopay),
        sa.func.min(Installment.due_on).label("oldest_due_on"),
        sa.cast(
            sa.func.sum(
                col(Installment.principal_cents) + col(Installment.interest_cents)
                + col(Installment.late_fee_cents) - col(Installment.principal_paid_cents)
                - col(Installment.interest_paid_cents) - col(Installment.late_fee_paid_cents)
            ),
            sa.BigInteger,
        ).label("due_cents"),
    )
    .join(Installment, col(Installment.loan_id) == Loan.id)
    .where(
        col(Loan.state) == LoanState.ACTIVE,
        col(Loan.next_due_on) <= sa.bindparam("on"),
        col(Installment.due_on) <= sa.bindparam("on"),
        col(Installment.paid_on).is_(None),
    )
    .group_by(col(Loan.id), col(Loan.borrower_id), col(Loan.autopay))
    .order_by(col(Loan.id))
)  # fmt: skip
_FRESH = (
    sa.select(col(Loan.id), col(Loan.borrower_id), col(Loan.principal_cents))
    .where(col(Loan.disbursed_on) == sa.bindparam("on"))
    .order_by(col(Loan.id))
)


def look_after_loans(world: World, business_on: date) -> None:
    """Let borrowers pay what is due: most by autopay from the wallet, the others by hand."""
    for row in world.session.execute(_DUE, {"on": business_on}).all():
        borrower = world.borrowers[row.borrower_id]
        if world.days_left <= borrower.stops_days_before:
            continue
        if row.autopay:
            available, _held = ledger.balances(world.session, member_id=row.borrower_id)
            if available < row.due_cents:
                months = world.luck.randrange(*MONTHS_BROUGHT)
                add_money(world, row.borrower_id, row.due_cents * months - available, business_on)
        elif row.borrower_id in world.played:
            continue
        elif (business_on - row.oldest_due_on).days >= borrower.slow_days:
            _pay_by_hand(world, row.id, row.borrower_id, row.due_cents, business_on)
        if world.luck.random() < borrower.pays_ahead_chance:
            extra_cents = row.due_cents * world.luck.randrange(2, 14)
            _pay_by_hand(world, row.id, row.borrower_id, extra_cents, business_on)
    _arrange_new_loans(world, business_on)


def provide_ahead(world: World, borrower_id: int, business_on: date) -> None:
    """Let a borrower have the next installments in the wallet, as people do who plan ahead."""
    installments = sa.select(sa.func.sum(col(Loan.installment_cents))).where(
        col(Loan.borrower_id) == borrower_id, col(Loan.state) == LoanState.ACTIVE
    )
    wanted = MONTHS_PROVIDED * int(world.session.execute(installments).scalar() or 0)
    available, _held = ledger.balances(world.session, member_id=borrower_id)
    if available < wanted:
        add_money(world, borrower_id, wanted - available, business_on)


def _arrange_new_loans(world: World, business_on: date) -> None:
    """The morning after, take the money of a new loan out to spend it, and switch autopay on."""
    fresh = world.session.execute(_FRESH, {"on": business_on - timedelta(days=1)}).all()
    for row in fresh:
        if row.borrower_id in world.played:
            continue
        available, _held = ledger.balances(world.session, member_id=row.borrower_id)
        keep = row.principal_cents // 20
        if available > keep:
            take_money(world, row.borrower_id, available - keep, business_on)
        if world.borrowers[row.borrower_id].pays_by_autopay:
            autopay.set_autopay(
                world.session,
                borrower_id=row.borrower_id,
                loan_id=row.id,
                enabled=True,
                now=moment(business_on, 20),
            )


def _pay_by_hand(world: World, loan_id: int, borrower_id: int, cents: int, business_on: date) -> None:
    world.attempt(
        lambda: payments.pay(
            world.session,
            borrower_id=borrower_id,
            loan_id=loan_id,
            amount=f"{cents // 100}.{cents % 100:02d}",
            choice=PrepaymentChoice.KEEP_INSTALLMENT.value,
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 18),
            confirm=ConfirmMoney.AT_ONCE,
        )
    )
