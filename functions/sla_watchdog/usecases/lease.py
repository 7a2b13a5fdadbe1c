"""How long a claim holds, and whatever else waits until a holder is certainly dead."""

from __future__ import annotations

LEASE = 150
"""Seconds a claim holds: longer than the function's 120 s limit, so a holder whose lease is over is
dead.
"""
