"""Owns which bots there are: every file in `bots/strategies` is one, and is found by itself."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from bots import strategies
from bots.base import Bot


@dataclass(frozen=True, slots=True)
class Registry:
    """The bots by key (the name of their file), in the order in which they choose, and what fails."""

    bots: Mapping[str, Bot]
    broken: Mapping[str, str] = field(default_factory=dict)


def load() -> Registry:
    """Find every bot; a file that cannot be used stops nobody else, and its reason is kept."""
    bots: dict[str, Bot] = {}
    broken: dict[str, str] = {}
    names: set[str] = set()
    for module in sorted(pkgutil.iter_modules(strategies.__path__), key=lambda each: each.name):
        try:
            bot = _bot_in(module.name)
            if not bot.name:
                raise ValueError("A bot needs a name.")
            if bot.name in names:
                raise ValueError(f"There is another bot called {bot.name}.")
        except Exception as error:  # whatever is wrong in one file stays in that file
            broken[module.name] = f"{type(error).__name__}: {error}"
            continue
        names.add(bot.name)
        bots[module.name] = bot
    ordered = sorted(bots.items(), key=lambda item: (item[1].turn, item[0]))
    return Registry(dict(ordered), broken)


def _bot_in(name: str) -> Bot:
    """Make the one bot that a file defines, with the parameters that it comes with."""
    module = importlib.import_module(f"{strategies.__name__}.{name}")
    kinds = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Bot) and kind.__module__ == module.__name__
    ]
    if len(kinds) != 1:
        raise ValueError(f"A strategy file defines one bot; {name}.py defines {len(kinds)}.")
    return kinds[0]()
