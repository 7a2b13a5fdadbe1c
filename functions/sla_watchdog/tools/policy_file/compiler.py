"""From a checked policy file to what Lambda reads: holidays expanded, then written by the codec of
the model.
"""

from __future__ import annotations

from datetime import date

from sla_watchdog.domain.policy import compiled
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.policy_file.form import PolicyForm


def compile_policy(form: PolicyForm, today: date) -> str:
    """The compiled policy as text. The same file gives the same text all year, with the same
    libraries.
    """
    text = compiled.dump(form.as_of(today))
    compiled.load(text)
    return text


def policy_of(form: PolicyForm, today: date) -> Policy:
    """The policy as Lambda will see it."""
    return compiled.load(compiled.dump(form.as_of(today)))
