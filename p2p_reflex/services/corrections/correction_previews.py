"""Owns what an admin sees before a correction: who gives and gets what, and what becomes of the loan."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import LoanEventKind
from p2p_reflex.services.corrections.correction_plans import CorrectionPlan, PaidChange, money_changes
from p2p_reflex.services.corrections.correction_posting import shortfalls
from p2p_reflex.services.desk.fingerprints import fingerprint_of
from p2p_reflex.services.desk.loan_figures import LoanFigures, figures_of, holder_names, money_figures


@dataclass(frozen=True, slots=True)
class HolderChange:
    """What a correction brings a lender (below zero: takes), and what of it the platform must advance.

    Without a member it is the reserve fund.
    """

    member_id: int | None
    name: str
    amount_cents: int
    advanced_cents: int


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """A payment whose parts change; one of which nothing is left is taken back whole."""

    payment_id: int
    paid_on: date
    amount_before_cents: int
    amount_after_cents: int
    principal_before_cents: int
    principal_after_cents: int
    interest_before_cents: int
    interest_after_cents: int
    late_fee_before_cents: int
    late_fee_after_cents: int


@dataclass(frozen=True, slots=True)
class FeeChange:
    """A late fee that is charged by the correction, or falls away with it."""

    number: int
    charged_on: date
    amount_cents: int
    is_charged: bool


@dataclass(frozen=True, slots=True)
class CorrectionPreview:
    """All that a correction would change; nothing is changed yet."""

    loan_id: int
    loan_title: str
    payment_id: int
    amount_cents: int
    paid_on: date
    moved_to_on: date | None
    before: LoanFigures
    after: LoanFigures
    borrower_cents: int
    income_cents: int
    holders: tuple[HolderChange, ...]
    payments: tuple[PaymentChange, ...]
    fees: tuple[FeeChange, ...]
    needs_second_admin: bool

    @property
    def fingerprint(self) -> str:
        """Name the figures; what of them the platform advances is worked out when it is done."""
        each = [(holder.member_id, holder.amount_cents) for holder in self.holders]
        return fingerprint_of(
            [money_figures(self.after), self.borrower_cents, self.income_cents, sorted(each, key=str)]
        )

    @property
    def advanced_cents(self) -> int:
        """Give what the platform must advance."""
        return sum(holder.advanced_cents for holder in self.holders)


def preview_of(
    session: Session,
    plan: CorrectionPlan,
    *,
    payment_id: int,
    moved_to_on: date | None,
    needs_second_admin: bool,
    business_on: date,
) -> CorrectionPreview:
    """Describe a plan."""
    received, income_cents, borrower_cents = money_changes(plan)
    missing = shortfalls(session, plan)
    names = holder_names(session, received)
    old = plan.old.payments[payment_id].event
    return CorrectionPreview(
        loan_id=plan.loan.id,
        loan_title=plan.loan.title,
        payment_id=payment_id,
        amount_cents=old.amount_cents,
        paid_on=old.effective_on,
        moved_to_on=moved_to_on,
        before=figures_of(plan.old.loan, on=business_on),
        after=figures_of(plan.new.loan, on=business_on),
        borrower_cents=borrower_cents,
        income_cents=income_cents,
        holders=tuple(
            HolderChange(
                holder,
                names[holder],
                cents,
                missing.get(holder, 0),
            )
            for holder, cents in sorted(received.items(), key=lambda each: each[1])
        ),
        payments=tuple(
            _payment_change(plan, change) for change in plan.payments if change.payment_id != payment_id
        ),
        fees=_fee_changes(plan),
        needs_second_admin=needs_second_admin,
    )


def _payment_change(plan: CorrectionPlan, change: PaidChange) -> PaymentChange:
    before, after = change.before.values(), change.after.values()
    old = plan.old.payments[change.payment_id]
    return PaymentChange(
        payment_id=change.payment_id,
        paid_on=old.event.effective_on,
        amount_before_cents=change.before_cents,
        amount_after_cents=change.after_cents,
        principal_before_cents=sum(part.principal_cents for part in before),
        principal_after_cents=sum(part.principal_cents for part in after),
        interest_before_cents=sum(part.interest_cents for part in before),
        interest_after_cents=sum(part.interest_cents for part in after),
        late_fee_before_cents=sum(part.late_fee_cents for part in before),
        late_fee_after_cents=sum(part.late_fee_cents for part in after),
    )


def _fee_changes(plan: CorrectionPlan) -> tuple[FeeChange, ...]:
    """List the late fees that come and go; one charged again alike is none."""
    gone, come = ({_fee_key(event) for event in events} - {None} for events in (plan.voided, plan.added))
    changes = [
        FeeChange(number, on, cents, is_charged)
        for keys, is_charged in ((gone - come, False), (come - gone, True))
        for number, on, cents in (key for key in keys if key is not None)
    ]
    return tuple(sorted(changes, key=lambda change: (change.charged_on, change.number, change.is_charged)))


def _fee_key(event: LoanEvent) -> tuple[int, date, int] | None:
    if event.kind is not LoanEventKind.LATE_FEE or event.number is None:
        return None
    return event.number, event.effective_on, event.amount_cents
