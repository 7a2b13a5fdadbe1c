"""report: what is old, breached, at risk and broken, and how targets were kept, sent to the
audiences of the ceilings.

It runs every hour and sends what was not sent yet of this day, week or month, so the next run
repeats what failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define, frozen

from sla_watchdog.domain.clocks.attainment import Attainment, Counting, week_starts
from sla_watchdog.domain.clocks.promise_counts import PersonPromises, PromiseCounting
from sla_watchdog.domain.escalation.case import OPERATIONS, Case, Recipient
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.html.report_page import page
from sla_watchdog.presentation.text import Message, Sent
from sla_watchdog.presentation.text.report import render_daily, render_monthly, render_weekly
from sla_watchdog.presentation.view.report import (
    Report,
    ReportKind,
    ReportLine,
    audiences,
    line,
    periods,
    zone,
)
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.report.ports import Pages, Publisher, ReportStores, Tokens
from sla_watchdog.usecases.watch.drafts import Reach

LEASE = 930
"""Seconds; longer than the time limit of the function, so a holder whose lease is over is dead."""

PAGE = "page"
"""Where a report goes beside its recipients: the bucket."""

LINK_DAYS = 14
"""How long the link in a mail opens its page."""

PATH = "report"
"""What stands before the code of such a link."""

PAGES = (ReportKind.DAILY, ReportKind.WEEKLY)


@frozen
class DueReport:
    """A report that is not yet `where` it belongs: a recipient's key, or the page."""

    kind: ReportKind
    period: str
    recipient: Recipient | None

    @property
    def name(self) -> str:
        where = self.recipient.key if self.recipient else PAGE
        return f"{self.kind}/{where}"

    @property
    def page(self) -> str:
        """The key of the page in the bucket; the oldest cases of a month are on that of the day."""
        return f"{self.kind}/{self.period}.html"


@define
class Reported:
    """What a run did. `problem` is the last reason why something could not be sent; the next run
    tries again.
    """

    cases: int = 0
    unreadable: int = 0
    pages: int = 0
    sent: int = 0
    failed: int = 0
    problem: str = ""


@frozen
class ReportContents:
    """`promises` are those of the week that `attainment` ends with."""

    report: Report
    attainment: Attainment | None
    promises: tuple[PersonPromises, ...] = ()


@frozen
class Reporter:
    """In mode observe, where `evaluator.live` is False, nobody is notified: there are the pages
    alone.
    """

    evaluator: Evaluator
    stores: ReportStores
    publisher: Publisher
    pages: Pages
    tokens: Tokens
    link_base: str
    now: int

    def run(self) -> Reported | None:
        """Sends what is due; None while another run does."""
        owner = self.tokens.token()
        if not self.stores.leases.take(owner, self.now, self.now + LEASE, run="report-lease"):
            return None
        try:
            return self._run()
        finally:
            self.stores.leases.release(owner, run="report-lease")

    def _run(self) -> Reported:
        done = Reported()
        due = list(self._due())
        if not due:
            return done
        weekly = any(report.kind is ReportKind.WEEKLY for report in due)
        seen = self._look(done, weekly)
        reach = Reach(self.stores.topic_counts.read())
        for report in due:
            if self._is_delivered(report, seen, reach, done):
                self.stores.report_marks.mark(report.name, report.period)
            else:
                done.failed += 1
        return done

    def _is_delivered(
        self, due: DueReport, seen: ReportContents, reach: Reach, done: Reported
    ) -> bool:
        try:
            return self._deliver(due, seen, reach, done)
        except Unavailable as error:
            done.problem = str(error)
            return False

    def _due(self) -> Iterator[DueReport]:
        """Pages first: the mails name them."""
        before = self.stores.report_marks.done()
        for due in self._of_this_period():
            if before.get(due.name) != due.period:
                yield due

    def _of_this_period(self) -> Iterator[DueReport]:
        policy = self.evaluator.policy
        now = periods(self.now, zone(policy))
        for kind in PAGES:
            yield DueReport(kind, now[kind], None)
        if not self.evaluator.live:
            return
        for kind, recipients in audiences(policy).items():
            for recipient in recipients:
                yield DueReport(kind, now[kind], recipient)

    # ------------------------------------------------------------------ what there is to tell

    def _look(self, done: Reported, weekly: bool) -> ReportContents:
        """Every case once; those that are over only where the week is counted."""
        where = zone(self.evaluator.policy)
        starts = week_starts(self.now, where)
        counting = Counting(starts)
        promises = PromiseCounting(*starts[-2:])
        lines: list[ReportLine] = []
        for case in self.stores.cases.every(over=weekly):
            done.cases += 1
            if not isinstance(case, Case):
                done.unreadable += 1
                continue
            if weekly and not counting.matters(case.facts, wakes=case.next_at is not None):
                continue
            try:
                evaluated = self._evaluated(case, weekly)
                lines += self._lines(case, evaluated)
            except Exception:  # noqa: BLE001 - one case must never keep the others out of the report
                done.unreadable += 1
                continue
            counting.add(evaluated.clocks, case.facts)
            promises.add(evaluated.promises)
        report = Report(self.now, where, tuple(lines), done.unreadable)
        if not weekly:
            return ReportContents(report, None)
        return ReportContents(report, counting.attainment(), promises.people())

    def _evaluated(self, case: Case, whole: bool) -> Plan:
        current = self.evaluator.current(case).as_notified(self.evaluator.live)
        context = Context(evidence=self.evaluator.context.evidence)
        return plan(current, self.evaluator.policy, self.now, whole=whole, context=context)

    def _lines(self, case: Case, evaluated: Plan) -> list[ReportLine]:
        """Of an unresolved case, one."""
        if not evaluated.unresolved:
            return []
        return [line(case, evaluated, self.evaluator.policy, self.now)]

    # ------------------------------------------------------------------ telling it

    def _deliver(self, due: DueReport, seen: ReportContents, reach: Reach, done: Reported) -> bool:
        if due.recipient is None:
            self.pages.put(due.page, _page(due.kind, seen))
            done.pages += 1
            return True
        sent = self._send(due.recipient, self._message(due, seen), reach)
        done.sent += sent
        return sent

    def _message(self, due: DueReport, seen: ReportContents) -> Message:
        zone = seen.report.zone
        kind = ReportKind.WEEKLY if due.kind is ReportKind.WEEKLY else ReportKind.DAILY
        page = DueReport(kind, periods(self.now, zone)[kind], None).page
        where = self._where(page)
        if due.kind is ReportKind.WEEKLY and seen.attainment is not None:
            return render_weekly(seen.attainment, seen.promises, self.now, zone, where)
        if due.kind is ReportKind.MONTHLY:
            return render_monthly(seen.report, where)
        return render_daily(seen.report, where)

    def _where(self, key: str) -> Sequence[str]:
        """A link through `respond`: one that S3 signs for a function dies with the function's
        session, within hours.
        """
        if not self.link_base:
            return ["The page:", self.pages.where(key)]
        code = self.tokens.code()
        self.stores.report_marks.put_link(code, key, self.now + LINK_DAYS * DAY)
        return [f"The page, for {LINK_DAYS} days:", f"{self.link_base}/{PATH}/{code}"]

    def _send(self, recipient: Recipient, message: Message, reach: Reach) -> bool:
        """To the recipient; to operations where nobody there can be reached. Raises Unavailable."""
        for destination in dict.fromkeys((recipient, Recipient(OPERATIONS))):
            if reach.nobody(destination):
                continue
            answer = self.publisher.publish(destination, message)
            if isinstance(answer, Sent):
                return True
        return False


def _page(kind: ReportKind, seen: ReportContents) -> str:
    if kind is ReportKind.WEEKLY:
        return page(seen.report, seen.attainment, seen.promises)
    return page(seen.report, None)
