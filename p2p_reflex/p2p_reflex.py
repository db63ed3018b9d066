"""The front door: puts the rooms together; nothing runs before the server starts."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import reflex as rx
from reflex.event import EventSpec
from reflex.utils.exec import is_prod_mode
from starlette.applications import Starlette
from starlette.types import ASGIApp

from p2p_reflex import database, pages, scheduler
from p2p_reflex.api.addresses import PlainAddresses
from p2p_reflex.api.failures import HANDLERS
from p2p_reflex.api.headers import SecurityHeaders
from p2p_reflex.api.routes import ROUTES
from p2p_reflex.api.sockets import SocketsPerAddress, limit_events
from p2p_reflex.live.hub import hub
from p2p_reflex.live.leaving import Leaving
from p2p_reflex.live.pushing import follow_sockets, pushing
from p2p_reflex.live.reacting import reacting
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import business_date, opening
from p2p_reflex.services.demo import world
from p2p_reflex.settings import settings
from p2p_reflex.state.handlers import close_unguarded_handlers, is_open
from p2p_reflex.state.refusals import log_what_broke_in_the_browser, tell_what_broke


def answer_broken_event(exception: Exception) -> EventSpec:
    """Tell the person; the transaction has already rolled back."""
    return tell_what_broke(exception)


def note_browser_error(exception: Exception) -> None:
    """Keep what a browser reports."""
    log_what_broke_in_the_browser(exception)


def behind_guards(inner: ASGIApp) -> ASGIApp:
    """Put the limits and the security headers around everything that is served."""
    served = PlainAddresses(inner, pages.fixed_addresses()) if is_prod_mode() else inner
    return SecurityHeaders(SocketsPerAddress(served, settings()), settings())


def waiting_event_count(sid: str) -> int:
    """Count the events of a socket that are not done yet."""
    namespace = app.event_namespace
    token = namespace.sid_to_token.get(sid) if namespace else None
    return len(app.event_processor._token_queues.get(token, ())) if token else 0


def prepare_market() -> None:
    """Bring the tables up to date and open the market; in demo mode, fill it where it is empty."""
    today = datetime.now(UTC).date()
    database.migrate()
    if settings().demo_mode:
        database.run(world.ensure_demo, ends_on=today, seed=settings().demo_seed)
    database.run(opening.open_market, business_on=today)
    if settings().demo_mode:
        open_on = database.run(business_date.today)
        database.run(bot_runs.enroll_bots, business_on=open_on, now=datetime.now(UTC))


def open_log() -> None:
    """Let what the house itself notes be seen on the console, e-mails without a mail server among it."""
    house = logging.getLogger("p2p_reflex")
    house.setLevel(logging.INFO)
    if not house.handlers and not logging.getLogger().handlers:
        shown = logging.StreamHandler()
        shown.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        house.addHandler(shown)


@contextlib.asynccontextmanager
async def serve_market() -> AsyncIterator[None]:
    """Hold what lives as long as the server: a ready market behind closed handlers, push, bots, scheduler."""
    open_log()
    with app.set_contexts():
        close_unguarded_handlers()
    await asyncio.to_thread(prepare_market)
    gc.collect()
    gc.freeze()  # what stands now stays: later collections need not walk through it, a tenth of a second each
    jobs = (
        scheduler.BOT_JOBS + scheduler.MAIL_JOBS + (() if settings().demo_mode else scheduler.CALENDAR_JOBS)
    )
    async with pushing(app, hub, leaving), reacting():
        with scheduler.running(jobs):
            yield


# The server's workers are forked after the pages were built, and Reflex then warns of each page once more.
logging.getLogger("reflex.app").addFilter(lambda record: "being redefined with the same" not in record.msg)
pages.register_screens()

app = rx.App(
    html_lang="en",
    stylesheets=["/style.css"],
    toaster=rx.toast.provider(position="bottom-right", duration=6000, close_button=True),
    backend_exception_handler=answer_broken_event,
    frontend_exception_handler=note_browser_error,
    api_transformer=[Starlette(routes=ROUTES, exception_handlers=HANDLERS), behind_guards],
)
# A lost connection shows as a word in the frame; Reflex's own overlay speaks of servers and addresses.
del app.app_wraps[5, "Overlay"]
leaving = Leaving()
app.register_lifespan_task(serve_market)
limit_events(app.event_namespace, settings(), is_open=is_open, waiting_count=waiting_event_count)
follow_sockets(app.event_namespace, hub, leaving)
close_unguarded_handlers()
