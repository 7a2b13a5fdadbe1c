"""What became of the promises of a span of time, person by person."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field, frozen

from sla_watchdog.domain.clocks.promises import Promise


@frozen
class PersonPromises:
    """`made` are the promises made in the span, `renewed` those of them that followed another
    without progress between; `kept` and `broken` those whose time was over in it.
    """

    by: str
    made: int = 0
    renewed: int = 0
    kept: int = 0
    broken: int = 0

    def plus(self, promise: Promise, start: int, end: int) -> PersonPromises:
        is_made = start <= promise.at < end
        is_over = start <= promise.until < end and not promise.put_off
        return evolve(
            self,
            made=self.made + is_made,
            renewed=self.renewed + (is_made and promise.in_a_row > 1),
            kept=self.kept + (is_over and promise.kept),
            broken=self.broken + (is_over and not promise.kept),
        )

    @property
    def any(self) -> bool:
        return bool(self.made or self.kept or self.broken)


@define
class PromiseCounting:
    """Takes in the promises of one case after the other, of the span `start <= t < end`, which is
    over. A name counts as one, whatever its capitals.
    """

    start: int
    end: int
    _people: dict[str, PersonPromises] = field(init=False, factory=dict)

    def add(self, made: Iterable[Promise]) -> None:
        """Each once, though every ticket of a matter has it."""
        for promise in dict.fromkeys(made):
            name = promise.by.casefold()
            before = self._people.get(name, PersonPromises(promise.by))
            self._people[name] = before.plus(promise, self.start, self.end)

    def people(self) -> tuple[PersonPromises, ...]:
        """Whoever broke most first, then whoever renewed most."""
        counted = [person for person in self._people.values() if person.any]
        return tuple(sorted(counted, key=_worst_first))


def _worst_first(person: PersonPromises) -> tuple[int, int, int, str]:
    return -person.broken, -person.renewed, -person.made, person.by.casefold()
