"""Owns the list of HTTP routes; a new file of routes is added here."""

from starlette.routing import BaseRoute

from p2p_reflex.api import exports, health, loan_exports, session

ROUTES: list[BaseRoute] = [*exports.ROUTES, *loan_exports.ROUTES, *health.ROUTES, *session.ROUTES]
