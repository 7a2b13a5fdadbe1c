"""Random names that nobody can guess: of who holds a lease, of a sweep, of a link. Nothing else
that Lambda runs is random.
"""

from __future__ import annotations

import secrets

from sla_watchdog.usecases.codes import code_of


class RandomTokens:
    """`token` names who holds something, `run` a sweep, `code` is what a link ends with."""

    def token(self) -> str:
        return secrets.token_hex(8)

    def run(self) -> str:
        return secrets.token_hex(4)

    def code(self) -> str:
        return code_of(secrets.choice)
