"""Compose: claims become one message, as they were read last, in words and with links."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.presentation.text import Message, listed, render, render_digest
from sla_watchdog.presentation.view.notice import Kind, Notice, notice
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Claim, Draft, Name, Reach
from sla_watchdog.usecases.watch.ports import AlertLinks, Tokens
from sla_watchdog.usecases.watch.recheck import Recheck

LINK_DAYS = 14
"""How long the link in a message answers."""

DAY = 86_400


@frozen
class Composed:
    """A message (None: nothing is to be sent) and the claims that it carries.

    `over` are claims that are not due any more; of the `failed` ones no message could be made.
    """

    message: Message | None = None
    claims: list[Claim] = field(factory=list)
    over: list[Claim] = field(factory=list)
    failed: list[Claim] = field(factory=list)


@frozen
class Worded:
    """A claim and its notice."""

    claim: Claim
    notice: Notice


@frozen
class Links:
    """Where the reader of a message answers."""

    store: AlertLinks
    tokens: Tokens
    reach: Reach
    base: str
    books: Books

    def link(self, worded: Worded) -> str:
        """'' where nothing is to be answered, nobody reads, or no link can be stored now."""
        if not self.base or not self._is_wanted(worded.notice):
            return ""
        code = self.tokens.code()
        case = worded.notice.case
        expires_at = self.books.now + LINK_DAYS * DAY
        with self.books.guarded(case):
            if self.store.put(code, case, worded.claim.entry, expires_at):
                return f"{self.base}/{code}"
        return ""

    def _is_wanted(self, notice: Notice) -> bool:
        if notice.lead.kind is not Kind.ALERT and not notice.proposals:
            return False
        destination = self.reach.destination(notice.recipient)
        return not self.reach.nobody(destination)


@frozen
class Composer:
    evaluator: Evaluator
    recheck: Recheck
    links: Links
    books: Books

    def notice(self, draft: Draft) -> Notice:
        """What a message says of the draft."""
        seen = evolve(draft.evaluated.case, facts=draft.evaluated.facts)
        now = self.books.now
        return notice(seen, draft.evaluated.plan, draft.alerts, self.evaluator.policy, now)

    # ------------------------------------------------------------ a message of its own

    def single(self, claim: Claim) -> Composed:
        with self.books.guarded(claim.case_id):
            return self._single(claim)
        return Composed(failed=[claim])

    def _single(self, claim: Claim) -> Composed:
        worded = Worded(claim, self.notice(claim.draft))
        link = self.links.link(worded)  # a write, so before the last look
        still_due = self.recheck.one(claim)
        if still_due is None:
            return Composed(over=[claim])
        with_link = evolve(self._notice_now(worded, still_due), link=link)
        message = _whole(render(with_link, self.books.now))
        return Composed(message, [still_due])

    def _notice_now(self, before: Worded, claim: Claim) -> Notice:
        """What is said of the claim as it was read last; the same where nothing of it changed."""
        old, new = before.claim.draft, claim.draft
        if new.alerts == old.alerts and new.evaluated.facts == old.evaluated.facts:
            return before.notice
        return self.notice(new)

    # ------------------------------------------------------------ a digest

    def digest(self, digest: str, claims: Sequence[Claim], destination: Recipient) -> Composed:
        """A member that fails is left out; the others are sent."""
        failed: list[Claim] = []
        worded = self._worded(claims, failed)
        links = self._links(worded)
        rechecked = self.recheck.many([member.claim for member in worded.values()])
        failed += rechecked.failed
        members = []
        for claim in rechecked.due:
            with self.books.guarded(claim.case_id):
                notice = self._notice_now(worded[claim.name], claim)
                link = links.get(claim.name, "")
                members.append(Worded(claim, evolve(notice, link=link)))
                continue
            failed.append(claim)
        message = self._digest_message(digest, members, destination, failed)
        carried = [member.claim for member in members]
        return Composed(message, carried, rechecked.over, failed)

    def _worded(self, claims: Sequence[Claim], failed: list[Claim]) -> dict[Name, Worded]:
        worded = {}
        for claim in claims:
            with self.books.guarded(claim.case_id):
                worded[claim.name] = Worded(claim, self.notice(claim.draft))
                continue
            failed.append(claim)
        return worded

    def _links(self, worded: dict[Name, Worded]) -> dict[Name, str]:
        """Of what the e-mail of the digest lists; none where that cannot be found out."""
        with self.books.guarded("links of a digest"):
            members = worded.values()
            shown = listed(member.notice for member in members)
            in_email = [member for member in members if member.notice.case in shown]
            return {member.claim.name: self.links.link(member) for member in in_email}
        return {}

    def _digest_message(
        self, digest: str, members: list[Worded], destination: Recipient, failed: list[Claim]
    ) -> Message | None:
        """A member that cannot be put into words is taken out of `members`, and is among the
        `failed`. None where no member is left.
        """
        while members:
            try:
                return self._rendered(digest, members, destination)
            except Exception as error:  # noqa: BLE001 - noted of the members that are at fault
                self._take_out_faulty(members, destination, failed, error)
        return None

    def _take_out_faulty(
        self, members: list[Worded], destination: Recipient, failed: list[Claim], error: Exception
    ) -> None:
        """All, where each can be put into words alone."""
        faults = {}
        for member in members:
            fault = self._fault_of(member, destination)
            if fault is not None:
                faults[member.claim.name] = fault
        for member in list(members):
            name = member.claim.name
            if not faults or name in faults:
                self.books.troubles.note(member.claim.case_id, faults.get(name, error))
                members.remove(member)
                failed.append(member.claim)

    def _fault_of(self, member: Worded, destination: Recipient) -> Exception | None:
        """Why a digest of this one alone cannot be put into words."""
        try:
            self._rendered("", [member], destination)
        except Exception as error:  # noqa: BLE001 - it is the answer
            return error
        return None

    def _rendered(self, digest: str, members: list[Worded], destination: Recipient) -> Message:
        notices = [member.notice for member in members]
        return _whole(render_digest(notices, destination, digest, self.books.now))


def _whole(message: Message) -> Message:
    """The message, once its body could be made: a fault in one must show while it can be told whose
    it is.
    """
    message.body()
    return message
