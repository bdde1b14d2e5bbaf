"""Delivers tracking events to customers' endpoints, signed, at least once and in order per parcel."""

import hashlib
import hmac
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from backoff import pauses

#: Seconds an endpoint may take to answer.
TIMEOUT = 10.0
SIGNATURE_HEADER = "Tidewater-Signature"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a customer wants events. `secret`: shared with the customer, never logged."""

    url: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """A tracking event as it is sent. `sequence`: counts up per parcel, without gaps."""

    parcel: str
    sequence: int
    body: bytes


class Post(Protocol):
    """Sends a request and gives the answer's status code; raises OSError when there is no answer."""

    def __call__(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> int: ...


class EndpointGoneError(Exception):
    """The endpoint answered 410 Gone, or stayed away for too long: its deliveries are parked."""


def signature(endpoint: Endpoint, body: bytes, at: int) -> str:
    """The header's value: a time in seconds since 1970, and an HMAC over the time and the raw body.

    The time is signed too: a recorded delivery can't be played back later.
    """
    mac = hmac.new(endpoint.secret, b"%d." % at + body, hashlib.sha256)
    return f"t={at},v2={mac.hexdigest()}"


def deliver(
    event: Event,
    endpoint: Endpoint,
    post: Post,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> int:
    """Deliver one event; return the number of attempts it took.

    The caller delivers a parcel's next event only after this one returned: that keeps them in order.

    Raises:
        EndpointGoneError: the customer must be told.
    """
    attempts = 1
    for pause in pauses(random.Random(event.parcel)):
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: signature(endpoint, event.body, int(now())),
            "Tidewater-Sequence": str(event.sequence),
        }
        try:
            status = post(endpoint.url, event.body, headers, TIMEOUT)
        except OSError:
            status = 0
        if 200 <= status < 300:
            return attempts
        if status == 410:
            break
        sleep(pause)
        attempts += 1
    raise EndpointGoneError(endpoint.url)
