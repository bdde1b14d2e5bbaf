import asyncio
import contextlib
import gzip
import itertools
import json
import logging
import stat
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.content.network import Body, Endless, Network, public
from tests.content.place import code_of, outcome_async, request, scope, text_of

from weighbridge.content import api
from weighbridge.content.api import LONGEST_URL, ApiHandler
from weighbridge.content.base import ContentRequest
from weighbridge.content.fetch import LARGEST_BODY
from weighbridge.errors import Code, Problem, ReferenceFault
from weighbridge.references.model import Kind

URL = "https://api.example/data"
ALLOW = {"apiAllow": ["api.example"]}


def ask(target: str = URL, **settings: Any) -> ContentRequest:
    return request(Kind.API, target, scope(Path("/room"), **{**ALLOW, **settings}))


def ok(text: str = "text", **headers: str) -> httpx.Response:
    return httpx.Response(
        200, text=text, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def raw(*pieces: bytes | Exception, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers=named, stream=Body(pieces))


def moved(to: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"location": to})


async def test_a_url_is_fetched_from_the_address_that_was_checked() -> None:
    network = public(ok("hello"))
    async with network.handler() as handler:
        content = await handler.load(ask(f"{URL}?q=1#part"))
    assert (text_of(content), content.stale, content.scannable, content.expires_in) == (
        "hello",
        False,
        False,
        300.0,
    )
    [asked] = network.requests
    assert str(asked.url) == "https://93.184.216.34/data?q=1"
    assert asked.extensions["sni_hostname"] == "api.example"
    assert asked.headers["host"] == "api.example"
    assert network.resolved == [("api.example", 443)]


async def test_a_second_address_is_tried_where_the_first_refuses() -> None:
    network = public(httpx.ConnectError("refused"), ok("second"))
    network.hosts["api.example"] = [["93.184.216.34", "93.184.216.35"]]
    async with network.handler() as handler:
        assert await outcome_async(handler, ask()) == "second"
    assert [one.url.host for one in network.requests] == ["93.184.216.34", "93.184.216.35"]
    assert network.slept == []


NAMED = {"issues": {"url": URL, "headers": {"Authorization": "Bearer hush"}, "ttl": 10, "select": "items[0]"}}


async def test_a_named_api_has_headers_a_time_to_live_and_a_part() -> None:
    network = public(ok('{"items": ["first"]}'))
    async with network.handler() as handler:
        content = await handler.load(ask("issues", apis=NAMED))
        assert (text_of(content), content.source, content.expires_in) == ("first", "issues", 10.0)
    assert network.requests[0].headers["authorization"] == "Bearer hush"


@pytest.mark.parametrize(
    ("target", "settings", "ttl"),
    [
        (URL, {}, 300),
        (
            URL,
            {
                "apiCache": [
                    {"pattern": "https://other/*", "ttl": 1},
                    {"pattern": "https://api.example/*", "ttl": 2},
                ]
            },
            2,
        ),
        (URL, {"apiCache": [{"pattern": "*", "ttl": 3}, {"pattern": "https://api.example/*", "ttl": 2}]}, 3),
        ("issues", {"apis": {"issues": {"url": URL, "ttl": 10}}}, 10),
        ("issues", {"apis": {"issues": {"url": URL}}}, 300),
        (
            "issues",
            {"apis": {"issues": {"url": URL, "ttl": 10}}, "apiCache": [{"pattern": "iss*", "ttl": 4}]},
            4,
        ),
        (
            "issues",
            {"apis": {"issues": {"url": URL, "ttl": 10}}, "apiCache": [{"pattern": "*/data", "ttl": 5}]},
            5,
        ),
    ],
)
async def test_the_time_to_live(target: str, settings: dict[str, Any], ttl: float) -> None:
    network = public(ok("one"), ok("two"), ok("three"))
    asked = ask(target, **settings)
    async with network.handler() as handler:
        content = await handler.load(asked)
        network.time += ttl - 0.5
        assert (handler.changed(content), await outcome_async(handler, asked)) == (False, "one")
        network.time += 0.5
        assert (handler.changed(content), await outcome_async(handler, asked)) == (True, "two")
        assert await outcome_async(handler, asked, force=True) == "three"


async def test_conditional_requests_refresh_the_time_to_live() -> None:
    network = public(
        ok("one", etag='"v1"', last_modified="yesterday"),
        httpx.Response(304, headers={"etag": '"v2"'}),
        httpx.Response(304),
        ok("two"),
        ok("three"),
    )
    asked = ask()
    async with network.handler() as handler:
        await handler.load(asked)
        for expected in ("one", "one", "two"):
            network.time += 300
            content = await handler.load(asked)
            assert (text_of(content), content.stale, handler.changed(content)) == (expected, False, False)
        await handler.load(asked, force=True)
    sent = [
        (one.headers.get("if-none-match"), one.headers.get("if-modified-since")) for one in network.requests
    ]
    assert sent == [
        (None, None),
        ('"v1"', "yesterday"),
        ('"v2"', "yesterday"),
        ('"v2"', "yesterday"),
        (None, None),
    ]


async def test_another_token_sees_its_own_answer() -> None:
    network = public(ok("mine", etag='"v"'), ok("yours"))
    async with network.handler() as handler:
        apis = {"a": {"url": URL, "headers": {"Token": "one"}}}
        assert await outcome_async(handler, ask("a", apis=apis)) == "mine"
        apis = {"a": {"url": URL, "headers": {"Token": "two"}}}
        assert await outcome_async(handler, ask("a", apis=apis)) == "yours"
    assert "if-none-match" not in network.requests[1].headers


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


WITH_A, WITH_B = ({"n": {"url": URL, "headers": {"Authorization": f"Bearer {who}"}}} for who in "ab")
WITHOUT: dict[str, Any] = {"n": {"url": URL}}
HOP = moved("https://other.example/data")


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("stale", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "answers", "asks_itself"),
    [
        ({"apis": WITHOUT}, {"apis": WITHOUT}, [], False),
        ({"apis": WITH_A}, {"apis": WITHOUT}, [], True),
        ({"apis": WITH_A}, {"apis": WITH_B}, [], True),
        ({"apis": WITHOUT}, {"apis": WITH_A}, [], True),
        (
            {"apis": WITHOUT, "apiAllow": ["api.example", "other.example"]},
            {"apis": WITHOUT, "apiAllow": ["api.example", "other.example"]},
            [HOP],
            False,
        ),
        ({"apis": WITHOUT, "apiAllow": ["api.example", "other.example"]}, {"apis": WITHOUT}, [HOP], True),
        ({"apis": WITHOUT, "apiAllow": ["api.example"]}, {"apis": WITHOUT, "apiAllow": ["*"]}, [], True),
    ],
)
async def test_a_response_is_given_to_who_asks_the_same_and_may_ask_the_same(
    tmp_path: Path,
    first: dict[str, Any],
    second: dict[str, Any],
    answers: list[httpx.Response],
    *,
    asks_itself: bool,
    stale: bool,
    restarted: bool,
) -> None:
    refusals = [httpx.Response(401), httpx.Response(401)]
    network = public(*answers, ok("for the first only"), *refusals)
    network.hosts["other.example"] = [["93.184.216.34"]]
    async with network.handler(tmp_path) as handler:
        one = await handler.load(ask("n", **first))
        assert text_of(one) == "for the first only"
        assert handler.key(ask("n", **first)) != handler.key(ask("n", **second)) or first == second
        network.time += 300 if stale else 0
        if not restarted:
            result = await outcome_async(handler, ask("n", **second))
    if restarted:
        async with network.handler(tmp_path) as handler:
            result = await outcome_async(handler, ask("n", **second))
    assert result == (Problem(Code.FAILED, "n: HTTP 401") if asks_itself else "for the first only")
    # What was fetched with a token is on no disk, whoever asks; and no digest is kept of it.
    with_headers = bool(first["apis"]["n"].get("headers"))
    assert (names_in(tmp_path) == [], one.private) == (with_headers, with_headers)


@pytest.mark.parametrize(
    ("answers", "expected", "slept"),
    [
        ([httpx.ConnectError("x"), ok()], "text", [0.5]),
        ([httpx.ReadTimeout("x"), httpx.ConnectTimeout("x"), ok()], "text", [0.5, 1.0]),
        ([httpx.Response(503), httpx.Response(500), ok()], "text", [0.5, 1.0]),
        ([httpx.Response(429), ok()], "text", [0.5]),
        ([httpx.Response(429, headers={"retry-after": "7"}), ok()], "text", [7.0]),
        ([httpx.Response(503, headers={"retry-after": "0"}), ok()], "text", [0.5]),
        ([httpx.Response(503, headers={"retry-after": "soon"}), ok()], "text", [0.5]),
        ([raw(b"half", httpx.ReadError("x")), ok()], "text", [0.5]),
        ([raw(gzip.compress(b"a" * 999)[:-9], content_encoding="gzip"), ok()], "text", [0.5]),
        ([httpx.Response(429, headers={"retry-after": "31"})], "api.example/data: HTTP 429", []),
        ([httpx.Response(503)] * 3, "api.example/data: HTTP 503", [0.5, 1.0]),
        ([httpx.ConnectError("x")] * 3, "api.example/data: no connection (ConnectError)", [0.5, 1.0]),
        ([httpx.ReadTimeout("x")] * 3, "api.example/data: no whole answer within 10 seconds", [0.5, 1.0]),
        ([httpx.Response(404)], "api.example/data: HTTP 404", []),
        ([httpx.Response(401)], "api.example/data: HTTP 401", []),
        ([httpx.Response(304)], "api.example/data: HTTP 304 to a plain question", []),
        ([httpx.Response(302)], "api.example/data: HTTP 302", []),
    ],
)
async def test_transient_faults_are_tried_again(
    answers: list[httpx.Response | Exception], expected: str, slept: list[float]
) -> None:
    network = public(*answers)
    async with network.handler() as handler:
        result = await outcome_async(handler, ask())
    if isinstance(result, Problem):
        assert result == Problem(Code.FAILED, f"https://{expected}")
    else:
        assert result == expected
    assert network.slept == slept


async def test_retry_after_may_be_a_date() -> None:
    network = public()
    date = format_datetime(datetime.fromtimestamp(network.time + 12, UTC), usegmt=True)
    answers = [httpx.Response(503, headers={"retry-after": date}), ok()]
    network = public(*answers)
    async with network.handler() as handler:
        assert await outcome_async(handler, ask()) == "text"
    assert network.slept == [12.0]


async def test_names_that_do_not_resolve_are_tried_again() -> None:
    network = Network([])
    async with network.handler() as handler:
        assert await outcome_async(handler, ask()) == Problem(
            Code.FAILED, "https://api.example/data: api.example: host not found"
        )
    assert (network.slept, len(network.resolved)) == ([0.5, 1.0], 3)


@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (URL, []),
        (URL, ["other.example"]),
        (URL, ["api.example:8443"]),
        ("https://api.example.evil.test/", ["api.example"]),
        ("https://api.example@evil.test/", ["api.example"]),
        ("https://user:hush@api.example/", ["api.example"]),
        ("https://evil.test\\@api.example/", ["api.example"]),
        ("https://evil.test#@api.example/", ["api.example"]),
        ("http://127.0.0.1/", ["*"]),
        ("http://127.0.0.1:8080/", ["127.0.0.1:8081"]),
        ("http://[::1]/", ["*"]),
        ("http://[::ffff:127.0.0.1]/", ["*"]),
        ("http://2130706433/", ["*"]),
        ("http://0x7f.1/", ["*"]),
        ("http://private.example/", ["*.example"]),
        ("http://mixed.example/", ["*.example"]),
        ("http://meta.example/", ["meta.example"]),
        ("http:///path", ["*"]),
        ("ftp://api.example/", ["api.example"]),
        ("file:///etc/passwd", ["*"]),
        ("file://api.example/etc/passwd", ["api.example"]),
    ],
)
async def test_what_is_never_connected_to(target: str, allow: list[str]) -> None:
    network = public()
    network.hosts |= {
        "evil.test": [["93.184.216.34"]],
        "2130706433": [["127.0.0.1"]],
        "0x7f.1": [["127.0.0.1"]],
        "private.example": [["10.0.0.7"]],
        "mixed.example": [["93.184.216.34", "10.0.0.7"]],
        "meta.example": [["169.254.169.254"]],
    }
    async with network.handler() as handler:
        result = await outcome_async(handler, ask(target, apiAllow=allow))
    assert isinstance(result, Problem)
    assert result.code in {Code.DENIED, Code.FAILED}
    assert "hush" not in result.message
    assert network.requests == []


async def test_an_untrusted_workspace_asks_nobody() -> None:
    network = public()
    async with network.handler() as handler:
        result = await outcome_async(handler, ask(trusted=False))
        sampled = {"a": {"url": URL, "sample": "sample"}}
        content = await handler.load(ask("a", apis=sampled, trusted=False))
    assert result == Problem(Code.DENIED, f"{URL}: not fetched: the workspace is not trusted")
    assert (text_of(content), content.stale) == ("sample", True)
    assert (network.resolved, network.requests) == ([], [])


async def test_loopback_named_literally_may_be_fetched() -> None:
    network = public(ok("local"))
    async with network.handler() as handler:
        asked = ask("http://127.0.0.1:8080/x", apiAllow=["127.0.0.1:8080"])
        assert await outcome_async(handler, asked) == "local"
    assert network.urls == ["http://127.0.0.1:8080/x"]


@pytest.mark.parametrize(
    ("to", "urls", "expected"),
    [
        ("/other?x=1", [URL, "https://api.example/other?x=1"], "text"),
        ("http://127.0.0.1/", [URL], Code.DENIED),
        ("http://[::1]/", [URL], Code.DENIED),
        ("http://169.254.169.254/latest/meta-data", [URL], Code.DENIED),
        ("https://private.example/", [URL], Code.DENIED),
        ("https://evil.test/", [URL], Code.DENIED),
        ("//evil.test/", [URL], Code.DENIED),
        ("http://api.example/data", [URL], Code.DENIED),
        ("http://api.example:443/data", [URL], Code.DENIED),
        ("file:///etc/passwd", [URL], Code.DENIED),
        ("ftp://api.example/", [URL], Code.DENIED),
        ("https://user:pass@api.example/", [URL], Code.DENIED),
        ("https://api.example:99999/", [URL], Code.FAILED),
        ("https://[::/", [URL], Code.FAILED),
    ],
)
async def test_every_hop_is_checked(to: str, urls: list[str], expected: str | Code) -> None:
    network = public(moved(to), ok())
    network.hosts["private.example"] = [["10.0.0.7"]]
    network.hosts["evil.test"] = [["93.184.216.34"]]
    async with network.handler() as handler:
        result = await outcome_async(handler, ask(apiAllow=["api.example", "*.example"]))
    assert code_of(result) == expected
    assert network.urls == urls


async def test_a_name_that_changes_its_address_between_hops_is_caught() -> None:
    network = public(moved("/again"), ok())
    network.hosts["api.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    async with network.handler() as handler:
        result = await outcome_async(handler, ask(apiAllow=["*.example"]))
    assert code_of(result) == Code.DENIED
    assert network.urls == [URL]


async def test_redirects_end() -> None:
    network = public(*[moved(f"/{n}") for n in range(5)], ok("last"))
    async with network.handler() as handler:
        assert await outcome_async(handler, ask()) == "last"
    network = public(*[moved(f"/{n}") for n in range(7)])
    async with network.handler() as handler:
        assert await outcome_async(handler, ask()) == Problem(Code.FAILED, f"{URL}: more than 5 redirects")
    assert len(network.requests) == 6


@pytest.mark.parametrize(
    ("start", "to", "sent"),
    [
        (URL, "https://api.example/other", True),
        (URL, "https://api.example:443/other", True),
        ("http://api.example/data", "https://api.example/data", True),
        ("http://api.example/data", "http://other.example/data", False),
        (URL, "https://api.example:8443/data", False),
        (URL, "https://other.example/data", False),
        (URL, "https://sub.api.example/data", False),
    ],
)
async def test_headers_go_to_their_own_host_only(start: str, to: str, *, sent: bool) -> None:
    network = public(moved(to), ok())
    network.hosts |= {"other.example": [["93.184.216.34"]], "sub.api.example": [["93.184.216.34"]]}
    apis = {"a": {"url": start, "headers": {"X-Token": "hush", "Authorization": "Bearer hush"}}}
    async with network.handler() as handler:
        assert (
            await outcome_async(handler, ask("a", apis=apis, apiAllow=["*.example", "api.example"])) == "text"
        )
    first, second = network.requests
    assert first.headers["x-token"] == "hush"
    assert ("hush" in str(second.headers.raw)) == sent


async def test_cookies_are_neither_kept_nor_sent() -> None:
    network = public(ok("one", set_cookie="id=1; Path=/"), ok("two"))
    async with network.handler() as handler:
        await handler.load(ask())
        await handler.load(ask(), force=True)
    assert "cookie" not in network.requests[1].headers


def latin(text: str) -> bytes:
    return text.encode("latin-1")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (lambda: raw("é".encode()), "é"),
        (lambda: raw(b"\xef\xbb\xbfmarked"), "marked"),
        (lambda: raw(latin("é"), content_type="text/plain; charset=ISO-8859-1"), "é"),
        (lambda: raw("é".encode("utf-16"), content_type="text/plain; charset=utf-16"), "é"),
        (lambda: raw("漢".encode("shift_jis"), content_type="text/plain; charset=Shift_JIS"), "漢"),
        # A label that lies.
        (lambda: raw("\ufeffé".encode(), content_type="text/plain; charset=ISO-8859-1"), "é"),
        (lambda: raw("é".encode("utf-16"), content_type="text/plain; charset=utf-8"), "é"),
        (
            lambda: raw(latin("é"), content_type="text/plain; charset=utf-8"),
            Problem(Code.NOT_TEXT, f"{URL}: not text: no UTF-8 at byte 0"),
        ),
        (
            lambda: raw(b"odd", content_type="text/plain; charset=utf-16"),
            Problem(Code.NOT_TEXT, f"{URL}: not text: no utf-16 at byte 2"),
        ),
        (
            lambda: raw(b"plain text", content_type="text/plain; charset=utf-32"),
            Problem(Code.NOT_TEXT, f"{URL}: not text: no utf-32 at byte 0"),
        ),
        (lambda: raw(b""), ""),
        (lambda: raw(gzip.compress(b"zipped"), content_encoding="gzip"), "zipped"),
        (lambda: raw(zlib.compress(b"zipped"), content_encoding="deflate"), "zipped"),
        (
            lambda: raw(*[bytes([byte]) for byte in gzip.compress(b"bytewise")], content_encoding="gzip"),
            "bytewise",
        ),
        pytest.param(lambda: raw(b"a" * LARGEST_BODY), "a" * LARGEST_BODY, id="largest"),
        (lambda: raw(b"\x89PNG"), Problem(Code.NOT_TEXT, f"{URL}: not text: no UTF-8 at byte 0")),
        (lambda: raw(b"a\0b"), Problem(Code.NOT_TEXT, f"{URL}: not text: a NUL at byte 1")),
        (
            lambda: raw(b"a\0", content_type="text/plain; charset=ascii"),
            Problem(Code.NOT_TEXT, f"{URL}: not text: it holds a NUL"),
        ),
        (
            lambda: raw(latin("é"), content_type="text/plain; charset=ascii"),
            Problem(Code.NOT_TEXT, f"{URL}: not text: no ascii at byte 0"),
        ),
        *[
            (
                lambda charset=charset: raw(b"abc", content_type=f"text/plain; charset={charset}"),
                Problem(Code.NOT_TEXT, f"{URL}: not text: in a character encoding unknown here"),
            )
            for charset in ("zlib", "rot13", "punycode", "idna", "unicode_escape", "utf-7", "nonsense")
        ],
        (
            lambda: raw(b"a", content_encoding="br"),
            Problem(Code.FAILED, f"{URL}: answers in a compression that was not asked for"),
        ),
        (
            lambda: raw(b"plain", content_encoding="gzip"),
            Problem(Code.FAILED, f"{URL}: answers with broken compression"),
        ),
        (
            lambda: raw(b"a" * (LARGEST_BODY + 1)),
            Problem(Code.TOO_LARGE, f"{URL}: answers with more than 5,000,000 bytes"),
        ),
    ],
)
async def test_bodies(response: Callable[[], httpx.Response], expected: str | Problem) -> None:
    async with public(response()).handler() as handler:
        assert await outcome_async(handler, ask()) == expected


ZEROS = bytes(50_000_000)


@pytest.mark.parametrize(
    ("encoding", "bomb", "expected"),
    [
        ("gzip", gzip.compress(ZEROS, 9), "answers with more than 5,000,000 bytes"),
        ("GZIP", gzip.compress(ZEROS, 9), "answers with more than 5,000,000 bytes"),
        ("deflate", zlib.compress(ZEROS, 9), "answers with more than 5,000,000 bytes"),
        # A member for each megabyte: only the first is the answer.
        ("gzip", gzip.compress(bytes(5_000_001), 9) * 10, "answers with more than 5,000,000 bytes"),
        # Nobody asked for these, and nothing here unpacks them.
        *[
            (encoding, b"whatever it is" * 1000, "answers in a compression that was not asked for")
            for encoding in ("br", "zstd", "compress", "gzip, gzip", "gzip, br", "identity, gzip")
        ],
    ],
)
async def test_a_bomb_is_left_after_five_megabytes(encoding: str, bomb: bytes, expected: str) -> None:
    body = Body([bomb[at : at + 1000] for at in range(0, len(bomb), 1000)])
    network = public(httpx.Response(200, headers={"content-encoding": encoding}, stream=body))
    async with network.handler() as handler:
        result = await outcome_async(handler, ask())
    assert isinstance(result, Problem)
    assert result.message == f"{URL}: {expected}"
    assert body.sent < len(bomb) / 5
    assert network.requests[0].headers["accept-encoding"] == "gzip"


async def test_an_endless_body_is_left() -> None:
    def forever() -> Any:
        while True:
            yield b"a" * 65_536

    async with public(httpx.Response(200, stream=Body(forever()))).handler() as handler:
        assert code_of(await outcome_async(handler, ask())) == Code.TOO_LARGE


async def test_a_body_that_stops_coming_is_left() -> None:
    network = public(*[httpx.Response(200, stream=Endless()) for _ in range(3)])
    async with network.handler(longest_time=0.01) as handler:
        assert await outcome_async(handler, ask()) == Problem(
            Code.FAILED, f"{URL}: no whole answer within 0.01 seconds"
        )


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(404),
        httpx.Response(503),
        httpx.ConnectError("offline"),
        raw(b"\0"),
        moved("http://127.0.0.1/"),
    ],
)
async def test_the_last_good_response_counts_while_the_other_side_fails(
    failure: httpx.Response | Exception,
) -> None:
    network = public(ok("good", etag='"v"'), failure, failure, failure, ok("back"))
    asked = ask(retry={"attempts": 1})
    async with network.handler() as handler:
        await handler.load(asked)
        network.time += 300
        if isinstance(failure, httpx.Response) and failure.status_code == 302:
            assert code_of(await outcome_async(handler, asked)) == Code.DENIED
            return
        content = await handler.load(asked)
        assert (text_of(content), content.stale, content.expires_in) == ("good", True, 60.0)
        assert content.problem is not None
        assert not handler.changed(content)
        network.time += 60
        assert handler.changed(content)


async def test_the_sample_counts_until_there_is_something_better() -> None:
    network = public(httpx.Response(404), ok("real"), httpx.Response(404))
    asked = ask("a", apis={"a": {"url": URL, "sample": "for example"}})
    async with network.handler() as handler:
        content = await handler.load(asked)
        assert (text_of(content), content.stale, content.source) == ("for example", True, "a (sample)")
        assert text_of(await handler.load(asked)) == "real"
        content = await handler.load(asked, force=True)
        assert (text_of(content), content.stale) == ("real", True)


async def test_responses_survive_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "responses"
    network = public(ok("kept", etag='"v1"'), httpx.Response(304), httpx.ConnectError("offline"))
    asked = ask(f"{URL}?key=hush", retry={"attempts": 1})
    async with network.handler(folder) as handler:
        await handler.load(asked)
    async with network.handler(folder) as handler:
        content = await handler.load(asked)
        assert (text_of(content), content.stale, len(network.requests)) == ("kept", False, 1)
        network.time += 300
        assert text_of(await handler.load(asked)) == "kept"
        assert network.requests[1].headers["if-none-match"] == '"v1"'
    network.time += 300
    async with network.handler(folder) as handler:
        content = await handler.load(asked)
        assert (text_of(content), content.stale) == ("kept", True)
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "hush" not in file.read_text() + file.name


async def test_a_host_that_is_no_longer_allowed_has_no_last_good_response(tmp_path: Path) -> None:
    network = public(ok("good"))
    async with network.handler(tmp_path) as handler:
        await handler.load(ask())
        assert code_of(await outcome_async(handler, ask(apiAllow=[]))) == Code.DENIED
        assert code_of(await outcome_async(handler, ask(trusted=False))) == Code.DENIED


async def test_one_fetch_serves_all_who_ask_at_once() -> None:
    network = public(ok('{"items": ["first"], "other": "second"}'))
    other = {"issues": {**NAMED["issues"], "select": "other"}}
    async with network.handler() as handler:
        results = await asyncio.gather(
            *[outcome_async(handler, ask("issues", apis=apis)) for apis in (NAMED, NAMED, other)]
        )
    assert results == ["first", "first", "second"]
    assert len(network.requests) == 1


async def test_a_fetch_goes_on_for_others_when_one_stops_waiting() -> None:
    started, go = asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            started.set()
            await go.wait()
            yield b"slow"

    async with public(httpx.Response(200, stream=Slow())).handler() as handler:
        first = asyncio.create_task(handler.load(ask()))
        second = asyncio.create_task(handler.load(ask()))
        await started.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go.set()
        assert text_of(await second) == "slow"


async def test_closing_stops_what_is_under_way() -> None:
    async with public(httpx.Response(200, stream=Endless())).handler() as handler:
        waiting = asyncio.create_task(handler.load(ask()))
        while not handler._flights:  # noqa: ASYNC110  (until it has begun; no time passes)
            await asyncio.sleep(0)
        await handler.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_nothing_secret_is_logged_or_told(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    apis = {
        "a": {"url": f"{URL}?key=hush", "headers": {"Authorization": "Bearer hush"}},
        "letters": {"url": f"{URL}?key=hush", "headers": {"Authorization": "Bearer hush é"}},
    }
    network = public(
        httpx.Response(404), httpx.ConnectError("https://api.example/?key=hush"), httpx.Response(404)
    )
    told = ""
    async with network.handler(tmp_path) as handler:
        for name in ("a", "a", "letters"):
            asked = ask(name, apis=apis, retry={"attempts": 1})
            told += f"{handler.key(asked)!r} {await outcome_async(handler, asked)}"
    assert "Bearer" not in told
    assert "hush" not in caplog.text
    assert "hush" not in told


async def test_unknown_names_say_what_to_do() -> None:
    async with public().handler() as handler:
        assert await outcome_async(handler, ask("isues")) == Problem(
            Code.NOT_FOUND, "isues: no such API; name it in weighbridge.apis or write a URL"
        )


async def test_patterns_are_tried_for_what_is_fetched_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(api, "fits", lambda name, _: tried.append(name))
    async with public(ok()).handler() as handler:
        asked = ask(apiCache=[{"pattern": "*b", "ttl": 1}], apiAllow=[])
        handler.key(asked)
        assert (code_of(await outcome_async(handler, asked)), tried) == (Code.DENIED, [])
        asked = ask(apiCache=[{"pattern": "*b", "ttl": 1}])
        handler.key(asked)
        assert tried == []
        assert (await outcome_async(handler, asked), tried) == ("text", [URL])


async def test_a_url_that_is_too_long_is_not_fetched() -> None:
    async with public(ok()).handler() as handler:
        long = f"{URL}?{'a' * LONGEST_URL}"
        for asked in (ask(long), ask("n", apis={"n": {"url": long}})):
            result = await outcome_async(handler, asked)
            assert isinstance(result, Problem)
            assert result.message.endswith(": a URL has at most 4,000 characters")
        assert await outcome_async(handler, ask(f"{URL}?{'a' * (LONGEST_URL - len(URL) - 1)}")) == "text"


def test_keys_differ_where_the_answer_may() -> None:
    handler = ApiHandler()
    keys = [
        handler.key(asked)
        for asked in (
            ask(),
            ask(f"{URL}?x"),
            ask("issues", apis=NAMED),
            ask("issues", apis={"issues": {**NAMED["issues"], "headers": {}}}),
            ask("issues", apis={"issues": {**NAMED["issues"], "select": "x"}}),
            ask("issues", apis={"issues": {**NAMED["issues"], "sample": "x"}}),
            ask("issues", apis={"issues": {**NAMED["issues"], "ttl": 11}}),
            ask("unknown"),
            ask(trusted=False),
            ask(apiAllow=[]),
            ask(apiCache=[{"pattern": "*", "ttl": 1}]),
            ask(apiCache=[{"pattern": "*", "ttl": 2}]),
        )
    ]
    assert len(set(keys)) == len(keys)
    assert handler.key(ask()) == keys[0]


async def test_a_part_that_can_not_be_taken_fails_where_it_is_read() -> None:
    async with public(ok("no json")).handler() as handler:
        content = await handler.load(ask("issues", apis=NAMED))
        with pytest.raises(ReferenceFault) as caught:
            text_of(content)
    assert caught.value.problem == Problem(
        Code.FAILED, "issues: `select` needs JSON, and the response is none"
    )


def _forever(line: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from itertools.repeat(line)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        # Headers without an end: given up long before the time is over.
        (lambda: _forever(b"X-More: headers\r\n"), "no connection (RemoteProtocolError)"),
        (lambda: _forever(b"X-More-of-one"), "no connection (RemoteProtocolError)"),
        (lambda: iter([b"no HTTP\r\n\r\n"]), "no connection (RemoteProtocolError)"),
        # "Go on", again and again; and nothing at all.
        (lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), "no whole answer within 0.2 seconds"),
        (lambda: iter([b"HTTP/1.1 200 OK\r\nContent-Le", None]), "no whole answer within 0.2 seconds"),
        (lambda: iter([None]), "no whole answer within 0.2 seconds"),
    ],
)
async def test_an_answer_that_never_begins_is_left(
    answer: Callable[[], Iterator[bytes | None]], expected: str
) -> None:
    """On a real socket: what headers may be is the HTTP library's to say. None: it waits until nobody listens any more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for piece in answer():
                if piece is None:
                    await reader.read()
                else:
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    long = 30.0 if "Remote" in expected else 0.2
    handler = ApiHandler(longest_time=long)
    try:
        asked = ask(url, apiAllow=["127.0.0.1"], retry={"attempts": 1})
        assert await outcome_async(handler, asked) == Problem(Code.FAILED, f"{url}: {expected}")
    finally:
        await handler.aclose()
        server.close()
        await server.wait_closed()


async def test_a_flood_of_interim_answers_leaves_the_loop_to_others() -> None:
    """Thousands of them fit in what a system hands out at once; all are understood in one turn of the loop that were read in one."""
    flood = b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(flood + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    handler = ApiHandler(longest_time=600.0)
    turns = 0
    try:
        asked = ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x", apiAllow=["127.0.0.1"])
        answer = asyncio.ensure_future(outcome_async(handler, asked))
        while not answer.done():
            await asyncio.sleep(0)
            turns += 1
        assert await answer == "ok"
        assert turns > len(flood) / 5000
    finally:
        await handler.aclose()
        server.close()
        await server.wait_closed()


async def test_over_a_real_socket() -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps({"items": ["over", "the", "wire"]}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/x"
    apis = {
        "a": {"url": url, "headers": {"Token": "t"}, "select": "items[2]"},
        "bad": {"url": url, "headers": {"Token": "hush "}},
    }
    handler = ApiHandler()
    try:
        asked = ask("a", apis=apis, apiAllow=[f"127.0.0.1:{port}"])
        assert await outcome_async(handler, asked) == "wire"
        denied = ask("a", apis=apis, apiAllow=["*", f"127.0.0.1:{port + 1}"])
        assert code_of(await outcome_async(handler, denied)) == Code.DENIED
        bad = ask("bad", apis=apis, apiAllow=["127.0.0.1"])
        assert await outcome_async(handler, bad) == Problem(
            Code.FAILED, "bad: a header can't be sent as it is"
        )
    finally:
        await handler.aclose()
        server.close()
        await server.wait_closed()
    assert len(received) == 1
    assert received[0].startswith(b"GET /x HTTP/1.1\r\n")
    assert b"Token: t\r\n" in received[0]
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in received[0]
