"""Judge cases as they are now: what is stored of them, and what their ticket records add to it."""

from sla_watchdog.usecases.judging.evaluated import Evaluated, overlay
from sla_watchdog.usecases.judging.evaluator import Evaluator
from sla_watchdog.usecases.judging.stand_ins import NAMELESS, is_stand_in
from sla_watchdog.usecases.judging.wakeup import RELINK

__all__ = ["NAMELESS", "RELINK", "Evaluated", "Evaluator", "is_stand_in", "overlay"]
