"""The compiled policy: what `sam build` writes, and the only place from which a function gets a
`Policy`.

It was checked when it was built, so nothing is explained here to an operator: what does not fit
is damage, and a function that finds it stops loudly.
"""

from __future__ import annotations

import hashlib
import json

from sla_watchdog.domain.policy.codec import from_json, to_json
from sla_watchdog.domain.policy.json_part import DamagedPolicy, Part
from sla_watchdog.domain.policy.model import Policy

__all__ = ["FORM", "DamagedPolicy", "canonical", "dump", "load"]

FORM = 2
"""Version of the compiled form. One program reads one form: both come in one artifact."""


def canonical(content: object) -> str:
    """The text that is hashed: keys sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dump(policy: Policy) -> str:
    content = to_json(policy)
    digest = _hash(Part("policy", content))
    whole = {"form": FORM, "hash": digest, "policy": content}
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def load(text: str | bytes) -> Policy:
    """Raises `DamagedPolicy` when the text is not a compiled policy, whole and unchanged."""
    try:
        root = Part("", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DamagedPolicy("", f"not JSON ({error})") from error
    if root["form"].integer() != FORM:
        raise DamagedPolicy("form", f"this program reads form {FORM}")
    policy, digest = root["policy"], root["hash"].text()
    if _hash(policy) != digest:
        raise DamagedPolicy("policy", "its hash is another: it was changed after it was built")
    return from_json(Policy, policy, hash=digest)


def _hash(policy: Part) -> str:
    try:
        return hashlib.sha256(canonical(policy.value).encode()).hexdigest()
    except (UnicodeError, RecursionError) as error:
        raise policy.damaged("text in UTF-8, nested as the build nests it,") from error
