"""The JSON Schema of the policy file, for editors; made from the shapes that check it."""

from __future__ import annotations

import json

from sla_watchdog.tools.policy_file.form import POLICY_FILE


def json_schema() -> str:
    """As checked in beside the policy file. It knows the form, not what the file means."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "SLA watchdog policy file",
        "description": "Checked in full by `sla-watchdog check-policy`; "
        "docs/policy.md explains it.",
        **POLICY_FILE.schema,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
