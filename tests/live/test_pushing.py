"""What a push shows: to whoever may see it, without touching what a person types, and only what differs."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import reflex as rx
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.live.hub import hub
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import wallets
from p2p_reflex.services.people import sign_in
from p2p_reflex.state import visitors
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.handlers import is_open
from p2p_reflex.state.listing import ListingState
from p2p_reflex.state.market import MarketState
from p2p_reflex.state.wallet import WalletState
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_listing
from tests.state.sessions import enter_as
from tests.state.wire import Tab, name_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SOCKET = "socket"


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> Iterator[None]:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()
    hub.connect(SOCKET)
    yield
    hub.disconnect(SOCKET)


def push(tab: Tab, screen: type[rx.State], *topics: str) -> dict[str, Any]:
    """Let a screen of a tab hear of topics, and return the vars that go to its browser."""

    async def hear() -> dict[str, Any]:
        async with tab.states.modify_state(rx.BaseStateToken(ident="tab", cls=rx.State)) as root:
            screen_of_tab: Any = await root.get_state(screen)
            await screen_of_tab._hear(frozenset(topics))
            delta = await root._get_resolved_delta()
            root._clean()
        await tab.states.close()
        found = delta.get(screen.get_full_name(), {})
        return {name.removesuffix("_rx_state_"): value for name, value in found.items()}

    return asyncio.run(hear())


def watched(screen: type) -> frozenset[str]:
    watch = hub._tabs[SOCKET].watches.get(screen)
    return watch.topics if watch else frozenset()


def bid(lender_id: int, listing_id: int, amount: str, rate: str) -> None:
    how = {"lender_id": lender_id, "listing_id": listing_id, "amount": amount, "rate": rate}
    house.run(bidding.place_bid, **how, form_key=a_form_key(), business_on=TODAY, now=NOW)


def a_signed_in_lender(cash_cents: int = 5_000_00) -> tuple[int, str]:
    lender_id = house.run(a_lender, cash_cents=cash_cents)
    return lender_id, house.run(enter_as, member_id=lender_id)


def test_a_screen_watches_what_it_shows_and_nobody_elses() -> None:
    lender_id, cookie = a_signed_in_lender()
    tab = Tab(cookie=cookie, path="/wallet")

    tab.send(FrameState.load)
    tab.send(WalletState.load)

    assert watched(WalletState) == {f"member:{lender_id}", "day"}
    assert watched(FrameState) == {f"member:{lender_id}", "day", "listings"}


def test_a_screen_that_lets_nobody_in_watches_nothing() -> None:
    Tab(path="/wallet").send(WalletState.load)

    assert watched(WalletState) == frozenset()


def test_a_bid_elsewhere_changes_its_line_on_the_market_and_lights_it_up() -> None:
    listing_id = house.run(a_listing)
    lender_id = house.run(a_lender, cash_cents=5_000_00)
    tab = Tab(path="/market?sort=amount")
    tab.send(MarketState.load)
    bid(lender_id, listing_id, "500", "10")

    changed = push(tab, MarketState, "market")

    (line,) = changed["lines"]
    assert (line.covered_words, line.rate, line.changed) == ("50 %", "10.00 %", "once")
    assert "sort" not in changed


def test_a_push_that_finds_nothing_new_sends_nothing() -> None:
    house.run(a_listing)
    tab = Tab(path="/market")
    tab.send(MarketState.load)

    assert push(tab, MarketState, "market") == {}


def test_what_a_lender_types_stays_while_the_book_moves() -> None:
    listing_id = house.run(a_listing)
    other_id = house.run(a_lender, cash_cents=5_000_00)
    _, cookie = a_signed_in_lender()
    tab = Tab(cookie=cookie, path=f"/listings/{listing_id}")
    tab.send(ListingState.load)
    tab.send(ListingState.type_amount, text="1,000")
    typed = tab.send(ListingState.type_rate, text="12")
    bid(other_id, listing_id, "600", "9")

    changed = push(tab, ListingState, f"listing:{listing_id}")

    assert typed.shown(ListingState, "quote").fact == "All $1,000 would lead."
    assert changed["quote"].fact == "$400 of $1,000 would lead."
    assert [line.changed for line in changed["leading"]] == ["once"]
    assert not {"bid_amount", "bid_rate", "bid_message", "errors", "form_key"} & changed.keys()


def test_money_that_moves_elsewhere_shows_and_the_amount_being_typed_stays() -> None:
    lender_id, cookie = a_signed_in_lender()
    tab = Tab(cookie=cookie, path="/wallet")
    tab.send(WalletState.load)
    tab.send(WalletState.type_amount, text="12")
    how = {"member_id": lender_id, "amount": "100", "form_key": a_form_key()}
    house.run(wallets.add_money, **how, business_on=TODAY, now=NOW)

    changed = push(tab, WalletState, f"member:{lender_id}")

    assert changed["available"] == "$5,100.00"
    assert "amount" not in changed


def test_somebody_who_signed_out_elsewhere_is_shown_nothing_more() -> None:
    lender_id, cookie = a_signed_in_lender()
    tab = Tab(cookie=cookie, path="/wallet")
    tab.send(WalletState.load)
    house.run(sign_in.sign_out, token=cookie, now=NOW)
    visitors.forget(cookie)
    how = {"member_id": lender_id, "amount": "100", "form_key": a_form_key()}
    house.run(wallets.add_money, **how, business_on=TODAY, now=NOW)

    changed = push(tab, WalletState, f"member:{lender_id}")

    assert changed == {}
    assert watched(WalletState) == frozenset()


def test_a_topic_forged_for_somebody_else_shows_ones_own_only() -> None:
    stranger_id, _ = a_signed_in_lender(cash_cents=9_000_00)
    _, cookie = a_signed_in_lender(cash_cents=1_00)
    tab = Tab(cookie=cookie, path="/wallet")
    tab.send(WalletState.load)

    assert push(tab, WalletState, f"member:{stranger_id}") == {}


def test_a_tab_that_comes_back_keeps_what_was_typed() -> None:
    _, cookie = a_signed_in_lender()
    tab = Tab(cookie=cookie, path="/wallet")
    tab.send(FrameState.load)
    tab.send(WalletState.load)
    tab.send(WalletState.type_amount, text="12")

    tab.send(FrameState.load)
    again = tab.send(WalletState.load)

    assert again.shown(WalletState, "amount") is None


@pytest.mark.parametrize("screen", [FrameState, MarketState, ListingState, WalletState])
@pytest.mark.parametrize("private", ["_on_push", "_hear", "_watch", "_light"])
def test_no_socket_reaches_what_only_the_hub_may_call(screen: Any, private: str) -> None:
    name = name_of(screen.load).removesuffix("load") + private

    assert not is_open(name)
    assert Tab(path="/market").send(name, topics=["market"]).changed == {}
