"""What nobody can guess: the one source of chance."""

from __future__ import annotations

import secrets

from sla_watchdog.usecases.codes import new_code


class RandomTokens:
    def token(self) -> str:
        return secrets.token_hex(8)

    def code(self) -> str:
        return new_code()
