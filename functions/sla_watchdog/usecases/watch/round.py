"""A round: what is due and judged together, from the index to the last message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from sla_watchdog.domain.escalation.case import DamagedItem
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.track.linking import pending_links
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.delivery import Delivery
from sla_watchdog.usecases.watch.due_digests import DueDigests
from sla_watchdog.usecases.watch.operations import PutBack
from sla_watchdog.usecases.watch.ports import Due, Link
from sla_watchdog.usecases.watch.reading import read_apart

Judged = dict[str, Evaluated | DamagedItem]


@frozen
class Rounds:
    evaluator: Evaluator
    link: Link
    digests: DueDigests
    delivery: Delivery
    put_back: PutBack
    books: Books

    def run(self, taken: Sequence[Due]) -> None:
        by_case = {}
        for due in taken:
            if due.digest:
                self.digests.send(due)
            else:
                by_case[due.case] = due
        self._deliver(by_case, list(by_case))
        most_levels = len(self.evaluator.policy.audiences) + 1
        for _ in range(most_levels):
            again = self.books.take_again()
            if not again:
                return
            self._deliver(by_case, again)

    def _deliver(self, by_case: Mapping[str, Due], ids: list[str]) -> None:
        judged = self._judged(ids, by_case)
        sound = {}
        for name, case in judged.items():
            if isinstance(case, Evaluated):
                sound[case.case.id] = case
            elif name in by_case:
                self.put_back.put_back(by_case[name], case)
        for case in sound.values():
            self.books.result.findings += len(case.plan.findings)
        due = [case for case in sound.values() if self._is_due(case)]
        self.delivery.deliver(due)
        self._put_back_refused(by_case, sound)

    def _is_due(self, evaluated: Evaluated) -> bool:
        """The index is only a list of candidates; the item itself decides."""
        next_at = evaluated.case.next_at
        return next_at is not None and next_at <= self.books.now

    def _put_back_refused(self, by_case: Mapping[str, Due], sound: Mapping[str, Evaluated]) -> None:
        for name, problem in self.books.take_refused().items():
            if name in by_case and name in sound:
                failures = sound[name].case.failures
                damaged = DamagedItem(name, problem, failures)
                self.put_back.put_back(by_case[name], damaged)

    # ------------------------------------------------------------ judge, once all is linked

    def _judged(self, ids: list[str], by_case: Mapping[str, Due]) -> Judged:
        """What is to be linked is linked first, so that one matter is one case in every message."""
        judged = self._read(ids, by_case)
        changed = self._linked(judged)
        outdated = []
        for name, case in judged.items():
            if isinstance(case, Evaluated) and case.case.id in changed:
                outdated.append(name)
        if not outdated:
            return judged
        for name in outdated:
            del judged[name]
        return judged | self._read(outdated, by_case)

    def _read(self, ids: Iterable[str], by_case: Mapping[str, Due]) -> Judged:
        """What cannot be read now stays due, and the next tick tries again."""
        read = read_apart(self.evaluator, ids, self.books.now, self.books.troubles)
        for name in read.unread & by_case.keys():
            due = by_case[name]
            self.books.waits_since(int(due.next_at))
        return read.evaluated

    def _linked(self, judged: Judged) -> set[str]:
        """The ids of the cases that were joined. One that cannot be linked now is judged as it
        stands, and is looked at again soon.
        """
        changed: set[str] = set()
        for name, case in judged.items():
            if not isinstance(case, Evaluated):
                continue
            with self.books.guarded(name):
                if pending_links(case.case):
                    changed |= self.link(name, self.books.now)
        return changed
