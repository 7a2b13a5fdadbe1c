"""Builds what Lambda gets: python build_artifact.py FOLDER

    libraries of functions/requirements.txt     pure Python, without boto3: the runtime has it
    sla_watchdog/                               without tools/, which only people run
    policy.json                                 policy.yaml, checked and compiled

A policy with an error fails the build, with the errors shown. Any other failure is said to be
one of the builder, never of the policy.

The same sources on the same day give the same artifact, which is kept in .cache/ and copied,
since `sam build` asks once for each function. (The day counts because the compiled policy holds
the holidays of the years around it.)
"""

import contextlib
import datetime
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "functions"
REQUIREMENTS = FUNCTIONS / "requirements.txt"
CACHE = ROOT / ".cache"
DAY_SECONDS = 86_400
POLICY_IS_WRONG = 3
"""How `python -m sla_watchdog.tools.policy_file` says so; a program that crashed ends otherwise."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "tools", "__main__.py")


class BuildError(Exception):
    """A step of the build failed; what it printed has been shown."""


def main(target: Path) -> int:
    try:
        artifact = kept("artifact", _key(_sources()), build)
    except BuildError as error:
        print(f"Build failed: {error}", file=sys.stderr)
        return 1
    shutil.copytree(artifact, target, dirs_exist_ok=True)
    return 0


def build(folder: Path) -> None:
    compile_policy(folder / "policy.json")
    libraries = kept("libraries", _key([REQUIREMENTS]), install_libraries)
    shutil.copytree(libraries, folder, dirs_exist_ok=True)
    shutil.copytree(FUNCTIONS / "sla_watchdog", folder / "sla_watchdog", ignore=LEFT_OUT)


def compile_policy(compiled: Path) -> None:
    code = exit_code(
        [sys.executable, "-m", "sla_watchdog.tools.policy_file", "policy.yaml", str(compiled)]
    )
    if code == POLICY_IS_WRONG:
        raise BuildError("functions/policy.yaml has errors, shown above")
    if code != 0 or not compiled.exists():
        raise BuildError(
            f"the builder itself crashed (exit code {code}), see above; "
            "this is no error of your policy"
        )


def install_libraries(folder: Path) -> None:
    uv = _uv()
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--target", str(folder)]
    wanted = ["install", *options, "-r", str(REQUIREMENTS)]
    if uv is None or not succeeds([uv, "pip", *wanted, "--python", sys.executable]):
        pip = [sys.executable, "-m", "pip"]
        if exit_code([*pip, *wanted, "--no-compile"]) != 0:
            raise BuildError("the libraries could not be installed, for the reason above")
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    compiled = [str(file.relative_to(folder)) for file in folder.rglob("*.so")]
    if compiled:
        raise BuildError(f"the artifact runs on any processor, but these do not: {compiled}")


def _uv() -> str | None:
    """The environment's own, else the one that made it: such an environment has no pip."""
    own = Path(sys.executable).with_name("uv")
    return str(own) if own.exists() else shutil.which("uv")


def succeeds(command: list[str]) -> bool:
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    return (
        subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    )


def exit_code(command: list[str]) -> int:
    """Runs a step in functions/; what it prints goes to stderr, which SAM CLI shows."""
    environment = os.environ | {"PYTHONPATH": str(FUNCTIONS), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=FUNCTIONS, env=environment, stdout=sys.stderr, check=False
    ).returncode


def kept(name: str, key: str, fill: Callable[[Path], None]) -> Path:
    """The folder that `fill` makes, from the cache when it was made before with this key.

    It appears whole or not at all, so two builds at once do no harm.
    """
    folder = CACHE / name / key
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(folder.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        fill(unfinished)
        unfinished.chmod(0o755)
        with contextlib.suppress(OSError):  # another build was quicker
            unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _forget_old(shelf: Path) -> None:
    for folder in shelf.iterdir():
        if folder.stat().st_mtime < time.time() - DAY_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _sources() -> Iterator[Path]:
    yield Path(__file__)
    for file in sorted(FUNCTIONS.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def _key(files: Iterator[Path] | list[Path]) -> str:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    digest = hashlib.sha256(today.encode())
    for file in files:
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
