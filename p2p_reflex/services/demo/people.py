"""Owns who lives in the demo market: borrowers with their finances, lenders with their money, an admin."""

import random
from dataclasses import dataclass

from p2p_reflex.services.people.members import ProfileForm

BORROWER_COUNT = 38
LENDER_COUNT = 21
SLOW_PLACES = frozenset({7, 15, 23})
STOPPING_PLACES = {11: 178, 34: 138, 20: 58, 27: 31, 31: 29}
"""Borrowers who stop paying, and how many days before the demo's today."""
NOT_BY_AUTOPAY = SLOW_PLACES | STOPPING_PLACES.keys()

# The first of each kind is the one that the sign-in page offers.
BORROWER_NAMES = (
    "Rosa Marchetti", "Elias Brandt", "Nadia Haddad", "Theo Lindqvist", "Grace Okonkwo", "Marek Novak",
    "Lucia Fernandez", "Owen Fletcher", "Priya Raman", "Jonas Keller", "Amara Diallo", "Felix Moreau",
    "Hannah Weiss", "Diego Salazar", "Ines Carvalho", "Patrick Doyle", "Yuki Tanaka", "Sofia Petrova",
    "Samuel Adeyemi", "Clara Jensen", "Mateo Rossi", "Leila Mansour", "Victor Ivanov", "Nora Gallagher",
    "Andre Baptiste", "Emma Sorensen", "Karim Benali", "Julia Nowak", "Simon Archer", "Mei Chen",
    "Tobias Vogel", "Fatima Noor", "Lars Hansen", "Olivia Bennett", "Rafael Costa", "Anna Kowalski",
    "Dominic Price", "Zoe Papadakis",
)  # fmt: skip
LENDER_NAMES = (
    "Daniel Okafor", "Maya Rosen", "Tomas Kral", "Ingrid Solberg", "Aisha Darwish", "Joel Pereira",
    "Hana Mori", "Walter Greene", "Camille Dubois", "Arjun Mehta", "Ruth Abrams", "Stefan Bauer",
    "Beatriz Lima", "Colin Murray", "Thea Nilsen", "Omar Farouk", "Paula Schmidt", "Henry Walsh",
    "Vera Sokolova", "Marcus Reid", "Elena Conti",
)  # fmt: skip
ADMIN_NAME = "Sam Whitfield"


@dataclass(frozen=True, slots=True)
class DemoBorrower:
    """A borrower, and how they look after what they owe."""

    full_name: str
    email: str
    profile: ProfileForm
    pays_by_autopay: bool
    slow_days: int
    stops_days_before: int
    pays_ahead_chance: float


@dataclass(frozen=True, slots=True)
class DemoLender:
    """A lender: how much they bring, how often they bid, and how much more than the floor they want."""

    full_name: str
    email: str
    capital_cents: int
    eagerness: float
    appetite: float
    bid_share: float


def address_of(full_name: str) -> str:
    """Make the e-mail address of a demo person."""
    return full_name.lower().replace(" ", ".") + "@example.org"


def borrowers(luck: random.Random) -> tuple[DemoBorrower, ...]:
    """Draw the borrowers; the population leans on the scores and incomes of real borrowers of 2018."""
    return tuple(_borrower(name, place, luck) for place, name in enumerate(BORROWER_NAMES[:BORROWER_COUNT]))


def lenders(luck: random.Random) -> tuple[DemoLender, ...]:
    """Draw the lenders, from small savers to the odd well-off one."""
    return tuple(_lender(name, place, luck) for place, name in enumerate(LENDER_NAMES[:LENDER_COUNT]))


def _borrower(name: str, place: int, luck: random.Random) -> DemoBorrower:
    score = max(590, min(845, round(luck.gauss(728, 50))))
    income = max(26_000, min(210_000, round(luck.lognormvariate(11.08, 0.42) / 500) * 500))
    debt = round(income / 12 * luck.uniform(0.04, 0.24) / 10) * 10
    home = luck.choices(("mortgage", "rent", "own"), (48, 39, 13))[0]
    if place == 0:
        score, income, debt, home = 731, 68_500, 320, "own"
    return DemoBorrower(
        full_name=name,
        email=address_of(name),
        profile=ProfileForm(
            credit_score=str(score),
            annual_income=str(income),
            monthly_debt=str(debt),
            years_employed=str(9 if place == 0 else min(30, int(luck.expovariate(1 / 7)))),
            home_ownership=home,
        ),
        pays_by_autopay=place == 0 or (place not in NOT_BY_AUTOPAY and luck.random() < 0.9),
        slow_days=luck.randrange(9, 14) if place in SLOW_PLACES else luck.choice((0, 0, 0, 1, 2)),
        stops_days_before=STOPPING_PLACES.get(place, -1),
        pays_ahead_chance=luck.choice((0.0, 0.0, 0.02, 0.05)),
    )


def _lender(name: str, place: int, luck: random.Random) -> DemoLender:
    usual = luck.choice((18_000, 30_000, 45_000, 60_000, 90_000, 140_000, 220_000))
    capital = 24_000 if place == 0 else usual
    return DemoLender(
        full_name=name,
        email=address_of(name),
        capital_cents=capital * 100,
        eagerness=luck.uniform(0.25, 0.6),
        appetite=luck.uniform(0.1, 0.75),
        bid_share=luck.uniform(0.015, 0.05),
    )
