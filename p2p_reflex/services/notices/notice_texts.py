"""Owns the sentences of notices: made from the facts when one is shown or mailed.

Those of the market stand here. A subject with many has a file of its own; its table is added to this one.
"""

from p2p_reflex.domain import formats
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.services.notices import change_notice_texts, money_notice_texts, servicing_notice_texts
from p2p_reflex.services.notices.notice_words import (
    Facts,
    NoticeText,
    Sentences,
    day,
    listing_path,
    loan_path,
    quoted,
    rate,
)


def write(event: NoticeEvent, facts: Facts) -> NoticeText:
    """Write a notice from its facts."""
    return _SENTENCES[event](facts)


def _outbid(facts: Facts) -> NoticeText:
    by = f"{facts['by']} and {formats.count(facts['others'], 'other')}" if facts["others"] else facts["by"]
    verb = "bid from" if facts["others"] else "bid"
    leads = f", {formats.whole_money(facts['leads_cents'])} still leads" if facts["leads_cents"] else ""
    return NoticeText(
        f"You were outbid{' in part' if leads else ''} on {quoted(facts)}",
        f"{by} {verb} {rate(facts)}. {formats.whole_money(facts['freed_cents'])} is free again{leads}.",
        listing_path(facts),
        "Bid lower",
    )


def _bid_accepted(facts: Facts) -> NoticeText:
    taken, bid = facts["taken_cents"], facts["bid_cents"]
    amount = formats.whole_money(taken)
    part = "All of it" if taken == bid else f"{amount} of {formats.whole_money(bid)}"
    return NoticeText(
        f"Your bid on {quoted(facts)} was accepted",
        f"{part} was taken at {rate(facts)}, the rate you bid.",
        loan_path(facts),
        "See the loan",
    )


def _bid_rejected(facts: Facts) -> NoticeText:
    freed = f" {formats.whole_money(facts['freed_cents'])} is free again." if facts["freed_cents"] else ""
    because = "Lower bids covered all of it." if facts["was_filled"] else "The listing ended without a loan."
    return NoticeText(
        f"Your bid on {quoted(facts)} was not taken", because + freed, "/market", "Look at the market"
    )


def _bid_declined(facts: Facts) -> NoticeText:
    freed = f" {formats.whole_money(facts['freed_cents'])} is free again." if facts["freed_cents"] else ""
    return NoticeText(
        f"Your bid on {quoted(facts)} was declined",
        f"The borrower turned it down.{freed}",
        listing_path(facts),
        "See the listing",
    )


def _bid_lapsed(facts: Facts) -> NoticeText:
    return NoticeText(
        f"Your bid on {quoted(facts)} has lapsed",
        "It would have led, but your wallet did not cover it.",
        listing_path(facts),
        "See the listing",
    )


def _bid_cut(facts: Facts) -> NoticeText:
    return NoticeText(
        f"Your bid on {quoted(facts)} is now {formats.whole_money(facts['leads_cents'])}",
        "More of it would have led, but your wallet did not cover that.",
        listing_path(facts),
        "See the listing",
    )


def _loan_funded(facts: Facts) -> NoticeText:
    installment = formats.money(facts["installment_cents"])
    return NoticeText(
        f"{quoted(facts)} is funded",
        f"{formats.money(facts['net_cents'])} is in your wallet. "
        f"The first installment of {installment} is due {day(facts, 'first_due_on')}.",
        loan_path(facts),
        "See the loan",
    )


def _note_funded(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{quoted(facts)} is funded",
        f"Your note is {formats.whole_money(facts['taken_cents'])} at {rate(facts)}. "
        f"The first payment is due {day(facts, 'first_due_on')}.",
        loan_path(facts),
        "See your note",
    )


def _first_bid(facts: Facts) -> NoticeText:
    others = facts["others"]
    more = f", and {others:,} more {'has' if others == 1 else 'have'} bid too" if others else ""
    return NoticeText(
        f"First bid on {quoted(facts)}",
        f"{facts['by']} offers {formats.whole_money(facts['bid_cents'])} at {rate(facts)}{more}.",
        listing_path(facts),
        "See the offers",
    )


def _covered(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{quoted(facts)} is fully covered",
        f"All {formats.whole_money(facts['asked_cents'])} leads at {rate(facts)} on average. "
        "You can accept now, or wait for lower bids.",
        listing_path(facts),
        "See the offers",
    )


def _closing_soon(facts: Facts) -> NoticeText:
    covered = formats.whole_money(facts["covered_cents"])
    asked = formats.whole_money(facts["asked_cents"])
    return NoticeText(
        f"Bidding on {quoted(facts)} closes {day(facts, 'closes_on')}",
        f"{covered} of {asked} is covered so far.",
        listing_path(facts),
        "See the offers",
    )


def _book_closing_soon(facts: Facts) -> NoticeText:
    bid, leads = facts["bid_cents"], facts["leads_cents"]
    if not leads:
        stands = f"Your bid of {formats.whole_money(bid)} does not lead."
    elif leads == bid:
        stands = f"All {formats.whole_money(bid)} of your bid leads."
    else:
        stands = f"{formats.whole_money(leads)} of the {formats.whole_money(bid)} you bid leads."
    return NoticeText(
        f"Bidding on {quoted(facts)} closes {day(facts, 'closes_on')}",
        stands,
        listing_path(facts),
        "See the listing" if leads else "Bid lower",
    )


def _decide_now(facts: Facts) -> NoticeText:
    covered, asked = facts["covered_cents"], facts["asked_cents"]
    part = "All of it" if covered == asked else f"{formats.whole_money(covered)}"
    return NoticeText(
        f"Bidding on {quoted(facts)} is over",
        f"{part} is covered. Accept the offers by {day(facts, 'decide_until_on')}, or they lapse.",
        listing_path(facts),
        "See the offers",
    )


def _listing_expired(facts: Facts) -> NoticeText:
    was_offered = facts.get("days_to_decide", 0) > 0
    because = "The offers were not accepted in time." if was_offered else "The offers did not cover enough."
    return NoticeText(
        f"{quoted(facts)} ended without a loan",
        f"{because} You may ask again.",
        "/borrow/new",
        "Ask again",
    )


def _question_asked(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{facts['by']} asked about {quoted(facts)}",
        "Everybody who looks at your listing sees the question and your answer.",
        f"{listing_path(facts)}#questions",
        "Answer",
    )


def _question_answered(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{facts['by']} answered your question",
        f"It was about {quoted(facts)}.",
        f"{listing_path(facts)}#questions",
        "Read the answer",
    )


def _letter_came(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{facts['by']} wrote to you",
        f"It is about {quoted(facts)}.",
        f"/messages?thread={facts['thread']}",
        "Read the letter",
    )


def _text_hidden(facts: Facts) -> NoticeText:
    return NoticeText(
        f"The market hid what you wrote about {quoted(facts)}",
        f"The reason: {facts['reason']}",
        facts["path"],
        "See where",
    )


def _text_shown(facts: Facts) -> NoticeText:
    return NoticeText(
        f"The market shows again what you wrote about {quoted(facts)}",
        f"The reason: {facts['reason']}",
        facts["path"],
        "See where",
    )


def _bot_stopped(facts: Facts) -> NoticeText:
    return NoticeText(
        f"{facts['name']} was stopped by an error", facts["reason"], "/admin/bots", "See the bots"
    )


_SENTENCES: Sentences = {
    NoticeEvent.OUTBID: _outbid,
    NoticeEvent.BID_ACCEPTED: _bid_accepted,
    NoticeEvent.BID_REJECTED: _bid_rejected,
    NoticeEvent.BID_DECLINED: _bid_declined,
    NoticeEvent.BID_LAPSED: _bid_lapsed,
    NoticeEvent.BID_CUT: _bid_cut,
    NoticeEvent.LOAN_FUNDED: _loan_funded,
    NoticeEvent.NOTE_FUNDED: _note_funded,
    NoticeEvent.FIRST_BID: _first_bid,
    NoticeEvent.COVERED: _covered,
    NoticeEvent.CLOSING_SOON: _closing_soon,
    NoticeEvent.BOOK_CLOSING_SOON: _book_closing_soon,
    NoticeEvent.DECIDE_NOW: _decide_now,
    NoticeEvent.LISTING_EXPIRED: _listing_expired,
    NoticeEvent.QUESTION_ASKED: _question_asked,
    NoticeEvent.QUESTION_ANSWERED: _question_answered,
    NoticeEvent.LETTER_CAME: _letter_came,
    NoticeEvent.TEXT_HIDDEN: _text_hidden,
    NoticeEvent.TEXT_SHOWN: _text_shown,
    NoticeEvent.BOT_STOPPED: _bot_stopped,
    **change_notice_texts.SENTENCES,
    **money_notice_texts.SENTENCES,
    **servicing_notice_texts.SENTENCES,
}
