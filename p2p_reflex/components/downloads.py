"""Owns the links that take a file away."""

import reflex as rx
from reflex.config import get_config
from reflex.utils.exec import is_prod_mode

from p2p_reflex.components.theme import Words, icon


def download_button(label: Words, path: str, *, size: str = "") -> rx.Component:
    """Draw a link to a file as a button; in dev mode the files are on the backend's own port."""
    href = path if is_prod_mode() else f"{get_config().api_url}{path}"
    return rx.el.a(
        icon("download"),
        label,
        href=href,
        reload_document=True,
        class_name=f"button secondary {size}".strip(),
        custom_attrs={"download": True},
    )
