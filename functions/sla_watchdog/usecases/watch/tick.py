"""watch: one tick. Take what is due, judge it, claim, send, settle, and say how it went."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from attrs import define, field

from sla_watchdog.adapters.dynamodb.audit import AuditTable
from sla_watchdog.adapters.dynamodb.rosters import RECIPIENTS
from sla_watchdog.adapters.dynamodb.table import described
from sla_watchdog.adapters.dynamodb.watch import SHARDS, DamagedItem, Due, WatchTable
from sla_watchdog.adapters.sns import Publisher
from sla_watchdog.adapters.sqs import SegmentsQueue
from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.deletions import held_text
from sla_watchdog.domain.escalation.subscribers import Absence, after_notifying, due_absences
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import (
    Message,
    Observed,
    Sent,
    render,
    render_absence,
    render_observed,
)
from sla_watchdog.presentation.view.notice import finding_notice
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.sweep.sweep import start
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.watch.drafts import Reach, TickResult
from sla_watchdog.usecases.watch.pace import Pace
from sla_watchdog.usecases.watch.sending import LEASE, Sender
from sla_watchdog.usecases.watch.troubles import Troubles, read_apart

ROUND = 1000
"""Cases judged together: enough that a storm makes few digests, few enough to fit the function's
memory.
"""

FIRST_PUT_BACK, LONGEST_PUT_BACK = 60, 3600
"""Seconds for which a case that cannot be judged is put back; doubling up to an hour (DESIGN.md
section 6).
"""


DAY = 86_400

TOLD_AGAIN_AFTER = 24
"""Failures in a row after which operations are told once more; by then they are an hour apart."""


@define
class Tick:
    """One scheduled run at `now`. `live_since` is when mode live began. A new policy asks for a
    sweep first.
    """

    evaluator: Evaluator
    watch: WatchTable
    audit: AuditTable
    publisher: Publisher
    queue: SegmentsQueue
    segments: int
    now: int
    live_since: int
    time_left: Callable[[], float]
    link_base: str = ""
    _problem: str = field(init=False, default="")
    """Why something that the tick can do without could not be done."""
    _no_lease: Exception | None = field(init=False, default=None)

    def run(self) -> TickResult | None:
        """Send everything that is due; None while another tick runs, which is for pace, never for
        correctness.
        """
        owner = secrets.token_hex(8)
        if not self._may_run(owner):
            return None
        try:
            if not self.evaluator.generation.swept:
                self._ask_for_sweep()
            return self._done(self._run())
        finally:
            self._let_others_run(owner)

    def _may_run(self, owner: str) -> bool:
        """Also where the lease cannot be taken for a failure: of two ticks at once each claim goes
        to one.
        """
        try:
            return self.watch.run_lease(owner, self.now, self.now + LEASE)
        except Exception as error:  # noqa: BLE001 - see above
            self._no_lease, self._problem = error, described(error)
            return True

    def _done(self, result: TickResult) -> TickResult:
        """Raises where nothing could be written at all, the lease neither: such a tick has no
        heartbeat.
        """
        if self._no_lease is not None and not (result.claimed or result.put_back):
            raise self._no_lease
        result.problem = result.problem or self._problem
        return result

    def _let_others_run(self, owner: str) -> None:
        """Where that fails, the lease ends by itself: it costs two ticks, and nothing is lost."""
        try:
            self.watch.release_run(owner)
        except Exception as error:  # noqa: BLE001 - see above
            self._problem = described(error)

    def _ask_for_sweep(self) -> None:
        """Where it cannot be asked for, the next tick asks again; what is due does not wait for it."""
        try:
            start(self.queue, self.segments)
            self.watch.mark_swept(self.evaluator.generation.number)
        except Exception as error:  # noqa: BLE001 - see above
            self._problem = described(error)

    def _run(self) -> TickResult:
        reach, pace = Reach(self.watch.topics()), Pace(self.time_left)
        sender = Sender(
            self.evaluator,
            self.watch,
            self.audit,
            self.publisher,
            reach,
            self.now,
            self.live_since,
            pace,
            self.link_base,
        )
        due = self._due(sender.troubles)
        while taken := list(islice(due, ROUND)):
            sender.result.due += len(taken)
            if not pace.has_time():
                sender.result.left_due += len(taken) + sum(1 for _ in due)
                break
            self._round(taken, sender)
        self._report_deletions_or_put_off(sender)
        return sender.result

    def _report_deletions_or_put_off(self, sender: Sender) -> None:
        try:
            self._report_deletions(sender)
        except Exception as error:  # noqa: BLE001 - it is reported by the next tick, and no case waits for it
            sender.troubles.note("deletions", error)

    def _report_deletions(self, sender: Sender) -> None:
        """Operations are notified once deletions are held, and daily while they are."""
        nothing_new = (
            self.evaluator.generation.swept and not sender.result.due
        )  # what is held asks for a sweep
        if nothing_new or self.evaluator.context.deletions_held_since is None:
            return
        known = self.watch.deletions(self.now)
        if known.held_since is None or self.now < known.reported_at + DAY:
            return
        found = finding_notice("Tickets table", "deletions", held_text(known), self.now)
        if self._tell_operations(render(found, self.now), sender) is None:
            sender.result.retried += 1
            return
        self.watch.deletions_reported(self.now)
        sender.result.sent += 1

    def _due(self, troubles: Troubles) -> Iterator[Due]:
        """Every key with next_at <= now, the urgent shards first, each to its last page where that
        can be read.
        """
        for shard in SHARDS:
            try:
                yield from self.watch.due(shard, self.now)
            except Exception as error:  # noqa: BLE001 - the other shards are read; the rest of this one stays due
                troubles.note(f"shard {shard}", error)
            else:
                troubles.worked()

    def _round(self, taken: list[Due], sender: Sender) -> None:
        for digest in (due for due in taken if due.digest):
            self._send_digest_or_put_off(digest, sender)
        by_case = {due.case: due for due in taken if not due.digest}
        self._deliver(by_case, list(by_case), sender)
        for _ in range(len(self.evaluator.policy.audiences) + 1):
            if not sender.again:
                return
            again, sender.again = list(sender.again), set()
            self._deliver(by_case, again, sender)

    def _deliver(self, by_case: dict[str, Due], ids: list[str], sender: Sender) -> None:
        evaluated = self._judged(ids, by_case, sender)
        for name, each in evaluated.items():
            if isinstance(each, DamagedItem) and name in by_case:
                self._put_back(by_case[name], each, sender)
        sound = {each.case.id: each for each in evaluated.values() if isinstance(each, Evaluated)}
        sender.result.findings += sum(len(each.plan.findings) for each in sound.values())
        sender.deliver([each for each in sound.values() if self._is_due(each)])
        for name, problem in sender.refused.items():
            if name in by_case and name in sound:
                self._put_back(
                    by_case[name], DamagedItem(name, problem, sound[name].case.failures), sender
                )
        sender.refused.clear()

    def _judged(
        self, ids: list[str], by_case: dict[str, Due], sender: Sender
    ) -> dict[str, Evaluated | DamagedItem]:
        """What is to be linked is linked first, so that one matter is told as one case."""
        evaluated = self._read(ids, by_case, sender)
        refused_links = [
            name
            for name, each in evaluated.items()
            if isinstance(each, Evaluated) and pending_links(each.case)
        ]
        changed = {case for name in refused_links for case in self._link(name, sender.troubles)}
        torn = [
            name
            for name, each in evaluated.items()
            if isinstance(each, Evaluated) and each.case.id in changed
        ]
        if not torn:
            return evaluated
        whole = {name: each for name, each in evaluated.items() if name not in torn}
        return whole | self._read(torn, by_case, sender)

    def _read(
        self, ids: list[str], by_case: dict[str, Due], sender: Sender
    ) -> dict[str, Evaluated | DamagedItem]:
        """What cannot be read now stays due, and the next tick tries again."""
        read = read_apart(self.evaluator, ids, self.now, sender.troubles)
        for name in read.unread & by_case.keys():
            sender.result.waits_since(int(by_case[name].next_at), self.now)
        return read.evaluated

    def _link(self, name: str, troubles: Troubles) -> frozenset[str]:
        """None where it cannot be done now: the case is told as it stands, and is looked at again
        soon.
        """
        try:
            return Linker(self.evaluator, self.watch).link(name, self.now)
        except Exception as error:  # noqa: BLE001 - one case must never stop the others
            troubles.note(name, error)
            return frozenset()

    def _is_due(self, evaluated: Evaluated) -> bool:
        """The index is only a list of candidates; the item itself decides."""
        return evaluated.case.next_at is not None and evaluated.case.next_at <= self.now

    def _put_back(self, due: Due, damaged: DamagedItem, sender: Sender) -> None:
        """A case that cannot be read or judged never stops the others: it comes again later, and
        later.

        Operations are told the first time, and about once a day while it lasts; before the
        write, since a message too many beats one too few. Where they could not be told, the
        failure does not count, and they are the next time.
        """
        try:
            notified = damaged.failures % TOLD_AGAIN_AFTER != 0 or self._told_of(damaged, sender)
            wait = min(FIRST_PUT_BACK * 2 ** min(damaged.failures, 10), LONGEST_PUT_BACK)
            self.watch.put_back(due, self.now + wait, damaged.reason, counts=notified)
        except Exception as error:  # noqa: BLE001 - it stays due, and the next tick tries again
            sender.result.waits_since(int(due.next_at), self.now)
            sender.troubles.note(damaged.case, error)
            return
        sender.troubles.worked()
        sender.result.put_back += 1

    def _told_of(self, damaged: DamagedItem, sender: Sender) -> bool:
        """Whether operations were told of it, or there is nobody to tell."""
        found = finding_notice(damaged.case, "judgement", damaged.reason, self.now)
        return self._tell_operations(render(found, self.now), sender) is not None

    def _send_digest_or_put_off(self, due: Due, sender: Sender) -> None:
        send = self._notify_of_absences if due.digest == RECIPIENTS else self._send_observed
        try:
            send(due, sender)
        except Exception as error:  # noqa: BLE001 - one digest must never stop the cases
            sender.result.waits_since(int(due.next_at), self.now)
            sender.troubles.note(due.pk, error)
        else:
            sender.troubles.worked()

    def _send_observed(self, due: Due, sender: Sender) -> None:
        """The daily digest of mode observe, to operations: what would have been sent, and to whom."""
        digest = self.watch.digest(due.digest)
        if digest is None:
            return
        message = render_observed(
            Observed(digest.id.removeprefix("observe-"), digest.lines, digest.count), self.now
        )
        sent = self._tell_operations(message, sender)
        if sent is None:
            wait = (
                LONGEST_PUT_BACK if sender.reach.nobody(Recipient(OPERATIONS)) else FIRST_PUT_BACK
            )
            self.watch.put_back(due, self.now + wait, "operations could not be told")
            sender.result.retried += 1
            return
        self.watch.mark_digest_sent(due.digest, self.now, sent)
        sender.result.sent += 1

    def _tell_operations(self, message: Message, sender: Sender) -> str | None:
        """The message id, '' where operations have no topic; None while SNS cannot be used or
        nobody is there.
        """
        operations = Recipient(OPERATIONS)
        if sender.reach.nobody(operations):
            sender.result.undeliverable += 1
            return None
        try:
            answer = self.publisher.publish(operations, message)
        except Unavailable:
            return None
        return answer.message_id if isinstance(answer, Sent) else ""

    def _notify_of_absences(self, due: Due, sender: Sender) -> None:
        """Somebody who should get alerts gets none: the others, the next audience up and operations
        hear of it.
        """
        roster, reachable = self.watch.roster(), sender.reach.topics or {}
        absences = due_absences(
            roster, reachable, self.evaluator.policy, self.now, self.evaluator.live
        )
        sent, problem = self._published(absences)
        if sent:
            self.watch.change_roster(lambda stands: after_notifying(stands, sent, self.now))
            sender.result.sent += len(sent)
        if problem:
            sender.result.retried += len(absences) - len(sent)
            sender.result.problem = problem
            self.watch.put_back(due, self.now + FIRST_PUT_BACK, problem)
        else:
            self.watch.recipients_are_notified(due)

    def _published(self, absences: Sequence[Absence]) -> tuple[list[Absence], str]:
        """Those that SNS took, and why it could not take another; what it refuses comes again with
        the next sweep.
        """
        sent, problem = [], ""
        for each in absences:
            try:
                answer = self.publisher.publish(each.to, render_absence(each, self.now))
            except Unavailable as error:
                problem = described(error)
                continue
            if isinstance(answer, Sent):
                sent.append(each)
        return sent, problem
