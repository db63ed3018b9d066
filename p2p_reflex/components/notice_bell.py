"""Owns the bell in the header: how much is unread, and the toast that says so when one is outbid."""

from typing import Any

import reflex as rx

from p2p_reflex.components.theme import attributes, icon
from p2p_reflex.state.frame import FrameState

_TOAST = """
function OutbidToast({ isReady, news }) {
  const go = useNavigate();
  const seen = useRef(null);
  const number = Number(news?.number ?? 0);
  useEffect(() => {
    if (!isReady) return;
    const isNew = seen.current !== null && number > seen.current;
    seen.current = Math.max(number, seen.current ?? 0);
    if (isNew && window.location.pathname !== news.href) {
      toast.warning(news.title, { id: "outbid", description: news.meaning,
        action: { label: news.action, onClick: () => go(news.href) } });
    }
  }, [isReady, number]);
  return null;
}
"""


class OutbidToast(rx.Component):
    """Tell, once and only while the page is open, that a bid leads no more; elsewhere the bell says it."""

    tag = "OutbidToast"

    is_ready: rx.Var[bool]

    news: rx.Var[dict[str, str]]

    def add_imports(self) -> dict[str, Any]:
        """Import what the script stands on; the toasts are those of the whole app."""
        return {
            "react": ["useEffect", "useRef"],
            "react-router": ["useNavigate"],
            rx.toast.provider().library: ["toast"],
        }

    def add_custom_code(self) -> list[str]:
        """Define the toast once per module that shows it."""
        return [_TOAST]


def notice_bell() -> rx.Component:
    """Draw the button "Notifications" with the count of what is unread."""
    has_unread = FrameState.notice_count != ""
    return rx.fragment(
        rx.el.button(
            icon("bell", 20),
            rx.cond(
                has_unread,
                rx.el.span(
                    FrameState.notice_count, class_name="bell-count", custom_attrs={"aria-hidden": "true"}
                ),
            ),
            type="button",
            on_click=rx.redirect("/notifications"),
            class_name="bell",
            custom_attrs=attributes(aria_label="Notifications", aria_describedby="unread-notices"),
        ),
        rx.el.span(
            rx.cond(has_unread, FrameState.notice_count + " unread", "Nothing unread"),
            id="unread-notices",
            class_name="visually-hidden",
        ),
        OutbidToast.create(is_ready=FrameState.loaded, news=FrameState.outbid_news),
    )
