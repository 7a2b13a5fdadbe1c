"""`status --watch`: the same page, looked at again and again until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import sleep

from attrs import frozen
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.cli.stack.aws_errors import plain_errors
from sla_watchdog.tools.cli.status.look import Status
from sla_watchdog.tools.cli.status.text import page


def follow(look: Callable[[bool], Status], *, every: int, limit: int) -> None:
    """Until interrupted; then the last page stays. `look(True)` shows no progress.

    A look that AWS refuses leaves the last page, with the reason; the first must succeed. Raises
    UsageError where there is no terminal.
    """
    console = Console(highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        raise UsageError("--watch needs a terminal; leave it out to look once")
    try:
        seen = LastLook(look(False))
        with Live(console=console, auto_refresh=False) as live:
            while True:
                foot = list(_foot(seen, every))
                live.update(_fitting(console, seen.status, limit, foot), refresh=True)
                sleep(every)
                seen = _next(look, seen)
    except KeyboardInterrupt:
        return


@frozen
class LastLook:
    """The last look that succeeded. `problem` is why a later one failed, '' where none did."""

    status: Status
    problem: str = ""


def _fitting(console: Console, status: Status, limit: int, foot: Sequence[Text]) -> Group:
    """As many cases as fit on the screen, and how many more there are: what is below its edge
    nobody can see.
    """
    most = min(limit or console.height, console.height)
    for shown in range(most, 1, -1):
        whole = Group(page(status, limit=shown, width=console.width), *foot)
        if len(console.render_lines(whole)) < console.height:
            return whole
    return Group(page(status, limit=1, width=console.width), *foot)


def _foot(seen: LastLook, every: int) -> Iterator[Text]:
    yield Text(f"\nlooks again every {every} seconds; Ctrl-C ends", "dim")
    if seen.problem:
        yield Text(f"as of before; the last look failed: {seen.problem}", "bold red")


def _next(look: Callable[[bool], Status], before: LastLook) -> LastLook:
    try:
        with plain_errors():
            return LastLook(look(True))
    except UsageError as problem:
        return LastLook(before.status, str(problem))
