"""Owns the sentences about loans that run: payments, reminders, and what happens to those that are late."""

from p2p_reflex.domain import formats
from p2p_reflex.domain.delinquency import DEFAULT_DAYS, GRACE_DAYS
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.services.notices.notice_words import Facts, NoticeText, Sentences, day, loan_path, quoted


def _payment_made(facts: Facts) -> NoticeText:
    by = " by autopay" if facts["is_autopay"] else ""
    if facts["loan_count"] > 1:
        where = f"For {formats.count(facts['loan_count'], 'loan')}{by}."
    elif facts["is_payoff"]:
        where = f"It paid off {quoted(facts)}{by}."
    else:
        where = f"For {quoted(facts)}{by}."
    return NoticeText(f"{formats.money(facts['cents'])} was paid", where, loan_path(facts), "See the loan")


def _payment_reminder(facts: Facts) -> NoticeText:
    days, amount = facts["days_left"], formats.money(facts["cents"])
    if days > 0:
        when = "tomorrow" if days == 1 else f"in {formats.count(days, 'day')}, on {day(facts, 'due_on')}"
        title = f"{amount} is due {when}"
        then = "Autopay takes it from your wallet on that day." if facts["by_autopay"] else "Pay it by then."
    elif days == 0:
        title = f"{amount} is due today"
        then = (
            "Autopay takes it from your wallet when the day closes."
            if facts["by_autopay"]
            else "Pay it before the day closes."
        )
    else:
        title = f"{amount} was due on {day(facts, 'due_on')} and is not paid"
        fee = "when the day closes" if -days > GRACE_DAYS else f"once it is more than {GRACE_DAYS} days late"
        then = f"It is {formats.count(-days, 'day')} late; a late fee is charged {fee}."
    return NoticeText(title, f"For {quoted(facts)}. {then}", loan_path(facts), "See the loan")


def _payment_received(facts: Facts) -> NoticeText:
    fees = formats.money(facts["fee_cents"])
    many = facts["loan_count"] > 1
    source = formats.count(facts["loan_count"], "loan") if many else quoted(facts)
    return NoticeText(
        f"{formats.money(facts['cents'])} came in",
        f"From {source}, after {fees} of servicing fees.",
        "/portfolio" if many else loan_path(facts),
        "See your portfolio" if many else "See the loan",
    )


def _late_fee_charged(facts: Facts) -> NoticeText:
    amount, count = formats.money(facts["fee_cents"]), facts["fee_count"]
    what = f"A late fee of {amount} was" if count == 1 else f"{count} late fees, {amount} in all, were"
    late = f", {_past_due(facts)}" if facts["days_late"] else ""
    it = "It goes" if count == 1 else "They go"
    return NoticeText(
        f"{what} charged",
        f"For {quoted(facts)}{late}. {it} to your lenders with what you pay next.",
        loan_path(facts),
        "See the loan",
    )


def _loan_defaulted(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{quoted(facts)} is in default",
        f"It is {_past_due(facts)}. Pay all that is overdue, and it is active again.",
        loan_path(facts),
        "See the loan",
    )


def _loan_charged_off(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{quoted(facts)} was charged off",
        f"Interest has stopped. {formats.money(facts['owed_cents'])} is still owed; you can pay at any time.",
        loan_path(facts),
        "See the loan",
    )


def _note_late(facts: Facts) -> NoticeText:
    many = facts["loan_count"] > 1
    is_late = f"More than {GRACE_DAYS} days past due." if many else f"It is {_past_due(facts)}."
    fees = formats.money(facts["fee_cents"])
    charged = f"{_late_fees(facts)} of {fees} {'was' if facts['fee_count'] == 1 else 'were'} charged."
    return _of_lender(facts, "{} late", f"{is_late} You are owed {_owed(facts)}. {charged}")


def _note_late_fee(facts: Facts) -> NoticeText:
    many, fees = facts["loan_count"] > 1, formats.money(facts["fee_cents"])
    where = f"{facts['loan_count']:,} of your loans" if many else quoted(facts)
    what = f"{fees} of late fees were" if many or facts["fee_count"] > 1 else f"A late fee of {fees} was"
    return _leading(facts, f"{what} charged on {where}", "The lenders get it when the borrower pays it.")


def _note_defaulted(facts: Facts) -> NoticeText:
    return _of_lender(facts, "{} in default", f"At least {DEFAULT_DAYS} days past due. {_bought(facts)}")


def _note_bought(facts: Facts) -> NoticeText:
    many = facts["loan_count"] > 1
    where = f"{facts['loan_count']:,} of your loans" if many else quoted(facts)
    return _leading(facts, f"The reserve fund bought of {where}", _bought(facts))


def _note_charged_off(facts: Facts) -> NoticeText:
    verb = "were" if facts["loan_count"] > 1 else "was"
    fund = f"{_bought(facts)} " if facts["bought_cents"] else f"You are owed {_owed(facts)}. "
    return _of_lender(
        facts, "{} charged off", f"{fund}What is recovered later comes to your wallet.", verbs=(verb, verb)
    )


def _recovery_received(facts: Facts) -> NoticeText:
    many, fees = facts["loan_count"] > 1, formats.money(facts["fee_cents"])
    source = formats.count(facts["loan_count"], "loan") if many else quoted(facts)
    were = "that were" if many else "which was"
    comma = "" if many else ","
    return _leading(
        facts,
        f"{formats.money(facts['cents'])} was recovered",
        f"From {source}{comma} {were} charged off, after {fees} of collection fees.",
    )


def _loans_late(facts: Facts) -> NoticeText:
    count = facts["loan_count"]
    return _of_admin(facts, f"{formats.count(count, 'loan')} became late", "")


def _loans_defaulted(facts: Facts) -> NoticeText:
    cents = facts["bought_cents"]
    bought = f" The reserve fund bought {formats.money(cents) if cents else 'nothing'} of it."
    return _of_admin(facts, f"{formats.count(facts['loan_count'], 'loan')} defaulted", bought)


def _loans_charged_off(facts: Facts) -> NoticeText:
    verb = "was" if facts["loan_count"] == 1 else "were"
    return _of_admin(facts, f"{formats.count(facts['loan_count'], 'loan')} {verb} charged off", "")


def _of_lender(facts: Facts, what: str, meaning: str, verbs: tuple[str, str] = ("is", "are")) -> NoticeText:
    """Say what became of one loan by its title, of several by their number."""
    if facts["loan_count"] > 1:
        who = f"{facts['loan_count']:,} of your loans {verbs[1]}"
    else:
        who = f"{quoted(facts)} {verbs[0]}"
    return _leading(facts, what.format(who), meaning)


def _leading(facts: Facts, title: str, meaning: str) -> NoticeText:
    """Lead to the loan, or of several to the portfolio."""
    if facts["loan_count"] > 1:
        return NoticeText(title, meaning, "/portfolio", "See your portfolio")
    return NoticeText(title, meaning, loan_path(facts), "See the loan")


def _of_admin(facts: Facts, title: str, more: str) -> NoticeText:
    first, last = day(facts, "first_on"), day(facts, "last_on")
    when = f"On {last}" if first == last else f"From {first} to {last}"
    owed = f"with {_owed(facts)} of principal owed.{more}"
    if facts["loan_count"] == 1:
        on = when.replace("On", "on", 1)
        return NoticeText(title, f"{quoted(facts)}, {on}, {owed}", loan_path(facts), "See the loan")
    return NoticeText(title, f"{when}, {owed}", "/admin/loans", "See the loans")


def _late_fees(facts: Facts) -> str:
    return "A late fee" if facts["fee_count"] == 1 else "Late fees"


def _past_due(facts: Facts) -> str:
    return f"{formats.count(facts['days_late'], 'day')} past due"


def _owed(facts: Facts) -> str:
    return formats.money(facts["owed_cents"])


def _bought(facts: Facts) -> str:
    """Say what the reserve fund bought, and what is left with the lender."""
    if not facts["bought_cents"]:
        return f"The reserve fund bought nothing of it; you are owed {_owed(facts)}."
    paid = f"The reserve fund bought {formats.money(facts['bought_cents'])} of your part and paid you for it"
    return f"{paid}; you are still owed {_owed(facts)}." if facts["owed_cents"] else f"{paid}."


SENTENCES: Sentences = {
    NoticeEvent.PAYMENT_MADE: _payment_made,
    NoticeEvent.PAYMENT_RECEIVED: _payment_received,
    NoticeEvent.PAYMENT_REMINDER: _payment_reminder,
    NoticeEvent.LATE_FEE_CHARGED: _late_fee_charged,
    NoticeEvent.LOAN_DEFAULTED: _loan_defaulted,
    NoticeEvent.LOAN_CHARGED_OFF: _loan_charged_off,
    NoticeEvent.NOTE_LATE: _note_late,
    NoticeEvent.NOTE_LATE_FEE: _note_late_fee,
    NoticeEvent.NOTE_DEFAULTED: _note_defaulted,
    NoticeEvent.NOTE_BOUGHT: _note_bought,
    NoticeEvent.NOTE_CHARGED_OFF: _note_charged_off,
    NoticeEvent.RECOVERY_RECEIVED: _recovery_received,
    NoticeEvent.LOANS_LATE: _loans_late,
    NoticeEvent.LOANS_DEFAULTED: _loans_defaulted,
    NoticeEvent.LOANS_CHARGED_OFF: _loans_charged_off,
}
