"""A new file in `bots/strategies` is a bot; a broken one stops nobody else."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bots import registry, strategies
from p2p_reflex.domain.vocabulary import Purpose
from tests.bots.markets import a_market, a_sight

FIFTEEN_LINES = '''"""Owns Green Neighbours: small sums for what saves energy."""

from dataclasses import dataclass
from decimal import Decimal

from bots.base import Bot
from p2p_reflex.domain.vocabulary import Purpose


@dataclass(frozen=True, kw_only=True)
class GreenNeighbours(Bot):
    """Lend to neighbours who insulate, heat and drive cleaner."""
    name: str = "Green Neighbours"
    purposes: frozenset[Purpose] = frozenset({Purpose.GREEN_ENERGY})
    minimum_return_rate: Decimal = Decimal("0.02")
'''

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])
    written: list[str] = []

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        written.append(f"{strategies.__name__}.{name}")

    yield put
    for name in written:
        sys.modules.pop(name, None)


def test_the_six_bots_have_the_capital_and_the_scores_they_are_known_for() -> None:
    known = {bot.name: (bot.capital_cents, bot.lowest_score) for bot in registry.load().bots.values()}

    assert known == {
        "SafetyFirst Capital": (500_000_00, 750),
        "GrowthMax Lending": (300_000_00, 650),
        "BalancedChoice Finance": (400_000_00, 700),
        "QuickCash Solutions": (200_000_00, 600),
        "PremiumRate Investors": (750_000_00, 780),
        "FlexiLend Partners": (350_000_00, 680),
    }


def test_quick_cash_chooses_first() -> None:
    assert next(iter(registry.load().bots)) == "quick_cash"


def test_a_bot_of_fifteen_lines_is_found_and_bids(write: Write) -> None:
    write("green_neighbours", FIFTEEN_LINES)

    bot = registry.load().bots["green_neighbours"]

    assert len(FIFTEEN_LINES.strip().splitlines()) == 15
    (green,) = bot.choose_bids(a_market(a_sight(purpose=Purpose.GREEN_ENERGY), capital_cents=50_000_00))
    (car,) = bot.choose_bids(a_market(a_sight(purpose=Purpose.CAR), capital_cents=50_000_00))
    assert not green.is_pass
    assert car.reason == "Car is not a purpose we lend for."


def test_the_paper_shows_that_very_bot() -> None:
    paper = Path(__file__).resolve().parents[2] / "docs" / "bots.md"

    assert FIFTEEN_LINES in paper.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_like_this\n", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ("x = = 1\n", "SyntaxError: invalid syntax"),
        ('"""Empty."""\n', "ValueError: A strategy file defines one bot; broken.py defines 0."),
        (
            FIFTEEN_LINES.replace("Green Neighbours", "QuickCash Solutions"),
            "ValueError: There is another bot",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_reason_and_stops_nobody_else(
    write: Write, text: str, reason: str
) -> None:
    write("z_broken" if "another" in reason else "broken", text)

    found = registry.load()

    (told,) = found.broken.values()
    assert told.startswith(reason)
    assert len(found.bots) == 6
