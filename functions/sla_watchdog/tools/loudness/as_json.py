"""How loud it will be, as JSON."""

from __future__ import annotations

from typing import Any

from sla_watchdog.tools.loudness.changes import calming_change
from sla_watchdog.tools.loudness.loads import (
    TOO_MANY,
    AudienceLoudness,
    CauseShare,
    DailyLoad,
    Loudness,
    RecipientLoad,
)
from sla_watchdog.tools.loudness.rule_names import rule_name


def as_json(loudness: Loudness) -> dict[str, Any]:
    days = loudness.days
    return {
        "from": days.names[0],
        "until": days.names[-1],
        "days": len(days),
        "too_many": TOO_MANY,
        "audiences": [_audience(audience, loudness) for audience in loudness.audiences],
    }


def ahead_as_json(loudness: Loudness) -> dict[str, Any]:
    """Of the next days: `days` is how many, and each load names its first 24 hours too."""
    return {
        "days": len(loudness.days),
        "too_many": TOO_MANY,
        "audiences": [_audience_ahead(audience, loudness) for audience in loudness.audiences],
    }


def _audience_ahead(audience: AudienceLoudness, loudness: Loudness) -> dict[str, Any]:
    return {
        "audience": audience.audience,
        **_load_ahead(audience.load),
        "most_by": _cause(audience.cause, loudness),
        "recipients": [
            {"recipient": load.recipient.key, **_load_ahead(load.load)}
            for load in audience.recipients
        ],
        "warning": _warning(audience, loudness),
    }


def _load_ahead(load: DailyLoad) -> dict[str, Any]:
    return {
        "next_24_h": load.by_day.get(0, 0),
        "messages": load.messages,
        "busiest_24_h": load.busiest.messages,
    }


def _audience(audience: AudienceLoudness, loudness: Loudness) -> dict[str, Any]:
    return {
        "audience": audience.audience,
        **_load(audience.load),
        "most_by": _cause(audience.cause, loudness),
        "recipients": [_recipient(load, loudness) for load in audience.recipients],
        "warning": _warning(audience, loudness),
    }


def _recipient(load: RecipientLoad, loudness: Loudness) -> dict[str, Any]:
    return {
        "recipient": load.recipient.key,
        **_load(load.load),
        "most_by": _cause(load.cause, loudness),
    }


def _load(load: DailyLoad) -> dict[str, Any]:
    return {
        "messages": load.messages,
        "median_day": load.median,
        "percentile_95": load.percentile,
        "busiest_day": load.busiest.day,
        "on_busiest_day": load.busiest.messages,
    }


def _cause(share: CauseShare | None, loudness: Loudness) -> dict[str, Any] | None:
    if share is None:
        return None
    return {
        "rule": rule_name(share.cause, loudness.policy),
        "messages": share.messages,
        "percent": share.percent,
    }


def _warning(audience: AudienceLoudness, loudness: Loudness) -> dict[str, Any] | None:
    if not audience.too_loud:
        return None
    change = calming_change(audience.loudest, loudness.policy, loudness.days)
    return {
        "recipients": [load.recipient.key for load in audience.too_loud],
        "change": change and change.change,
        "percentile_95_then": change and change.then,
    }
