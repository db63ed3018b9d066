"""E-mails of notices: each at most once, never lost to a refusal, and plain text whatever people wrote."""

import email
import email.policy
import logging
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.notice_kinds import MailState, NoticeEvent
from p2p_reflex.models import NoticeMail
from p2p_reflex.services.notices import notice_mail, notices
from p2p_reflex.services.notices.notice_mail import MailRound
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.settings import SettingsError, settings
from tests.builders import NOW, TODAY, a_lender, in_threads

pytestmark = pytest.mark.usefixtures("database")

TITLE = "Ovens\u2026 <b>free</b>"


@dataclass
class Office:
    """A mail server that does as it is told, and keeps what it took."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    refuses_recipients: bool = False
    breaks_after_the_letter: bool = False


class _Desk(socketserver.StreamRequestHandler):
    office: Office

    def _converse(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"RCPT") and self.office.refuses_recipients:
                self._say("450 mailbox busy")
            elif word == b"DATA":
                self._say("354 go on")
                letter = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    letter += part
                self.office.taken.append(letter)
                if self.office.breaks_after_the_letter:
                    return
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 well")

    handle = _converse  # the name that the library calls

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Open a mail server on this machine, and name it in the settings."""
    opened = Office()
    desk = type("Desk", (_Desk,), {"office": opened})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), desk) as server:
        server.daemon_threads = True
        opened.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("P2P_SMTP_URL", f"smtp://127.0.0.1:{opened.port}")
        monkeypatch.setenv("P2P_MAIL_FROM", "market@example.org")
        settings.cache_clear()
        yield opened
        server.shutdown()


def tell_outbid(full_name: str = "Maya Rosen") -> int:
    def told(session: Session) -> int:
        lender_id = a_lender(session, full_name=full_name)
        facts: dict[str, str | int] = {
            "title": TITLE,
            "listing_id": 7,
            "by": "Tomas K.",
            "rate": "0.105",
            "others": 0,
            "freed_cents": 400_00,
            "leads_cents": 0,
        }
        notices.tell(session, [Fact(lender_id, NoticeEvent.OUTBID, facts)], business_on=TODAY, now=NOW)
        return lender_id

    return house.run(told)


def send(now: datetime = NOW) -> MailRound:
    return notice_mail.send_waiting(house.run, now=now)


def the_mail() -> NoticeMail:
    with house.transaction() as session:
        found = session.exec(select(NoticeMail)).one()
        session.expunge(found)
    return found


def test_an_email_says_in_plain_text_what_the_notice_says(office: Office) -> None:
    tell_outbid()

    done = send()

    letter = email.message_from_bytes(office.taken[0], policy=email.policy.default)
    assert done == MailRound(sent_count=1)
    assert letter["Subject"] == f"You were outbid on “{TITLE}”"
    assert letter["To"].startswith("Maya Rosen <member")
    assert letter["From"] == "market@example.org"
    assert letter.get_content_type() == "text/plain"
    assert "Tomas K. bid 10.50 %. $400 is free again." in letter.get_content()
    assert "Bid lower: http://" in letter.get_content()
    assert office.taken[0].isascii()


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://127.0.0.1:3000"),
        ({"REFLEX_FRONTEND_PORT": "4150"}, "http://127.0.0.1:4150"),
        ({"REFLEX_FRONTEND_PORT": "4150", "P2P_HOST": "192.0.2.10"}, "http://192.0.2.10:4150"),
        ({"REFLEX_FRONTEND_PORT": "4150", "P2P_HOST": "0.0.0.0"}, "http://127.0.0.1:4150"),
        ({"P2P_ALLOWED_ORIGINS": "https://market.example,https://old.example"}, "https://market.example"),
        ({"P2P_PUBLIC_URL": "https://market.example/", "P2P_HOST": "0.0.0.0"}, "https://market.example"),
    ],
)
def test_every_link_in_an_email_leads_to_where_the_app_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: str
) -> None:
    for name in ("REFLEX_FRONTEND_PORT", "P2P_HOST", "P2P_ALLOWED_ORIGINS", "P2P_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    tell_outbid()

    send()

    words = email.message_from_bytes(office.taken[0], policy=email.policy.default).get_content()
    links = [word for word in words.split() if "://" in word]
    assert links == [f"{address}/listings/7", f"{address}/notifications"]


def test_an_email_goes_out_once_however_often_and_by_how_many_it_is_sent(office: Office) -> None:
    for _ in range(6):
        tell_outbid()

    in_threads([send] * 4)
    send()

    assert len(office.taken) == 6


def test_a_refused_email_waits_longer_each_time_and_is_given_up_in_the_end(office: Office) -> None:
    tell_outbid()
    office.refuses_recipients = True

    first = send()
    too_early = send(NOW + timedelta(seconds=30))
    moment, waits = NOW, []
    while (mail := the_mail()).state is MailState.WAITING:
        waits.append(mail.next_try_at - moment)
        moment = mail.next_try_at
        send(moment)

    assert (first, too_early) == (MailRound(postponed_count=1), MailRound())
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert (mail.state, mail.attempt_count) == (MailState.FAILED, len(notice_mail.WAITS) + 1)
    assert mail.last_refusal == "mailbox busy"


def test_a_refused_email_arrives_once_the_server_takes_it(office: Office) -> None:
    tell_outbid()
    office.refuses_recipients = True
    send()
    office.refuses_recipients = False

    send(NOW + timedelta(minutes=1))

    assert the_mail().state is MailState.SENT
    assert len(office.taken) == 1


def test_an_email_that_may_have_arrived_is_not_sent_again(office: Office) -> None:
    tell_outbid()
    office.breaks_after_the_letter = True

    send()
    office.breaks_after_the_letter = False
    send(NOW + timedelta(days=30))

    assert len(office.taken) == 1
    assert the_mail().state is MailState.FAILED


def test_an_email_that_was_being_sent_when_the_platform_stopped_is_not_sent_again(office: Office) -> None:
    tell_outbid()
    house.run(notice_mail.claim_next, now=NOW)

    send(NOW + timedelta(days=30))

    assert office.taken == []
    assert the_mail().state is MailState.SENDING


def test_a_mail_server_that_is_away_costs_one_try_of_one_email(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_outbid()
    tell_outbid()
    monkeypatch.setenv("P2P_SMTP_URL", "smtp://127.0.0.1:9")
    settings.cache_clear()

    done = send()

    assert done == MailRound(postponed_count=1)
    with house.reading() as session:
        assert sorted(session.exec(select(NoticeMail.attempt_count)).all()) == [0, 1]


def test_without_a_mail_server_an_email_goes_to_the_log_on_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tell_outbid()

    with caplog.at_level(logging.INFO):
        done = send()

    (line,) = [each.getMessage() for each in caplog.records if "E-mail to" in each.getMessage()]
    assert done.sent_count == 1
    assert "You were outbid on" in line
    assert "\n" not in line
    assert line.isascii()


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("smtp://mail.example.org", ""),
        ("https://mail.example.org", "market@example.org"),
        ("smtp://", "a@b.c"),
    ],
)
def test_half_a_mail_server_is_refused_at_the_start(
    url: str, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_SMTP_URL", url)
    monkeypatch.setenv("P2P_MAIL_FROM", sender)
    settings.cache_clear()

    with pytest.raises(SettingsError):
        settings()


def test_a_password_is_never_sent_in_the_clear(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_outbid()
    monkeypatch.setenv("P2P_SMTP_URL", f"smtp://market:secret@127.0.0.1:{office.port}")
    settings.cache_clear()

    done = send()

    assert done == MailRound(postponed_count=1)
    assert "no encryption" in the_mail().last_refusal
