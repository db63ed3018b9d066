"""Owns the platform's fees and limits: origination, reserve, servicing, late and collection."""

from decimal import Decimal

from p2p_reflex.domain.money import portion_cents
from p2p_reflex.domain.vocabulary import Grade

ORIGINATION_FEE_RATES = {
    Grade.A: Decimal("0.01"),
    Grade.B: Decimal("0.02"),
    Grade.C: Decimal("0.03"),
    Grade.D: Decimal("0.04"),
    Grade.E: Decimal("0.05"),
    Grade.F: Decimal("0.06"),
    Grade.G: Decimal("0.06"),
}
RESERVE_SHARE = Decimal("0.25")
SERVICING_FEE_RATE = Decimal("0.01")
LATE_FEE_RATE = Decimal("0.05")
LATE_FEE_MINIMUM_CENTS = 15_00
COLLECTION_FEE_RATE = Decimal("0.30")
LEGAL_CEILING_RATE = Decimal("0.36")


def origination_fee_rate(grade: Grade) -> Decimal:
    """Give the share of the principal the borrower pays once, by grade."""
    return ORIGINATION_FEE_RATES[grade]


def origination_fee_cents(*, principal_cents: int, grade: Grade) -> int:
    """Work out what is kept of the principal when a loan is made."""
    return portion_cents(principal_cents, ORIGINATION_FEE_RATES[grade])


def reserve_contribution_cents(*, fee_cents: int) -> int:
    """Work out the part of an origination fee that goes to the reserve fund."""
    return portion_cents(fee_cents, RESERVE_SHARE)


def servicing_fee_cents(*, received_cents: int) -> int:
    """Work out what the platform keeps of a lender's part of a payment."""
    return portion_cents(received_cents, SERVICING_FEE_RATE)


def late_fee_cents(*, unpaid_cents: int) -> int:
    """Work out the late fee of one installment: the greater of $15 and 5 % of what is unpaid, if any is."""
    if unpaid_cents <= 0:
        return 0
    return max(LATE_FEE_MINIMUM_CENTS, portion_cents(unpaid_cents, LATE_FEE_RATE))


def collection_fee_cents(*, recovered_cents: int) -> int:
    """Work out what collecting a charged-off loan costs: never more than 30 % of what came back."""
    numerator, denominator = COLLECTION_FEE_RATE.as_integer_ratio()
    return recovered_cents * numerator // denominator
