"""report: what is old, breached, at risk and broken, and how targets were kept, told to the
audiences of the ceilings.

It runs every hour; what was not told yet of this day, week or month is told, so the next run
repeats what failed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from attrs import define, frozen

from sla_watchdog.adapters.dynamodb.alert_links import new_code
from sla_watchdog.adapters.dynamodb.watch import WatchTable
from sla_watchdog.adapters.s3 import Reports
from sla_watchdog.adapters.sns import Publisher
from sla_watchdog.domain.clocks.attainment import Attainment, Counting, week_starts
from sla_watchdog.domain.escalation.case import OPERATIONS, Case, Recipient
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.time.lengths import DAY
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.html.report_page import page
from sla_watchdog.presentation.text import Message, Sent
from sla_watchdog.presentation.text.report import render_daily, render_monthly, render_weekly
from sla_watchdog.presentation.view.report import Kind, Report, audiences, line, periods, zone
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.drafts import Reach

LEASE = 930
"""Seconds; longer than the time limit of the function, so a holder whose lease is over is dead."""

PAGE = "page"
"""Where a report goes beside its recipients: the bucket."""

LINK_DAYS = 14
"""How long the link in a mail opens its page."""

PATH = "report"
"""What stands before the code of such a link."""

PAGES = (Kind.DAILY, Kind.WEEKLY)


@frozen
class Due:
    """A report that is not yet `where` it belongs: a recipient's key, or the page."""

    kind: Kind
    period: str
    recipient: Recipient | None

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.recipient.key if self.recipient else PAGE}"

    @property
    def page(self) -> str:
        """The key of the page in the bucket; the oldest cases of a month are on that of the day."""
        return f"{self.kind}/{self.period}.html"


@define
class Reported:
    """What a run did. `problem` is the last reason why something could not be told; the next run
    tries again.
    """

    cases: int = 0
    unreadable: int = 0
    pages: int = 0
    sent: int = 0
    failed: int = 0
    problem: str = ""


@frozen
class Seen:
    report: Report
    attainment: Attainment | None


@frozen
class Reporter:
    """In mode observe, where `judge.live` is False, nobody is told: there are the pages alone."""

    evaluator: Evaluator
    watch: WatchTable
    publisher: Publisher
    reports: Reports
    link_base: str
    now: int

    def run(self) -> Reported | None:
        """Tell what is due; None while another run does."""
        owner = secrets.token_hex(8)
        if not self.watch.run_lease(owner, self.now, self.now + LEASE, run="report-lease"):
            return None
        try:
            return self._run()
        finally:
            self.watch.release_run(owner, run="report-lease")

    def _run(self) -> Reported:
        done = Reported()
        due = list(self._due())
        if not due:
            return done
        seen = self._look(done, weekly=any(each.kind is Kind.WEEKLY for each in due))
        reach = Reach(self.watch.topics())
        for each in due:
            try:
                notified = self._deliver(each, seen, reach, done)
            except Unavailable as error:
                notified, done.problem = False, str(error)
            if notified:
                self.watch.report_done(each.name, each.period)
            else:
                done.failed += 1
        return done

    def _due(self) -> Iterator[Due]:
        """Pages first: the mails name them."""
        before, policy = self.watch.reports_done(), self.evaluator.policy
        now = periods(self.now, zone(policy))
        wanted = [Due(kind, now[kind], None) for kind in PAGES]
        if self.evaluator.live:
            wanted += [
                Due(kind, now[kind], to)
                for kind, notified in audiences(policy).items()
                for to in notified
            ]
        return (each for each in wanted if before.get(each.name) != each.period)

    # ------------------------------------------------------------------ what there is to tell

    def _look(self, done: Reported, weekly: bool) -> Seen:
        """Every case once; those that are over only where the week is counted."""
        policy = self.evaluator.policy
        counting = Counting(week_starts(self.now, zone(policy)))
        lines = []
        for case in self.watch.every_case(over=weekly):
            done.cases += 1
            if not isinstance(case, Case):
                done.unreadable += 1
                continue
            if weekly and not counting.matters(case.facts, wakes=case.next_at is not None):
                continue
            try:
                evaluated = plan(
                    self.evaluator.current(case).as_notified(self.evaluator.live),
                    policy,
                    self.now,
                    whole=weekly,
                )
                if evaluated.unresolved:
                    lines.append(line(case, evaluated, policy.shared, self.now))
            except Exception:  # noqa: BLE001 - one case must never keep the others out of the report
                done.unreadable += 1
                continue
            counting.add(evaluated.clocks, case.facts)
        report = Report(self.now, zone(policy), tuple(lines), done.unreadable)
        return Seen(report, counting.attainment() if weekly else None)

    # ------------------------------------------------------------------ telling it

    def _deliver(self, due: Due, seen: Seen, reach: Reach, done: Reported) -> bool:
        if due.recipient is None:
            self.reports.put(
                due.page, page(seen.report, seen.attainment if due.kind is Kind.WEEKLY else None)
            )
            done.pages += 1
            return True
        notified = self._tell(due.recipient, self._message(due, seen), reach)
        done.sent += notified
        return notified

    def _message(self, due: Due, seen: Seen) -> Message:
        kind = Kind.WEEKLY if due.kind is Kind.WEEKLY else Kind.DAILY
        where = self._where(Due(kind, periods(self.now, seen.report.zone)[kind], None).page)
        if due.kind is Kind.WEEKLY and seen.attainment is not None:
            return render_weekly(seen.attainment, self.now, seen.report.zone, where)
        return (render_monthly if due.kind is Kind.MONTHLY else render_daily)(seen.report, where)

    def _where(self, key: str) -> Sequence[str]:
        """A link through `respond`: one that S3 signs for a function dies with the function's
        session, within hours.
        """
        if not self.link_base:
            return ["The page:", self.reports.where(key)]
        code = new_code()
        self.watch.put_report_link(code, key, self.now + LINK_DAYS * DAY)
        return [f"The page, for {LINK_DAYS} days:", f"{self.link_base}/{PATH}/{code}"]

    def _tell(self, recipient: Recipient, message: Message, reach: Reach) -> bool:
        """To the recipient; to operations where nobody there can be told. Raises Unavailable."""
        listening = [each for each in (recipient, Recipient(OPERATIONS)) if not reach.nobody(each)]
        return any(
            isinstance(self.publisher.publish(each, message), Sent)
            for each in dict.fromkeys(listening)
        )
