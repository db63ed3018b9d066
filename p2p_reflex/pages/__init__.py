"""One file per screen, layout only; importing this room registers every screen."""

import importlib
import pkgutil

from reflex_base.registry import RegistrationContext


def register_screens() -> list[str]:
    """Import every screen's module, in order of their names; each registers itself with `@rx.page`."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    for name in names:
        importlib.import_module(f"{__name__}.{name}")
    return names


def fixed_addresses() -> list[str]:
    """List the addresses of the screens that have no part to fill in, such as /wallet."""
    routes = [str(options["route"]) for _, options in RegistrationContext.get().decorated_pages]
    return [f"/{route.strip('/')}" for route in routes if route.strip("/") and "[" not in route]
