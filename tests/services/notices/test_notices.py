"""What people are told: within the change, once where once is enough, as each wants to hear it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import LendingError, UnknownError
from p2p_reflex.domain.notice_kinds import KIND_OF, NoticeEvent, NoticeKind
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Notice, NoticeMail
from p2p_reflex.services.notices import notice_preferences, notice_texts, notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.touched import member_topic, topics_of
from tests.builders import NOW, TODAY, a_borrower, a_lender, a_member, in_threads

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = "<script>alert(1)</script> {{7*7}} =cmd|' /C calc'!A0"


def money_added(member_id: int, cents: int = 100_00) -> Fact:
    return Fact(member_id, NoticeEvent.MONEY_ADDED, {"cents": cents})


def outbid(member_id: int, title: str = "A bakery oven") -> Fact:
    facts: dict[str, str | int] = {
        "title": title,
        "listing_id": 7,
        "by": "GrowthMax Lending",
        "rate": "0.116",
        "others": 0,
        "freed_cents": 1_000_00,
        "leads_cents": 0,
    }
    return Fact(member_id, NoticeEvent.OUTBID, facts, "outbid:7", timedelta(hours=1))


def tell(*facts: Fact, minutes: int = 0) -> int:
    return house.run(notices.tell, facts=facts, business_on=TODAY, now=NOW + timedelta(minutes=minutes))


def told(member_id: int, **asked: Any) -> list[str]:
    page = house.read(notices.page_of, member_id=member_id, **asked)
    return [row.text.title for row in page.rows]


def mail_count() -> int:
    with house.reading() as session:
        return len(session.exec(select(NoticeMail)).all())


def test_a_notice_is_made_of_facts_and_reads_as_a_sentence() -> None:
    lender_id = house.run(a_lender)

    tell(outbid(lender_id))

    row = house.read(notices.page_of, member_id=lender_id).rows[0]
    assert row.text.title == "You were outbid on “A bakery oven”"
    assert row.text.meaning == "GrowthMax Lending bid 11.60 %. $1,000 is free again."
    assert (row.text.path, row.text.action) == ("/listings/7", "Bid lower")
    assert row.is_unread


def test_a_change_that_fails_tells_nobody() -> None:
    lender_id = house.run(a_lender)

    def change(session: Session) -> None:
        notices.tell(session, [money_added(lender_id)], business_on=TODAY, now=NOW)
        raise LendingError("The rule says no.")

    with pytest.raises(LendingError):
        house.run(change)

    assert told(lender_id) == []
    assert mail_count() == 0


def test_bots_are_told_nothing() -> None:
    bot_id = house.run(a_lender, is_bot=True)

    count = tell(outbid(bot_id))

    assert count == 0
    assert told(bot_id) == []


def test_one_is_told_of_being_outbid_at_most_once_in_any_hour() -> None:
    lender_id = house.run(a_lender)

    counts = [tell(outbid(lender_id), minutes=minute) for minute in (0, 20, 59, 60, 61)]

    assert counts == [1, 0, 0, 1, 0]
    assert len(told(lender_id)) == 2


def test_of_two_facts_about_the_same_subject_only_the_first_is_told() -> None:
    lender_id = house.run(a_lender)

    count = tell(outbid(lender_id), outbid(lender_id))

    assert count == 1


def test_races_tell_of_being_outbid_once() -> None:
    lender_id = house.run(a_lender)

    counts = in_threads([lambda: tell(outbid(lender_id)) for _ in range(8)])

    assert sorted(counts) == [0] * 7 + [1]
    assert len(told(lender_id)) == 1


def test_a_thousand_people_are_told_in_few_statements(database: Engine) -> None:
    def crowd(session: Session) -> list[int]:
        return [a_lender(session) for _ in range(1_100)]

    crowd_ids = house.run(crowd)
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(str(arguments[2]))

    from sqlalchemy import event

    event.listen(house.current_engine(), "before_cursor_execute", note)
    count = tell(*(outbid(lender_id) for lender_id in crowd_ids))
    event.remove(house.current_engine(), "before_cursor_execute", note)

    assert count == len(crowd_ids)
    assert len([each for each in statements if not each.startswith(("BEGIN", "PRAGMA"))]) < 60


def test_reading_one_and_reading_all_leave_nothing_unread() -> None:
    lender_id = house.run(a_lender)
    tell(money_added(lender_id, 1_00))
    tell(money_added(lender_id, 2_00))
    tell(money_added(lender_id, 3_00))
    newest = house.read(notices.page_of, member_id=lender_id).rows[0]

    house.run(notices.mark_read, member_id=lender_id, notice_id=newest.notice_id, now=NOW)
    unread = told(lender_id, unread_only=True)
    house.run(notices.mark_all_read, member_id=lender_id, now=NOW)

    assert newest.text.title == "$3.00 came in"
    assert unread == ["$2.00 came in", "$1.00 came in"]
    assert house.read(notices.unread_count, member_id=lender_id) == 0
    assert len(told(lender_id)) == 3


def test_somebody_elses_notice_is_unknown() -> None:
    mine, theirs = house.run(a_lender), house.run(a_lender)
    tell(money_added(theirs))
    row = house.read(notices.page_of, member_id=theirs).rows[0]

    for number in (row.notice_id, -1, 0, 2**70, True):
        with pytest.raises(UnknownError):
            house.run(notices.mark_read, member_id=mine, notice_id=number, now=NOW)

    assert house.read(notices.unread_count, member_id=theirs) == 1


def test_a_kind_is_shown_alone_and_page_by_page() -> None:
    lender_id = house.run(a_lender)
    for cents in range(1, 46):
        tell(money_added(lender_id, cents))
    tell(outbid(lender_id))

    second = house.read(notices.page_of, member_id=lender_id, kind=NoticeKind.MONEY, page=2)
    beyond = house.read(notices.page_of, member_id=lender_id, kind=NoticeKind.MONEY, page=99)

    assert told(lender_id, kind=NoticeKind.OUTBID) == ["You were outbid on “A bakery oven”"]
    assert (second.first_number, len(second.rows), second.row_count) == (21, 20, 45)
    assert (beyond.page, len(beyond.rows)) == (3, 5)


def test_what_one_does_not_want_to_hear_stays_away() -> None:
    lender_id = house.run(a_lender)
    choose = {"member_id": lender_id, "kind": "outbid", "wanted": False}

    house.run(notice_preferences.choose, channel="in_app", **choose)
    mailed_only = tell(outbid(lender_id))
    house.run(notice_preferences.choose, channel="by_email", **choose)
    not_at_all = tell(outbid(lender_id), minutes=90)

    assert (mailed_only, not_at_all) == (1, 0)
    assert told(lender_id) == []
    assert house.read(notices.unread_count, member_id=lender_id) == 0
    assert mail_count() == 1


def test_money_that_one_moved_oneself_is_not_mailed_unless_asked_for() -> None:
    lender_id = house.run(a_lender)

    tell(money_added(lender_id))
    before = mail_count()
    house.run(notice_preferences.choose, member_id=lender_id, kind="money", channel="by_email", wanted=True)
    tell(money_added(lender_id))

    assert (before, mail_count()) == (0, 1)


def test_each_kind_of_member_chooses_among_what_concerns_them() -> None:
    borrower_id, lender_id = house.run(a_borrower), house.run(a_lender)
    admin_id = house.run(a_member, role=Role.ADMIN)

    kinds = {
        who: {row.kind for row in house.read(notice_preferences.preferences, member_id=who)}
        for who in (borrower_id, lender_id, admin_id)
    }

    assert NoticeKind.OUTBID in kinds[lender_id] - kinds[borrower_id]
    assert NoticeKind.FIRST_BID in kinds[borrower_id] - kinds[lender_id]
    assert kinds[admin_id] == {NoticeKind.LATE, NoticeKind.CHANGE, NoticeKind.SYSTEM}
    assert set.union(*kinds.values()) == set(NoticeKind)


@pytest.mark.parametrize(
    ("kind", "channel"),
    [("first_bid", "in_app"), ("outbid", "password_hash"), ("", ""), ("outbid", "member_id")],
)
def test_a_choice_that_does_not_exist_is_refused(kind: str, channel: str) -> None:
    lender_id = house.run(a_lender)

    with pytest.raises(UnknownError):
        house.run(notice_preferences.choose, member_id=lender_id, kind=kind, channel=channel, wanted=True)


def test_whoever_is_told_hears_of_it_live() -> None:
    lender_id = house.run(a_lender)

    with house.transaction() as session:
        notices.tell(session, [money_added(lender_id)], business_on=TODAY, now=NOW)
        topics = topics_of(session)

    assert member_topic(lender_id) in topics


def test_a_hushed_session_tells_nobody_until_it_speaks() -> None:
    lender_id = house.run(a_lender)

    with house.transaction() as session:
        notices.hush(session)
        notices.tell(session, [money_added(lender_id, 1_00)], business_on=TODAY, now=NOW)
        notices.speak(session)
        notices.tell(session, [money_added(lender_id, 2_00)], business_on=TODAY, now=NOW)

    assert told(lender_id) == ["$2.00 came in"]


def test_hostile_titles_stay_words() -> None:
    lender_id = house.run(a_lender)

    tell(outbid(lender_id, title=HOSTILE))

    assert told(lender_id) == [f"You were outbid on “{HOSTILE}”"]


def test_every_event_has_a_kind_and_a_sentence() -> None:
    assert set(KIND_OF) == set(NoticeEvent)
    assert set(notice_texts._SENTENCES) == set(NoticeEvent)


def test_history_that_is_made_up_is_read_and_never_mailed() -> None:
    lender_id = house.run(a_lender)
    tell(outbid(lender_id))
    tell(money_added(lender_id), minutes=30)

    house.run(notices.settle_history, read_before=NOW + timedelta(minutes=5), now=NOW)

    assert told(lender_id, unread_only=True) == ["$100.00 came in"]
    assert mail_count() == 0
    with house.reading() as session:
        assert len(session.exec(select(Notice)).all()) == 2
