"""One file per screen, layout only; importing this room registers every screen."""

import importlib
import pkgutil


def register_screens() -> list[str]:
    """Import every screen's module, in order of their names; each registers itself with `@rx.page`."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    for name in names:
        importlib.import_module(f"{__name__}.{name}")
    return names
