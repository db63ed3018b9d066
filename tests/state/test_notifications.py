"""The notice centre and the bell: what is unread, what was read, and how one wants to hear."""

from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex import database as house
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.services.days import opening
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.state import visitors
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.notifications import ICONS, NotificationsState
from tests.builders import NOW, TODAY, a_lender
from tests.state.sessions import enter_as
from tests.state.wire import Tab

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _open_market(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    visitors._remembered.clear()


@pytest.fixture
def lender_id() -> int:
    return house.run(_told)


def _told(session: Session) -> int:
    """Make a lender who was outbid, and to whom money came."""
    lender_id = a_lender(session)
    about: dict[str, str | int] = {
        "title": "<b>Oven</b>",
        "listing_id": 7,
        "by": "Tomas K.",
        "rate": "0.105",
        "others": 2,
        "freed_cents": 400_00,
        "leads_cents": 0,
    }
    facts = [
        Fact(lender_id, NoticeEvent.OUTBID, about),
        Fact(lender_id, NoticeEvent.MONEY_ADDED, {"cents": 5_00}),
    ]
    notices.tell(session, facts, business_on=TODAY, now=NOW)
    return lender_id


def a_tab_of(member_id: int) -> Tab:
    return Tab(cookie=house.run(enter_as, member_id=member_id), path="/notifications")


def titles(lines: list[dict[str, Any]]) -> list[str]:
    return [line["title"] for line in lines]


def test_the_centre_shows_the_newest_first_with_words_and_a_link(lender_id: int) -> None:
    answer = a_tab_of(lender_id).send(NotificationsState.load)

    lines = answer.shown(NotificationsState, "lines")
    assert titles(lines) == ["$5.00 came in", "You were outbid on “<b>Oven</b>”"]
    assert lines[1]["meaning"] == "Tomas K. and 2 others bid from 10.50 %. $400 is free again."
    assert (lines[1]["href"], lines[1]["is_unread"]) == ("/listings/7", True)
    assert answer.shown(NotificationsState, "unread") == "2"


def test_the_bell_counts_and_falls_silent_when_all_is_read(lender_id: int) -> None:
    tab = a_tab_of(lender_id)
    before = tab.send(FrameState.load).shown(FrameState, "notice_count")
    tab.send(NotificationsState.load)

    answer = tab.send(NotificationsState.read_all)

    assert before == "2"
    assert answer.shown(NotificationsState, "unread") == ""
    assert tab.send(FrameState.load).shown(FrameState, "notice_count") in (None, "")
    assert house.read(notices.unread_count, member_id=lender_id) == 0


def test_reading_one_leaves_the_others_unread(lender_id: int) -> None:
    tab = a_tab_of(lender_id)
    first = tab.send(NotificationsState.load).shown(NotificationsState, "lines")[0]

    answer = tab.send(NotificationsState.read, notice_id=first["id"])

    lines = answer.shown(NotificationsState, "lines")
    assert [line["is_unread"] for line in lines] == [False, True]


def test_filters_show_one_kind_or_what_is_unread(lender_id: int) -> None:
    tab = a_tab_of(lender_id)
    tab.send(NotificationsState.load)

    of_a_kind = tab.send(NotificationsState.show_kind, kind="outbid").shown(NotificationsState, "lines")
    tab.send(NotificationsState.read_all)
    unread = tab.send(NotificationsState.show_unread, unread_only="unread")

    assert titles(of_a_kind) == ["You were outbid on “<b>Oven</b>”"]
    assert unread.shown(NotificationsState, "lines") == []


@pytest.mark.parametrize("kind", ["nonsense", "'; --", ""])
def test_a_kind_that_does_not_exist_shows_everything(kind: str, lender_id: int) -> None:
    tab = a_tab_of(lender_id)
    tab.send(NotificationsState.show_kind, kind="outbid")

    answer = tab.send(NotificationsState.show_kind, kind=kind)

    assert len(answer.shown(NotificationsState, "lines")) == 2


def test_a_strangers_notice_cannot_be_read_away(lender_id: int) -> None:
    theirs = house.read(notices.page_of, member_id=lender_id).rows[0]

    answer = a_tab_of(house.run(a_lender)).send(NotificationsState.read, notice_id=theirs.notice_id)

    assert "does not exist, or it is not yours" in answer.toasts
    assert house.read(notices.unread_count, member_id=lender_id) == 2


def test_a_switch_turns_one_way_of_one_kind(lender_id: int) -> None:
    tab = a_tab_of(lender_id)
    tab.send(NotificationsState.load)

    answer = tab.send(NotificationsState.choose, kind="outbid", channel="by_email", wanted=False)
    refused = tab.send(NotificationsState.choose, kind="outbid", channel="role", wanted=True)

    ways = {row["kind"]: row for row in answer.shown(NotificationsState, "preferences")}
    assert (ways["outbid"]["in_app"], ways["outbid"]["by_email"]) == (True, False)
    assert (ways["funded"]["in_app"], ways["funded"]["by_email"]) == (True, True)
    assert "does not exist" in refused.toasts


def test_being_outbid_makes_news_for_a_toast(lender_id: int) -> None:
    news = a_tab_of(lender_id).send(FrameState.load).shown(FrameState, "outbid_news")

    assert (news["title"], news["href"], news["action"]) == (
        "You were outbid on “<b>Oven</b>”",
        "/listings/7",
        "Bid lower",
    )


def test_every_event_has_an_icon(lender_id: int) -> None:
    assert set(ICONS) == set(NoticeEvent)
