"""The policy file: read with line numbers, checked as a whole, compiled for Lambda.

    text --nodes--> tree of texts --form (shapes)--> the Policy of the domain --its codec--> JSON

What a key of the file is called, how it is checked and what is said of a wrong one stands here;
which fields there are, their defaults and their JSON in `sla_watchdog.domain.policy.model`.

This is the build's side. Lambda gets the compiled form alone and reads it with
`sla_watchdog.domain.policy.compiled`; of this package and its libraries it gets nothing.
"""

from sla_watchdog.tools.policy_file.compiler import compile_policy, policy_of
from sla_watchdog.tools.policy_file.form import Checked, PolicyForm, read_policy
from sla_watchdog.tools.policy_file.problems import Place, PolicyErrors, Problem
from sla_watchdog.tools.policy_file.schema import json_schema

__all__ = [
    "Checked",
    "Place",
    "PolicyErrors",
    "PolicyForm",
    "Problem",
    "compile_policy",
    "json_schema",
    "policy_of",
    "read_policy",
]
