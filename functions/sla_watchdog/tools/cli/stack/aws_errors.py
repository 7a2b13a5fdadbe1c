"""What AWS answered instead of what was asked for, in one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws

from sla_watchdog.adapters.dynamodb.table import StoreBusyError, code_of
from sla_watchdog.errors import Unavailable
from sla_watchdog.tools.cli import UsageError

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}
)
STALE = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"}
)
BUSY = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
    }
)
ABSENT = frozenset({"ResourceNotFoundException", "NotFound", "NotFoundException"})

NO_CREDENTIALS = (
    "there are no AWS credentials; `aws configure` or `aws sso login` sets them up, "
    "and `make local` names the file that sets those of the local stack"
)
NO_REGION = "no region is set; say --region, or set AWS_DEFAULT_REGION"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns the ordinary failures of AWS into UsageError; what is our own mistake keeps its stack
    trace.
    """
    try:
        yield
    except aws.ClientError as error:
        raise UsageError(_refused(error)) from error
    except aws.ParamValidationError:
        raise
    except aws.BotoCoreError as error:
        raise UsageError(_unanswered(error)) from error
    except (Unavailable, StoreBusyError) as error:
        raise UsageError(f"{error}; try again") from error


def _refused(error: aws.ClientError) -> str:
    code, operation = code_of(error), error.operation_name
    message = error.response.get("Error", {}).get("Message", "").strip() or code
    if code in DENIED:
        return f"you may not do {operation}: {message}"
    if code in STALE:
        return f"your AWS credentials have expired ({code}); sign in again"
    if code in UNKNOWN:
        return f"AWS does not know your credentials ({code}); see `aws sts get-caller-identity`"
    if code in BUSY:
        return f"AWS is busy ({operation}: {code}); try again in a minute"
    if code in ABSENT:
        return f"{operation}: {message}; is the stack deployed whole?"
    return f"AWS refused {operation}: {message} ({code})"


def _unanswered(error: aws.BotoCoreError) -> str:
    match error:
        case aws.NoRegionError():
            return NO_REGION
        case aws.ProfileNotFound() | aws.ConfigParseError():
            return f"{error}; see AWS_PROFILE and `aws configure list-profiles`"
        case aws.NoCredentialsError():
            return NO_CREDENTIALS
        case _ if _is_about_credentials(error):
            return f"your AWS credentials cannot be used ({error}); sign in again"
        case aws.HTTPClientError() | aws.ConnectionError():
            return (
                f"AWS does not answer: {error}. Is the network there, and AWS_ENDPOINT_URL right?"
            )
    return f"AWS could not be asked: {error}"


def _is_about_credentials(error: aws.BotoCoreError) -> bool:
    kinds = (
        aws.PartialCredentialsError,
        aws.CredentialRetrievalError,
        aws.SSOError,
        aws.TokenRetrievalError,
    )
    return isinstance(error, kinds)
