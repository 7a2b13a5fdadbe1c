"""Runs MiniStack behind the door of door.py: python -P run_ministack.py

By the Python of .venv-aws. Without -P this folder would be searched first, and ministack.py
beside this file be found instead of the package.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

from ministack import app as ministack  # type: ignore[import-not-found] # of another environment


def main() -> None:
    door = _beside("door")
    ministack.app = door.guarded(ministack.app)
    ministack.main()


def _beside(name: str) -> ModuleType:
    """A module of this folder, without having functions that MiniStack runs find it too."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
