"""No folder of tests is passed over: pytest leaves out the names of `norecursedirs`, and its own
list has "build".
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch

from local_stack.server import ROOT


def test_every_folder_of_tests_is_looked_through() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    folders = {file.parent.relative_to(ROOT) for file in (ROOT / "tests").rglob("test_*.py")}
    names = {part for folder in folders for part in folder.parts}
    assert "build" in names
    left_out = {
        name for name in names for pattern in options["norecursedirs"] if fnmatch(name, pattern)
    }
    assert left_out == set()
