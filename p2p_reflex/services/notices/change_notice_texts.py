"""Owns the sentences about what admins change on a loan, and about what waits for a second admin."""

from p2p_reflex.domain import formats
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import ApprovalKind, LoanEventKind
from p2p_reflex.services.notices.notice_words import (
    Facts,
    NoticeText,
    Sentences,
    day,
    loan_path,
    quoted,
    rate,
)

_WHAT = {
    ApprovalKind.REVERSAL.value: "the reversal of a payment of {}",
    ApprovalKind.BACKDATING.value: "dating a payment of {} back",
    ApprovalKind.WRITE_OFF.value: "writing off an advance of {}",
    LoanEventKind.FORGIVEN.value: "forgiving {}",
    LoanEventKind.RATE_CUT.value: "a rate cut that writes off {}",
    LoanEventKind.PAUSED.value: "a pause that writes off {}",
    LoanEventKind.RESCHEDULED.value: "a reschedule that writes off {}",
    LoanEventKind.PAUSE_ENDED.value: "the end of a pause that writes off {}",
}


def _payment_reversed(facts: Facts) -> NoticeText:
    paid = formats.money(facts["payment_cents"])
    back = formats.money(facts["returned_cents"])
    return _on_loan(
        f"Your payment of {paid} was reversed",
        f"That of {day(facts, 'paid_on')} for {quoted(facts)}. {back} is back in your wallet."
        f" {_stands(facts)}",
        facts,
    )


def _payment_backdated(facts: Facts) -> NoticeText:
    paid = formats.money(facts["payment_cents"])
    returned = facts["returned_cents"]
    back = f" {formats.money(returned)} of it came back to your wallet." if returned > 0 else ""
    return _on_loan(
        f"Your payment of {paid} counts from {day(facts, 'moved_to_on')} on",
        f"For {quoted(facts)}, not from {day(facts, 'paid_on')} on.{back} {_stands(facts)}",
        facts,
    )


def _note_corrected(facts: Facts) -> NoticeText:
    cents, advanced = facts["change_cents"], facts["advanced_cents"]
    way = (
        "came to your wallet" if cents > 0 else "has to go back" if advanced else "was taken from your wallet"
    )
    came = f"{formats.money(abs(cents))} {way}."
    verb = f"counts from {day(facts, 'moved_to_on')} on" if facts["moved_to_on"] else "was reversed"
    advance = (
        f" Your wallet did not have all of it: the platform advanced {formats.money(advanced)},"
        " and takes it back from what you receive next."
        if advanced
        else ""
    )
    return _on_loan(
        f"A payment on {quoted(facts)} {verb}",
        f"It was that of {formats.money(facts['payment_cents'])} of {day(facts, 'paid_on')}. {came}{advance}",
        facts,
    )


def _loan_paused(facts: Facts) -> NoticeText:
    fee = "" if facts["is_lender"] else ", and no late fee is charged on them"
    return _on_loan(
        f"{quoted(facts)} is paused",
        f"Days from {day(facts, 'since_on')} to {day(facts, 'until_on')} do not count as late{fee}."
        f" Due dates stay.{_for_reader(facts)}",
        facts,
    )


def _pause_ended(facts: Facts) -> NoticeText:
    late = f" It is {formats.count(facts['days_late'], 'day')} past due." if facts["days_late"] else ""
    return _on_loan(
        f"The pause of {quoted(facts)} ends",
        f"From {day(facts, 'since_on')} on, days count as late again.{late}{_for_reader(facts)}",
        facts,
    )


def _rate_lowered(facts: Facts) -> NoticeText:
    return _on_loan(
        f"The rate of {quoted(facts)} falls to {rate(facts)}",
        f"From {day(facts, 'since_on')} on. Each installment is"
        f" {formats.money(facts['installment_cents'])} now.{_for_reader(facts)}",
        facts,
    )


def _loan_rescheduled(facts: Facts) -> NoticeText:
    count, level = facts["installment_count"], formats.money(facts["installment_cents"])
    return _on_loan(
        f"{quoted(facts)} was rescheduled",
        f"{formats.count(count, 'installment')} of {level} are left, the last on"
        f" {day(facts, 'final_due_on')}. Nothing was forgiven by that.{_for_reader(facts)}",
        facts,
    )


def _debt_forgiven(facts: Facts) -> NoticeText:
    amounts = (
        (facts["late_fee_cents"], "late fees"),
        (facts["interest_cents"], "interest"),
        (facts["principal_cents"], "principal"),
    )
    words = ", ".join(f"{formats.money(cents)} {what}" for cents, what in amounts if cents)
    owed = f"{formats.money(facts['outstanding_cents'])} of principal is still owed."
    total = formats.money(sum(cents for cents, _ in amounts))
    return _on_loan(f"{total} of {quoted(facts)} was forgiven", f"{words}. {owed}{_for_reader(facts)}", facts)


def _approval_waits(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{facts['by']} asks for a second admin",
        f"For {_what(facts)} on {quoted(facts)}. Nothing changes until one of you approves it.",
        loan_path(facts),
        "Look at it",
    )


def _approval_decided(facts: Facts) -> NoticeText:
    decided = "approved" if facts["is_approved"] else "rejected"
    then = "It was carried out as it was shown." if facts["is_approved"] else "Nothing was changed."
    return NoticeText(
        f"{facts['by']} {decided} what you asked for",
        f"It was {_what(facts)} on {quoted(facts)}. {then}",
        loan_path(facts),
        "See the loan",
    )


def _what(facts: Facts) -> str:
    return _WHAT[facts["what"]].format(formats.money(facts["cents"]))


def _stands(facts: Facts) -> str:
    """Say where the loan stands for its borrower, and why."""
    late = f", and it is {formats.count(facts['days_late'], 'day')} past due" if facts["days_late"] else ""
    owed = f"You owe {formats.money(facts['outstanding_cents'])} of principal{late}."
    return f"{owed if facts['is_open'] else 'The loan has ended.'}{_reason(facts)}"


def _for_reader(facts: Facts) -> str:
    """Tell a lender what it means for them, and the borrower why it was done."""
    if not facts["is_lender"]:
        return _reason(facts)
    cents = facts["change_cents"]
    if not cents:
        return ""
    return f" You are to receive {formats.money(abs(cents))} {'more' if cents > 0 else 'less'}."


def _reason(facts: Facts) -> str:
    reason = str(facts["reason"])
    if not reason:
        return ""
    return f" The reason: {reason if reason.endswith(('.', '?')) else f'{reason}.'}"


def _on_loan(title: str, meaning: str, facts: Facts) -> NoticeText:
    return NoticeText(title, meaning, loan_path(facts), "See the loan")


SENTENCES: Sentences = {
    NoticeEvent.PAYMENT_REVERSED: _payment_reversed,
    NoticeEvent.PAYMENT_BACKDATED: _payment_backdated,
    NoticeEvent.NOTE_CORRECTED: _note_corrected,
    NoticeEvent.LOAN_PAUSED: _loan_paused,
    NoticeEvent.PAUSE_ENDED: _pause_ended,
    NoticeEvent.RATE_LOWERED: _rate_lowered,
    NoticeEvent.LOAN_RESCHEDULED: _loan_rescheduled,
    NoticeEvent.DEBT_FORGIVEN: _debt_forgiven,
    NoticeEvent.APPROVAL_WAITS: _approval_waits,
    NoticeEvent.APPROVAL_DECIDED: _approval_decided,
}
