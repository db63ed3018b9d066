"""Owns starting the app as a newcomer would, and stopping it with everything it started."""

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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_START_SECONDS = 300


@dataclass(frozen=True, slots=True)
class RunningApp:
    """The address of a running app, and where its database lies."""

    address: str
    data_dir: Path
    environment: dict[str, str]

    @property
    def database_url(self) -> str:
        """Name its database, for a look at the books from outside."""
        return self.environment.get("P2P_DATABASE_URL") or f"sqlite:///{self.data_dir / 'p2p.sqlite3'}"


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
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("P2P_")},
        "P2P_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    data_dir.mkdir(parents=True, exist_ok=True)
    log_path = data_dir / "server.log"
    command = [
        f"{sysconfig.get_path('scripts')}/reflex",
        "run",
        "--env",
        "prod",
        "--frontend-port",
        str(port),
    ]
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_healthy(address, server, log_path)
            yield RunningApp(address=address, data_dir=data_dir, environment=environment)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise RuntimeError("The app did not start:\n" + log_path.read_text(errors="replace")[-4000:])
