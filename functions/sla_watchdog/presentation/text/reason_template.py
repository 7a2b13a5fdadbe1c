"""A sentence with places for the fields of a value, to say and to read."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from string import Formatter

from attrs import asdict, frozen

from sla_watchdog.domain.escalation.reasons import Reason

Reader = Callable[[str], object]

_NUMBER = (r"[0-9]+", int)
_QUOTED = (r".+", literal_eval)
_TEXT = (r".+?", str)


@frozen(slots=False, eq=False)
class Sentence:
    """For values of one `kind` whose fields have the `fixed` values, which it does not name.

    `{name}` is a text, `{name:d}` a number and `{name!r}` a value as Python quotes it.
    """

    kind: Callable[..., Reason]
    template: str
    fixed: Mapping[str, object]

    def fits(self, reason: Reason) -> bool:
        if type(reason) is not self.kind:
            return False
        return all(getattr(reason, name) == value for name, value in self.fixed.items())

    def say(self, reason: Reason) -> str:
        return self.template.format(**asdict(reason, recurse=False))

    def read(self, text: str) -> Reason | None:
        """None where the text is another sentence."""
        match = self._pattern.fullmatch(text)
        if match is None:
            return None
        try:
            fields = {name: self._readers[name](part) for name, part in match.groupdict().items()}
            return self.kind(**fields, **self.fixed)
        except (ValueError, SyntaxError, MemoryError, RecursionError):  # no value between quotes
            return None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = ""
        for literal, name, (characters, _) in self._places():
            pattern += re.escape(literal)
            if name:
                pattern += f"(?P<{name}>{characters})"
        return re.compile(pattern, re.DOTALL)

    @cached_property
    def _readers(self) -> Mapping[str, Reader]:
        return {name: reader for _, name, (_, reader) in self._places()}

    def _places(self) -> Iterator[tuple[str, str, tuple[str, Reader]]]:
        """The text before each place, its name ('' at the end), and how it is read."""
        for literal, name, spec, conversion in Formatter().parse(self.template):
            if spec == "d":
                yield literal, name or "", _NUMBER
            elif conversion == "r":
                yield literal, name or "", _QUOTED
            else:
                yield literal, name or "", _TEXT


def sentence(kind: Callable[..., Reason], template: str, **fixed: object) -> Sentence:
    return Sentence(kind, template, fixed)
