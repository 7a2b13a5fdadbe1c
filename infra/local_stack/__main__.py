"""python -m local_stack demo|local …: what `make demo` and `make local` run."""

import importlib
import signal
import sys
from types import FrameType

from local_stack.deploy import DeployError
from local_stack.server import LocalAwsError
from sla_watchdog.errors import SlaWatchdogError

COMMANDS = ("demo", "local")


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in COMMANDS:
        print(f"usage: python -m local_stack {'|'.join(COMMANDS)} …", file=sys.stderr)
        return 2
    # Asked to stop, it leaves by the same door as after an exception: through every `finally`.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background jobs are started deaf to it
    try:
        return int(importlib.import_module(f"local_stack.{argv[0]}").main(argv[1:]))
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except (LocalAwsError, DeployError, SlaWatchdogError) as error:
        print(error, file=sys.stderr)
        return 1


def _leave(signal_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal_number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
