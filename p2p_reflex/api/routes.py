"""Owns the list of HTTP routes; a new file of routes is added here."""

from starlette.routing import BaseRoute

from p2p_reflex.api import exports, health, session

ROUTES: list[BaseRoute] = [*exports.ROUTES, *health.ROUTES, *session.ROUTES]
