"""Owns payments by hand: money that comes in through the borrower's wallet and goes to a loan's lenders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from p2p_reflex.domain import formats, parsing
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import LoanState, PrepaymentChoice
from p2p_reflex.services import idempotency
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.services.money.ledger import InsufficientFundsError
from p2p_reflex.services.paying.payment_plans import plan_payment, quote_payoff
from p2p_reflex.services.paying.payment_posting import post_payments
from p2p_reflex.services.paying.payment_quotes import PaymentPreview, preview_of
from p2p_reflex.settings import ConfirmMoney, settings

SMALLEST_CENTS = 1
LARGEST_CENTS = 1_000_000_00


class NotPayableError(LendingError):
    """A loan on which nothing is owed takes no payment."""

    def __init__(self, state: LoanState) -> None:
        super().__init__(
            "This loan is already paid off. Nothing was paid."
            if state is LoanState.PAID_OFF
            else "Nothing is owed on this loan any more. Nothing was paid."
        )


class QuoteChangedError(LendingError):
    """The payoff is not what the borrower saw."""

    def __init__(self, total_cents: int) -> None:
        super().__init__(
            f"The payoff is now {formats.money(total_cents)}, not what you saw. Look again; nothing was paid."
        )


class WalletShortError(LendingError):
    """Where an admin confirms money from outside, a payment takes what is in the wallet already."""

    def __init__(self, available_cents: int) -> None:
        super().__init__(
            f"Your wallet has {formats.money(available_cents)}. Add money there first; "
            "an admin confirms it, and then it can pay."
        )


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """What became of the money: what the loan took, what stays in the wallet, what is still owed."""

    payment_id: int
    brought_cents: int
    paid_cents: int
    prepaid_principal_cents: int
    excess_cents: int
    outstanding_cents: int
    is_payoff: bool

    @property
    def sentence(self) -> str:
        """Tell the borrower what happened."""
        paid = formats.money(self.paid_cents)
        said = f"You paid {paid} and the loan is paid off." if self.is_payoff else f"You paid {paid}."
        if self.prepaid_principal_cents:
            said += f" {formats.money(self.prepaid_principal_cents)} of it went ahead of time to principal."
        if self.excess_cents:
            said += f" {formats.money(self.excess_cents)} more than was needed stays in your wallet."
        return said


def preview(
    session: Session, *, borrower_id: int, loan_id: int, amount: str, choice: str, business_on: date
) -> PaymentPreview:
    """Show what an amount would pay and what each choice would lead to; nothing changes.

    Raises FieldError, NotPayableError, UnknownError.
    """
    amount_cents, chosen = parse_amount(amount), parse_choice(choice)
    loan = _own_loan(session, borrower_id=borrower_id, loan_id=loan_id)
    return preview_of(loan, amount_cents=amount_cents, choice=chosen, business_on=business_on)


def pay(
    session: Session,
    *,
    borrower_id: int,
    loan_id: int,
    amount: str,
    choice: str,
    form_key: str,
    business_on: date,
    now: datetime,
    confirm: ConfirmMoney | None = None,
) -> PaymentOutcome:
    """Pay an amount on a loan; what exceeds the payoff stays in the wallet, and the outcome says so.

    Where admins confirm money (the setting, unless `confirm` says otherwise) the wallet itself pays.
    Raises FieldError, NotPayableError, UnknownError, FormReusedError, WalletShortError.
    """
    amount_cents, chosen = parse_amount(amount), parse_choice(choice)

    def act() -> dict[str, Any]:
        loan = _own_loan(session, borrower_id=borrower_id, loan_id=loan_id, for_update=True)
        return _bring_and_pay(
            session,
            loan,
            amount_cents=amount_cents,
            choice=chosen,
            confirm=confirm or settings().confirm_money,
            business_on=business_on,
            now=now,
        )

    body = {"loan_id": loan_id, "amount_cents": amount_cents, "choice": chosen.value}
    return _once(session, borrower_id, form_key, "pay", body, now, act)


def pay_off(
    session: Session,
    *,
    borrower_id: int,
    loan_id: int,
    seen_total_cents: int,
    form_key: str,
    business_on: date,
    now: datetime,
) -> PaymentOutcome:
    """Pay a loan off for the quote the borrower saw.

    Raises QuoteChangedError where the quote is another by now, WalletShortError, NotPayableError,
    UnknownError.
    """

    def act() -> dict[str, Any]:
        loan = _own_loan(session, borrower_id=borrower_id, loan_id=loan_id, for_update=True)
        total_cents = quote_payoff(loan, business_on=business_on).total_cents
        if total_cents != seen_total_cents:
            raise QuoteChangedError(total_cents)
        return _bring_and_pay(
            session,
            loan,
            amount_cents=total_cents,
            choice=PrepaymentChoice.KEEP_INSTALLMENT,
            confirm=settings().confirm_money,
            business_on=business_on,
            now=now,
        )

    body = {"loan_id": loan_id, "seen_total_cents": seen_total_cents}
    return _once(session, borrower_id, form_key, "pay_off", body, now, act)


def parse_amount(amount: object) -> int:
    """Read what a borrower wants to pay, in cents."""
    return parsing.parse_money(
        amount, field="amount", minimum_cents=SMALLEST_CENTS, maximum_cents=LARGEST_CENTS
    )


def parse_choice(choice: object) -> PrepaymentChoice:
    """Read what money paid ahead of time shall shorten."""
    for known in PrepaymentChoice:
        if choice == known.value:
            return known
    raise FieldError("choice", "Choose to keep the installment or to keep the term.")


def _own_loan(session: Session, *, borrower_id: int, loan_id: int, for_update: bool = False) -> LoanPosition:
    """Read the borrower's own loan; one that was charged off takes recoveries while something is owed."""
    loan = position(session, loan_id=loan_id, for_update=for_update)
    if loan is None or loan.borrower_id != borrower_id:
        raise UnknownError("loan")
    if loan.state is LoanState.PAID_OFF or not loan.owed_cents:
        raise NotPayableError(loan.state)
    return loan


def _bring_and_pay(
    session: Session,
    loan: LoanPosition,
    *,
    amount_cents: int,
    choice: PrepaymentChoice,
    confirm: ConfirmMoney,
    business_on: date,
    now: datetime,
) -> dict[str, Any]:
    """Bring the whole amount into the wallet and pay of it what the loan takes.

    Where an admin confirms what comes from outside, nothing comes: the wallet pays.
    """
    plan = plan_payment(loan, amount_cents=amount_cents, choice=choice, business_on=business_on)
    brought_cents = amount_cents if confirm is ConfirmMoney.AT_ONCE else 0
    try:
        (payment_id,) = post_payments(
            session,
            [plan],
            from_outside={loan.id: brought_cents},
            is_autopay=False,
            business_on=business_on,
            now=now,
        )
    except InsufficientFundsError as short:
        raise WalletShortError(short.available_cents) from short
    return {
        "payment_id": payment_id,
        "brought_cents": brought_cents,
        "paid_cents": plan.amount_cents,
        "prepaid_principal_cents": plan.prepaid_principal_cents,
        "excess_cents": plan.unused_cents,
        "outstanding_cents": plan.outstanding_cents,
        "is_payoff": plan.is_payoff,
    }


def _once(
    session: Session,
    borrower_id: int,
    form_key: str,
    action: str,
    body: dict[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> PaymentOutcome:
    return PaymentOutcome(
        **idempotency.once(
            session, member_id=borrower_id, key=form_key, action=action, body=body, now=now, act=act
        )
    )
