"""Registering: what is refused beside its field, and what is made when it is not."""

from dataclasses import replace

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.services.money import ledger
from p2p_reflex.services.people import members, registering, sign_in
from p2p_reflex.services.people.members import EmailTakenError, ProfileForm
from p2p_reflex.services.people.sign_in import SlowDownError
from tests.builders import NOW, in_threads

PROFILE = ProfileForm(
    credit_score="731", annual_income="68,500", monthly_debt="640", years_employed="9", home_ownership="own"
)
ROSA = {
    "role": "borrower",
    "full_name": "Rosa Marchetti",
    "email": "Rosa@Example.org",
    "password": "a bakery on alder street",
    "profile": PROFILE,
}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_BCRYPT_COST", "4")


def register(address: str = "192.0.2.1", **changes: object) -> int:
    """Register somebody like Rosa."""
    registration = registering.prepare(**{**ROSA, **changes})  # type: ignore[arg-type]
    return run(registering.register, registration=registration, address=address, now=NOW)


def test_a_borrower_gets_an_empty_wallet_a_profile_and_a_password_that_fits(database: Engine) -> None:
    member_id = register()

    check = run(sign_in.count_try, email="rosa@example.org", address="192.0.2.1", now=NOW)
    assert check.member_id == member_id
    assert sign_in.matches(check, ROSA["password"])
    assert not sign_in.matches(check, "a bakery on elder street")
    assert read(ledger.balances, member_id=member_id) == (0, 0)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("role", {"role": "admin"}),
        ("role", {"role": {"role": "admin"}}),
        ("full_name", {"full_name": " "}),
        ("full_name", {"full_name": "x" * 81}),
        ("email", {"email": "rosa"}),
        ("email", {"email": "rosa@example.org\nBcc: everybody@example.org"}),
        ("password", {"password": "elevenchars"}),
        ("password", {"password": "x" * 129}),
        ("password", {"password": "passwordpassword"}),
        ("password", {"password": 123456789012}),
        ("credit_score", {"profile": None}),
        ("credit_score", {"profile": replace(PROFILE, credit_score="1_000")}),
        ("annual_income", {"profile": replace(PROFILE, annual_income="NaN")}),
        ("monthly_debt", {"profile": replace(PROFILE, monthly_debt="-1")}),
        ("years_employed", {"profile": replace(PROFILE, years_employed="٩")}),
        ("home_ownership", {"profile": replace(PROFILE, home_ownership="tent")}),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_beside_its_field(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(FieldError) as refused:
        registering.prepare(**{**ROSA, **changes})  # type: ignore[arg-type]

    assert refused.value.field == field
    assert refused.value.message.endswith(".")


def test_of_two_people_at_once_with_one_email_one_gets_it(database: Engine) -> None:
    results = in_threads([register] * 3)

    assert sum(isinstance(result, int) for result in results) == 1, results
    assert sum(isinstance(result, EmailTakenError) for result in results) == 2


def test_one_network_address_cannot_register_a_flood(database: Engine) -> None:
    for number in range(registering.REGISTRATIONS_PER_ADDRESS):
        register(email=f"person{number}@example.org")

    with pytest.raises(SlowDownError):
        register(email="one.more@example.org")

    assert register(address="192.0.2.2", email="somebody.else@example.org")


def test_a_password_of_128_characters_counts_to_the_last_one() -> None:
    hashed = members.hash_password("é" * 127 + "a")

    assert members.password_matches("é" * 127 + "a", hashed)
    assert not members.password_matches("é" * 127 + "b", hashed)
