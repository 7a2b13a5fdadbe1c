"""`sam build` where nothing was made before, with a SAM CLI that has a Python of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from checkout import checkout
from local_stack.server import ROOT

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("build")]

FUNCTIONS = ROOT / "functions"
PASSED_ON = (
    "PIP_",
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "SSL_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
"""Settings without which packages cannot be had on some machines."""

BLOCKER = """
import runpy, sys
allowed = set(sys.argv.pop(1).split(",")) | set(sys.stdlib_module_names) | {"sla_watchdog"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def modules_of_the_build() -> set[str]:
    """What can be imported where only functions/requirements-build.txt was installed."""
    text = "".join(
        (FUNCTIONS / name).read_text() for name in ("requirements-build.txt", "requirements.txt")
    )
    listed = {name.lower() for name in re.findall(r"^([\w-]+)==", text, re.MULTILINE)}
    return {
        module
        for module, names in packages_distributions().items()
        if {name.lower() for name in names} & listed
    }


def with_nothing_but_the_build(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKER, ",".join(modules_of_the_build()), module, *arguments],
        cwd=FUNCTIONS,
        env=os.environ | {"PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )


def run(
    command: list[str | Path], folder: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def build(clone: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return run(
        [sys.executable, clone / "infra" / "build_artifact.py", target], clone, dict(os.environ)
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return checkout(tmp_path / "clone")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An empty home, and no program but the system's and SAM CLI, whose Python says that it is the
    one.
    """
    home = tmp_path / "home"
    home.mkdir()
    sam = tmp_path / "sam-cli"
    sam.mkdir()
    (sam / "sam").symlink_to(ROOT / ".venv-sam" / "bin" / "sam")
    for name in ("python", "python3"):
        (sam / name).symlink_to(ROOT / ".venv-sam" / "bin" / "python")
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON)}
    return kept | {
        "HOME": str(home),
        "PATH": f"{sam}:/usr/local/bin:/usr/bin:/bin",
        "SAM_CLI_TELEMETRY": "0",
        "VIRTUAL_ENV": str(ROOT / ".venv-sam"),
    }


@pytest.fixture
def needs_packages(tmp_path: Path) -> None:
    """Whoever builds for the first time downloads what the build needs."""
    asked = [
        ROOT / ".venv" / "bin" / "uv",
        "pip",
        "install",
        "--dry-run",
        "--no-cache",
        "--target",
        tmp_path,
        "six",
    ]
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    if subprocess.run(asked, env=environment, capture_output=True, check=False).returncode != 0:
        pytest.skip("no package index can be reached from here")


@pytest.mark.usefixtures("needs_packages")
@pytest.mark.parametrize(
    "options", [(), ("--parallel",)], ids=["one by one", "all functions at once"]
)
def test_sam_build_in_a_fresh_clone_needs_nothing_but_sam_and_a_python(
    options: tuple[str, ...], clone: Path, bare: dict[str, str]
) -> None:
    assert not list(clone.glob(".venv*"))
    built = run(["sam", "build", *options], clone, bare)
    assert built.returncode == 0, built.stderr
    for name in (
        "TrackFunction",
        "WatchFunction",
        "RespondFunction",
        "SweepFunction",
        "ReportFunction",
    ):
        assert json.loads((clone / ".aws-sam" / "build" / name / "policy.json").read_text())["hash"]
    assert [path.name for path in clone.glob(".venv*")] == [".venv-build"]


def test_the_build_imports_what_its_requirements_name_and_nothing_else(tmp_path: Path) -> None:
    compiled = tmp_path / "policy.json"
    done = with_nothing_but_the_build(
        "sla_watchdog.tools.policy_file", "policy.yaml", str(compiled)
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(compiled.read_text())["hash"]


@pytest.mark.parametrize("library", ["boto3", "botocore", "rich", "matplotlib", "shtab"])
def test_the_build_does_not_have(library: str) -> None:
    assert f"No module named '{library}'" in with_nothing_but_the_build(library).stderr


@pytest.mark.parametrize(
    ("file", "spoiled"),
    [
        pytest.param(
            "tools/simulation/replay.py",
            "import a_library_that_is_missing",
            id="a library that is missing",
        ),
        pytest.param(
            "tools/policy_file/compiler.py", "raise RuntimeError('broken')", id="an exception"
        ),
        pytest.param(
            "tools/policy_file/examples.py", "import sys; sys.exit(1)", id="an exit code of 1"
        ),
        pytest.param(
            "tools/policy_file/examples.py",
            "import os; os.kill(os.getpid(), 9)",
            id="a kill, as for memory",
        ),
        pytest.param(
            "tools/policy_file/examples.py", "import sys; sys.exit(0)", id="an end too early"
        ),
    ],
)
def test_a_crash_of_the_builder_never_says_that_the_policy_is_at_fault(
    file: str, spoiled: str, clone: Path, tmp_path: Path
) -> None:
    broken = clone / "functions" / "sla_watchdog" / file
    start = "from __future__ import annotations\n"
    broken.write_text(broken.read_text().replace(start, f"{start}{spoiled}\n", 1))
    assert spoiled in broken.read_text()
    built = build(clone, tmp_path / "artifact")
    assert built.returncode == 1
    assert "the builder itself crashed" in built.stderr
    assert "has errors" not in built.stderr
    assert not (tmp_path / "artifact").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"form: 99\n", "policy.yaml:1:", id="a mistake in it"),
        pytest.param(b"\xff\xfe\x00", "cannot be read as UTF-8", id="another encoding"),
        pytest.param(None, "No such file", id="no file at all"),
    ],
)
def test_a_policy_that_is_at_fault_is_said_to_be(
    content: bytes | None, said: str, clone: Path, tmp_path: Path
) -> None:
    policy = clone / "functions" / "policy.yaml"
    policy.unlink() if content is None else policy.write_bytes(content)
    built = build(clone, tmp_path / "artifact")
    assert built.returncode == 1
    assert said in built.stderr
    assert "functions/policy.yaml has errors, shown above" in built.stderr


def test_an_error_is_shown_with_its_line_and_a_caret_below_it(clone: Path, tmp_path: Path) -> None:
    policy = clone / "functions" / "policy.yaml"
    policy.write_text(policy.read_text().replace("form: 1", "form: 99"))
    shown = build(clone, tmp_path / "artifact").stderr.splitlines()
    at = next(n for n, line in enumerate(shown) if "| form: 99" in line)
    assert shown[at + 1].index("^") == shown[at].index("99")
