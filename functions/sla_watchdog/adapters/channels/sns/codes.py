"""What SNS says by the code of an error."""

from __future__ import annotations

from botocore.exceptions import ClientError

NOT_FOUND = frozenset({"NotFound", "NotFoundException"})
REFUSED = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterException",
        "ParameterValueInvalid",
        "ValidationException",
    }
)
"""Codes by which SNS says that the content is wrong. Every other one says that it cannot now, or
that we may not.
"""

UNKNOWN = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented"}
)
"""Codes of an SNS that does not know the operation."""


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
