"""Owns the links that take a file away, one by one or in a menu."""

from collections.abc import Sequence

import reflex as rx
from reflex.config import get_config
from reflex.utils.exec import is_prod_mode

from p2p_reflex.components.theme import Words, icon


def download_button(label: Words, path: str, *, size: str = "") -> rx.Component:
    """Draw a link to a file as a button."""
    return rx.el.a(
        icon("download"),
        label,
        href=_address(path),
        reload_document=True,
        class_name=f"button secondary {size}".strip(),
        custom_attrs={"download": True},
    )


def download_menu(label: Words, *files: rx.Component) -> rx.Component:
    """Draw a button that opens a list of files; see `download_item`."""
    return rx.menu.root(
        rx.menu.trigger(
            rx.el.button(
                icon("download"),
                label,
                icon("chevron_down", class_name="muted"),
                type="button",
                class_name="button secondary",
            )
        ),
        rx.menu.content(*files, align="end", class_name="menu"),
        modal=False,
    )


def download_item(words: Words, path: Words) -> rx.Component:
    """Draw one file of a menu."""
    return rx.menu.item(
        rx.el.a(
            icon("file_text"),
            words,
            href=_address(path),
            reload_document=True,
            class_name="menu-item",
            custom_attrs={"download": True},
        ),
        as_child=True,
    )


def download_items(files: rx.Var[Sequence[Sequence[str]]]) -> rx.Component:
    """Draw a file for each pair of words and path."""
    return rx.foreach(files, lambda file: download_item(file[0], file[1]))


def _address(path: Words) -> Words:
    """Give a file's address; in dev mode the files are on the backend's own port."""
    return path if is_prod_mode() else rx.Var.create(get_config().api_url) + path
