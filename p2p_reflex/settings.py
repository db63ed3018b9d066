"""Owns the settings: every one an environment variable with the prefix P2P_, with a safe default."""

import os
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEFAULT_SECRET = "local-only-secret-never-for-real-money"  # noqa: S105
SHORTEST_SECRET = 32
SAFE_BCRYPT_COST = 12
DEFAULT_PORTS = ("3000", "8000")
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - an address to listen on, which no link can name


class SettingsError(Exception):
    """Refuse to start with these settings; the message is a finished sentence for the operator."""


class Env(StrEnum):
    """Where the platform runs."""

    LOCAL = "local"
    PRODUCTION = "production"


class ConfirmMoney(StrEnum):
    """Who confirms that money came in or may go out."""

    AT_ONCE = "at_once"
    BY_ADMIN = "by_admin"


class Settings(BaseSettings):
    """Hold what the operator may decide; nothing here changes while the platform runs."""

    model_config = SettingsConfigDict(env_prefix="P2P_", extra="ignore", frozen=True)

    env: Env = Field(Env.LOCAL, description="local or production; production refuses unsafe defaults")
    data_dir: Path = Field(Path(".data"), description="folder of the SQLite database")
    database_url: str | None = Field(None, repr=False, description="PostgreSQL address; SQLite without it")
    market_name: str = Field("Commonbook", min_length=1, max_length=40, description="name on the screens")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="currency of the whole installation")
    demo: bool | None = Field(None, description="demo market; on locally, refused in production")
    demo_seed: int = Field(20261120, description="seed of the demo market")
    bot_room_share: Decimal = Field(
        Decimal("0.10"), ge=0, le=1, description="part of a new listing that bots leave to people"
    )
    bot_room_minutes: int = Field(60, ge=0, le=20160, description="minutes for which they leave it")
    smtp_url: SecretStr | None = Field(
        None, description="mail server, as smtp://name:password@host:587 or smtps://; the log without it"
    )
    mail_from: str = Field("", description="address that e-mails come from; needed with a mail server")
    public_url: str = Field("", description="address that links in e-mails begin with")
    confirm_money: ConfirmMoney = Field(
        ConfirmMoney.AT_ONCE, description="at_once or by_admin: who confirms money in and out"
    )
    second_admin_above: Decimal = Field(
        Decimal(10_000),
        ge=0,
        description="corrections and withdrawals of more dollars than this need a second admin",
    )
    secret: SecretStr = Field(SecretStr(DEFAULT_SECRET), description="at least 32 random characters")
    bcrypt_cost: int = Field(
        12, ge=4, le=15, description="work of one password hash; at least 12 in production"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses the browser may use, comma separated; needed in production"
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="reverse proxies in front of it")
    socket_events_per_second: float = Field(20, gt=0, description="sustained events of one browser tab")
    socket_burst: int = Field(80, ge=10, description="events one tab may send at once")
    sockets_per_address: int = Field(64, ge=1, description="tabs one network address may hold open")

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        """Accept a comma separated list."""
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        """Accept the address of a site, and nothing behind it."""
        address = value.strip().rstrip("/")
        try:
            parts = urlsplit(address)
            is_site = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_site = False
        if address and (not is_site or address != f"{parts.scheme}://{parts.netloc}" or "@" in address):
            raise ValueError("P2P_PUBLIC_URL must look like https://market.example.org.")
        return address

    @model_validator(mode="after")
    def _refuse_half_a_mail_server(self) -> Self:
        """Refuse a mail server that could not be used."""
        if self.smtp_url is None:
            return self
        address = urlsplit(self.smtp_url.get_secret_value())
        if address.scheme not in ("smtp", "smtps") or not address.hostname:
            raise ValueError("P2P_SMTP_URL must look like smtp://name:password@mail.example.org:587.")
        if "@" not in self.mail_from:
            raise ValueError("A mail server needs an address to send from: set P2P_MAIL_FROM.")
        return self

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        """Refuse what must never face the public."""
        if self.env is not Env.PRODUCTION:
            return self
        if self.demo:
            raise ValueError("Demo mode is refused in production: unset P2P_DEMO.")
        secret = self.secret.get_secret_value()
        if secret == DEFAULT_SECRET or len(secret) < SHORTEST_SECRET:
            raise ValueError(
                "Production needs a secret of its own: set P2P_SECRET to at least 32 random characters."
            )
        if self.bcrypt_cost < SAFE_BCRYPT_COST:
            raise ValueError("Production needs a P2P_BCRYPT_COST of at least 12.")
        if not self.allowed_origins or any("*" in origin for origin in self.allowed_origins):
            raise ValueError(
                "Production needs to know its own address: set P2P_ALLOWED_ORIGINS, "
                "for example https://market.example.org, without asterisks."
            )
        if not all(origin.startswith("https://") for origin in self.allowed_origins):
            raise ValueError(
                "Production runs over HTTPS only: start each of P2P_ALLOWED_ORIGINS with https://."
            )
        if self.smtp_url is not None and not self.public_url.startswith("https://"):
            raise ValueError(
                "Links in e-mails need to know where they lead: set P2P_PUBLIC_URL, "
                "for example https://market.example.org."
            )
        return self

    @property
    def is_production(self) -> bool:
        """Tell whether real people and real money are here."""
        return self.env is Env.PRODUCTION

    @property
    def demo_mode(self) -> bool:
        """Tell whether the demo market, its sign-ins and its clock are here."""
        return not self.is_production and self.demo is not False

    @property
    def pepper(self) -> str:
        """Give the secret that passwords are hashed under, beside their own salt."""
        return self.secret.get_secret_value()

    @property
    def cookie_name(self) -> str:
        """Name the session cookie; __Host- makes browsers insist on Secure, this host and the whole site."""
        return "__Host-p2p_session" if self.is_production else "p2p_session"

    @property
    def address(self) -> str:
        """Give the address that every link in an e-mail begins with.

        Where none is set it is the one the server listens on, with the port that Reflex really took.
        """
        if self.public_url:
            return self.public_url
        if self.allowed_origins:
            return self.allowed_origins[0]
        host = os.environ.get("P2P_HOST", "").strip()
        name = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
        return f"http://{name}:{os.environ.get('REFLEX_FRONTEND_PORT') or DEFAULT_PORTS[0]}"

    @property
    def origins(self) -> tuple[str, ...]:
        """List the addresses whose pages may talk to this server.

        Locally these are the loopback names with the ports that Reflex was given on the command line
        (it keeps them in its own environment variables).
        """
        if self.allowed_origins:
            return self.allowed_origins
        ports = {
            *DEFAULT_PORTS,
            *filter(None, (os.environ.get("REFLEX_FRONTEND_PORT"), os.environ.get("REFLEX_BACKEND_PORT"))),
        }
        return tuple(f"http://{host}:{port}" for port in sorted(ports) for host in ("localhost", "127.0.0.1"))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the settings once; `settings.cache_clear()` makes a test read them again.

    Raises SettingsError with one sentence for the operator.
    """
    try:
        return Settings()
    except ValidationError as refused:
        raise SettingsError(_first_sentence(refused)) from None


def application_version() -> str:
    """Name the version that is installed; a checkout that runs without being installed has none."""
    try:
        return metadata.version("p2p-reflex")
    except metadata.PackageNotFoundError:
        return "not installed"


def _first_sentence(refused: ValidationError) -> str:
    """Turn the first refusal into a sentence that names the variable."""
    first = refused.errors(include_input=False)[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    if not first["loc"] or message.startswith("P2P_"):
        return message
    return f"The setting P2P_{str(first['loc'][0]).upper()} is not usable: {message}."
