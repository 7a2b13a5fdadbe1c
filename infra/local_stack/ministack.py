"""MiniStack, the embedded AWS: started on loopback, always stopped.

    with LocalAws() as aws:
        aws.client("dynamodb").list_tables()
        subprocess.run(["sam", "deploy", …], env=aws.child_env())

`AUTH=true`: each Lambda function may do what its role grants and nothing else. The caller here
is the root user of the account. Of what browsers send, only what its own pages ask for is heard:
see door.py.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from local_stack.server import HOST, ROOT, LocalAwsError, Server, free_port

ACCOUNT = "000000000000"
_BEHIND_A_DOOR = Path(__file__).with_name("run_ministack.py")
_OF_THE_SYSTEM = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")


class LocalAws:
    """One MiniStack process; `port` None takes a free one. Its account is MiniStack's default."""

    account = ACCOUNT

    def __init__(self, *, port: int | None = None, region: str = "eu-central-1") -> None:
        self.port = port or free_port()
        self.region = region
        self._server: Server | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What `sam`, `aws`, boto3 and the CLI need to find this AWS, and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
        }

    def child_env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """This process's environment with every other AWS setting taken out of it."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return mine | self.env | dict(extra or {})

    def client(self, service: str, *, account: str = "testing", attempts: int = 3) -> Any:
        """A boto3 client that tries a call `attempts` times. A 12-digit `account` is one of its
        own, empty at first.
        """
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload] # any service, named at run time
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=account,
            aws_secret_access_key="testing",  # noqa: S106 # made up
            config=Config(max_pool_connections=64, retries={"total_max_attempts": attempts}),
        )

    def log(self, last: int = 40) -> str:
        """The last lines of what MiniStack logged."""
        return self._server.log(last) if self._server else ""

    def start(self) -> Self:
        command = [str(executable(".venv-aws", "python")), "-P", str(_BEHIND_A_DOOR)]
        self._server = Server("MiniStack")
        self._server.start(
            command, env=self._server_env(self._server.folder), is_ready=self._is_ready
        )
        return self

    def stop(self) -> None:
        """Stops the server and the functions it runs; nothing of the account is kept."""
        if self._server:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _server_env(self, folder: Path) -> dict[str, str]:
        # Functions inherit this environment: nothing of the developer's may be in it.
        system = {name: os.environ[name] for name in _OF_THE_SYSTEM if name in os.environ}
        return system | {
            "BIND_HOST": HOST,  # its own default is every interface
            "MINISTACK_HOST": HOST,  # in the URLs of queues
            "GATEWAY_PORT": str(self.port),
            "AWS_ENDPOINT_URL": self.endpoint,  # where the functions find AWS
            "MINISTACK_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(folder),
        }

    def _is_ready(self) -> bool:
        url = f"{self.endpoint}/_ministack/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 # loopback, http
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def executable(environment: str, name: str) -> Path:
    """The program `name` of the virtual environment that `make` made; raises LocalAwsError."""
    program = ROOT / environment / "bin" / name
    if not program.exists():
        raise LocalAwsError(f"{environment} is missing: run `make {environment}`")
    return program
