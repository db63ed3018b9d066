"""Owns the words for what people are told: kinds one may choose among, and the events behind each kind."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about; people choose by kind what reaches them, and how."""

    OUTBID = "outbid"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FUNDED = "funded"
    FIRST_BID = "first_bid"
    COVERED = "covered"
    CLOSING_SOON = "closing_soon"
    QUESTION = "question"
    LETTER = "letter"
    MONEY = "money"
    REMINDER = "reminder"
    LATE = "late"
    CHANGE = "change"
    SYSTEM = "system"


class NoticeEvent(StrEnum):
    """What happened; each has its own sentence."""

    OUTBID = "outbid"
    BID_ACCEPTED = "bid_accepted"
    BID_REJECTED = "bid_rejected"
    BID_DECLINED = "bid_declined"
    BID_LAPSED = "bid_lapsed"
    BID_CUT = "bid_cut"
    LOAN_FUNDED = "loan_funded"
    NOTE_FUNDED = "note_funded"
    FIRST_BID = "first_bid"
    COVERED = "covered"
    CLOSING_SOON = "closing_soon"
    BOOK_CLOSING_SOON = "book_closing_soon"
    DECIDE_NOW = "decide_now"
    LISTING_EXPIRED = "listing_expired"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    LETTER_CAME = "letter_came"
    MONEY_ADDED = "money_added"
    MONEY_WITHDRAWN = "money_withdrawn"
    PAYMENT_MADE = "payment_made"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REMINDER = "payment_reminder"
    LATE_FEE_CHARGED = "late_fee_charged"
    LOAN_DEFAULTED = "loan_defaulted"
    LOAN_CHARGED_OFF = "loan_charged_off"
    NOTE_LATE = "note_late"
    NOTE_LATE_FEE = "note_late_fee"
    NOTE_DEFAULTED = "note_defaulted"
    NOTE_BOUGHT = "note_bought"
    NOTE_CHARGED_OFF = "note_charged_off"
    RECOVERY_RECEIVED = "recovery_received"
    LOANS_LATE = "loans_late"
    LOANS_DEFAULTED = "loans_defaulted"
    LOANS_CHARGED_OFF = "loans_charged_off"
    PAYMENT_REVERSED = "payment_reversed"
    PAYMENT_BACKDATED = "payment_backdated"
    NOTE_CORRECTED = "note_corrected"
    LOAN_PAUSED = "loan_paused"
    PAUSE_ENDED = "pause_ended"
    RATE_LOWERED = "rate_lowered"
    LOAN_RESCHEDULED = "loan_rescheduled"
    DEBT_FORGIVEN = "debt_forgiven"
    APPROVAL_WAITS = "approval_waits"
    APPROVAL_DECIDED = "approval_decided"
    DEPOSIT_CONFIRMED = "deposit_confirmed"
    WITHDRAWAL_CONFIRMED = "withdrawal_confirmed"
    MONEY_REFUSED = "money_refused"
    MONEY_WAITS = "money_waits"
    MONEY_WAITS_FOR_SECOND = "money_waits_for_second"
    TEXT_HIDDEN = "text_hidden"
    TEXT_SHOWN = "text_shown"
    BOT_STOPPED = "bot_stopped"


class MailState(StrEnum):
    """Life of an e-mail: one that was being sent when the platform stopped is never sent a second time."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


KIND_OF = {
    NoticeEvent.OUTBID: NoticeKind.OUTBID,
    NoticeEvent.BID_ACCEPTED: NoticeKind.ACCEPTED,
    NoticeEvent.BID_REJECTED: NoticeKind.REJECTED,
    NoticeEvent.BID_DECLINED: NoticeKind.REJECTED,
    NoticeEvent.BID_LAPSED: NoticeKind.REJECTED,
    NoticeEvent.BID_CUT: NoticeKind.REJECTED,
    NoticeEvent.LOAN_FUNDED: NoticeKind.FUNDED,
    NoticeEvent.NOTE_FUNDED: NoticeKind.FUNDED,
    NoticeEvent.FIRST_BID: NoticeKind.FIRST_BID,
    NoticeEvent.COVERED: NoticeKind.COVERED,
    NoticeEvent.CLOSING_SOON: NoticeKind.CLOSING_SOON,
    NoticeEvent.BOOK_CLOSING_SOON: NoticeKind.CLOSING_SOON,
    NoticeEvent.DECIDE_NOW: NoticeKind.CLOSING_SOON,
    NoticeEvent.LISTING_EXPIRED: NoticeKind.CLOSING_SOON,
    NoticeEvent.QUESTION_ASKED: NoticeKind.QUESTION,
    NoticeEvent.QUESTION_ANSWERED: NoticeKind.QUESTION,
    NoticeEvent.LETTER_CAME: NoticeKind.LETTER,
    NoticeEvent.MONEY_ADDED: NoticeKind.MONEY,
    NoticeEvent.MONEY_WITHDRAWN: NoticeKind.MONEY,
    NoticeEvent.PAYMENT_MADE: NoticeKind.MONEY,
    NoticeEvent.PAYMENT_RECEIVED: NoticeKind.MONEY,
    NoticeEvent.PAYMENT_REMINDER: NoticeKind.REMINDER,
    NoticeEvent.LATE_FEE_CHARGED: NoticeKind.LATE,
    NoticeEvent.LOAN_DEFAULTED: NoticeKind.LATE,
    NoticeEvent.LOAN_CHARGED_OFF: NoticeKind.LATE,
    NoticeEvent.NOTE_LATE: NoticeKind.LATE,
    NoticeEvent.NOTE_LATE_FEE: NoticeKind.LATE,
    NoticeEvent.NOTE_DEFAULTED: NoticeKind.LATE,
    NoticeEvent.NOTE_BOUGHT: NoticeKind.LATE,
    NoticeEvent.NOTE_CHARGED_OFF: NoticeKind.LATE,
    NoticeEvent.RECOVERY_RECEIVED: NoticeKind.LATE,
    NoticeEvent.LOANS_LATE: NoticeKind.LATE,
    NoticeEvent.LOANS_DEFAULTED: NoticeKind.LATE,
    NoticeEvent.LOANS_CHARGED_OFF: NoticeKind.LATE,
    NoticeEvent.PAYMENT_REVERSED: NoticeKind.CHANGE,
    NoticeEvent.PAYMENT_BACKDATED: NoticeKind.CHANGE,
    NoticeEvent.NOTE_CORRECTED: NoticeKind.CHANGE,
    NoticeEvent.LOAN_PAUSED: NoticeKind.CHANGE,
    NoticeEvent.PAUSE_ENDED: NoticeKind.CHANGE,
    NoticeEvent.RATE_LOWERED: NoticeKind.CHANGE,
    NoticeEvent.LOAN_RESCHEDULED: NoticeKind.CHANGE,
    NoticeEvent.DEBT_FORGIVEN: NoticeKind.CHANGE,
    NoticeEvent.APPROVAL_WAITS: NoticeKind.CHANGE,
    NoticeEvent.APPROVAL_DECIDED: NoticeKind.CHANGE,
    NoticeEvent.DEPOSIT_CONFIRMED: NoticeKind.MONEY,
    NoticeEvent.WITHDRAWAL_CONFIRMED: NoticeKind.MONEY,
    NoticeEvent.MONEY_REFUSED: NoticeKind.SYSTEM,
    NoticeEvent.MONEY_WAITS: NoticeKind.SYSTEM,
    NoticeEvent.MONEY_WAITS_FOR_SECOND: NoticeKind.SYSTEM,
    NoticeEvent.TEXT_HIDDEN: NoticeKind.SYSTEM,
    NoticeEvent.TEXT_SHOWN: NoticeKind.SYSTEM,
    NoticeEvent.BOT_STOPPED: NoticeKind.SYSTEM,
}

NOT_MAILED_BY_DEFAULT = frozenset({NoticeKind.FIRST_BID, NoticeKind.MONEY})
"""What comes often, or was done by hand a moment ago; all else is mailed too until its reader says no."""
