"""Owns which screens the frame leads to, by role; a new screen is one line here."""

from dataclasses import dataclass

import reflex as rx

from p2p_reflex.components.theme import anchor, icon
from p2p_reflex.state.frame import FrameState

PLACES_IN_BAR = 5


@dataclass(frozen=True)
class Place:
    """One screen in the frame; `count` stands at the right of its name."""

    name: str
    path: str
    icon_name: str
    count: rx.Var | None = None


@dataclass(frozen=True)
class Group:
    """Places under one heading."""

    title: str
    places: tuple[Place, ...]


MARKET = Place("Market", "/market", "store", FrameState.open_listing_count)
WALLET = Place("Wallet", "/wallet", "wallet")
YOU = Group(
    "You",
    (
        Place("Messages", "/messages", "message_square", FrameState.letter_count),
        Place("Notifications", "/notifications", "bell", FrameState.notice_count),
    ),
)

PLACES: dict[str, tuple[Group, ...]] = {
    "borrower": (
        Group(
            "Borrowing",
            (
                Place("Borrowing", "/borrow", "landmark"),
                Place("New listing", "/borrow/new", "plus"),
                MARKET,
                WALLET,
            ),
        ),
        YOU,
    ),
    "lender": (Group("Lending", (MARKET, Place("Portfolio", "/portfolio", "chart_pie"), WALLET)), YOU),
    "admin": (
        Group(
            "Administration",
            (
                Place("Overview", "/admin", "gauge"),
                Place("Loans", "/admin/loans", "landmark"),
                Place("Bots", "/admin/bots", "bot"),
                Place("Risk", "/admin/risk", "shield_alert"),
                Place("Ledger", "/admin/ledger", "book_text", FrameState.waiting_money_count),
                Place("Jobs", "/admin/jobs", "calendar_clock"),
                MARKET,
            ),
        ),
        YOU,
    ),
    "": (Group("Visiting", (MARKET,)),),
}


def by_role(draw: dict[str, rx.Component]) -> rx.Component:
    """Show what belongs to the role of whoever is signed in."""
    roles = [(role, component) for role, component in draw.items() if role]
    return rx.cond(FrameState.loaded, rx.match(FrameState.role, *roles, draw[""]))


def side_links(groups: tuple[Group, ...], active: tuple[str, ...]) -> rx.Component:
    """List the places in the sidebar, under their headings."""
    here = _here(groups, active)
    drawn: list[rx.Component] = []
    for group in groups:
        drawn.append(rx.el.span(group.title, class_name="nav-group"))
        drawn += [_side_link(place, is_here=place.path == here) for place in group.places]
    return rx.fragment(*drawn)


def bar_links(groups: tuple[Group, ...], active: tuple[str, ...]) -> rx.Component:
    """List the first places in the phone's bar; what does not fit opens under More."""
    here = _here(groups, active)
    places = [place for group in groups for place in group.places]
    if len(places) <= PLACES_IN_BAR:
        return rx.fragment(*(_bar_link(place, is_here=place.path == here) for place in places))
    shown, rest = places[: PLACES_IN_BAR - 1], places[PLACES_IN_BAR - 1 :]
    return rx.fragment(*(_bar_link(place, is_here=place.path == here) for place in shown), _more(rest))


def _here(groups: tuple[Group, ...], active: tuple[str, ...]) -> str:
    paths = {place.path for group in groups for place in group.places}
    return next((path for path in active if path in paths), "")


def _side_link(place: Place, *, is_here: bool) -> rx.Component:
    count = (
        rx.cond(
            place.count != "",
            rx.el.span(place.count, class_name="nav-count", custom_attrs={"aria-hidden": "true"}),
        )
        if place.count is not None
        else rx.fragment()
    )
    return anchor(
        icon(place.icon_name),
        rx.el.span(place.name, class_name="nav-word"),
        count,
        href=place.path,
        class_name="nav-item",
        custom_attrs={"aria-current": "page"} if is_here else {},
    )


def _bar_link(place: Place, *, is_here: bool) -> rx.Component:
    return anchor(
        icon(place.icon_name, 20),
        rx.el.span(place.name),
        href=place.path,
        class_name="bar-item",
        custom_attrs={"aria-current": "page"} if is_here else {},
    )


def _more(places: list[Place]) -> rx.Component:
    return rx.menu.root(
        rx.menu.trigger(
            rx.el.button(icon("menu", 20), rx.el.span("More"), type="button", class_name="bar-item")
        ),
        rx.menu.content(
            *(
                rx.menu.item(
                    anchor(icon(place.icon_name), place.name, href=place.path, class_name="menu-item"),
                    as_child=True,
                )
                for place in places
            ),
            side="top",
            class_name="menu",
        ),
        modal=False,
    )
