"""Opening the market: its first business day, and what production refuses."""

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.days import business_date, opening
from p2p_reflex.services.people import members
from p2p_reflex.settings import SettingsError, settings
from tests.builders import NOW, TODAY

PRODUCTION = {
    "P2P_ENV": "production",
    "P2P_SECRET": "an-operators-own-secret-of-forty-letters",
    "P2P_ALLOWED_ORIGINS": "https://market.example.org",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("P2P_DEMO", raising=False)
    settings.cache_clear()


@pytest.mark.usefixtures("production")
def test_an_empty_production_opens_its_first_day(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)

    assert read(business_date.today) == TODAY


@pytest.mark.usefixtures("production")
def test_production_refuses_the_database_of_a_demo(database: Engine) -> None:
    run(
        members.create_member,
        role=Role.ADMIN,
        full_name="Sam Whitfield",
        email="sam@example.org",
        password_hash=None,
        now=NOW,
        is_demo=True,
    )

    with pytest.raises(SettingsError, match="demo accounts"):
        run(opening.open_market, business_on=TODAY)
