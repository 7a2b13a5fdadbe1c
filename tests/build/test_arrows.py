"""Who may import whom: an allow-list. A room that is not in it, or an import that is not allowed,
fails here.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.server import ROOT

PACKAGE = ROOT / "functions" / "sla_watchdog"

DOMAIN = (
    "domain.time",
    "domain.text",
    "domain.policy",
    "domain.tickets",
    "domain.clocks",
    "domain.escalation",
)
"""The floors of what is judged: each may use those before it."""

PORTS = (
    "usecases.judging.ports",
    "usecases.report.ports",
    "usecases.respond.ports",
    "usecases.sweep.ports",
    "usecases.track.ports",
    "usecases.watch.ports",
)
"""What the use cases need, in their words: all that an adapter may know of them."""

PURE = ("attrs", "tzdata", "wcwidth")
"""tzdata and wcwidth are data: time zones, and how wide a character is."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": (),
    **{floor: ("errors", *DOMAIN[:height]) for height, floor in enumerate(DOMAIN)},
    "domain.business_time": ("domain.time",),
    "presentation.times": ("errors", *DOMAIN),
    "presentation.words": ("errors", *DOMAIN, "presentation.times"),
    "presentation.view": ("errors", *DOMAIN, "presentation.times", "presentation.words"),
    "presentation.text": (
        "errors",
        *DOMAIN,
        "presentation.times",
        "presentation.words",
        "presentation.view",
    ),
    "presentation.html": (
        "errors",
        *DOMAIN,
        "presentation.times",
        "presentation.words",
        "presentation.view",
        "presentation.text",
    ),
    **dict.fromkeys(PORTS, ("errors", *DOMAIN, "presentation.text", *PORTS)),
    "usecases": ("errors", *DOMAIN, "presentation", *PORTS),
    "adapters": ("errors", *DOMAIN, "presentation.text", *PORTS),
    "handlers": ("errors", *DOMAIN, "presentation", "usecases", "adapters"),
    "tools": ("errors", *DOMAIN, "presentation", "usecases", "adapters", "handlers"),
    "__main__": ("tools",),
}
"""Room -> the rooms that it may use beside itself."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "domain": PURE,
    "presentation": PURE,
    "usecases": ("attrs",),
    "adapters": (
        "attrs",
        "boto3",
        "botocore",
        "mypy_boto3_dynamodb",
        "mypy_boto3_sns",
        "mypy_boto3_sqs",
        "mypy_boto3_s3",
    ),
    "handlers": ("attrs", "aws_lambda_powertools", "boto3", "botocore"),
    "tools": (
        "attrs",
        "boto3",
        "botocore",
        "holidays",
        "matplotlib",
        "mypy_boto3_cloudformation",
        "mypy_boto3_dynamodb",
        "mypy_boto3_sns",
        "rich",
        "shtab",
        "tzdata",
        "yaml",
    ),
    "errors": (),
    "__main__": (),
}
"""What Lambda gets is everything but `tools`, so the libraries of the others are in
functions/requirements.txt.
"""

IMPURE = frozenset(
    {"logging", "os", "pathlib", "random", "secrets", "socket", "subprocess", "time", "uuid"}
)
"""What the domain, the presentation and the use cases do without: clocks, I/O, chance and logs.
What a use case needs of them, bootstrap hands in.
"""

NOT_YET: frozenset[str] = frozenset()
"""Files that still import what their room may not; each is to leave this list, none may join it."""

FILES = sorted(file for file in PACKAGE.rglob("*.py") if file.stat().st_size)


def module_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room_of(module: str) -> str:
    rooms = [room for room in ALLOWED if module == room or module.startswith(f"{room}.")]
    return max(rooms, key=len, default="")


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield (
                node.module
                if node.module != "sla_watchdog"
                else f"sla_watchdog.{node.names[0].name}"
            )


def is_allowed(room: str, imported: str) -> bool:
    top, _, own = imported.partition(".")
    if top != "sla_watchdog":
        return is_allowed_library(room.split(".", maxsplit=1)[0], top)
    other = room_of(own)
    return other == room or any(
        other == allowed or other.startswith(f"{allowed}.") for allowed in ALLOWED[room]
    )


def is_allowed_library(room: str, library: str) -> bool:
    if library in sys.stdlib_module_names:
        return library not in IMPURE or room not in ("domain", "presentation", "usecases")
    return library in LIBRARIES[room]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_imports_what_its_room_may_use(file: Path) -> None:
    room = room_of(module_of(file))
    assert room, "no room of the house: add it to ALLOWED, with what it may use"
    refused = [name for name in imports_of(file) if not is_allowed(room, name)]
    still_to_do = str(file.relative_to(PACKAGE)) in NOT_YET
    assert bool(refused) is still_to_do, refused


REFUSED = [
    ("domain.clocks", "boto3"),
    ("domain.clocks", "os"),
    ("domain.clocks", "time"),
    ("domain.clocks", "aws_lambda_powertools"),
    ("domain.clocks", "sla_watchdog.adapters.channels.sns.publisher"),
    ("domain.clocks", "sla_watchdog.handlers.settings"),
    ("domain.clocks", "sla_watchdog.domain.escalation.plan"),
    ("presentation.text", "sla_watchdog.usecases.watch.tick"),
    ("presentation.view", "sla_watchdog.presentation.text.wording"),
    ("adapters", "sla_watchdog.handlers.bootstrap"),
    ("adapters", "sla_watchdog.usecases.watch.tick"),
    ("adapters", "sla_watchdog.usecases.track.linking"),
    ("usecases.track.ports", "sla_watchdog.usecases.track.track"),
    ("usecases.track.ports", "sla_watchdog.adapters.dynamodb.watch"),
    ("adapters", "yaml"),
    ("handlers", "sla_watchdog.tools.cli"),
    ("usecases", "boto3"),
    ("usecases.report", "secrets"),
    ("usecases.judging", "time"),
    ("usecases", "botocore.exceptions"),
    ("usecases", "sla_watchdog.handlers.watch"),
    ("usecases", "sla_watchdog.tools.policy_file.compiler"),
    ("usecases", "sla_watchdog.adapters.dynamodb.table"),
]
TAKEN = [
    ("domain.clocks", "attrs"),
    ("domain.clocks", "sla_watchdog.domain.tickets.facts"),
    ("adapters", "boto3"),
    ("adapters", "sla_watchdog.usecases.track.ports"),
    ("handlers", "sla_watchdog.adapters.channels.sns.publisher"),
    ("usecases", "sla_watchdog.domain.escalation.case"),
    ("tools", "sla_watchdog.handlers.bootstrap"),
]


@pytest.mark.parametrize(("room", "name"), REFUSED, ids=[f"{a}: {b}" for a, b in REFUSED])
def test_an_arrow_that_is_not_on_the_list_is_refused(room: str, name: str) -> None:
    assert not is_allowed(room, name)


@pytest.mark.parametrize(("room", "name"), TAKEN, ids=[f"{a}: {b}" for a, b in TAKEN])
def test_an_arrow_on_the_list_is_taken(room: str, name: str) -> None:
    assert is_allowed(room, name)
