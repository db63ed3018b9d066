"""Owns what is told about one loan: its terms, its schedule with what was paid, its payments, its notes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from p2p_reflex.domain.loan_standing import Pause
from p2p_reflex.domain.vocabulary import Grade, LoanState, PrepaymentChoice, Purpose, Role
from p2p_reflex.services.paying.payment_quotes import PayoffOffer


class InstallmentState(StrEnum):
    """Where an installment stands on a day."""

    PAID = "paid"
    PAID_LATE = "paid_late"
    LATE = "late"
    NEXT = "next"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One installment; `days` is how late it is or was paid, or how far off the next one is."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    late_fee_cents: int
    balance_cents: int
    paid_cents: int
    unpaid_cents: int
    paid_on: date | None
    state: InstallmentState
    days: int

    @property
    def total_cents(self) -> int:
        """Give all that it asks for."""
        return self.paid_cents + self.unpaid_cents

    @property
    def is_partly_paid(self) -> bool:
        """Tell whether something, but not all of it, is paid."""
        return self.paid_cents > 0 and self.unpaid_cents > 0


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What a payment paid of one installment."""

    number: int
    principal_cents: int
    interest_cents: int
    late_fee_cents: int


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment; to a lender, only what it paid on the lender's own notes, without its parts."""

    payment_id: int
    paid_on: date
    amount_cents: int
    principal_cents: int
    interest_cents: int
    late_fee_cents: int
    servicing_fee_cents: int
    prepaid_principal_cents: int
    outstanding_after_cents: int
    choice: PrepaymentChoice
    is_payoff: bool
    is_autopay: bool
    is_recovery: bool
    collection_fee_cents: int
    parts: tuple[PaidPart, ...]

    @property
    def fee_cents(self) -> int:
        """Give what the platform keeps of it."""
        return self.servicing_fee_cents + self.collection_fee_cents

    @property
    def net_cents(self) -> int:
        """Give what reaches the lenders."""
        return self.amount_cents - self.fee_cents


@dataclass(frozen=True, slots=True)
class NoteReceipts:
    """What a note has brought so far, and what it still shall bring if all goes to plan."""

    interest_cents: int
    late_fee_cents: int
    principal_cents: int
    fee_cents: int
    expected_cents: int

    @property
    def received_cents(self) -> int:
        """Give what has reached the lender."""
        return self.interest_cents + self.late_fee_cents + self.principal_cents - self.fee_cents


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One lender's share; the borrower sees who lends how much at which rate, not what it brought.

    What the reserve fund bought is a share of its own. `letter_key` names the thread of letters between the
    borrower and this lender, where the one who looks is one of the two and the lender is a person.
    """

    lender_name: str
    is_bot: bool
    is_fund: bool
    is_own: bool
    principal_cents: int
    annual_rate: Decimal
    outstanding_cents: int
    receipts: NoteReceipts | None
    letter_key: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the borrower's wallet reaches: how many installments in a row, the next one first."""

    wallet_cents: int
    installment_count: int
    remaining_count: int


@dataclass(frozen=True, slots=True)
class LoanView:
    """A loan as one person may see it; `viewer` says in which part they look at it."""

    loan_id: int
    listing_id: int
    viewer: Role
    borrower_name: str
    title: str
    purpose: Purpose
    grade: Grade
    state: LoanState
    principal_cents: int
    annual_rate: Decimal
    apr: Decimal
    term_months: int
    installment_cents: int
    outstanding_cents: int
    interest_paid_cents: int
    late_fees_paid_cents: int
    disbursed_on: date
    final_due_on: date
    ended_on: date | None
    autopay: bool
    autopay_partial: bool
    days_past_due: int
    paused_until_on: date | None
    pauses: tuple[Pause, ...]
    charged_off_cents: int
    forgiven_cents: int
    schedule: tuple[ScheduleLine, ...]
    payments: tuple[PaymentLine, ...]
    notes: tuple[NoteLine, ...]
    payoff: PayoffOffer | None
    coverage: Coverage | None

    @property
    def is_running(self) -> bool:
        """Tell whether installments fall due on it."""
        return self.state in (LoanState.ACTIVE, LoanState.DEFAULTED)

    @property
    def paid_cents(self) -> int:
        """Give all that was paid on the loan so far."""
        principal_cents = self.principal_cents - self.outstanding_cents - self.forgiven_cents
        return principal_cents + self.interest_paid_cents + self.late_fees_paid_cents

    @property
    def next_line(self) -> ScheduleLine | None:
        """Give the oldest installment that is not fully paid."""
        return next((line for line in self.schedule if line.unpaid_cents), None)

    @property
    def late_cents(self) -> int:
        """Give what should have been paid before today."""
        return sum(line.unpaid_cents for line in self.schedule if line.state is InstallmentState.LATE)

    @property
    def due_cents(self) -> int:
        """Give what is late or due, or else the next installment."""
        return self.late_cents or (self.next_line.unpaid_cents if self.next_line else 0)
