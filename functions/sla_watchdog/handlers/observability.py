"""The one logger and the one set of metrics. Logs carry ids and counts, never a ticket's text."""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics()
"""Namespace and service come from the template's POWERTOOLS_* variables; each further dimension
would cost.
"""


def count(counts: Mapping[str, int]) -> None:
    """Emit counts as metrics, snake_case turned into MetricNames; names ending in _seconds are
    durations.
    """
    for name, value in counts.items():
        unit = MetricUnit.Seconds if name.endswith("_seconds") else MetricUnit.Count
        words = name.split("_")
        metric = "".join(word.capitalize() for word in words)
        metrics.add_metric(name=metric, unit=unit, value=value)
