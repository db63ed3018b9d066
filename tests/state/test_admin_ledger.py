"""The ledger screen: admins decide once about what waits, find every entry, and others get nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import MoneyRequestState, Role, TransactionKind
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import wallets
from p2p_reflex.services.money.journal import JournalRow
from p2p_reflex.settings import settings
from p2p_reflex.state import visitors
from p2p_reflex.state.admin_ledger import AdminLedgerState
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.ledger_lines import write_transaction
from p2p_reflex.state.wallet import WalletState
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_loan
from tests.money_deeds import add, balances, state_of, take
from tests.state.sessions import a_session_of, enter_as
from tests.state.wire import Answer, Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _an_admin_confirms(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_CONFIRM_MONEY", "by_admin")
    settings.cache_clear()
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def lender_id(database: Engine) -> int:
    return house.run(a_lender, cash_cents=50_000_00, full_name="Ingrid Sund")


@pytest.fixture
def tab(database: Engine) -> Tab:
    return an_admins_tab("Sam Whitfield")


def an_admins_tab(name: str) -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, name), path="/admin/ledger")


def shown(answer: Answer, var: str) -> list:
    return answer.shown(AdminLedgerState, var)


def test_what_waits_stands_on_top_and_is_confirmed_with_two_presses(tab: Tab, lender_id: int) -> None:
    request_id = take(lender_id, "400")

    (line,) = shown(tab.send(AdminLedgerState.load), "waiting")
    tab.send(AdminLedgerState.ask_about, request_id=request_id, asks="confirm")
    answer = tab.send(AdminLedgerState.confirm)
    tab.send(AdminLedgerState.confirm)

    assert (line.words, line.amount) == ("Ingrid Sund wants to withdraw", "$400.00")
    assert line.under.endswith("; $49,600.00 is available besides")
    assert "$400.00 confirmed" in answer.toasts
    assert shown(answer, "waiting") == []
    assert [each.words for each in shown(answer, "decided")] == ["Withdrawal of Ingrid Sund"]
    assert balances(lender_id) == (49_600_00, 0)


def test_the_frame_counts_for_admins_alone_what_waits(tab: Tab, lender_id: int) -> None:
    take(lender_id, "400")
    add(lender_id, "100")

    counted = tab.send(FrameState.load).shown(FrameState, "waiting_money_count")
    member = Tab(cookie=house.run(enter_as, member_id=lender_id)).send(FrameState.load)

    assert counted == "2"
    assert member.shown(FrameState, "waiting_money_count") in (None, "")


def test_a_refusal_needs_a_reason_beside_its_field(tab: Tab, lender_id: int) -> None:
    request_id = add(lender_id, "250")
    tab.send(AdminLedgerState.load)
    tab.send(AdminLedgerState.ask_about, request_id=request_id, asks="refuse")

    refused = tab.send(AdminLedgerState.refuse)
    tab.send(AdminLedgerState.type_reason, text="No transfer arrived")
    answer = tab.send(AdminLedgerState.refuse)

    assert shown(refused, "errors") == {"reason": "The reason is missing."}
    assert shown(answer, "decided")[0].under.endswith(": No transfer arrived")
    assert state_of(request_id) is MoneyRequestState.REFUSED


def test_a_large_withdrawal_is_offered_to_the_second_admin_only(tab: Tab, lender_id: int) -> None:
    request_id = take(lender_id, "20000")
    tab.send(AdminLedgerState.load)
    tab.send(AdminLedgerState.ask_about, request_id=request_id, asks="confirm")

    answer = tab.send(AdminLedgerState.confirm)
    other = an_admins_tab("Ada Byron")
    (for_other,) = shown(other.send(AdminLedgerState.load), "waiting")
    other.send(AdminLedgerState.ask_about, request_id=request_id, asks="confirm")
    other.send(AdminLedgerState.confirm)

    (for_first,) = shown(answer, "waiting")
    assert for_first.second == "Confirmed by you; another admin has to confirm it, too."
    assert for_other.second == "Confirmed by Sam Whitfield; another admin has to confirm it, too."
    assert (for_first.may_confirm, for_other.may_confirm) == (False, True)
    assert state_of(request_id) is MoneyRequestState.CONFIRMED


def test_of_two_admins_the_slower_reads_that_it_was_decided(tab: Tab, lender_id: int) -> None:
    request_id = take(lender_id, "400")
    slower = an_admins_tab("Ada Byron")
    for each in (tab, slower):
        each.send(AdminLedgerState.load)
        each.send(AdminLedgerState.ask_about, request_id=request_id, asks="confirm")
    tab.send(AdminLedgerState.confirm)

    answer = slower.send(AdminLedgerState.confirm)

    assert "This was confirmed already. Nothing was changed." in answer.toasts
    assert shown(answer, "waiting") == []
    assert shown(answer, "asks") == ""


def test_the_journal_tells_entries_in_words_and_is_filtered(tab: Tab, lender_id: int) -> None:
    house.run(a_loan, notes=[(1_000_00, "0.10")] * 12)
    moving = {"member_id": lender_id, "business_on": TODAY + timedelta(days=1), "now": NOW}
    house.run(wallets.withdraw, amount="40", form_key=a_form_key(), **moving)

    everything = tab.send(AdminLedgerState.load)
    loan = shown(tab.send(AdminLedgerState.choose_kind, kind="origination"), "lines")
    opened = shown(tab.send(AdminLedgerState.show_entries, transaction_id=loan[0].id), "lines")
    nonsense = tab.send(AdminLedgerState.choose_kind, kind="'; DROP TABLE journal_entry")
    later = tab.send(AdminLedgerState.choose_from, day=(TODAY + timedelta(days=1)).isoformat())
    no_day = tab.send(AdminLedgerState.choose_from, day="31.31.31")
    tab.send(AdminLedgerState.choose_from, day="")
    nobody = tab.send(AdminLedgerState.search_for, text="nobody at all")

    newest = shown(everything, "lines")[0]
    assert (newest.words, newest.amount) == ("Hold", "$40.00")
    assert newest.moved == [
        "$40.00 out of Ingrid Sund’s wallet",
        "$40.00 held for Ingrid Sund",
    ]
    assert (len(loan[0].moved), loan[0].left) == (5, "Show 10 more")
    assert (len(opened[0].moved), opened[0].left) == (15, "")
    assert len(shown(nonsense, "lines")) == 12
    assert [line.words for line in shown(later, "lines")] == ["Hold"]
    assert shown(no_day, "errors") == {"from_day": "Choose a day of the calendar."}
    assert shown(nobody, "lines") == []
    assert shown(everything, "laws_word") == "11 of 11 laws hold"


def test_nobody_but_an_admin_sees_or_decides_anything(lender_id: int) -> None:
    request_id = take(lender_id, "400")
    tab = Tab(cookie=house.run(enter_as, member_id=lender_id), path="/admin/ledger")

    sent_home = tab.send(AdminLedgerState.load)
    tab.send(AdminLedgerState.ask_about, request_id=request_id, asks="confirm")
    answer = tab.send(AdminLedgerState.confirm)
    visitor = Tab(path="/admin/ledger").send(AdminLedgerState.load)

    assert shown(sent_home, "lines") in (None, [])
    assert "not open to your kind of account" in answer.toasts
    assert shown(visitor, "waiting") in (None, [])
    assert state_of(request_id) is MoneyRequestState.WAITING


def test_the_wallet_shows_what_waits_and_takes_it_back(lender_id: int) -> None:
    tab = Tab(cookie=house.run(enter_as, member_id=lender_id), path="/wallet")
    key = tab.send(WalletState.load).shown(WalletState, "form_key")

    asked = tab.send(WalletState.withdraw, amount="400", form_key=key)
    (line,) = asked.shown(WalletState, "waiting")
    cancelled = tab.send(WalletState.cancel, request_id=line["id"])
    again = tab.send(WalletState.cancel, request_id=line["id"])
    other = Tab(cookie=a_session_of(Role.LENDER), path="/wallet").send(
        WalletState.cancel, request_id=take(lender_id, "1")
    )

    assert "$400.00 waits for an admin" in asked.toasts
    assert (line["words"], line["amount"], line["under"]) == ("Withdrawal", "$400.00", "asked today")
    assert asked.shown(WalletState, "held_note") == "for 1 withdrawal that waits"
    assert "$400.00 cancelled" in cancelled.toasts
    assert cancelled.shown(WalletState, "waiting") == []
    assert "$400.00 cancelled" in again.toasts
    assert "does not exist" in other.toasts
    assert balances(lender_id) == (49_999_00, 1_00)


def test_cash_freed_from_a_bid_is_told_by_whose_bid_it_was() -> None:
    row = JournalRow(
        transaction_id=1,
        kind=TransactionKind.RELEASE,
        business_on=TODAY,
        recorded_at=NOW,
        memo="Outbid on A piano for teaching",
        title="A piano for teaching",
        listing_id=1,
        loan_id=None,
        reverses_id=None,
        actor_name="Arjun Mehta",
        entries=(),
    )

    line = write_transaction(row, is_open=False)

    assert line.under == "Outbid on A piano for teaching, the bid of Arjun Mehta"
