"""A server on this machine that lives no longer than whoever started it."""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
_LEASH = Path(__file__).with_name("leash.py")


class LocalAwsError(Exception):
    """Part of the local AWS is missing or did not start; the message says what to do, or what it
    logged.
    """


class Server:
    """A process with a folder of its own; both are gone after `stop`, and when
    this process dies.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"sla-watchdog-{name.lower()}-"))
        self._leash: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        is_ready: Callable[[], bool],
        seconds: float = 30.0,
    ) -> None:
        """Starts the command and waits until it is ready, `seconds` at
        most; raises LocalAwsError.
        """
        with self._log.open("wb") as log:
            self._leash = subprocess.Popen(
                [sys.executable, str(_LEASH), str(self.folder), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=self.folder,
            )
        try:
            self._wait(self._leash, is_ready, seconds)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Returns when the server and whatever it started are gone."""
        if self._leash is not None:
            if self._leash.stdin is not None:
                self._leash.stdin.close()
            self._leash.wait()
            self._leash = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, last: int = 40) -> str:
        """The last lines of what it printed."""
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-last:])
        return ""

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _wait(
        self, leash: subprocess.Popen[bytes], is_ready: Callable[[], bool], seconds: float
    ) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if leash.poll() is not None:
                raise LocalAwsError(f"{self.name} ended at once:\n{self.log()}")
            if is_ready():
                return
            time.sleep(0.05)
        raise LocalAwsError(f"{self.name} did not answer in {seconds:.0f} s:\n{self.log()}")


def free_port(wanted: int = 0) -> int:
    """The port wanted if nobody listens on it, else one on loopback that nobody did
    a moment ago.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
