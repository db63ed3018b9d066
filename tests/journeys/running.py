"""Owns starting the app as a newcomer would, stopping it with all it started, and starting it again."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_START_SECONDS = 300


@dataclass(slots=True)
class RunningApp:
    """A running app: its address, where its database lies, and the server itself."""

    address: str
    data_dir: Path
    environment: dict[str, str]
    _server: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def port(self) -> str:
        """Name the port it listens on, and for which its pages are built."""
        return self.address.rsplit(":", 1)[1]

    @property
    def database_url(self) -> str:
        """Name its database, for a look at the books from outside."""
        return self.environment.get("P2P_DATABASE_URL") or f"sqlite:///{self.data_dir / 'p2p.sqlite3'}"

    @property
    def log(self) -> str:
        """Read what the server has written so far."""
        return self._log_path.read_text(errors="replace")

    def build_and_start(self) -> None:
        """Build the pages and serve them, as `make run` does."""
        reflex = f"{sysconfig.get_path('scripts')}/reflex"
        self._start((reflex, "run", "--env", "prod", "--frontend-port", self.port))

    def start(self) -> None:
        """Serve the pages that are built already."""
        self._start((sys.executable, "-m", "tests.journeys.serving", self.port))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server and everything it started; SIGKILL is a crash."""
        server, self._server = self._server, None
        if server is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)

    @property
    def _log_path(self) -> Path:
        return self.data_dir / "server.log"

    def _start(self, command: Sequence[str]) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            self._server = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_healthy(self._server)

    def _wait_until_healthy(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop(signal.SIGKILL)
        raise RuntimeError("The app did not start:\n" + self.log[-4000:])


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let only one app of this checkout be built and served for tests: they would share its built pages."""
    (ROOT / ".build").mkdir(exist_ok=True)
    with (ROOT / ".build" / "journeys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def running_app(data_dir: Path, **settings: str) -> Iterator[RunningApp]:
    """Serve the app in production mode on a free port, with settings as `P2P_` variables."""
    app = RunningApp(f"http://127.0.0.1:{_free_port()}", data_dir, _environment(data_dir, settings))
    try:
        app.build_and_start()
        yield app
    finally:
        app.stop()


@contextlib.contextmanager
def in_place_of(app: RunningApp, data_dir: Path, **settings: str) -> Iterator[RunningApp]:
    """Serve another market at the address of an app, whose pages it shares; then let the app come back."""
    other = RunningApp(app.address, data_dir, _environment(data_dir, settings))
    app.stop()
    try:
        other.start()
        yield other
    finally:
        other.stop()
        app.start()


def operator(app: RunningApp, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the operator's command against a running app's database."""
    return subprocess.run(
        [sys.executable, "-m", "p2p_reflex.cli", *words],
        cwd=ROOT,
        env={**app.environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _environment(data_dir: Path, settings: dict[str, str]) -> dict[str, str]:
    """Keep the environment but for the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2P_")}
    return {**kept, "P2P_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), **settings}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
