"""A checkout of this working tree, elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from local_stack.server import ROOT


def checkout(folder: Path) -> Path:
    """What git would hand out, with the changes of this working tree; nothing that make made."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    for name in filter(None, listed.stdout.splitlines()):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
