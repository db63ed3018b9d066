"""Owns the frame around every signed-in screen: sidebar, header, phone bar, page head, demo clock."""

from collections.abc import Sequence

import reflex as rx
from reflex_components_core.el.elements.inline import A

from p2p_reflex.components.account import account_menu, sign_links
from p2p_reflex.components.buttons import button
from p2p_reflex.components.live import live_mark
from p2p_reflex.components.navigation import PLACES, bar_links, by_role, side_links
from p2p_reflex.components.notice_bell import notice_bell
from p2p_reflex.components.theme import Words, anchor, given, icon
from p2p_reflex.state.frame import FrameState

Crumbs = Sequence[tuple[Words, str | rx.Var]]


def frame(
    *children: Words,
    title: Words,
    purpose: Words | None = None,
    actions: rx.Component | None = None,
    breadcrumb: Crumbs = (),
    active: str | Sequence[str] = (),
    narrow: bool = False,
) -> rx.Component:
    """Put a screen into the frame, under its title and one line of purpose.

    `active` is the path of the place to mark, or several: the first one the role's navigation has is marked.
    """
    places = (active,) if isinstance(active, str) else tuple(active)
    return rx.el.div(
        skip_link(),
        _side(places),
        rx.el.div(
            _header(),
            rx.el.main(
                page_head(title, purpose, actions, breadcrumb),
                rx.el.div(*children, class_name="stack"),
                _where_the_clock_moves("demo-foot"),
                id="content",
                tab_index=-1,
                class_name="content narrow" if narrow else "content",
            ),
            class_name="frame-main",
        ),
        rx.el.nav(
            by_role({role: bar_links(groups, places) for role, groups in PLACES.items()}),
            class_name="bar",
            custom_attrs={"aria-label": "Main"},
        ),
        class_name="frame",
    )


def page_head(
    title: Words,
    purpose: Words | None = None,
    actions: rx.Component | None = None,
    breadcrumb: Crumbs = (),
) -> rx.Component:
    """Draw the head of a screen: where it stands, its title, one line of purpose, its actions."""
    return rx.el.div(
        rx.el.div(
            _crumbs(breadcrumb) if breadcrumb else rx.fragment(),
            rx.el.h1(title, class_name="t-28"),
            given(purpose, rx.el.p(purpose, class_name="purpose")),
            class_name="page-head-text",
        ),
        rx.el.div(actions, class_name="actions") if actions is not None else rx.fragment(),
        class_name="page-head",
    )


def brand(href: str | rx.Var) -> rx.Component:
    """Draw the mark and the market's name; both lead home."""
    return anchor(
        logo(),
        rx.el.span(FrameState.market_name, class_name="brand-name"),
        href=href,
        class_name="brand",
        custom_attrs={"aria-label": FrameState.market_name},
    )


def logo(size: int = 24) -> rx.Component:
    """Draw the mark: an open ledger and the line where a request is covered."""
    bars = ((5, 6, 11, 2.5), (5, 10.75, 8, 2.5), (5, 15.5, 5, 2.5))
    return rx.el.svg(
        rx.el.rect(width="24", height="24", rx="6", fill="var(--jade-9)"),
        *(
            rx.el.rect(
                x=str(x),
                y=str(y),
                width=str(width),
                height=str(height),
                rx="0.75",
                fill="var(--jade-contrast)",
            )
            for x, y, width, height in bars
        ),
        rx.el.rect(
            x="18", y="4.75", width="1.5", height="15", rx="0.5", fill="var(--jade-contrast)", opacity="0.65"
        ),
        width=str(size),
        height=str(size),
        view_box="0 0 24 24",
        custom_attrs={"aria-hidden": "true"},
    )


def skip_link() -> rx.Component:
    """Offer keyboards the way past the frame; a plain link, so that the focus moves too."""
    return A.create("Skip to the content", class_name="skip", href="#content")


def demo_clock() -> rx.Component:
    """Draw the demo's clock: the business date, and two buttons that move it on."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.el.span("Business date", class_name="t-12 muted"),
                rx.el.span("Demo", class_name="t-12 muted"),
                class_name="between",
            ),
            rx.el.div(
                rx.cond(FrameState.advancing_note, FrameState.advancing_note, FrameState.business_on),
                class_name="w-600 num",
                custom_attrs={"aria-live": "polite"},
            ),
        ),
        *(
            button(
                f"Advance one {span}",
                size="small",
                on_click=handler,
                busy=FrameState.advancing == span,
                busy_label=f"Advancing one {span}",
                disabled=FrameState.advancing != "",
            )
            for span, handler in (("day", FrameState.advance_day), ("month", FrameState.advance_month))
        ),
        class_name="demo-clock",
    )


def _where_the_clock_moves(class_name: str) -> rx.Component:
    return rx.cond(
        FrameState.is_demo_mode & FrameState.is_signed_in, rx.el.div(demo_clock(), class_name=class_name)
    )


def _side(active: tuple[str, ...]) -> rx.Component:
    return rx.el.aside(
        brand(FrameState.home),
        rx.el.nav(
            by_role({role: side_links(groups, active) for role, groups in PLACES.items()}),
            class_name="nav",
            custom_attrs={"aria-label": "Main"},
        ),
        _where_the_clock_moves("side-foot"),
        class_name="side",
        custom_attrs={"aria-label": "Sidebar"},
    )


def _header() -> rx.Component:
    money = anchor(
        FrameState.money_label, " ", rx.el.b(FrameState.money), href="/wallet", class_name="top-money"
    )
    return rx.el.header(
        brand(FrameState.home),
        rx.cond(FrameState.loaded, live_mark()),
        rx.cond(FrameState.money_label != "", money),
        rx.cond(
            FrameState.loaded,
            rx.cond(FrameState.is_signed_in, rx.fragment(notice_bell(), account_menu()), sign_links()),
        ),
        class_name="top",
    )


def _crumbs(breadcrumb: Crumbs) -> rx.Component:
    steps = []
    for words, href in breadcrumb:
        if steps:
            steps.append(rx.el.li(icon("chevron_right", 12), custom_attrs={"aria-hidden": "true"}))
        steps.append(
            rx.el.li(anchor(words, href=href) if isinstance(href, rx.Var) or href else rx.el.span(words))
        )
    return rx.el.nav(rx.el.ol(*steps), class_name="crumbs", custom_attrs={"aria-label": "Breadcrumb"})
