"""One GET, done so that a stranger's answer can do no harm: hosts checked at every hop, time and size bounded.

Not hishel, though it caches for httpx: it stores request headers (which hold tokens) with the responses, follows the
server's idea of freshness and not the settings', and drops an old response when the server fails.
"""

import asyncio
import codecs
import hashlib
import logging
import re
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
from httpcore._async.http11 import AsyncHTTP11Connection

from weighbridge.content.decode import MARKS, decoded
from weighbridge.content.hosts import AllowedHosts, Resolver, resolve_by_system
from weighbridge.errors import Code, ReferenceFault, TransientFault

#: Bytes, after decompression. Seconds, for all hops together. Redirects. Addresses tried. Fetches at once.
LARGEST_BODY = 5_000_000
LONGEST_TIME = 10.0
MOST_REDIRECTS = 5
MOST_ADDRESSES = 3
MOST_AT_ONCE = 8
LARGEST_PORT = 65_535

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NOT_MODIFIED, _TOO_MANY, _SERVER_ERROR = 304, 429, 500
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
# Encodings of text for people. Others that Python knows are for data, or take quadratic time.
_TEXT_ENCODING = re.compile(
    r"utf-8(-sig)?|utf-(16|32)(-[lb]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|gb\w+|big5\w*|shift_jis\w*|euc_\w+|hz"
)

# What one read holds is taken apart in one turn of the loop, and 64 KiB may be thousands of `100 Continue`: 60 milliseconds.
AsyncHTTP11Connection.READ_NUM_BYTES = 4096

# Their messages hold URLs and headers: below a warning they stay silent, whatever level the root has.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the text and what to ask with next time. `text` is None if it is the one already known.

    `url_digest`: of where it came from, after redirects. `keep`: may be written to disk.
    """

    url_digest: str
    text: str | None
    etag: str | None
    last_modified: str | None
    keep: bool


@dataclass(frozen=True, slots=True)
class Validators:
    """What an answer is compared with, if it comes from the same URL."""

    url_digest: str
    etag: str | None
    last_modified: str | None


class Fetcher:
    """Fetches texts. Lives on one loop."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolver = resolve_by_system,
        now: Callable[[], float] = time.time,
        longest_time: float = LONGEST_TIME,
    ) -> None:
        """`now`: seconds since 1970, to understand dates with. `longest_time`: seconds, for a fetch in all."""
        # Spoken to without httpx's client, which would keep cookies, follow redirects and log URLs. No connection is
        # kept: a pool knows them by address, and another host's certificate is no proof.
        self._transport = transport or httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._resolve = resolve
        self._now = now
        self._longest_time = longest_time
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def fetch(
        self,
        url: str,
        name: str,
        headers: Mapping[str, str],
        allowed: AllowedHosts,
        validators: Validators | None = None,
    ) -> Answer:
        """Get a text. `headers` go to the URL's own host only. `name`: what to call it in messages.

        Raises:
            ReferenceFault: denied, failed, too large, not text.
            TransientFault: connection lost, time over, 429, 5xx.
        """
        async with self._places:
            try:
                async with asyncio.timeout(self._longest_time):
                    return await self._follow(url, name, headers, allowed, validators)
            except ReferenceFault as fault:
                if isinstance(fault, TransientFault):
                    raise TransientFault(
                        fault.problem.code, _about(name, fault.problem.message), fault.retry_after
                    ) from None
                raise ReferenceFault(fault.problem.code, _about(name, fault.problem.message)) from None
            except (TimeoutError, httpx.TimeoutException):
                raise TransientFault(
                    Code.FAILED, f"{name}: no whole answer within {self._longest_time:g} seconds"
                ) from None
            except httpx.LocalProtocolError:
                # Causes are cut off here: they quote headers.
                raise ReferenceFault(Code.FAILED, f"{name}: a header can't be sent as it is") from None
            except httpx.TransportError as error:
                raise TransientFault(Code.FAILED, f"{name}: no connection ({type(error).__name__})") from None
            except (ValueError, httpx.InvalidURL):
                raise ReferenceFault(
                    Code.FAILED, f"{name}: the URL or a header can't be used as it is"
                ) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _follow(
        self,
        start: str,
        name: str,
        headers: Mapping[str, str],
        allowed: AllowedHosts,
        validators: Validators | None,
    ) -> Answer:
        url = first = httpx.URL(start)
        for _ in range(MOST_REDIRECTS + 1):
            port = _check_url(url)
            addresses = await allowed.addresses(url.raw_host.decode("ascii"), port, self._resolve)
            sent = dict(headers) if _same_host(first, url) else {}
            sent |= {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "gzip"}
            if validators is not None and validators.url_digest == _digest_of(url):
                sent |= {"If-None-Match": validators.etag} if validators.etag else {}
                sent |= {"If-Modified-Since": validators.last_modified} if validators.last_modified else {}
            response = await self._connect(url, addresses, sent)
            try:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    before, url = url, url.join(response.headers["location"])
                    if (before.scheme, url.scheme) == ("https", "http"):
                        # Anybody on the way could write the answer.
                        raise ReferenceFault(Code.DENIED, "a redirect from https to http is not followed")
                    continue
                return await self._read(response, url, name)
            finally:
                await response.aclose()
        raise ReferenceFault(Code.FAILED, f"more than {MOST_REDIRECTS} redirects")

    async def _connect(
        self, url: httpx.URL, addresses: tuple[str, ...], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Send the request to the first address that answers. The certificate must be the host's, as ever."""
        *before, last = addresses[:MOST_ADDRESSES]
        for address in before:
            try:
                return await self._send(url, address, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(url, last, headers)

    async def _send(self, url: httpx.URL, address: str, headers: Mapping[str, str]) -> httpx.Response:
        defaults = {"User-Agent": "weighbridge", "Accept": "*/*"}
        request = httpx.Request(
            "GET",
            url.copy_with(host=address, fragment=None),
            headers={**defaults, **{name.title(): value for name, value in headers.items()}},
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": httpx.Timeout(self._longest_time).as_dict(),
            },
        )
        return await self._transport.handle_async_request(request)

    async def _read(self, response: httpx.Response, url: httpx.URL, name: str) -> Answer:
        status = response.status_code
        etag = response.headers.get("etag")
        last_modified = response.headers.get("last-modified")
        keep = "no-store" not in response.headers.get("cache-control", "").lower()
        if status == _NOT_MODIFIED:
            return Answer(_digest_of(url), None, etag, last_modified, keep)
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            raise TransientFault(
                Code.FAILED, f"HTTP {status}", _retry_after(response.headers.get("retry-after"), self._now())
            )
        if not response.is_success:
            raise ReferenceFault(Code.FAILED, f"HTTP {status}")
        body = bytearray()
        async for piece in _unpacked(response):
            body += piece
            if len(body) > LARGEST_BODY:
                raise ReferenceFault(Code.TOO_LARGE, f"answers with more than {LARGEST_BODY:,} bytes")
        # Five megabytes in some encodings take longer than anybody should wait for the loop.
        text = await asyncio.to_thread(_text_of, bytes(body), response.charset_encoding, name)
        return Answer(_digest_of(url), text, etag, last_modified, keep)


def _digest_of(url: httpx.URL) -> str:
    return hashlib.blake2b(str(url).encode(), digest_size=20).hexdigest()


def _check_url(url: httpx.URL) -> int:
    """Check what a URL asks for; its port."""
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise ReferenceFault(Code.DENIED, "only http and https are fetched")
    if url.userinfo:
        raise ReferenceFault(Code.DENIED, "a URL must not hold credentials; put them in the API's `headers`")
    port = url.port or _DEFAULT_PORTS[url.scheme]
    if port > LARGEST_PORT:
        raise ReferenceFault(Code.FAILED, f"a port is at most {LARGEST_PORT}")
    return port


def _same_host(first: httpx.URL, url: httpx.URL) -> bool:
    """Whether what is meant for one is safe with the other: the same origin, or the same host gone from http to https."""
    if first.raw_host != url.raw_host:
        return False
    ports = tuple(address.port or _DEFAULT_PORTS[address.scheme] for address in (first, url))
    return (first.scheme, ports[0]) == (url.scheme, ports[1]) or (
        (first.scheme, url.scheme) == ("http", "https") and ports == (80, 443)
    )


async def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """Stream the body as it was sent."""
    # A transport for asyncio has no other kind of stream.
    if isinstance(response.stream, httpx.AsyncByteStream):
        async for piece in response.stream:
            yield piece


async def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Stream the body, decompressed a bounded piece at a time: a few bytes can stand for gigabytes."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        async for piece in _raw(response):
            yield piece
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise ReferenceFault(Code.FAILED, "answers in a compression that was not asked for")
    unpacker = zlib.decompressobj(wbits=47)
    try:
        async for piece in _raw(response):
            waiting = piece
            while waiting and not unpacker.eof:
                yield unpacker.decompress(waiting, 1 << 18)
                waiting = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise ReferenceFault(Code.FAILED, "answers with broken compression") from error
    if not unpacker.eof:
        raise TransientFault(Code.FAILED, "the answer broke off")


def _text_of(body: bytes, charset: str | None, name: str) -> str:
    if charset is None or charset.lower() in {"utf-8", "utf8"} or body.startswith(MARKS):
        # A byte order mark is right where the label says something else.
        return "".join(decoded([body], name))
    try:
        encoding = codecs.lookup(charset).name
    except (LookupError, ValueError):
        encoding = ""
    if not _TEXT_ENCODING.fullmatch(encoding):
        raise ReferenceFault(Code.NOT_TEXT, "not text: in a character encoding unknown here")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReferenceFault(Code.NOT_TEXT, f"not text: no {encoding} at byte {error.start:,}") from error
    if "\0" in text:
        raise ReferenceFault(Code.NOT_TEXT, "not text: it holds a NUL")
    return text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")


def _retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number of them, or a date."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _about(name: str, message: str) -> str:
    return message if message.startswith(f"{name}: ") else f"{name}: {message}"
