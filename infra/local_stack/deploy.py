"""`sam build` and `sam deploy` of the real template against the embedded AWS.

The template is the one that goes to AWS, unmodified, and so is every command. What MiniStack
leaves out of a stack and the watchdog would miss is added afterwards (see
`_add_what_is_left_out`), and the one thing that cannot be kept on loopback is taken away (see
`_let_in_without_tls`).
"""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local_stack.ministack import LocalAws, executable
from local_stack.server import ROOT

Say = Callable[[str], None]
OUTPUT = ROOT / ".aws-sam" / "local"
CHECKED = (ROOT / "template.yaml", ROOT / "samconfig.toml", ROOT / "requirements-sam.txt")
DONE = ".done"
KEPT = 8
SIMULATED_TIME = {"Clock": "table"}
NOBODY = "none"
"""As the first recipient: the inbox subscribes to every topic by itself."""
_LINES_OF_A_FAILURE = 60


class DeployError(Exception):
    """A SAM command failed; the message ends with what it printed."""


def deploy(
    aws: LocalAws,
    *,
    stack: str = "sla",
    parameters: Mapping[str, str] | None = None,
    say: Say = print,
) -> dict[str, str]:
    """Checks, builds and deploys the template; returns the outputs of the stack.

    Says how many seconds each part took. Checks and build are skipped when nothing that they read
    has changed since they last succeeded.
    """
    chosen = {"FirstRecipient": NOBODY, **(parameters or {})}
    with _timed("sam validate, sam validate --lint, sam build", say), _one_at_a_time():
        built = _checked_and_built(aws)
    with _timed("sam deploy", say):
        _sam_deploy(aws, built, stack, chosen)
    outputs = stack_outputs(aws, stack)
    _add_what_is_left_out(aws, outputs, chosen)
    _let_in_without_tls(aws, outputs)
    return outputs


def stack_outputs(aws: LocalAws, stack: str) -> dict[str, str]:
    found = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {entry["OutputKey"]: entry["OutputValue"] for entry in found["Outputs"]}


def sam(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """Runs SAM CLI in the project's folder; returns what it printed."""
    done = subprocess.run(
        [str(executable(".venv-sam", "sam")), *arguments],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        printed = "\n".join(done.stdout.splitlines()[-_LINES_OF_A_FAILURE:])
        raise DeployError(f"`sam {arguments[0]}` failed:\n{printed}")
    return done.stdout


def _checked_and_built(aws: LocalAws) -> Path:
    """The built template of the sources as they are; the checks and the build run side by side."""
    build, check = (
        OUTPUT / f"build-{_fingerprint(_sources())}",
        OUTPUT / f"checked-{_fingerprint(CHECKED)}",
    )
    commands: list[list[str]] = []
    if not (build / DONE).exists():
        commands.append(["build", "--build-dir", str(build)])
    if not (check / DONE).exists():
        # each of the two finds what the other lets through
        commands += [["validate"], ["validate", "--lint"]]
    with ThreadPoolExecutor(3) as workers:
        for running in [workers.submit(sam, command, aws.child_env()) for command in commands]:
            running.result()
    for folder in (build, check):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DONE).touch()
    _forget_all_but_the_latest()
    return build / "template.yaml"


def _forget_all_but_the_latest() -> None:
    """Not those used a moment ago: somebody may be deploying one right now."""
    by_age = sorted(OUTPUT.glob(f"*/{DONE}"), key=lambda done: -done.stat().st_mtime)
    for done in by_age[KEPT:]:
        shutil.rmtree(done.parent, ignore_errors=True)


def _sam_deploy(aws: LocalAws, built: Path, stack: str, parameters: Mapping[str, str]) -> None:
    # Values are quoted once more: SAM CLI divides the argument at blanks.
    overrides = [f'{name}="{value}"' for name, value in parameters.items() if value]
    arguments = ["deploy", "--template-file", str(built), "--stack-name", stack]
    arguments += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--region", aws.region]
    arguments += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    if overrides:
        arguments += ["--parameter-overrides", " ".join(overrides)]
    sam(arguments, aws.child_env({"SAM_CLI_POLL_DELAY": "0.2"}))


def _add_what_is_left_out(
    aws: LocalAws, outputs: Mapping[str, str], parameters: Mapping[str, str]
) -> None:
    """MiniStack's CloudFormation does not switch on a table's time to live.

    In simulated time it stays off: items would expire by the machine's clock.
    """
    if parameters.get("Clock") == "table":
        return
    aws.client("dynamodb").update_time_to_live(
        TableName=outputs["WatchTable"],
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
    )


def _let_in_without_tls(aws: LocalAws, outputs: Mapping[str, str]) -> None:
    """MiniStack speaks HTTP, on loopback, and enforces the policy of the bucket, which asks for
    TLS.
    """
    aws.client("s3").delete_bucket_policy(Bucket=outputs["ReportsBucket"])


def _fingerprint(files: Iterable[Path]) -> str:
    """Of what the files hold, and of the day: the build compiles holidays in."""
    digest = hashlib.sha256(time.strftime("%Y-%m-%d", time.gmtime()).encode())
    for file in files:
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    """Everything that a build reads."""
    yield from CHECKED
    yield from (ROOT / "infra" / "build_artifact.py", ROOT / "infra" / "build_artifact.sh")
    for file in sorted((ROOT / "functions").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Tests in several processes share one build."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with (OUTPUT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _timed(what: str, say: Say) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")
