"""Claim, send, settle: how what is due reaches its recipients surely, and is accounted for once.

A message is claimed in its case's outbox under a token and a lease, published, and settled under
that token. Only then does its level count as told. A process that dies in between leaves a claim
that lapses and is judged again.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

from attrs import define, evolve, field

from sla_watchdog.adapters.dynamodb.alert_links import new_code
from sla_watchdog.adapters.dynamodb.audit import AuditItem, AuditTable
from sla_watchdog.adapters.dynamodb.table import is_of_the_service, slices
from sla_watchdog.adapters.dynamodb.watch import Settled, WatchTable
from sla_watchdog.adapters.sns import Publisher
from sla_watchdog.domain.escalation.case import (
    OPERATIONS,
    Alert,
    Case,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
)
from sla_watchdog.domain.escalation.notifications import notified_at
from sla_watchdog.domain.escalation.plan import Plan, superseded
from sla_watchdog.errors import Unavailable, Unstorable
from sla_watchdog.presentation.text import (
    Message,
    NoTopic,
    Sent,
    listed,
    observed_line,
    render,
    render_digest,
)
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.view.notice import Kind, Notice, notice
from sla_watchdog.usecases.judging import FRESH, Evaluated, Evaluator, waking
from sla_watchdog.usecases.watch.drafts import (
    Draft,
    Name,
    Reach,
    TickResult,
    claim_order,
    drafts_of,
    exceeds_claim,
    messages_in_order,
    singles_and_digests,
)
from sla_watchdog.usecases.watch.pace import Pace
from sla_watchdog.usecases.watch.troubles import Troubles, read_apart

LEASE = 150
"""Seconds a claim holds: longer than the function's 120 s limit, so a holder whose lease is over is
dead.
"""

DIGEST_MEMBERS = 1000
"""Messages in one digest at most; more make another."""

RETRY_PAUSE, LONGEST_PAUSE = 60, 900
"""Seconds to the next try after a failed send; they double up to the longest, for ever (promise 4)."""

GIVE_UP_AFTER = 2
"""Failed sends to one topic in a row, after which the rest for it waits for the next tick; other
topics may work.
"""

LINK_DAYS = 14
"""How long the link in a message answers."""

DAY = 86_400


@define
class Sender:
    """Sends within one tick. `live_since` is when mode live began: what came due before it goes
    into a digest.

    `stored` holds each case as last written by this tick. `again` collects the cases that must
    be judged once more in it, because somebody could not be reached and the next level is to be
    told, or because more is due than one claim takes. `refused` are those that the table does
    not take, and why: they are to be put back.
    """

    evaluator: Evaluator
    watch: WatchTable
    audit: AuditTable
    publisher: Publisher
    reach: Reach
    now: int
    live_since: int
    pace: Pace
    link_base: str = ""
    result: TickResult = field(factory=TickResult)
    stored: dict[str, Case] = field(factory=dict)
    again: set[str] = field(factory=set)
    refused: dict[str, str] = field(factory=dict)
    troubles: Troubles = field(init=False)
    _singles: Counter[Recipient] = field(factory=Counter)
    _failures: Counter[Recipient] = field(factory=Counter)
    _gone: set[str] = field(factory=set)

    @troubles.default
    def _none_yet(self) -> Troubles:
        return Troubles(self.result)

    def deliver(self, evaluated: Iterable[Evaluated]) -> None:
        """Claim what is due and there is time for, then send it: urgent first, then what has been
        due the longest.
        """
        with self.pace.sending:
            evaluated = [each for each in evaluated if not self._is_done_with(each)]
        drafts = sorted(
            (draft for each in evaluated for draft in drafts_of(each)), key=lambda draft: draft.rank
        )
        digest_of = self._digests(drafts)
        with self.pace.claiming:
            claimed = self._claim_in_time(evaluated, digest_of)
        with self.pace.sending:
            for message in messages_in_order(claimed, digest_of):
                if digest := digest_of[message[0].name]:
                    self._send_digest(digest, message)
                else:
                    self._send(message[0])

    # claim

    def _digests(self, drafts: Sequence[Draft]) -> dict[Name, str]:
        """Which digest carries each draft; '' for a message of its own."""
        by_topic: dict[Recipient, list[Draft]] = defaultdict(list)
        for draft in drafts:
            by_topic[self.reach.destination(draft.recipient)].append(draft)
        singles_and_digests: dict[Name, str] = {}
        for destination, theirs in by_topic.items():
            singles_and_digests |= self._share(destination, theirs)
        return singles_and_digests

    def _share(self, destination: Recipient, drafts: list[Draft]) -> dict[Name, str]:
        if self._only_observed(destination):
            return dict.fromkeys((draft.name for draft in drafts), "")
        capacity = max(0, self.evaluator.policy.digest_after - self._singles[destination])
        singles, piles = singles_and_digests(drafts, capacity, self.live_since)
        self._singles[destination] += len(singles)
        digests = dict.fromkeys((draft.name for draft in singles), "")
        for members in (some for pile in piles for some in slices(pile, DIGEST_MEMBERS)):
            digests |= dict.fromkeys((draft.name for draft in members), secrets.token_hex(8))
        return digests

    def _claim_in_time(
        self, evaluated: Iterable[Evaluated], digest_of: dict[Name, str]
    ) -> list[Draft]:
        """No more than can be sent and settled before the time is up, the first in turn first; the
        rest stays due.
        """
        claimed: list[Draft] = []
        waiting = deque(sorted(evaluated, key=claim_order))
        while waiting and self.pace.has_time_for(len(claimed)):
            claimed += self._claim_or_put_off(waiting.popleft(), digest_of)
        self.result.left_due += len(waiting)
        return claimed

    def _claim_or_put_off(self, evaluated: Evaluated, digest_of: dict[Name, str]) -> list[Draft]:
        """Where a service fails, the case stays due, or its claim lapses; where the program does,
        it is put back.
        """
        try:
            claimed = self._claim(evaluated, digest_of)
        except Exception as error:  # noqa: BLE001 - one case must never stop the others
            for draft in drafts_of(evaluated):
                self.result.waits_since(draft.rank[1], self.now)
            if not is_of_the_service(error):
                self.refused[evaluated.case.id] = f"{type(error).__name__}: {error}"
            self.troubles.note(evaluated.case.id, error)
            return []
        self.troubles.worked()
        return claimed

    def _claim(self, evaluated: Evaluated, digest_of: dict[Name, str]) -> list[Draft]:
        """Claim what is due for one case in one write, and time its next look; nothing when the
        race was lost.
        """
        self._put_on_record(evaluated)
        case, until = self._with_breaches(evaluated.case, evaluated.plan), self.now + LEASE
        entries = {}
        for draft in drafts_of(evaluated):
            before = case.outbox.get(draft.recipient.key)
            entries[draft.recipient.key] = Entry(
                token=secrets.token_hex(8),
                until=until,
                alerts=draft.alerts,
                digest=digest_of[draft.name],
                attempts=before.attempts + 1 if before else 1,
            )
        after = evolve(case, outbox={**case.outbox, **entries})
        next_at, urgent = self._waking(self.evaluator.plan(after, evaluated.facts, self.now), after)
        same = (next_at, urgent, case.breached) == (
            case.next_at,
            case.urgent,
            evaluated.case.breached,
        )
        if not entries and same and next_at != self.now:
            return []
        self.pace.claiming.count += 1
        try:
            stored = self.watch.claim(case, entries, next_at, urgent)
        except Unstorable as problem:
            self.refused[case.id] = str(problem)
            return []
        if exceeds_claim(evaluated):
            self.again.add(case.id)
        if stored is None:
            self.result.lost += 1
            self.again.add(case.id)
            return []
        self.stored[case.id] = stored
        self.result.claimed += len(entries)
        return [Draft(evaluated, entry.alerts) for entry in entries.values()]

    def _waking(self, plan: Plan, case: Case) -> tuple[int | None, bool]:
        """A process of an older policy never says when a case of a newer one is to be looked at: it
        is due at once.
        """
        next_at, urgent = waking(plan, case, self.now)
        return (self.now if self._is_newer(case) else next_at), urgent

    def _is_newer(self, case: Case) -> bool:
        return case.generation > self.evaluator.generation.number

    def _with_breaches(self, case: Case, evaluated: Plan) -> Case:
        """As it is to be written; nothing that a newer policy recorded is changed."""
        return case if self._is_newer(case) else evolve(case, breached=evaluated.breached)

    def _put_on_record(self, evaluated: Evaluated) -> None:
        """Levels that came due and wait are in the audit with their reason; the same again changes
        nothing.
        """
        waiting = [
            (d.alert, d.outcome, f"{worded(d.reason)}; waits until {d.until}")
            for d in evaluated.plan.decisions
        ]
        if not waiting:
            return
        records = [self._record(evaluated.case.id, *each) for each in waiting]
        try:
            self.audit.put(records)
        except Unavailable as problem:
            self.result.problem = str(problem)
            self.watch.wait_for_audit(evaluated.case.id, records)
        self.result.deferred += len(waiting)

    def _is_done_with(self, evaluated: Evaluated) -> bool:
        """Whether nothing is to be claimed of it: it is judged again in this tick, or stays due for
        the next.
        """
        try:
            return self._settled_lapsed(evaluated)
        except Exception as error:  # noqa: BLE001 - one case must never stop the others
            for entry in evaluated.case.outbox.values():
                self.result.waits_since(entry.alerts[0].due_at, self.now)
            self.troubles.note(evaluated.case.id, error)
            return True

    def _settled_lapsed(self, evaluated: Evaluated) -> bool:
        """Whether a lapsed claim had to be put right first: its digest was sent, or nothing is due
        for it now.
        """
        due = {alert.recipient.key for alert in evaluated.plan.alerts}
        lapsed = {
            key: entry for key, entry in evaluated.case.outbox.items() if entry.until <= self.now
        }
        self.stored[evaluated.case.id] = evaluated.case
        acted = False
        for key, entry in lapsed.items():
            if entry.digest and self.watch.digest_sent(entry.digest):
                self._settle(
                    evaluated,
                    entry,
                    Outcome.IN_DIGEST,
                    "its digest was sent",
                    {"digest": entry.digest},
                )
            elif key not in due:
                self._settle(
                    evaluated,
                    entry,
                    Outcome.WITHDRAWN,
                    "no longer due when its claim was judged again",
                )
                self.result.withdrawn += 1
            else:
                self.result.waits_since(entry.alerts[0].due_at, self.now)
                continue
            acted = True
        if acted:
            self.again.add(evaluated.case.id)
        return acted

    # send

    def _send(self, draft: Draft) -> None:
        """One message to one recipient."""
        try:
            ready = self._ready(draft)
        except Exception as error:  # noqa: BLE001 - one case must never keep the others from being told
            return self._put_off_failed([draft], error)
        if ready is not None:
            self._publish([ready[0]], ready[1], Outcome.SENT, {})
        return None

    def _ready(self, draft: Draft) -> tuple[Draft, Message] | None:
        """What is to be published, as it was read last; None where nothing is."""
        entry = self._entry(draft)
        if self._only_observed(draft.recipient):
            self._observe(draft, entry)
            return None
        notified = self._notice(draft)
        link = self._link(notified, entry)  # a write, so before the last look
        fresh = self._fresh(draft)
        if fresh is None:
            self.result.withdrawn += 1
            self._settle(
                draft.evaluated, entry, Outcome.WITHDRAWN, "not due any more when it was to be sent"
            )
            return None
        notified = evolve(self._still_told(notified, draft, fresh), link=link)
        return fresh, _whole(render(notified, self.now))

    def _still_told(self, notified: Notice, before: Draft, fresh: Draft) -> Notice:
        """What the draft tells as it was read last; the same where nothing of it has changed."""
        same = fresh.alerts == before.alerts and fresh.evaluated.facts == before.evaluated.facts
        return notified if same else self._notice(fresh)

    def _link(self, notified: Notice, entry: Entry) -> str:
        """Where the reader answers; '' where nothing is to be answered, nobody reads, or no link
        can be stored now.
        """
        wanted = notified.lead.kind is Kind.ALERT and not self.reach.nobody(
            self.reach.destination(notified.recipient)
        )
        if not (wanted and self.link_base):
            return ""
        code = new_code()
        try:
            stored = self.watch.put_alert_link(
                code, notified.case, entry, self.now + LINK_DAYS * DAY
            )
        except Exception as error:  # noqa: BLE001 - somebody told without a link beats nobody told
            self.troubles.note(notified.case, error)
            return ""
        return f"{self.link_base}/{code}" if stored else ""

    def _send_digest(self, digest: str, drafts: list[Draft]) -> None:
        """Many messages to one topic as one: the item first, one send, one mark, then member by
        member.
        """
        destination = self.reach.destination(drafts[0].recipient)
        try:
            self.watch.put_digest(digest, destination, [draft.name for draft in drafts], self.now)
            members = self._members(drafts)
        except Exception as error:  # noqa: BLE001 - one digest must never stop the others
            return self._put_off_failed(drafts, error)
        message = self._digest_message(members, destination, digest)
        if message is not None:
            self._publish(
                [draft for draft, _ in members.values()],
                message,
                Outcome.IN_DIGEST,
                {"digest": digest},
            )
        return None

    def _members(self, drafts: list[Draft]) -> dict[Name, tuple[Draft, Notice]]:
        """What the digest tells, as it was read last; a member that fails is put off, and the
        others are told.
        """
        known = {
            draft.name: (notified, draft)
            for draft in drafts
            if (notified := self._notice_or_put_off(draft)) is not None
        }
        links = self._links(known)
        read = self._fresh_of([draft for _, draft in known.values()])
        for name in read.keys() & known.keys():
            if read[name] is None:
                self.result.withdrawn += 1
                draft, reason = known[name][1], "not due any more when its digest was to be sent"
                self._settle(draft.evaluated, self._entry(draft), Outcome.WITHDRAWN, reason)
        members = {}
        for name, fresh in read.items():
            notified = None if fresh is None else self._notice_or_put_off(fresh, known[name])
            if fresh is not None and notified is not None:
                members[name] = fresh, evolve(notified, link=links.get(name, ""))
        return members

    def _notice_or_put_off(
        self, draft: Draft, before: tuple[Notice, Draft] | None = None
    ) -> Notice | None:
        try:
            return self._still_told(*before, draft) if before else self._notice(draft)
        except Exception as error:  # noqa: BLE001 - one case must never keep the others from being told
            self._put_off_failed([draft], error)
            return None

    def _digest_message(
        self, members: dict[Name, tuple[Draft, Notice]], destination: Recipient, digest: str
    ) -> Message | None:
        """The message; a member that cannot be put into words is taken out of `members` and put
        off.
        """
        if not members:
            return None
        try:
            return _whole(
                render_digest(
                    [notified for _, notified in members.values()], destination, digest, self.now
                )
            )
        except Exception as error:  # noqa: BLE001 - see above
            faults = {
                name: self._fault_of(notified, destination)
                for name, (_, notified) in members.items()
            }
            wordless = {name: fault for name, fault in faults.items() if fault} or dict.fromkeys(
                members, error
            )
        for name, fault in wordless.items():
            self._put_off_failed([members.pop(name)[0]], fault)
        return self._digest_message(members, destination, digest)

    def _fault_of(self, notified: Notice, destination: Recipient) -> Exception | None:
        """Why a digest of this one alone cannot be put into words."""
        try:
            _whole(render_digest([notified], destination, "", self.now))
        except Exception as error:  # noqa: BLE001 - it is the answer
            return error
        return None

    def _links(self, known: Mapping[Name, tuple[Notice, Draft]]) -> dict[Name, str]:
        """What the e-mail of a digest lists can be answered from it."""
        shown = listed(notified for notified, _ in known.values())
        return {
            name: self._link(notified, self._entry(draft))
            for name, (notified, draft) in known.items()
            if notified.case in shown
        }

    def _publish(
        self, drafts: list[Draft], message: Message, outcome: Outcome, extra: dict[str, str]
    ) -> None:
        destination = self.reach.destination(drafts[0].recipient)
        if not self.pace.has_time() or self._failures[destination] >= GIVE_UP_AFTER:
            return self._put_off(drafts, tried=False)
        try:
            answer = self.publisher.publish(destination, message)
        except Unavailable as problem:
            self._failures[destination] += 1
            return self._put_off(drafts, tried=True, reason=str(problem))
        except Exception as error:  # noqa: BLE001 - one message must never stop the others
            return self._put_off_failed(drafts, error)
        self.troubles.worked()
        self._failures[destination] = 0
        if isinstance(answer, NoTopic):
            self._note_gone(destination)
        if not isinstance(answer, Sent):
            return self._not_delivered(drafts, destination, str(answer))
        if outcome is Outcome.IN_DIGEST:
            self._mark_sent(extra["digest"], answer.message_id)
            self.result.digested += len(drafts)
        if self.reach.nobody(destination):
            return self._not_delivered(
                drafts, destination, "its topic has no confirmed subscription"
            )
        self.result.sent += 1
        notified = {**extra, "topic": answer.topic, "message_id": answer.message_id}
        for draft in drafts:
            if outcome is Outcome.IN_DIGEST and self.pace.is_over():
                self.result.left_due += (
                    1  # its claim lapses, and the mark on the digest says that it was told
                )
                continue
            self.result.lag_seconds = max(self.result.lag_seconds, self.now - draft.since)
            self._settle(
                draft.evaluated,
                self._entry(draft),
                outcome,
                worded(draft.alerts[0].reason),
                notified,
                draft.alerts,
            )
        return None

    def _mark_sent(self, digest: str, message_id: str) -> None:
        """For the claims that lapse before they are settled. Where it fails, those alone are told a
        second time.
        """
        try:
            self.watch.mark_digest_sent(digest, self.now, message_id)
        except Exception as error:  # noqa: BLE001 - its members are settled all the same
            self.troubles.note(f"digest {digest}", error)

    def _note_gone(self, destination: Recipient) -> None:
        """So that the next count sees that the topic is back: who was not told meanwhile is told
        then.
        """
        counted = self.reach.topics or {}
        for topic in (destination.topic, destination.everyone.topic):
            if counted.get(topic) and topic not in self._gone:
                self._gone.add(topic)
                self._say_gone(topic)

    def _say_gone(self, topic: str) -> None:
        try:
            self.watch.topic_is_gone(topic)
        except Exception as error:  # noqa: BLE001 - the next count sees it
            self.troubles.note(f"topic {topic}", error)

    def _not_delivered(self, drafts: list[Draft], destination: Recipient, why: str) -> None:
        """Nobody there: for a topic of urgent ones that is as it may be; for an audience the next
        level is told.
        """
        outcome = Outcome.SUPPRESSED if destination.urgent else Outcome.UNDELIVERABLE
        for draft in drafts:
            self._settle(
                draft.evaluated,
                self._entry(draft),
                outcome,
                why,
                {"topic": destination.topic},
                draft.alerts,
            )
            if destination.urgent:
                self.result.suppressed += 1
            else:
                self.result.undeliverable += 1
                self.again.add(draft.evaluated.case.id)

    def _put_off(self, drafts: list[Draft], tried: bool, reason: str = "") -> None:
        """The claim is given back: due at once when there was no time for it, after a growing pause
        when it failed.

        When there is no time for that either, its lease runs out.
        """
        for draft in drafts:
            entry = self._entry(draft)
            pause = (
                min(RETRY_PAUSE * 2 ** min(entry.attempts - 1, 10), LONGEST_PAUSE) if tried else 0
            )
            self._give_back(draft, entry, self.now + pause)
            self.result.waits_since(draft.rank[1], self.now)
            if tried:
                self.result.retried += 1
                self.result.problem = reason
            else:
                self.result.left_due += 1

    def _give_back(self, draft: Draft, entry: Entry, until: int) -> None:
        if self.pace.is_over():
            return
        case = self.stored[draft.evaluated.case.id]
        try:
            self.watch.retry_later(case, draft.recipient.key, entry.token, until, entry.attempts)
        except Exception as error:  # noqa: BLE001 - its lease runs out
            self.troubles.note(case.id, error)
        else:
            self.troubles.worked()

    def _put_off_failed(self, drafts: list[Draft], error: Exception) -> None:
        """What failed before it was sent: it is counted once, and tried again after a growing
        pause.
        """
        self.troubles.note(drafts[0].evaluated.case.id, error)
        self._put_off(drafts, tried=True, reason=self.result.problem)

    def _observe(self, draft: Draft, entry: Entry) -> None:
        """Mode observe: noted for the daily digest and in the audit, sent to nobody."""
        end_of_day = (self.now // DAY + 1) * DAY
        day = datetime.fromtimestamp(self.now, UTC).date().isoformat()
        self.watch.append_observed(day, observed_line(self._notice(draft)), end_of_day)
        self._settle(draft.evaluated, entry, Outcome.OBSERVED, "mode observe: not sent")
        self.result.observed += 1

    def _only_observed(self, recipient: Recipient) -> bool:
        """Mode observe sends nothing, but findings still reach operations: they are about the
        set-up itself.
        """
        return not self.evaluator.live and recipient.audience != OPERATIONS

    # judge again

    def _fresh(self, draft: Draft) -> Draft | None:
        """None where it is not due any more. Raises where that cannot be told."""
        if monotonic() - draft.evaluated.read_at <= FRESH:
            return draft
        case = draft.evaluated.case.id
        return self._still_due(draft, self.evaluator.evaluate([case], self.now)[case])

    def _fresh_of(self, drafts: list[Draft]) -> dict[Name, Draft | None]:
        """Each as it is by reads at most `FRESH` old, without the alerts that are not due any more;
        None where none is.

        One of which that cannot be told is put off, and absent.
        """
        if all(monotonic() - draft.evaluated.read_at <= FRESH for draft in drafts):
            return {draft.name: draft for draft in drafts}
        cases = dict.fromkeys(draft.evaluated.case.id for draft in drafts)
        read = read_apart(self.evaluator, cases, self.now, self.troubles)
        found: dict[Name, Draft | None] = {}
        for draft in drafts:
            try:
                found[draft.name] = self._still_due(draft, read.evaluated[draft.evaluated.case.id])
            except Exception as error:  # noqa: BLE001 - one case must never keep the others from being told
                self._put_off_failed([draft], error)
        return found

    def _still_due(self, draft: Draft, evaluated: object) -> Draft | None:
        """The draft under the new judgement, made as if its own claim were not there."""
        if not isinstance(evaluated, Evaluated):
            return None
        others = {
            key: entry for key, entry in evaluated.case.outbox.items() if key != draft.recipient.key
        }
        now_due = self.evaluator.plan(
            evolve(evaluated.case, outbox=others), evaluated.facts, self.now
        )
        ids = {alert.id for alert in now_due.alerts}
        alerts = tuple(alert for alert in draft.alerts if alert.id in ids)
        return Draft(evolve(evaluated, plan=now_due), alerts) if alerts else None

    # settle

    def _settle(
        self,
        evaluated: Evaluated,
        entry: Entry,
        outcome: Outcome,
        reason: str,
        extra: dict[str, str] | None = None,
        notified: Sequence[Alert] | None = None,
    ) -> None:
        """Take the entry out, record how each of its levels ended, and time the next look: one
        transaction.

        `notified` are the alerts that the message carried (all, unless said): the others of the
        entry were moot.
        """
        case = self.stored[evaluated.case.id]
        ended = entry.alerts if notified is None else notified
        records = [self._record(case.id, alert, outcome, reason, extra) for alert in ended]
        moot = [alert for alert in entry.alerts if alert not in ended]
        records += [
            self._record(case.id, alert, Outcome.WITHDRAWN, "not due any more") for alert in moot
        ]
        reached = {}
        if outcome is not Outcome.WITHDRAWN:
            at = {a: self._told_at(case, a) for a in ended}
            reached = {(a.clock_key, entry.key): LastNotified.by(a, at[a], outcome) for a in ended}
            records += [
                self._record(case.id, p, Outcome.SUPERSEDED, worded(p.reason))
                for p in self._passed(evaluated, ended)
            ]
        outbox = {key: other for key, other in case.outbox.items() if key != entry.key}
        after = evolve(case, outbox=outbox, reached={**case.reached, **reached})
        case, next_at, urgent = self._followed(case, after, evaluated)
        self.pace.sending.count += 1
        try:
            answer, stored = self.watch.settle(
                case, entry.key, entry.token, reached, records, next_at, urgent, self.now
            )
        except Unstorable as problem:
            self.refused[case.id] = str(problem)
            return
        except Exception as error:  # noqa: BLE001 - the claim lapses, and this is told once more, under the same id
            self.troubles.note(case.id, error)
            return
        self.troubles.worked()
        if answer is Settled.LOST:
            self.result.lost += 1
        else:
            self.stored[case.id] = stored

    def _followed(
        self, case: Case, after: Case, evaluated: Evaluated
    ) -> tuple[Case, int | None, bool]:
        """The case with its breaches, and when to look again; soon where it cannot be judged any
        more: what was sent must be settled all the same.
        """
        try:
            following = self.evaluator.plan(
                after, evaluated.facts | case.facts, self.now
            )  # others may have added to it since
            return self._with_breaches(case, following), *self._waking(following, after)
        except Exception as error:  # noqa: BLE001 - see above
            self.troubles.note(case.id, error)
            return case, self.now + RETRY_PAUSE, case.urgent

    def _told_at(self, case: Case, alert: Alert) -> int:
        try:
            return notified_at(case, alert, self.now)
        except Exception as error:  # noqa: BLE001 - what was sent must be settled all the same
            self.troubles.note(case.id, error)
            return self.now

    def _passed(self, evaluated: Evaluated, alerts: Sequence[Alert]) -> list[Alert]:
        """The levels that were passed, for the record; none where that cannot be told."""
        try:
            return self._superseded(evaluated, alerts)
        except Exception as error:  # noqa: BLE001 - what was sent must be settled all the same
            self.troubles.note(evaluated.case.id, error)
            return []

    def _superseded(self, evaluated: Evaluated, alerts: Sequence[Alert]) -> list[Alert]:
        clocks = {clock.key: clock for clock in evaluated.plan.clocks}
        known = [(alert, clocks[alert.clock_key]) for alert in alerts if alert.clock_key in clocks]
        return [
            p
            for alert, clock in known
            for p in superseded(evaluated.case, alert, clock, evaluated.plan.evaluation)
        ]

    def _record(
        self,
        case: str,
        alert: Alert,
        outcome: Outcome,
        reason: str,
        extra: dict[str, str] | None = None,
    ) -> AuditItem:
        """A level that waits is recorded at the instant it came due, all else as of now."""
        at = alert.due_at if outcome is Outcome.DEFERRED else self.now
        details = {"ref": alert.ref, "severity": alert.severity.value, **(extra or {})}
        return AuditItem(case, at, alert.id, outcome, reason, details)

    def _notice(self, draft: Draft) -> Notice:
        """What the message tells."""
        seen = evolve(draft.evaluated.case, facts=draft.evaluated.facts)
        return notice(seen, draft.evaluated.plan, draft.alerts, self.evaluator.policy, self.now)

    def _entry(self, draft: Draft) -> Entry:
        return self.stored[draft.evaluated.case.id].outbox[draft.recipient.key]


def _whole(message: Message) -> Message:
    """The message, once its body could be made: a fault in one must show while it can be told whose
    it is.
    """
    message.body()
    return message
