"""`sla-watchdog check-policy`, as a person and as a build use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.tools import cli

FUNCTIONS = Path(__file__).parents[2] / "functions"
GOOD = (Path(__file__).parent / "policy_files" / "good.yaml").read_text()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD)
    return path


def break_it(path: Path, old: str = "each: team", new: str = "each: taem") -> None:
    path.write_text(path.read_text().replace(old, new, 1))


def test_a_good_file_is_summed_up(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check-policy", str(policy)]) == cli.FINE
    out, err = capsys.readouterr()
    assert "nothing wrong" in out
    assert err == ""
    for part in (
        "mon-fri 09:00-12:30 13:30-18:00, sat 10:00-14:00",
        "holidays of US-NY",
        "everything-else",
        "until",
    ):
        assert part in out
    assert max(len(line) for line in out.splitlines()[1:]) <= 80


def test_a_bad_file_is_shown_as_compilers_do(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it(policy)
    assert cli.main(["check-policy", str(policy)]) == cli.FINDINGS
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f'{policy}:37:21: error: "taem" is not something each ticket has one of',
        "  37 |   team-lead: {each: taem}",
        "     |                     ^^^^",
        "       at audiences.team-lead.each",
        '       hint: did you mean "team"?',
        "",
        f"1 error in {policy} (docs/policy.md explains the file)",
    ]


def test_lines_to_paste_keep_their_shape(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy.write_text(GOOD[: GOOD.index("ceilings:")])
    assert cli.main(["check-policy", str(policy)]) == cli.FINDINGS
    assert (
        "       hint: add:\n"
        "       ceilings:\n"
        "         - {age: 14d, tell: [manager]}\n"
        "         - {age: 30d, tell: [executive]}\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize("before", [0, 40, 70, 200], ids=lambda width: f"after {width} columns")
def test_a_caret_stands_below_what_is_meant_even_in_a_long_line(
    policy: Path, capsys: pytest.CaptureFixture[str], before: int
) -> None:
    break_it(
        policy,
        "  team-lead: {each: team}",
        "  team-lead: {" + " " * before + "each: taem}" + " " * 200 + "# end",
    )
    assert cli.main(["check-policy", str(policy)]) == cli.FINDINGS
    _, source, caret, *_ = capsys.readouterr().err.splitlines()
    assert source[caret.index("^") : caret.rindex("^") + 1] == "taem"
    assert len(source) <= 80


def test_wide_letters_do_not_move_the_caret(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it(policy, "[New, Active]", "[新規, ACTIVE, Active]")
    assert cli.main(["check-policy", str(policy)]) == cli.FINDINGS
    _, source, caret, *_ = capsys.readouterr().err.splitlines()
    wide = sum(ord(letter) > 0x2E80 for letter in source)
    assert source[caret.index("^") - wide :].startswith("Active]")


def test_brackets_in_the_file_are_shown_as_they_are(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it(
        policy, "tell: [manager]}\n    - {after: 16h", "tell: '[bold]x[/bold]'}\n    - {after: 16h"
    )
    cli.main(["check-policy", str(policy)])
    assert 'no audience is called "[bold]x[/bold]"' in capsys.readouterr().err


def test_a_warning_is_shown_and_refuses_nothing(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it(policy, "calendar: always", "calendar: office")
    assert cli.main(["check-policy", str(policy)]) == cli.FINE
    out, err = capsys.readouterr()
    assert 'warning: nobody uses the calendar "always"' in err
    assert "nothing wrong" in out


def test_a_program_reads_the_same_in_json(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_it(policy)
    assert cli.main(["check-policy", "--json", str(policy)]) == cli.FINDINGS
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "file": str(policy),
        "ok": False,
        "problems": [
            {
                "severity": "error",
                "line": 37,
                "column": 21,
                "path": "audiences.team-lead.each",
                "message": '"taem" is not something each ticket has one of',
                "hint": 'did you mean "team"?',
            }
        ],
    }


def test_a_good_file_in_json_says_what_it_holds(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check-policy", "--json", str(policy)]) == cli.FINE
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    assert list(answer["summary"]["policies"]) == ["government", "everything-else"]


def test_what_is_compiled_can_be_loaded(policy: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.json"
    assert cli.main(["check-policy", str(policy), "--compile", str(out)]) == cli.FINE
    assert [rule.name for rule in load(out.read_text("utf-8")).rules] == [
        "government",
        "everything-else",
    ]


def test_a_bad_file_is_not_compiled(policy: Path, tmp_path: Path) -> None:
    break_it(policy)
    out = tmp_path / "policy.json"
    assert cli.main(["check-policy", str(policy), "--compile", str(out)]) == cli.FINDINGS
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (GOOD.encode("utf-8-sig"), cli.FINE, ""),
        (GOOD.replace("\n", "\r\n").encode(), cli.FINE, ""),
        (GOOD.encode("utf-16"), cli.USAGE, "is not UTF-8"),
        (b"", cli.FINDINGS, "the file is empty"),
    ],
    ids=["byte order mark", "Windows lines", "UTF-16", "empty"],
)
def test_files_come_from_all_editors(
    policy: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: int, said: str
) -> None:
    policy.write_bytes(content)
    assert cli.main(["check-policy", str(policy)]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("args", [["missing.yaml"], ["."]], ids=["no file", "a folder"])
def test_a_file_that_cannot_be_read_is_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check-policy", *args]) == cli.USAGE
    error = capsys.readouterr().err
    assert error.startswith("sla-watchdog: ")
    assert "Traceback" not in error


def test_a_place_that_cannot_be_written_is_wrong_usage(policy: Path, tmp_path: Path) -> None:
    assert (
        cli.main(["check-policy", str(policy), "--compile", str(tmp_path / "no" / "policy.json")])
        == cli.USAGE
    )


def test_no_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == cli.USAGE
    assert "check-policy" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["chekc-policy"])
    assert ended.value.code == cli.USAGE


def test_the_build_finds_the_file_of_the_project(tmp_path: Path) -> None:
    """As `sam build` calls it: from functions/, without naming the file."""
    out = tmp_path / "policy.json"
    command = [sys.executable, "-m", "sla_watchdog", "check-policy", "--compile", str(out)]
    done = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=False)
    assert done.returncode == cli.FINE, done.stderr
    assert done.stdout.startswith("policy.yaml: nothing wrong")
    assert load(out.read_text("utf-8")).rules


@pytest.mark.parametrize("option", ["--schema", "--json"])
def test_a_reader_that_goes_away_is_no_error(option: str) -> None:
    command = (
        f"env -u PYTHONUNBUFFERED {sys.executable} -m sla_watchdog check-policy {option} | true"
    )
    done = subprocess.run(
        ["sh", "-c", command], cwd=FUNCTIONS, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
