"""respond: what somebody who was told answers. "I take it, next update by …", or "not me"; once for
each link.
"""

from __future__ import annotations

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.acknowledgement import Answer, NotPromised, Promising, promising
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange
from sla_watchdog.errors import SlaWatchdogError
from sla_watchdog.presentation.view.link_state import LinkState, State
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.usecases.codes import is_code
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.respond.ports import AlertLink, AlertLinks, Use

TRIES = 5
"""How often a lost race for the case is run again."""


class Contended(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """Others wrote the case again and again; nothing was changed."""


@frozen
class OpenedLink(LinkState):
    """What the reader sees, with what an answer needs: `link` is there unless it is unknown."""

    link: AlertLink | None = None
    evaluated: Evaluated | None = None


@frozen
class Responder:
    evaluator: Evaluator
    links: AlertLinks

    def look(self, code: str, now: int) -> OpenedLink:
        """What the link is about, as it stands now. Changes nothing."""
        link = self.links.read(code) if is_code(code) else None
        if link is None:
            return OpenedLink(State.UNKNOWN)
        if now >= link.expires_at and not link.used:
            return OpenedLink(State.EXPIRED, link=link)
        evaluated = self.evaluator.evaluate([link.case], now).get(link.case)
        if not isinstance(evaluated, Evaluated):
            state = State.USED if link.used else State.UNREADABLE
            return OpenedLink(state, _promised(link.used), link=link)
        seen = evolve(evaluated.case, facts=evaluated.facts)
        notified = notice(seen, evaluated.plan, link.entry.alerts, self.evaluator.policy, now)
        if link.used:
            return OpenedLink(State.USED, _promised(link.used), notified, link=link)
        may = self._promising(evaluated, link.entry.alerts[0].subject, now)
        state = State.OPEN if may else State.OVER
        return OpenedLink(state, notice=notified, promising=may, link=link, evaluated=evaluated)

    def take(self, code: str, by: str, until: int, now: int) -> OpenedLink:
        """The standing after the promise was made, or the reason why none could be. Raises
        NotPromised, Contended.
        """
        for _ in range(TRIES):
            standing = self.look(code, now)
            evaluated, may = standing.evaluated, standing.promising
            if standing.link is None or evaluated is None or may is None:
                return evolve(standing, late=standing.state is State.USED)
            name = standing.link.case
            if self._keep(evaluated, may, by, until, standing.link):
                return evolve(self.look(code, now), counted=may.answer)
        raise Contended(f"case {name!r}: lost {TRIES} races")

    def decline(self, code: str, now: int) -> OpenedLink:
        """ "Not me": noted. It holds nothing back, and the others who have the same link can still
        answer with it.
        """
        standing = self.look(code, now)
        if standing.state is not State.OPEN or not standing.link:
            return evolve(standing, late=standing.state is State.USED)
        record = _record(standing.link, Use(now, Answer.DECLINED))
        self.links.decline(standing.link, now, record)
        return evolve(standing, counted=Answer.DECLINED)

    def promise(self, case: str, by: str, until: int, now: int, answer: Answer) -> Promise:
        """The same without a link, by an operator. Raises NotPromised, Contended."""
        for _ in range(TRIES):
            evaluated = self.evaluator.evaluate([case], now).get(case)
            if not isinstance(evaluated, Evaluated):
                raise NotPromised(f"there is no case of {case!r} that can be read")
            may = self._promising(evaluated, case, now)
            if may is None:
                raise NotPromised(f"{case} is over: there is nothing to promise")
            if may.answer is not answer:
                raise NotPromised(_other(may))
            if self._keep(evaluated, may, by, until, None):
                return Promise(now, until, by)
        raise Contended(f"case {case!r}: lost {TRIES} races")

    def _promising(self, evaluated: Evaluated, subject: str, now: int) -> Promising | None:
        try:
            return promising(subject, evaluated.facts, evaluated.plan, self.evaluator.policy, now)
        except (NoWorkingTime, TimeOutOfRange) as error:
            raise NotPromised(
                "the calendar of this case has no hours ahead, so no time can be promised"
            ) from error

    def _keep(
        self, evaluated: Evaluated, may: Promising, by: str, until: int, link: AlertLink | None
    ) -> bool:
        """The promise among the case's facts, under everything that its records show; False where a
        race was lost.
        """
        fact = may.fact(by, until)
        use = Use(may.now, may.answer, fact.value[1], until)
        promised = evolve(evaluated.case, facts=evaluated.case.facts | [fact])
        case, plan = self.evaluator.surely_timed(promised, may.now)
        record = _record(link, use) if link else _by_operator(case.id, use)
        return self.links.promise(case, plan.findings, record, link, use)


def _promised(use: Use | None) -> Promise | None:
    """The promise that a link was used for; None where it was answered without one."""
    if use is None or use.until is None:
        return None
    return Promise(use.at, use.until, use.by)


def _other(may: Promising) -> str:
    if may.held:
        return f"{may.held.by} promised an update already: put it off with `sla-watchdog snooze`"
    return "no promise holds now that could be put off: make one with `sla-watchdog ack`"


def _record(link: AlertLink, use: Use) -> AuditItem:
    alert = link.entry.alerts[0]
    extra = {"ref": alert.ref, "recipient": alert.recipient.key, **_extra(use)}
    return AuditItem(
        link.case, use.at, f"{alert.id}/{use.answer.value}", use.answer, _reason(use), extra
    )


def _by_operator(case: str, use: Use) -> AuditItem:
    return AuditItem(
        case, use.at, f"{case}/{use.answer.value}", use.answer, _reason(use), _extra(use)
    )


def _extra(use: Use) -> dict[str, str]:
    if not use.until:
        return {}
    return {"said_to_be": use.by, "until": str(use.until)}


def _reason(use: Use) -> str:
    if use.answer is Answer.DECLINED:
        return "whoever was told said that it is not theirs"
    return f"said to be {use.by}"
