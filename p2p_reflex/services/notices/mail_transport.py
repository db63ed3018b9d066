"""Owns the way of an e-mail out of the house: by SMTP where it is configured, to the log otherwise."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

from p2p_reflex.settings import Settings

TIMEOUT_SECONDS = 20
SEVEN_BITS = SMTP.clone(cte_type="7bit")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail in plain text; `number` names it for good."""

    to_name: str
    to_address: str
    subject: str
    body: str
    number: int


class MailboxRefusedError(Exception):
    """An e-mail was surely not delivered; with `is_post_closed` no other would be at this moment."""

    def __init__(self, reason: object, *, is_post_closed: bool = False) -> None:
        super().__init__(str(reason) or type(reason).__name__)
        self.is_post_closed = is_post_closed


class MailUncertainError(Exception):
    """The connection broke when an e-mail was handed over: it may have arrived."""


Post = Callable[[Mail], None]


@contextmanager
def open_post(settings: Settings) -> Iterator[Post]:
    """Give the way to send e-mails; the connection is made with the first one and closed at the end."""
    if settings.smtp_url is None:
        yield _write_to_log
        return
    office = _Office(urlsplit(settings.smtp_url.get_secret_value()), settings.mail_from)
    try:
        yield office.send
    finally:
        office.close()


def _write_to_log(mail: Mail) -> None:
    """Write an e-mail down where no mail server is configured; what people wrote stays on its line."""
    logger.info("E-mail to %s: %s | %s", mail.to_address, ascii_line(mail.subject), ascii_line(mail.body))


def ascii_line(text: str) -> str:
    """Put text on one line that no log reader can mistake for another."""
    return ascii(text)[1:-1]


class _Office:
    """One connection to a mail server, opened when it is first needed."""

    def __init__(self, address: SplitResult, sender: str) -> None:
        self._address, self._sender = address, sender
        self._server: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> None:
        """Hand an e-mail over. Raises MailboxRefusedError, MailUncertainError."""
        message = self._message(mail)
        server = self._connected()
        try:
            code, answer = server.mail(self._sender)
            if code == 250:
                code, answer = server.rcpt(mail.to_address)
            if code not in (250, 251):
                server.rset()
                raise MailboxRefusedError(answer.decode(errors="replace"))
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise MailboxRefusedError(error, is_post_closed=True) from error
        try:
            code, answer = server.data(message.as_bytes())
        except smtplib.SMTPDataError as refused:  # it was refused before it was handed over
            self.close()
            raise MailboxRefusedError(refused) from refused
        except (smtplib.SMTPException, OSError) as broken:
            self.close()
            raise MailUncertainError(str(broken) or type(broken).__name__) from broken
        if code != 250:
            raise MailboxRefusedError(answer.decode(errors="replace"))

    def close(self) -> None:
        """Say goodbye."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._connect()
            except (smtplib.SMTPException, OSError) as error:
                raise MailboxRefusedError(error, is_post_closed=True) from error
        return self._server

    def _connect(self) -> smtplib.SMTP:
        """Open the connection, encrypted wherever the server can; a password never goes in the clear."""
        host, port = self._address.hostname or "localhost", self._address.port
        trusted = ssl.create_default_context()
        server: smtplib.SMTP
        if self._address.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS, context=trusted)
            server.ehlo()
        else:
            server = smtplib.SMTP(host, port or 587, timeout=TIMEOUT_SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=trusted)
                server.ehlo()
            elif self._address.username:
                server.close()
                raise smtplib.SMTPException("The mail server offers no encryption, so no password is sent.")
        if self._address.username:
            server.login(unquote(self._address.username), unquote(self._address.password or ""))
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SEVEN_BITS)
        message["From"] = self._sender
        message["To"] = Address(display_name=mail.to_name, addr_spec=mail.to_address)
        message["Subject"] = mail.subject
        message["Message-ID"] = make_msgid(str(mail.number), domain=self._sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        return message
