"""How many messages of their own each destination got within a day, before this tick and in it."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.ports import MessagesOfTheDay


@frozen
class MessageCounts:
    """For pace alone: where the count cannot be read or kept, nothing waits for it."""

    evaluator: Evaluator
    store: MessagesOfTheDay
    books: Books

    def before(self, destination: Recipient) -> int:
        """Of earlier ticks."""
        with self.books.guarded("messages of the day"):
            recent = self.evaluator.context.recent
            return recent.count(destination.name, self.books.now)
        return 0

    def sent(self, destination: Recipient) -> None:
        self.books.singles[destination.name] += 1

    def keep(self) -> None:
        """Once a tick that sent any."""
        if not self.books.singles:
            return
        with self.books.guarded("messages of the day"):
            recent = self.evaluator.context.recent
            self.store.keep(recent.with_sent(self.books.singles, self.books.now))
