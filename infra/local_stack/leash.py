"""Runs a server for as long as whoever asked for it is alive.

    python leash.py FOLDER COMMAND…

The command gets a session of its own. When this program's standard input reaches its end (the
asker closed it, or died in whatever way), the whole session is stopped: politely first, then for
good; then the folder, where the server kept its things, is removed. So nothing is left behind by
an exception, Ctrl-C or `kill -9`. Ctrl-C itself is the asker's to answer: it may want to say
goodbye to the server first.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 1.0


def main(folder: str, command: list[str]) -> int:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    let_go = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: _signal_all(server, signal.SIGTERM))
    threading.Thread(target=_await_end_of_input, args=(server, let_go), daemon=True).start()
    code = server.wait()
    _signal_all(server, signal.SIGKILL)  # children of the server that dropped it
    if let_go.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _await_end_of_input(server: subprocess.Popen[bytes], let_go: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    let_go.set()
    _signal_all(server, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(PATIENCE_SECONDS)
        return
    _signal_all(server, signal.SIGKILL)


def _signal_all(server: subprocess.Popen[bytes], signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal_number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
