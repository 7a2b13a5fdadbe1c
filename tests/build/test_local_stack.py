"""Whatever the local stack starts is stopped, and it speaks to no other AWS."""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import ministack as module
from local_stack.deploy import DeployError, sam
from local_stack.local import REGION, STACK, _arguments, running, write_environment
from local_stack.ministack import LocalAws
from local_stack.server import HOST, ROOT, LocalAwsError, Server, free_port

STARTER = """
import sys, time
from local_stack.server import Server
server = Server("sleeper")
server.start(["sh", "-c", "sleep 61 & echo $! > children; echo $$ >> children; wait"], env={"PATH": "/usr/bin:/bin"},
             is_ready=lambda: len((server.folder / "children").read_text().split()) == 2
             if (server.folder / "children").exists() else False)
print(server.folder, *(server.folder / "children").read_text().split(), flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        if Path("/proc/self").exists()
        else True
    )


def wait_until_gone(pids: list[int], seconds: float = 8.0) -> list[int]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(is_alive(pid) for pid in pids):
        time.sleep(0.05)
    return [pid for pid in pids if is_alive(pid)]


def test_sam_deploy_never_deploys_without_a_build_and_keeps_its_answers_where_no_build_deletes_them() -> (
    None
):
    """`template_file` would do the first and not the second: see
    tests/scenarios/test_guided_deploy.py.
    """
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    assert config["deploy"]["parameters"]["template"] == ".aws-sam/build/template.yaml"
    assert "template_file" not in config["deploy"]["parameters"]


ANSWERS = '[default.deploy.parameters]\nstack_name = "our-own"\nregion = "eu-west-1"\n'


@pytest.mark.parametrize(
    ("config", "stack", "region"),
    [
        pytest.param(
            (ROOT / "samconfig.toml").read_text(), STACK, REGION, id="as the project has it"
        ),
        pytest.param(ANSWERS, "our-own", "eu-west-1", id="with answers of one's own"),
        pytest.param("version = 0.1\n", STACK, REGION, id="which names none"),
    ],
)
def test_the_local_stack_is_the_one_that_sam_deploy_updates(
    config: str, stack: str, region: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "samconfig.toml").write_text(config)
    monkeypatch.chdir(tmp_path)
    chosen = _arguments([])
    assert (chosen.stack, chosen.region) == (stack, region)


def test_ports_are_not_to_be_guessed() -> None:
    chosen = _arguments([])
    assert {free_port(chosen.port), free_port(chosen.inbox_port), LocalAws().port}.isdisjoint(
        {4566, 8025}
    )
    assert len({free_port(chosen.port) for _ in range(8)}) > 1


@pytest.fixture
def starter() -> Iterator["subprocess.Popen[str]"]:
    environment = os.environ | {"PYTHONPATH": str(Path(module.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, env=environment
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name
)
def test_a_server_and_its_children_die_with_whoever_started_it(
    how: signal.Signals, starter: "subprocess.Popen[str]"
) -> None:
    assert starter.stdout is not None
    folder, *pids = starter.stdout.readline().split()
    children = [int(pid) for pid in pids]
    assert all(is_alive(pid) for pid in children)
    starter.send_signal(how)
    starter.wait()
    assert wait_until_gone(children) == []
    deadline = time.monotonic() + 3
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()


def test_a_server_that_ends_at_once_is_reported_with_what_it_said() -> None:
    server = Server("sulker")
    with pytest.raises(LocalAwsError, match="sulker ended at once:\nno, thank you"):
        server.start(
            ["sh", "-c", "echo no, thank you"],
            env={"PATH": "/usr/bin:/bin"},
            is_ready=lambda: False,
        )
    assert not server.folder.exists()


def test_it_listens_on_loopback_alone(ministack: LocalAws) -> None:
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("no /proc here to read the listening addresses from")
    mine = f":{ministack.port:04X}"
    addresses = [
        line.split()[1]
        for line in listening.read_text().splitlines()
        if f"{mine} 00000000:0000" in line
    ]
    assert addresses == [f"0100007F{mine}"]  # 127.0.0.1 as the kernel writes it
    assert ministack.endpoint.startswith(f"http://{HOST}:")


def test_programs_it_starts_are_pointed_at_no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    aws = LocalAws(port=4566)
    environment = aws.child_env({"EXTRA": "1"})
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["EXTRA"] == "1"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & environment.keys()


def test_an_account_of_its_own_is_empty(ministack: LocalAws) -> None:
    queue = {"QueueName": "only-mine"}
    ministack.client("sqs", account="111111111111").create_queue(**queue)
    other = ministack.client("sqs", account="222222222222")
    assert other.list_queues().get("QueueUrls", []) == []


def test_a_missing_environment_names_the_command_that_makes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "ROOT", tmp_path)
    with pytest.raises(LocalAwsError, match=r"run `make \.venv-aws`"):
        LocalAws().start()


def test_a_sam_command_that_fails_is_reported_with_what_it_said() -> None:
    with pytest.raises(DeployError, match=r"`sam validate` failed:\n(.|\n)*nowhere\.yaml"):
        sam(
            ["validate", "--template", "nowhere.yaml", "--region", "eu-central-1"],
            LocalAws(port=4566).child_env(),
        )


def test_the_printed_environment_is_what_a_shell_gets(tmp_path: Path) -> None:
    write_environment(
        tmp_path / "made" / "env",
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "ODD": "a b 'c' $HOME"},
    )
    script = f'. {tmp_path}/made/env; echo "$AWS_ENDPOINT_URL|$ODD|$AWS_PROFILE"'
    shell = ["sh", "-c", script]
    notified = subprocess.run(
        shell, env={"AWS_PROFILE": "production"}, capture_output=True, text=True, check=True
    )
    assert notified.stdout == "http://127.0.0.1:4566|a b 'c' $HOME|\n"


def test_a_stack_that_runs_is_known_by_the_file_that_it_wrote(tmp_path: Path) -> None:
    """So that a second one in the same checkout does not take its place."""
    assert running(tmp_path / "env") == ""
    with socket.create_server((HOST, 0)) as server:
        address = f"http://{HOST}:{server.getsockname()[1]}"
        write_environment(tmp_path / "env", {"AWS_ENDPOINT_URL": address, "SLA_STACK": "x"})
        assert running(tmp_path / "env") == address
    assert running(tmp_path / "env") == "", "it has ended, and left its file"
