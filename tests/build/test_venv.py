"""infra/venv.sh on machines where something is missing: it names what, and what to do."""

import subprocess
import sys
from pathlib import Path

from local_stack.server import ROOT

SYSTEM = {"PATH": "/usr/bin:/bin"}


def make_environment(folder: Path, python: Path | str) -> "subprocess.CompletedProcess[str]":
    """Asks for an environment in `folder`, where there are neither requirements nor uv."""
    return subprocess.run(
        [str(ROOT / "infra" / "venv.sh"), "made", "nothing.txt"],
        cwd=folder,
        env=SYSTEM | {"PYTHON": str(python), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    old = program(tmp_path / "python", '[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    done = make_environment(tmp_path, old)
    assert done.returncode == 1
    assert "is Python 3.9.2, and 3.11 or later is needed" in done.stderr


def test_a_missing_venv_module_is_named_with_the_package_that_brings_it(tmp_path: Path) -> None:
    bare = program(
        tmp_path / "python", f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    )
    done = make_environment(tmp_path, bare)
    assert done.returncode == 1
    assert "has no venv module" in done.stderr
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr


def test_no_python_at_all_is_said_with_how_to_get_one(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "sed", "date", "cat"):
        (tools / name).symlink_to(
            next(
                Path(place) / name
                for place in ("/bin", "/usr/bin")
                if (Path(place) / name).exists()
            )
        )
    done = subprocess.run(
        [str(ROOT / "infra" / "venv.sh"), "made", "nothing.txt"],
        cwd=tmp_path,
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11 or later is needed, and none was found" in done.stderr
    assert "make PYTHON=" in done.stderr
