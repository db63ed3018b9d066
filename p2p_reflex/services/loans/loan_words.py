"""Owns the words for what happens in the life of a loan, as its statement and its timeline tell it."""

from datetime import date

from p2p_reflex.domain import formats
from p2p_reflex.domain.delinquency import CHARGE_OFF_DAYS, DEFAULT_DAYS, GRACE_DAYS
from p2p_reflex.domain.formats import money
from p2p_reflex.domain.vocabulary import LoanEventKind, PrepaymentChoice
from p2p_reflex.services.loans.loan_history import PastEvent, PastPayment
from p2p_reflex.services.loans.loan_records import PaidPart


def payment_name(payment: PastPayment) -> str:
    """Say what kind of payment it was."""
    if payment.reversed_on is not None:
        return "Payment, taken back later"
    if payment.is_recovery:
        return "Payment after charge-off"
    if payment.is_payoff:
        return "Payoff"
    return "Payment by autopay" if payment.is_autopay else "Payment by hand"


def payment_detail(payment: PastPayment) -> str:
    """Say what a payment paid, installment by installment, then ahead of time."""
    if payment.reversed_on is not None:
        on = formats.long_date(payment.reversed_on)
        return f"{money(payment.amount_cents)}, reversed on {on}: it counts for nothing here."
    sentences = [
        f"Installment {part.number}: {amounts_in_words(part)}." for part in payment.parts if _paid(part)
    ]
    if payment.prepaid_principal_cents:
        kept = "installment" if payment.choice is PrepaymentChoice.KEEP_INSTALLMENT else "term"
        ahead = money(payment.prepaid_principal_cents)
        sentences.append(
            f"Ahead of time: {ahead} to principal."
            if payment.is_payoff
            else f"Ahead of time: {ahead} to principal, the {kept} kept."
        )
    return " ".join(sentences)


def amounts_in_words(part: PaidPart) -> str:
    """Name late fee, interest and principal, as far as there is any."""
    amounts = (
        (part.late_fee_cents, "late fee"),
        (part.interest_cents, "interest"),
        (part.principal_cents, "principal"),
    )
    return ", ".join(f"{money(cents)} {words}" for cents, words in amounts if cents)


def received_name(payment: PastPayment | None) -> str:
    """Say what a lender's part of a payment is."""
    if payment is not None and payment.is_recovery:
        return "Recovery received"
    if payment is not None and payment.is_payoff:
        return "Payoff received"
    return "Payment received"


def received_detail(servicing_fee_cents: int, collection_fee_cents: int) -> str:
    """Say what the platform kept of a lender's part."""
    fees = ((servicing_fee_cents, "servicing fee"), (collection_fee_cents, "collection fee"))
    kept = " and ".join(f"{money(cents)} {words}" for cents, words in fees if cents)
    return f"Your part of the borrower's payment, less {kept}." if kept else "Your part of the payment."


def event_name(event: PastEvent) -> str:
    """Say in a few words what happened."""
    match event.kind:
        case LoanEventKind.LATE_FEE:
            return "Late fee charged"
        case LoanEventKind.DEFAULTED:
            return "Loan in default"
        case LoanEventKind.FUND_BOUGHT:
            return "Reserve fund stepped in" if event.amount_cents else "Reserve fund was empty"
        case LoanEventKind.CHARGED_OFF:
            return "Loan charged off"
        case LoanEventKind.PAUSED:
            return "Lateness paused"
        case LoanEventKind.PAUSE_ENDED:
            return "Pause ended early"
        case LoanEventKind.RATE_CUT:
            return "Rate lowered"
        case LoanEventKind.RESCHEDULED:
            return "Loan rescheduled"
        case LoanEventKind.FORGIVEN:
            return "Part of the debt forgiven"
        case LoanEventKind.CORRECTED:
            return "Payment dated back" if event.details.get("moved_to_on") else "Payment reversed"
    return "Loan paid out" if event.kind is LoanEventKind.DISBURSED else "Payment"


def event_detail(event: PastEvent, *, with_reason: bool) -> str:
    """Explain what happened; the reason an admin gave is told to the borrower and to admins only."""
    told = _explained(event)
    return f"{told} Reason: {_as_sentence(event.reason)}" if with_reason and event.reason else told


def _explained(event: PastEvent) -> str:
    match event.kind:
        case LoanEventKind.LATE_FEE:
            which = f"installment {event.number}" if event.number else "an installment"
            return (
                f"{money(event.amount_cents)}, as {which} was not fully paid "
                f"{GRACE_DAYS} days after it was due. The fee goes to the lenders."
            )
        case LoanEventKind.DEFAULTED:
            return f"The oldest unpaid installment was {DEFAULT_DAYS} days past due."
        case LoanEventKind.FUND_BOUGHT if not event.amount_cents:
            return "It had nothing to buy outstanding principal with."
        case LoanEventKind.FUND_BOUGHT:
            return f"It bought {money(event.amount_cents)} of outstanding principal from the lenders."
        case LoanEventKind.CHARGED_OFF:
            return (
                f"The oldest unpaid installment was {CHARGE_OFF_DAYS} days past due. Interest stops here; "
                "what is owed stays owed, and what is paid later is a recovery."
            )
        case LoanEventKind.PAUSED if event.until_on is not None:
            return f"Days until {formats.long_date(event.until_on)} do not count as late. Due dates stay."
        case LoanEventKind.PAUSE_ENDED:
            return "From this day on, days count as late again. Due dates stay."
        case LoanEventKind.RATE_CUT if event.rate is not None:
            return f"The rate is {formats.rate(event.rate)} a year from this day on."
        case LoanEventKind.RESCHEDULED if event.months is not None:
            spread = formats.count(event.months, "installment")
            return f"What is owed is spread over {spread} from here on. Nothing was forgiven by that."
        case LoanEventKind.FORGIVEN:
            return f"{_forgiven_in_words(event)} no longer owed."
        case LoanEventKind.CORRECTED:
            return f"{_correction_in_words(event)} Everything after it was worked out again."
        case _:
            return ""


def _correction_in_words(event: PastEvent) -> str:
    paid_on, moved_to_on = event.details.get("paid_on"), event.details.get("moved_to_on")
    of_day = f" of {formats.long_date(date.fromisoformat(paid_on))}" if paid_on else ""
    payment = f"The payment of {money(event.amount_cents)}{of_day}"
    if moved_to_on:
        return f"{payment} counts from {formats.long_date(date.fromisoformat(moved_to_on))} on."
    return f"{payment} was a mistake and counts for nothing."


def _forgiven_in_words(event: PastEvent) -> str:
    part = PaidPart(
        0,
        event.forgiven_principal_cents,
        int(event.details.get("interest_cents", 0)),
        int(event.details.get("late_fee_cents", 0)),
    )
    words = amounts_in_words(part) or money(event.amount_cents)
    return f"{words} {'are' if ',' in words else 'is'}"


def _as_sentence(reason: str) -> str:
    return reason if reason.endswith((".", "?")) else f"{reason}."


def _paid(part: PaidPart) -> bool:
    return bool(part.principal_cents or part.interest_cents or part.late_fee_cents)
