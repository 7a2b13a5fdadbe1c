"""respond: what somebody who got an alert answers. "I take it, next update by …", or "not me"; once
for each link. And whether two tickets are one matter, as often as wanted: the last answer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.promises import Promise, PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import Answer, Promising, promising
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.not_promised import (
    CaseIsOver,
    NoSuchCase,
    NotPromised,
    PromisedAlready,
    PromiseRefusal,
    Why,
)
from sla_watchdog.domain.escalation.proposals import Proposal
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange
from sla_watchdog.errors import SlaWatchdogError
from sla_watchdog.presentation.view.link_state import LinkState, LinkStatus
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.usecases.codes import is_code
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.respond.lookalikes import LookalikeAnswers
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


def _left_to_the_next_tick(_ticket: str, _now: int) -> None:
    """A tick joins what its facts say is to be joined."""


@frozen
class Responder:
    """`link` joins what is one matter, as `track` does."""

    evaluator: Evaluator
    links: AlertLinks
    link: Callable[[str, int], object] = _left_to_the_next_tick

    @property
    def lookalikes(self) -> LookalikeAnswers:
        return LookalikeAnswers(self.evaluator, self.links)

    def look(self, code: str, now: int) -> OpenedLink:
        """What the link is about, as it stands now. Changes nothing."""
        link = self.links.read(code) if is_code(code) else None
        if link is None:
            return OpenedLink(LinkStatus.UNKNOWN)
        if now >= link.expires_at and not link.used:
            return OpenedLink(LinkStatus.EXPIRED, link=link)
        evaluated = self._evaluated(link.case, now)
        if evaluated is None:
            state = LinkStatus.USED if link.used else LinkStatus.UNREADABLE
            return OpenedLink(state, _promised(link.used, ()), link=link)
        alerts = link.entry.alerts
        case = evolve(evaluated.case, facts=evaluated.facts)
        shown = notice(case, evaluated.plan, alerts, self.evaluator.policy, now)
        opened = OpenedLink(
            LinkStatus.PROPOSAL,
            notice=shown,
            link=link,
            evaluated=evaluated,
            proposals=tuple(self.lookalikes.as_they_stand(shown.proposals)),
        )
        if link.used:
            taken = _promised(link.used, evaluated.plan.promises)
            return evolve(opened, state=LinkStatus.USED, taken=taken)
        if shown.lead.is_proposal:
            return opened
        offer = self._promising(evaluated, shown.lead.alert.subject, now)
        state = LinkStatus.OPEN if offer else LinkStatus.OVER
        return evolve(opened, state=state, promising=offer)

    def _evaluated(self, case: str, now: int) -> Evaluated | None:
        """None where there is no such case that can be read and judged."""
        evaluated = self.evaluator.evaluate([case], now).get(case)
        if isinstance(evaluated, Evaluated):
            return evaluated
        return None

    def take(
        self, code: str, by: str, until: int, now: int, kind: PromiseKind = PromiseKind.UPDATE
    ) -> OpenedLink:
        """The link once the promise is made, or as it stands where none can be. Raises NotPromised,
        Contended.
        """
        for _ in range(TRIES):
            opened = self.look(code, now)
            link, evaluated, offer = opened.link, opened.evaluated, opened.promising
            if link is None or evaluated is None or offer is None:
                return evolve(opened, late=opened.state is LinkStatus.USED)
            name = link.case
            promise = offer.promise(by, until, kind)
            if self._keep(evaluated, offer, promise, link):
                return evolve(self.look(code, now), counted=offer.answer)
        raise Contended(f"case {name!r}: lost {TRIES} races")

    def decline(self, code: str, now: int) -> OpenedLink:
        """ "Not me": noted. It holds nothing back, and the others who have the same link can still
        answer with it.
        """
        opened = self.look(code, now)
        if opened.state is not LinkStatus.OPEN or not opened.link:
            return evolve(opened, late=opened.state is LinkStatus.USED)
        record = _record(opened.link, Use(now, Answer.DECLINED))
        self.links.decline(opened.link, now, record)
        return evolve(opened, counted=Answer.DECLINED)

    def judge(self, code: str, younger: str, same: bool, now: int) -> OpenedLink:
        """The link once it is noted whether the ticket and the one that it looks like are one
        matter; as it stands where the link does not ask that. Raises Contended.
        """
        for _ in range(TRIES):
            opened = self.look(code, now)
            link, evaluated, asked = opened.link, opened.evaluated, _asked(opened, younger)
            if link is None or evaluated is None or asked is None:
                return opened
            if now >= link.expires_at:
                return OpenedLink(LinkStatus.EXPIRED, link=link)
            answer = Answer.SAME_MATTER if same else Answer.NOT_SAME_MATTER
            is_known = asked.answer is same
            if is_known or self.lookalikes.note(evaluated, asked, same, link, now):
                if same:
                    self.link(younger, now)
                return evolve(self.look(code, now), counted=answer)
        raise Contended(f"ticket {younger!r}: lost {TRIES} races")

    def promise(
        self,
        case: str,
        by: str,
        until: int,
        now: int,
        answer: Answer,
        kind: PromiseKind = PromiseKind.UPDATE,
    ) -> Promise:
        """The same without a link, by an operator. Raises NotPromised, Contended."""
        for _ in range(TRIES):
            evaluated = self._evaluated(case, now)
            if evaluated is None:
                raise NotPromised(NoSuchCase(case))
            offer = self._promising(evaluated, case, now)
            if offer is None:
                raise NotPromised(CaseIsOver(case))
            if offer.answer is not answer:
                raise NotPromised(_other(offer))
            promise = offer.promise(by, until, kind)
            if self._keep(evaluated, offer, promise, None):
                return promise
        raise Contended(f"case {case!r}: lost {TRIES} races")

    def _promising(self, evaluated: Evaluated, subject: str, now: int) -> Promising | None:
        try:
            return promising(subject, evaluated.facts, evaluated.plan, self.evaluator.policy, now)
        except (NoWorkingTime, TimeOutOfRange) as error:
            raise NotPromised(PromiseRefusal.NO_HOURS_AHEAD) from error

    def _keep(
        self, evaluated: Evaluated, offer: Promising, promise: Promise, link: AlertLink | None
    ) -> bool:
        """The promise among the case's facts, under everything that its records show; False where a
        race was lost.
        """
        fact = offer.fact(promise)
        use = Use(offer.now, offer.answer, promise.by, promise.until, promise.kind)
        before = evaluated.case
        promised = evolve(before, facts=before.facts | [fact])
        case, plan = self.evaluator.surely_timed(promised, offer.now)
        record = _record(link, use) if link else _by_operator(case.id, use)
        return self.links.promise(case, plan.findings, record, link, use)


def _asked(opened: OpenedLink, younger: str) -> Proposal | None:
    for proposal in opened.proposals:
        if proposal.younger.id == younger:
            return proposal
    return None


def _promised(use: Use | None, made: Iterable[Promise]) -> Promise | None:
    """The promise that a link was used for; None where it was answered without one. What became
    of it is known where it is among those that were `made`.
    """
    if use is None or use.until is None:
        return None
    promise = Promise(use.at, use.until, use.by, kind=use.kind)
    for other in made:
        if (other.at, other.by) == (use.at, use.by):
            held_until = use.until if other.held_until > other.at else use.at
            return evolve(promise, in_a_row=other.in_a_row, held_until=held_until)
    return promise


def _other(offer: Promising) -> Why:
    """Why only the other answer can be given."""
    if offer.held:
        return PromisedAlready(offer.held.by)
    return PromiseRefusal.NOTHING_TO_PUT_OFF


def _record(link: AlertLink, use: Use) -> AuditItem:
    alert = link.entry.alerts[0]
    extra = {"ref": alert.ref, "recipient": alert.recipient.key}
    return _audit_item(link.case, alert.id, use, extra)


def _by_operator(case: str, use: Use) -> AuditItem:
    return _audit_item(case, case, use, {})


def _audit_item(case: str, answered: str, use: Use, extra: Mapping[str, str]) -> AuditItem:
    return AuditItem(
        case=case,
        at=use.at,
        alert_id=f"{answered}/{use.answer.value}",
        outcome=use.answer,
        reason=_reason(use),
        extra={**extra, **_extra(use)},
    )


def _extra(use: Use) -> dict[str, str]:
    if not use.until:
        return {}
    extra = {"said_to_be": use.by, "until": str(use.until)}
    if use.kind is not PromiseKind.UPDATE:
        extra["promised"] = use.kind.value
    return extra


def _reason(use: Use) -> str:
    if use.answer is Answer.DECLINED:
        return "whoever was told said that it is not theirs"
    return f"said to be {use.by}"
