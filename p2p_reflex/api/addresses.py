"""Owns plain addresses: a screen answers under /wallet itself, without a detour over /wallet/."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send


class PlainAddresses:
    """Serve the built page of a screen under its own address; static files alone would redirect."""

    def __init__(self, app: ASGIApp, screens: Collection[str]) -> None:
        self.app = app
        self.screens = frozenset(screens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look for the page in its folder."""
        if scope["type"] == "http" and scope["path"] in self.screens:
            scope = {**scope, "path": f"{scope['path']}/", "raw_path": scope["raw_path"] + b"/"}
        await self.app(scope, receive, send)
