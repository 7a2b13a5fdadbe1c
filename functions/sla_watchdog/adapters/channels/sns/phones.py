"""Which numbers get SMS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.adapters.channels.sns.codes import UNKNOWN, code_of
from sla_watchdog.domain.escalation.subscribers import SubscriptionState
from sla_watchdog.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

T = TypeVar("T")


@frozen
class Phones:
    """Which numbers SNS lists as confirmed and sends nothing to. This client may repeat: it only
    reads.
    """

    client: SNSClient

    def states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        """CONFIRMED, OPTED_OUT or UNVERIFIED of each. Raises Unavailable where SNS does not say."""
        states = {number: self._state(number) for number in sorted(set(numbers))}
        if SubscriptionState.CONFIRMED not in states.values():
            return states
        verified = self._verified()
        if verified is None:
            return states
        for number, state in states.items():
            if state is SubscriptionState.CONFIRMED and number not in verified:
                states[number] = SubscriptionState.UNVERIFIED
        return states

    def _state(self, number: str) -> SubscriptionState:
        answer = self._asked(
            lambda: self.client.check_if_phone_number_is_opted_out(phoneNumber=number)
        )
        if answer is not None and answer["isOptedOut"]:
            return SubscriptionState.OPTED_OUT
        return SubscriptionState.CONFIRMED

    def _verified(self) -> frozenset[str] | None:
        """The numbers that may be written to from the SMS sandbox; None where the account is out of
        it.
        """
        account = self._asked(self.client.get_sms_sandbox_account_status)
        if account is None or not account["IsInSandbox"]:
            return None
        return self._asked(self._verified_numbers)

    def _verified_numbers(self) -> frozenset[str]:
        verified = set()
        for page in self.client.get_paginator("list_sms_sandbox_phone_numbers").paginate():
            for phone in page["PhoneNumbers"]:
                if phone.get("Status") == "Verified":
                    verified.add(phone["PhoneNumber"])
        return frozenset(verified)

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """None where this SNS knows no such question, as an emulator may not."""
        try:
            return ask()
        except NotImplementedError:  # an emulator in this process
            return None
        except ClientError as error:
            if code_of(error) in UNKNOWN:
                return None
            raise Unavailable(f"SNS does not say who gets SMS: {code_of(error)}") from error
        except BotoCoreError as error:
            raise Unavailable(f"SNS does not say who gets SMS: {type(error).__name__}") from error
