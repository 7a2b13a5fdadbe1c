"""What Lambda gets: built from the sources, complete without this environment, refused for a bad
policy.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from local_stack.server import ROOT
from local_stack.template import template

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("build")]

OF_THE_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
HANDLERS = [
    entry["Properties"]["Handler"]
    for entry in template()["Resources"].values()
    if entry["Type"] == "AWS::Serverless::Function"
]


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def build(sources: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, sources / "infra" / "build_artifact.py", target])


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("artifact")
    built = build(ROOT, target)
    assert built.returncode == 0, built.stderr
    return target


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """boto3 as the Lambda runtime brings it, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in OF_THE_RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (folder / found.name).symlink_to(found)
    return folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the build reads, to be spoiled, with this environment beside it."""
    copy = tmp_path / "sources"
    shutil.copytree(
        ROOT / "functions", copy / "functions", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(
        ROOT / "infra", copy / "infra", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    for name in ("template.yaml", "samconfig.toml", "requirements.txt"):
        shutil.copy(ROOT / name, copy)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_imports_with_the_artifact_and_boto3_alone(
    handler: str, artifact: Path, runtime: Path
) -> None:
    module, _, name = handler.rpartition(".")
    program = f"import sys; sys.path[:0] = {[str(artifact), str(runtime)]}; import {module}; {module}.{name}"
    done = run([sys.executable, "-B", "-I", "-S", "-c", program], env={}, cwd=artifact)
    assert done.returncode == 0, done.stderr


def test_the_packaged_zones_are_enough(artifact: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(artifact)!r}); import zoneinfo; zoneinfo.ZoneInfo('America/New_York')"
    environment = {"PYTHONTZPATH": ""}
    assert run([sys.executable, "-B", "-S", "-c", program], env=environment).returncode == 0
    without = program.replace(str(artifact), "")
    assert (
        "ZoneInfoNotFoundError"
        in run([sys.executable, "-B", "-S", "-c", without], env=environment).stderr
    )


def test_the_artifact_has_what_lambda_needs_and_nothing_that_only_people_need(
    artifact: Path,
) -> None:
    wanted = {
        "attr",
        "attrs",
        "aws_lambda_powertools",
        "jmespath",
        "sla_watchdog",
        "typing_extensions",
        "tzdata",
        "wcwidth",
    }
    assert {path.stem for path in artifact.iterdir() if "-" not in path.name} == wanted | {"policy"}
    assert not (artifact / "sla_watchdog" / "tools").exists()
    assert [
        path for path in artifact.rglob("*") if path.suffix in {".so", ".pyd", ".pyc", ".toml"}
    ] == []


def test_the_libraries_are_those_of_the_requirements(artifact: Path) -> None:
    installed = {
        tuple(folder.name.removesuffix(".dist-info").replace("_", "-").rsplit("-", 1))
        for folder in artifact.glob("*.dist-info")
    }
    listed = re.findall(
        r"^([a-z-]+)==([0-9.]+)",
        (ROOT / "functions" / "requirements.txt").read_text(),
        re.MULTILINE,
    )
    assert installed == set(listed)


def test_the_compiled_policy_is_in_it(artifact: Path) -> None:
    compiled = json.loads((artifact / "policy.json").read_text())
    assert compiled["hash"]


def test_a_bad_policy_fails_the_build_and_says_where(sources: Path, tmp_path: Path) -> None:
    policy = sources / "functions" / "policy.yaml"
    policy.write_text(policy.read_text() + "\nnonsense: true\n")
    line = len(policy.read_text().splitlines())
    built = build(sources, tmp_path / "target")
    assert built.returncode == 1
    assert f"policy.yaml:{line}" in built.stderr
    assert "nonsense" in built.stderr
    assert not (tmp_path / "target").exists()


def test_a_changed_policy_makes_another_artifact(sources: Path, tmp_path: Path) -> None:
    policy = sources / "functions" / "policy.yaml"
    hashes = set()
    for target in (tmp_path / "before", tmp_path / "after"):
        built = build(sources, target)
        assert built.returncode == 0, built.stderr
        hashes.add(json.loads((target / "policy.json").read_text())["hash"])
        policy.write_text(
            re.sub(
                r"^digest_after: .*$", "digest_after: 77", policy.read_text(), flags=re.MULTILINE
            )
        )
    assert len(hashes) == 2


def test_sam_build_makes_it_for_every_function_and_refuses_a_bad_policy(
    sources: Path, artifact: Path
) -> None:
    sam = [ROOT / ".venv-sam" / "bin" / "sam", "build", "--build-dir", sources / "built"]
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    built = run(sam, cwd=sources, env=environment)
    assert built.returncode == 0, built.stderr
    for name in ("TrackFunction", "WatchFunction", "SweepFunction"):
        made = {
            path.relative_to(sources / "built" / name)
            for path in (sources / "built" / name).rglob("*")
        }
        assert made == {path.relative_to(artifact) for path in artifact.rglob("*")}

    policy = sources / "functions" / "policy.yaml"
    policy.write_text(policy.read_text().replace("form: 1", "form: 99"))
    refused = run(sam, cwd=sources, env=environment)
    assert refused.returncode != 0
    assert "policy.yaml:" in refused.stderr
