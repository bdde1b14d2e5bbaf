"""API responses: named endpoints of the settings, or URLs; asked for at most once in their time to live.

What counts when the other side fails: the last good response, marked stale; else the sample of the settings, marked
stale too; else nothing, and the reference says why.

**A response answers the same question only**: the same URL, with the same headers, by whom the same hosts may be fetched from (a
redirect leads as far as that). What was fetched with headers, any of which may be a credential, stays in this process's memory.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from weighbridge.config import Settings
from weighbridge.content.base import Content, ContentRequest, retry_policy
from weighbridge.content.hosts import AllowedHosts, Resolver, resolve_by_system
from weighbridge.content.policy import shown
from weighbridge.content.responses import LastGood, ResponseStore
from weighbridge.errors import Code, Problem, ReferenceFault
from weighbridge.name_patterns import fits
from weighbridge.references.model import Kind
from weighbridge.work import RetryPolicy, retry

if TYPE_CHECKING:
    import httpx

    from weighbridge.content.fetch import Fetcher

#: Seconds that a response counts as today's where nothing says otherwise; and until a failed one is asked for again.
TIME_TO_LIVE = 300.0
TRY_AGAIN = 60.0
#: Characters of a URL.
LONGEST_URL = 4000

#: Of this process alone: a digest with it tells nobody whether a guess at a header or a query is right.
_SALT = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a reference asks for. `name`: for people: never a query or credentials. `ttl`: seconds, where no pattern of
    `apiCache` says otherwise of one of `names`.
    """

    name: str
    url: str
    names: tuple[str, ...]
    ttl: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    select: str | None = None
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """What settings say of all endpoints. `name`: stands for it in keys; `allow`: the same of what a redirect may lead to."""

    settings: Settings
    name: str
    allow: str
    allowed: AllowedHosts

    @classmethod
    def of(cls, settings: Settings) -> "_Rules":
        allow = _digest([*settings.api_allow])
        ttls = [[entry.pattern, entry.ttl] for entry in settings.api_cache]
        name = _digest([settings.trusted, allow, ttls])
        return cls(settings, name, allow, AllowedHosts(settings.api_allow))


@dataclass(frozen=True, slots=True)
class _ResponseStamp:
    """Which response a content is. `expires_at`: seconds since 1970."""

    key: str
    fetched_at: float
    expires_at: float


class ApiHandler:
    """Resolves API references. Lives on one loop; the network's libraries are loaded at the first fetch."""

    kind = Kind.API

    def __init__(
        self,
        cache_folder: Path | None = None,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        resolve: Resolver = resolve_by_system,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        longest_time: float | None = None,
    ) -> None:
        """`cache_folder`: for last good responses, None: memory only.

        `transport`, `resolve`, `now` (seconds since 1970), `sleep` and `longest_time` (seconds, of one try) are the
        world, to be replaced by tests.
        """
        self._store = ResponseStore(cache_folder, now)
        self._transport = transport
        self._resolve = resolve
        self._now = now
        self._sleep = sleep
        self._longest_time = longest_time
        self._fetcher: Fetcher | None = None
        self._flights: dict[str, asyncio.Task[LastGood]] = {}
        # Made once for all references of a document: there may be thousands of either.
        self._rules: _Rules | None = None

    def key(self, request: ContentRequest) -> Hashable:
        """Name the endpoint and all settings that decide what it gives and whether it may be asked.

        URLs and headers, which may hold secrets, are in it as digests: keys are logged.
        """
        rules = self._rules_of(request.scope.settings)
        try:
            endpoint = endpoint_of(request)
        except ReferenceFault:
            return ("api", request.target, rules.name)
        identity = [endpoint.url, sorted(endpoint.headers.items()), endpoint.select, endpoint.sample]
        return ("api", endpoint.name, endpoint.ttl, _digest(identity, _SALT), rules.name)

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:  # noqa: ARG002  (the interface's parameter)
        """Name no file: there is none."""
        return ()

    async def load(self, request: ContentRequest, *, force: bool = False) -> Content:
        """Give the response: the last one while its time to live lasts, unless `force`; else a new one.

        Raises:
            ReferenceFault: denied; or it failed, and there is no earlier response and no sample.
        """
        endpoint = endpoint_of(request)
        settings = request.scope.settings
        rules = self._rules_of(settings)
        key = _response_key(endpoint, rules)
        try:
            _check_permission(endpoint, rules.allowed, trusted=settings.trusted)
            endpoint, last = await asyncio.to_thread(self._last_good, endpoint, key, settings)
            if last is not None and not force and 0 <= self._now() - last.fetched_at < endpoint.ttl:
                return self._content(endpoint, key, last)
            try:
                policy = retry_policy(settings)
                good = await self._fetched(endpoint, key, rules.allowed, policy, last)
                return self._content(endpoint, key, good)
            except ReferenceFault as fault:
                if last is None or fault.problem.code is Code.DENIED:
                    raise
                return self._content(endpoint, key, last, fault.problem)
        except ReferenceFault as fault:
            if endpoint.sample is None:
                raise
            return self._sample(endpoint, key, endpoint.sample, fault.problem)

    def changed(self, content: Content) -> bool:
        """Tell whether the time to live is over, or the time until a failed one is asked for again."""
        return not isinstance(content.stamp, _ResponseStamp) or self._now() >= content.stamp.expires_at

    def clear(self) -> None:
        """Forget all responses, on disk too. Blocks a little."""
        self._store.clear()

    def expire(self) -> None:
        """Remove what is too old from the disk, whether anybody asks for it or not. Blocks a little."""
        self._store.expire()

    async def aclose(self) -> None:
        """Stop what is under way and close all connections."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._fetcher is not None:
            await self._fetcher.aclose()
            self._fetcher = None

    def _rules_of(self, settings: Settings) -> _Rules:
        # Workers ask for keys too, under other settings: what is returned is not looked at again.
        rules = self._rules
        if rules is None or rules.settings is not settings:
            rules = self._rules = _Rules.of(settings)
        return rules

    def _last_good(
        self, endpoint: Endpoint, key: str, settings: Settings
    ) -> tuple[Endpoint, LastGood | None]:
        """Look up what can't be looked up on the loop: the time to live by the patterns, and the last good response."""
        for entry in settings.api_cache:
            if any(fits(name, entry.pattern) for name in endpoint.names):
                endpoint = replace(endpoint, ttl=float(entry.ttl))
                break
        return endpoint, self._store.get(key)

    async def _fetched(
        self, endpoint: Endpoint, key: str, allowed: AllowedHosts, policy: RetryPolicy, last: LastGood | None
    ) -> LastGood:
        """Fetch, or wait for the fetch that is under way: one for all who ask."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._fetch(endpoint, key, allowed, policy, last))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        # Shielded: others may wait for it too.
        return await asyncio.shield(flight)

    def _landed(self, key: str, flight: "asyncio.Task[LastGood]") -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # looked at, in case nobody waits any more

    async def _fetch(
        self, endpoint: Endpoint, key: str, allowed: AllowedHosts, policy: RetryPolicy, last: LastGood | None
    ) -> LastGood:
        # httpx takes a tenth of a second to load: only who fetches pays for it.
        from weighbridge.content.fetch import LONGEST_TIME, Fetcher, Validators  # noqa: PLC0415

        if self._fetcher is None:
            self._fetcher = Fetcher(
                self._transport, self._resolve, self._now, self._longest_time or LONGEST_TIME
            )
        fetcher = self._fetcher
        validators = None if last is None else Validators(last.url_digest, last.etag, last.last_modified)

        @retry(policy, sleep=self._sleep)
        async def attempt() -> LastGood:
            answer = await fetcher.fetch(endpoint.url, endpoint.name, endpoint.headers, allowed, validators)
            text = answer.text
            if text is None:
                if last is None:
                    raise ReferenceFault(Code.FAILED, f"{endpoint.name}: HTTP 304 to a plain question")
                text = last.text
            good = LastGood(
                text,
                self._now(),
                answer.url_digest,
                answer.etag or (last.etag if answer.text is None and last is not None else None),
                answer.last_modified
                or (last.last_modified if answer.text is None and last is not None else None),
                private=bool(endpoint.headers) or not answer.keep,
            )
            await asyncio.to_thread(self._store.put, key, good)
            return good

        return await attempt()

    def _content(
        self, endpoint: Endpoint, key: str, last: LastGood, problem: Problem | None = None
    ) -> Content:
        left = TRY_AGAIN if problem is not None else max(1.0, last.fetched_at + endpoint.ttl - self._now())
        return Content(
            identity=f"api:{key}",
            stamp=_ResponseStamp(key, last.fetched_at, self._now() + left),
            source=endpoint.name,
            chunks=lambda: _selected(endpoint, last.text),
            stale=problem is not None,
            problem=problem,
            expires_in=left,
            fetched_at=last.fetched_at,
            private=last.private,
        )

    def _sample(self, endpoint: Endpoint, key: str, sample: str, problem: Problem) -> Content:
        return Content(
            identity=f"api:{key}",
            stamp=_ResponseStamp(key, 0.0, self._now() + TRY_AGAIN),
            source=f"{endpoint.name} (sample)",
            chunks=lambda: iter((sample,) if sample else ()),
            stale=True,
            sampled=True,
            problem=problem,
            # Asking again helps only where the other side may do better.
            expires_in=None if problem.code is Code.DENIED else TRY_AGAIN,
        )


def endpoint_of(request: ContentRequest) -> Endpoint:
    """Find what a reference asks for: an endpoint by its name, else a URL.

    Raises:
        ReferenceFault: neither.
    """
    settings, target = request.scope.settings, request.target
    api = settings.apis.get(target)
    if api is not None:
        ttl = TIME_TO_LIVE if api.ttl is None else float(api.ttl)
        endpoint = Endpoint(
            shown(target), api.url, (target, api.url), ttl, dict(api.headers), api.select, api.sample
        )
        return _short_enough(endpoint)
    if target.lower().startswith(("http://", "https://")):
        return _short_enough(Endpoint(_shown_url(target), target, (target,), TIME_TO_LIVE))
    if "://" in target:
        raise ReferenceFault(Code.DENIED, f"{_shown_url(target)}: only http and https are fetched")
    raise ReferenceFault(
        Code.NOT_FOUND, f"{shown(target)}: no such API; name it in weighbridge.apis or write a URL"
    )


def host_to_allow(target: str, settings: Settings) -> str | None:
    """The entry that `apiAllow` lacks for an API to be fetched; None if it is not for want of one."""
    api = settings.apis.get(target)
    try:
        parts = urlsplit(target if api is None else api.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not settings.trusted or not host or parts.scheme not in {"http", "https"}:
        return None
    try:
        AllowedHosts(settings.api_allow).check_name(host, port or (80 if parts.scheme == "http" else 443))
    except ReferenceFault:
        name = f"[{host}]" if ":" in host else host
        return name if port is None else f"{name}:{port}"
    return None


def _short_enough(endpoint: Endpoint) -> Endpoint:
    if len(endpoint.url) > LONGEST_URL:
        raise ReferenceFault(
            Code.FAILED, f"{endpoint.name[:80]}…: a URL has at most {LONGEST_URL:,} characters"
        )
    return endpoint


def _check_permission(endpoint: Endpoint, allowed: AllowedHosts, *, trusted: bool) -> None:
    """Check the host by name, so that a last good response needs the same permission as a new one."""
    if not trusted:
        raise ReferenceFault(Code.DENIED, f"{endpoint.name}: not fetched: the workspace is not trusted")
    try:
        parts = urlsplit(endpoint.url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ReferenceFault(Code.FAILED, f"{endpoint.name}: not a URL") from error
    if parts.scheme not in {"http", "https"}:
        raise ReferenceFault(Code.DENIED, f"{endpoint.name}: only http and https are fetched")
    try:
        allowed.check_name(host, port or (80 if parts.scheme == "http" else 443))
    except ReferenceFault as fault:
        raise ReferenceFault(Code.DENIED, f"{endpoint.name}: {fault.problem.message}") from fault


def _selected(endpoint: Endpoint, text: str) -> Iterator[str]:
    """Give the part of a response that counts. Runs where the content is read, not on the loop."""
    part = text
    if endpoint.select is not None:
        from weighbridge.content.selection import select  # noqa: PLC0415  few answers are selected from

        part = select(text, endpoint.select, endpoint.name)
    if part:
        yield part


def _shown_url(url: str) -> str:
    """Write a URL for people: no credentials, query or fragment, any of which may be secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "a URL"
    return shown(f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path}")


def _response_key(endpoint: Endpoint, rules: _Rules) -> str:
    """Name a response by all that decides it. With headers the name is good for this process alone."""
    salt = _SALT if endpoint.headers else b""
    return _digest([endpoint.url, rules.allow, sorted(endpoint.headers.items())], salt)


def _digest(values: Sequence[object], salt: bytes = b"") -> str:
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=20, key=salt).hexdigest()
