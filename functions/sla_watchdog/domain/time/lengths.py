"""Lengths of what every clock counts alike, in seconds."""

from __future__ import annotations

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800
