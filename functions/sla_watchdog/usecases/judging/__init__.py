"""Judge cases as they are now: what is stored of them, and what their ticket records add to it."""

from sla_watchdog.usecases.judging.evaluated import Evaluated, overlay
from sla_watchdog.usecases.judging.evaluator import Evaluator
from sla_watchdog.usecases.judging.stand_ins import NAMELESS, is_stand_in

__all__ = ["NAMELESS", "Evaluated", "Evaluator", "is_stand_in", "overlay"]
