"""Owns the field's words: the closed lists that tables, services and screens share."""

from enum import StrEnum


class Role(StrEnum):
    """What a member is on the platform."""

    BORROWER = "borrower"
    LENDER = "lender"
    ADMIN = "admin"


class Grade(StrEnum):
    """Credit grade, A the safest."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"


class Purpose(StrEnum):
    """What a loan is for."""

    DEBT_CONSOLIDATION = "debt_consolidation"
    CREDIT_CARD = "credit_card"
    HOME_IMPROVEMENT = "home_improvement"
    MAJOR_PURCHASE = "major_purchase"
    SMALL_BUSINESS = "small_business"
    CAR = "car"
    MEDICAL = "medical"
    MOVING = "moving"
    VACATION = "vacation"
    WEDDING = "wedding"
    EDUCATION = "education"
    GREEN_ENERGY = "green_energy"
    OTHER = "other"


class HomeOwnership(StrEnum):
    """How a borrower lives."""

    OWN = "own"
    MORTGAGE = "mortgage"
    RENT = "rent"


class ListingState(StrEnum):
    """Life of a listing; DECIDING is the 48 hours after its window in which the borrower may still accept."""

    DRAFT = "draft"
    OPEN = "open"
    DECIDING = "deciding"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class BidState(StrEnum):
    """Life of a bid; LIVE bids stand in the book, whether they lead or are outbid."""

    LIVE = "live"
    ACCEPTED = "accepted"
    REPLACED = "replaced"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    REJECTED = "rejected"


class LoanState(StrEnum):
    """Life of a loan; how late it is is a question of dates, not of state."""

    ACTIVE = "active"
    PAID_OFF = "paid_off"
    DEFAULTED = "defaulted"
    CHARGED_OFF = "charged_off"


class DelinquencyBucket(StrEnum):
    """How late a loan is, by days past due."""

    CURRENT = "current"
    GRACE = "grace"
    LATE_16_30 = "late_16_30"
    LATE_31_120 = "late_31_120"
    DEFAULT = "default"


class PrepaymentChoice(StrEnum):
    """What money paid ahead of time shortens: the term, or each installment."""

    KEEP_INSTALLMENT = "keep_installment"
    KEEP_TERM = "keep_term"


class AccountKind(StrEnum):
    """Ledger accounts; every kind is credit-positive (what the house owes or has earned) except BANK."""

    BANK = "bank"
    WALLET = "wallet"
    HELD = "held"
    RESERVE_FUND = "reserve_fund"
    FEE_INCOME = "fee_income"


class TransactionKind(StrEnum):
    """Why money moved."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    HOLD = "hold"
    RELEASE = "release"
    ORIGINATION = "origination"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    CAPITAL = "capital"


class HoldState(StrEnum):
    """A hold is active until it is posted or released, exactly once."""

    ACTIVE = "active"
    POSTED = "posted"
    RELEASED = "released"
