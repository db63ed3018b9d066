"""Production refuses what is only safe at home, in one clear sentence."""

import os

import pytest

from p2p_reflex.api.headers import security_headers
from p2p_reflex.settings import SettingsError, settings

SAFE = {
    "P2P_ENV": "production",
    "P2P_SECRET": "c" * 40,
    "P2P_ALLOWED_ORIGINS": "https://market.example, https://www.market.example/",
}

MAIL = {"P2P_SMTP_URL": "smtps://mail.example", "P2P_MAIL_FROM": "market@market.example"}


@pytest.fixture(autouse=True)
def _no_settings_of_the_developers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("P2P_")]:
        monkeypatch.delenv(name)


def test_a_local_start_needs_no_settings_and_is_a_demo() -> None:
    chosen = settings()

    assert (chosen.demo_mode, chosen.is_production, chosen.market_name) == (True, False, "Commonbook")
    assert "http://localhost:3000" in chosen.origins


def test_a_safe_production_starts_without_a_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)

    chosen = settings()

    assert chosen.demo_mode is False
    assert chosen.origins == ("https://market.example", "https://www.market.example")
    assert chosen.address == "https://market.example"
    assert chosen.cookie_name.startswith("__Host-")
    assert "Strict-Transport-Security" in security_headers(chosen)
    assert "wss://market.example" in security_headers(chosen)["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"P2P_DEMO": "true"}, "Demo mode is refused in production"),
        ({"P2P_SECRET": None}, "Production needs a secret of its own"),
        ({"P2P_SECRET": "short"}, "Production needs a secret of its own"),
        ({"P2P_ALLOWED_ORIGINS": None}, "Production needs to know its own address"),
        ({"P2P_ALLOWED_ORIGINS": "*"}, "Production needs to know its own address"),
        ({"P2P_ALLOWED_ORIGINS": "http://market.example"}, "Production runs over HTTPS only"),
        ({"P2P_BCRYPT_COST": "5"}, "P2P_BCRYPT_COST of at least 12"),
        ({"P2P_ENV": "staging"}, "The setting P2P_ENV is not usable"),
        (MAIL, "Links in e-mails need to know where they lead: set P2P_PUBLIC_URL"),
        (MAIL | {"P2P_PUBLIC_URL": "http://market.example"}, "set P2P_PUBLIC_URL"),
        ({"P2P_PUBLIC_URL": "market.example"}, "P2P_PUBLIC_URL must look like https://market.example.org."),
        ({"P2P_PUBLIC_URL": "https://market.example/app"}, "P2P_PUBLIC_URL must look like"),
        ({"P2P_PUBLIC_URL": "https://me@market.example"}, "P2P_PUBLIC_URL must look like"),
        ({"P2P_PUBLIC_URL": "https://market.example:port"}, "P2P_PUBLIC_URL must look like"),
    ],
)
def test_an_unsafe_production_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str | None], sentence: str
) -> None:
    for name, value in {**SAFE, **changed}.items():
        if value is not None:
            monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refused:
        settings()

    assert sentence in str(refused.value)
    assert "ccccc" not in str(refused.value)
