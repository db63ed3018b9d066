"""Owns the short scripts that make the browser fetch or drop its session cookie, which no script can read."""

import json

import reflex as rx
from reflex.config import get_config
from reflex.event import EventSpec
from reflex.utils.exec import is_prod_mode


def enter_script(ticket: str, goes_to: str) -> EventSpec:
    """Trade a ticket for the cookie, then open a screen anew, so that its socket carries the cookie."""
    return rx.call_script(
        f"fetch({_address('/api/session')}, {{method: 'POST', credentials: 'include', "
        "headers: {'Content-Type': 'application/json'}, "
        f"body: {json.dumps(json.dumps({'ticket': ticket}))}}})"
        f".then((answer) => window.location.assign(answer.ok ? {_script_text(goes_to)} : '/login?again=1'))"
        ".catch(() => window.location.assign('/login?again=1'))"
    )


def leave_script(goes_to: str = "/login") -> EventSpec:
    """Drop the cookie, then open a screen anew."""
    return rx.call_script(
        f"fetch({_address('/api/session/end')}, {{method: 'POST', credentials: 'include'}})"
        f".finally(() => window.location.assign({_script_text(goes_to)}))"
    )


def safe_path(wanted: str, otherwise: str) -> str:
    """Follow a wish for a screen only within this site; not anywhere else."""
    is_inside = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    plain = is_inside and wanted.isprintable() and len(wanted) <= 200
    return wanted if plain and not wanted.startswith("/login") else otherwise


def _address(path: str) -> str:
    """Write an API address for a script: in dev mode the API is on another port of the same host."""
    if is_prod_mode():
        return _script_text(path)
    port = get_config().backend_port or 8000
    return f"window.location.protocol + '//' + window.location.hostname + ':{port}{path}'"


def _script_text(text: str) -> str:
    """Write text as a script literal that cannot leave its quotes nor its script element."""
    return json.dumps(text).replace("<", "\\u003c")
