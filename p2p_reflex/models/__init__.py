"""SQLModel tables; no rules."""

from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

from p2p_reflex.models.approvals import ApprovalRequest  # noqa: E402
from p2p_reflex.models.assessments import Assessment  # noqa: E402
from p2p_reflex.models.bots import Bot, BotDecision, BotEvent, BotEventKind, Verdict  # noqa: E402
from p2p_reflex.models.business_days import (  # noqa: E402
    BusinessStep,
    DailyFigures,
    SealedDay,
    StepState,
)
from p2p_reflex.models.columns import table_of  # noqa: E402
from p2p_reflex.models.corrections import Receivable, ReserveFundDay  # noqa: E402
from p2p_reflex.models.ledger import (  # noqa: E402
    Hold,
    IdempotencyRecord,
    JournalEntry,
    JournalTransaction,
    LedgerAccount,
)
from p2p_reflex.models.listings import Bid, Listing, ListingDraft  # noqa: E402
from p2p_reflex.models.loan_events import (  # noqa: E402
    DelinquencyRoll,
    LadderWindow,
    LoanLogEntry,
    LoanLogVoid,
)
from p2p_reflex.models.loans import Installment, Loan, Note  # noqa: E402
from p2p_reflex.models.market import BusinessClock, Lease  # noqa: E402
from p2p_reflex.models.members import (  # noqa: E402
    BorrowerProfile,
    Member,
    SignInSession,
    SignInThrottle,
    SignInTicket,
)
from p2p_reflex.models.messages import Letter, ListingMessage, ModerationEntry  # noqa: E402
from p2p_reflex.models.money_requests import MoneyRequest  # noqa: E402
from p2p_reflex.models.notices import Notice, NoticeMail, NoticeMark, NoticePreference  # noqa: E402
from p2p_reflex.models.payments import LenderPayment, Payment, PaymentPart  # noqa: E402

metadata = SQLModel.metadata

__all__ = [
    "ApprovalRequest",
    "Assessment",
    "Bid",
    "BorrowerProfile",
    "Bot",
    "BotDecision",
    "BotEvent",
    "BotEventKind",
    "BusinessClock",
    "BusinessStep",
    "DailyFigures",
    "DelinquencyRoll",
    "Hold",
    "IdempotencyRecord",
    "Installment",
    "JournalEntry",
    "JournalTransaction",
    "LadderWindow",
    "Lease",
    "LedgerAccount",
    "LenderPayment",
    "Letter",
    "Listing",
    "ListingDraft",
    "ListingMessage",
    "Loan",
    "LoanLogEntry",
    "LoanLogVoid",
    "Member",
    "ModerationEntry",
    "MoneyRequest",
    "Note",
    "Notice",
    "NoticeMail",
    "NoticeMark",
    "NoticePreference",
    "Payment",
    "PaymentPart",
    "Receivable",
    "ReserveFundDay",
    "SealedDay",
    "SignInSession",
    "SignInThrottle",
    "SignInTicket",
    "StepState",
    "Verdict",
    "metadata",
    "table_of",
]
