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


class LoanStage(StrEnum):
    """Where a loan stands for roll rates: how late it is while it runs, or how it ended."""

    CURRENT = "current"
    GRACE = "grace"
    LATE_16_30 = "late_16_30"
    LATE_31_120 = "late_31_120"
    DEFAULT = "default"
    CHARGED_OFF = "charged_off"
    PAID_OFF = "paid_off"


class LoanEventKind(StrEnum):
    """What happens in the life of a loan."""

    DISBURSED = "disbursed"
    PAID = "paid"
    LATE_FEE = "late_fee"
    DEFAULTED = "defaulted"
    FUND_BOUGHT = "fund_bought"
    CHARGED_OFF = "charged_off"
    PAUSED = "paused"
    PAUSE_ENDED = "pause_ended"
    RATE_CUT = "rate_cut"
    RESCHEDULED = "rescheduled"
    FORGIVEN = "forgiven"
    CORRECTED = "corrected"


class LadderStep(StrEnum):
    """What the close of a day does to late loans, in this order."""

    LATE_FEES = "late_fees"
    DEFAULT = "default"
    CHARGE_OFF = "charge_off"


class CorrectionKind(StrEnum):
    """How a mistake is put right."""

    REVERSAL = "reversal"
    BACKDATING = "backdating"


class ApprovalKind(StrEnum):
    """What may need a second admin: a payment put right, help in hardship, an advance written off."""

    REVERSAL = "reversal"
    BACKDATING = "backdating"
    HELP = "help"
    WRITE_OFF = "write_off"


class RequestState(StrEnum):
    """Life of what needs a second admin; the one who asked may withdraw it, and it expires when it is old."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class MoneyRequestKind(StrEnum):
    """What a member asks an admin to confirm."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


class MoneyRequestState(StrEnum):
    """Life of a deposit or withdrawal that an admin has to confirm; it ends once."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class PrepaymentChoice(StrEnum):
    """What money paid ahead of time shortens: the term, or each installment."""

    KEEP_INSTALLMENT = "keep_installment"
    KEEP_TERM = "keep_term"


class AccountKind(StrEnum):
    """Ledger accounts, all credit-positive (what the house owes or has earned).

    BANK and RECEIVABLE are what the house has, so they run negative: money at the bank, and what it
    advanced so that a correction leaves no wallet below zero.
    """

    BANK = "bank"
    WALLET = "wallet"
    HELD = "held"
    RESERVE_FUND = "reserve_fund"
    FEE_INCOME = "fee_income"
    RECEIVABLE = "receivable"


class TransactionKind(StrEnum):
    """Why money moved."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    HOLD = "hold"
    RELEASE = "release"
    ORIGINATION = "origination"
    PAYMENT = "payment"
    RECOVERY = "recovery"
    REVERSAL = "reversal"
    CORRECTION = "correction"
    ADVANCE = "advance"
    COLLECTION = "collection"
    WRITE_OFF = "write_off"
    FUND_PURCHASE = "fund_purchase"
    CAPITAL = "capital"


class HoldState(StrEnum):
    """A hold is active until it is posted or released, exactly once."""

    ACTIVE = "active"
    POSTED = "posted"
    RELEASED = "released"
