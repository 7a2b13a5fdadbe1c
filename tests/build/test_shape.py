"""One idea a line: no function of the package has more than ten branches, no class 150 lines.

A comprehension is a loop, and each `if` in it a branch: written on one line it is no easier to
read. What fails here names the function to loosen: give a step of it a name of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from local_stack.server import ROOT

FUNCTIONS = ROOT / "functions"
MOST_BRANCHES = 10
MOST_LINES = 149
"""Of a class."""

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.With,
    ast.Assert,
    ast.match_case,
)

NOT_YET: frozenset[str] = frozenset()
"""Files that still hold something too large; each is to leave this list, none may join it."""

FILES = sorted(file for file in FUNCTIONS.rglob("*.py") if file.stat().st_size)


@frozen
class TooLarge:
    """What is to be loosened, and by which count."""

    where: str
    count: str

    def __str__(self) -> str:
        return f"{self.where}: {self.count}"


def branches(function: ast.AST) -> int:
    """Ways through a function: 1, and 1 more for each place at which it may go two ways."""
    count = 1
    for node in ast.walk(function):
        if isinstance(node, BRANCHES):
            count += 1
        elif isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
        elif isinstance(node, COMPREHENSIONS):
            count += _branches_of(node.generators)
    return count


def _branches_of(generators: list[ast.comprehension]) -> int:
    return sum(1 + len(generator.ifs) for generator in generators)


def too_large(source: str, name: str) -> Iterator[TooLarge]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = branches(node)
            if count > MOST_BRANCHES:
                yield TooLarge(f"{name}:{node.lineno} {node.name}", f"{count} branches")
        elif isinstance(node, ast.ClassDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > MOST_LINES:
                yield TooLarge(f"{name}:{node.lineno} {node.name}", f"{count} lines")


def name_of(file: Path) -> str:
    return file.relative_to(FUNCTIONS).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_function_or_class_is_too_large(file: Path) -> None:
    found = list(too_large(file.read_text(), file.relative_to(ROOT).as_posix()))
    if name_of(file) in NOT_YET:
        assert found, "nothing is too large any more: take it off NOT_YET"
        return
    assert not found, "\n" + "\n".join(map(str, found))


def test_every_file_of_the_list_exists() -> None:
    assert not NOT_YET.difference(map(name_of, FILES))


COUNTED = [
    pytest.param("def f():\n    pass", 1, id="a straight line"),
    pytest.param("def f():\n    if a and b or c:\n        pass", 4, id="and, or"),
    pytest.param("def f():\n    return a if b else c", 2, id="a conditional expression"),
    pytest.param("def f():\n    return [a for a in b if c if d]", 4, id="a comprehension"),
    pytest.param("def f():\n    return {a for b in c for a in b}", 3, id="a nested comprehension"),
    pytest.param("def f():\n    for a in b:\n        while c:\n            pass", 3, id="loops"),
    pytest.param("def f():\n    try:\n        pass\n    except A:\n        pass", 2, id="except"),
    pytest.param("def f():\n    match a:\n        case 1:\n            pass", 2, id="a case"),
    pytest.param("def f():\n    def g():\n        if a:\n            pass", 2, id="one within"),
]


@pytest.mark.parametrize(("source", "count"), COUNTED)
def test_branches_are_counted(source: str, count: int) -> None:
    assert branches(ast.parse(source).body[0]) == count


def test_what_is_too_large_is_named_with_its_line_and_count() -> None:
    many = "\n".join("    if a:\n        pass" for _ in range(10))
    source = f"\n\ndef busy():\n{many}\n\nclass Long:\n" + "    a = 1\n" * 149
    assert [str(each) for each in too_large(source, "file.py")] == [
        "file.py:3 busy: 11 branches",
        "file.py:25 Long: 150 lines",
    ]
