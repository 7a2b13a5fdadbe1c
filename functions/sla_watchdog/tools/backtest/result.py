"""The whole answer of a backtest, and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from attrs import asdict, frozen

from sla_watchdog.presentation.text.evidence import as_json as evidence_as_json
from sla_watchdog.tools.backtest.comparison import changes, loads
from sla_watchdog.tools.backtest.files import alerts_csv, clocks_csv, json_text
from sla_watchdog.tools.backtest.oddities import OF_EVENTS
from sla_watchdog.tools.backtest.play import History, Played
from sla_watchdog.tools.backtest.rows import utc
from sla_watchdog.tools.backtest.suggestions import Suggestions, suggestions
from sla_watchdog.tools.backtest.suggestions import as_json as suggestions_as_json
from sla_watchdog.tools.backtest.summary import (
    SHOWN,
    AudienceLoad,
    as_json,
    audiences,
    noisiest,
    per_day,
    worst,
)
from sla_watchdog.tools.loudness.as_json import as_json as loudness_as_json


@frozen
class Result:
    """`odd` counts every odd line; `against` is the same history under the other policy, where one
    was named. `suggests` is whether limits are asked for.
    """

    history: History
    odd: Mapping[str, int]
    played: Played
    against: Played | None = None
    suggests: bool = False

    @property
    def odd_events(self) -> Mapping[str, int]:
        """How many are odd whatever the file they stand in looks like."""
        return {oddity.value: self.odd[oddity.value] for oddity in OF_EVENTS}

    @property
    def days(self) -> Sequence[str]:
        """In the zone of the policy that is tested."""
        return self.played.loudness.days.names

    @cached_property
    def audiences(self) -> list[AudienceLoad]:
        return audiences(self.played.messages, self.played.loudness)

    def summary(self) -> dict[str, object]:
        """The content of summary.json. It names no file and no time of its making: two runs give
        the same.
        """
        return {
            "from": utc(self.history.first),
            "until": utc(self.played.until),
            "events": self.history.events,
            "tickets": len(self.history.tickets),
            "odd_lines": dict(self.odd_events),
            **self.outcome(),
            **({"suggested": self.suggested()} if self.suggests else {}),
            **({"against": self.compared(self.against)} if self.against else {}),
        }

    @cached_property
    def suggestions(self) -> Suggestions:
        played = self.played
        return suggestions(played.clocks, played.policy, played.until)

    def suggested(self) -> dict[str, object]:
        return suggestions_as_json(self.suggestions)

    def outcome(self) -> dict[str, object]:
        played = self.played
        return {
            "policy": played.policy.hash,
            "cases": played.cases,
            "unresolved": played.unresolved,
            "not_judged": evidence_as_json(played.evidence, played.policy),
            "attainment": as_json(played.attainment),
            "audiences": as_json(self.audiences),
            "superseded": sum(message.passed for message in played.messages),
            "per_day": per_day(played.loudness),
            "loudness": loudness_as_json(played.loudness),
            "noisiest": as_json(noisiest(played.messages)[:SHOWN]),
            "worst": as_json(worst(played.over, played.messages)),
        }

    def compared(self, other: Played) -> dict[str, object]:
        return {
            "policy": other.policy.hash,
            "attainment": as_json(other.attainment),
            "audiences": as_json(audiences(other.messages, other.loudness)),
            "changed_verdicts": [
                asdict(change) for change in changes(other.clocks, self.played.clocks)
            ],
            "messages": [asdict(load) for load in loads(other.loudness, self.played.loudness)],
            "loudness": loudness_as_json(other.loudness),
        }

    def tables(self) -> dict[str, str]:
        """Texts of the files that programs read, by name."""
        return {
            "clocks.csv": clocks_csv(self.played.clocks),
            "alerts.csv": alerts_csv(self.played.messages),
            "summary.json": json_text(self.summary()),
        }
