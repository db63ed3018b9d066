"""Owns the sentences about money in and out, and about what of it waits for an admin."""

from p2p_reflex.domain import formats
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import MoneyRequestKind
from p2p_reflex.services.notices.notice_words import Facts, NoticeText, Sentences


def _money_added(facts: Facts) -> NoticeText:
    return _of_wallet(f"{_amount(facts)} came in", "You added it to your wallet.")


def _money_withdrawn(facts: Facts) -> NoticeText:
    return _of_wallet(f"{_amount(facts)} went out", "You took it out of your wallet.")


def _deposit_confirmed(facts: Facts) -> NoticeText:
    return _of_wallet(f"{_amount(facts)} came in", "The market confirmed what you added to your wallet.")


def _withdrawal_confirmed(facts: Facts) -> NoticeText:
    return _of_wallet(f"{_amount(facts)} went out", "The market confirmed your withdrawal.")


def _money_refused(facts: Facts) -> NoticeText:
    then = "" if _is_deposit(facts) else " What was held is free again."
    what = "deposit" if _is_deposit(facts) else "withdrawal"
    return _of_wallet(
        f"The market refused your {what} of {_amount(facts)}", f"The reason: {facts['reason']}.{then}"
    )


def _money_waits(facts: Facts) -> NoticeText:
    wants = "added" if _is_deposit(facts) else "wants to withdraw"
    then = "It counts once you confirm it." if _is_deposit(facts) else "It is held until somebody decides."
    return _of_ledger(f"{facts['by']} {wants} {_amount(facts)}", then)


def _money_waits_for_second(facts: Facts) -> NoticeText:
    return _of_ledger(
        f"{_amount(facts)} waits for a second admin",
        f"{facts['admin']} has confirmed that {facts['by']} may withdraw it.",
    )


def _of_wallet(title: str, meaning: str) -> NoticeText:
    return NoticeText(title, meaning, "/wallet", "See the wallet")


def _of_ledger(title: str, meaning: str) -> NoticeText:
    return NoticeText(title, meaning, "/admin/ledger", "See what waits")


def _amount(facts: Facts) -> str:
    return formats.money(facts["cents"])


def _is_deposit(facts: Facts) -> bool:
    return bool(facts["kind"] == MoneyRequestKind.DEPOSIT)


SENTENCES: Sentences = {
    NoticeEvent.MONEY_ADDED: _money_added,
    NoticeEvent.MONEY_WITHDRAWN: _money_withdrawn,
    NoticeEvent.DEPOSIT_CONFIRMED: _deposit_confirmed,
    NoticeEvent.WITHDRAWAL_CONFIRMED: _withdrawal_confirmed,
    NoticeEvent.MONEY_REFUSED: _money_refused,
    NoticeEvent.MONEY_WAITS: _money_waits,
    NoticeEvent.MONEY_WAITS_FOR_SECOND: _money_waits_for_second,
}
