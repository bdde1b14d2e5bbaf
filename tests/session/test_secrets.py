"""No digest in the database is of a text that holds any of an environment value: short ones could be guessed from it."""

import asyncio
import hashlib
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.content.network import public
from tests.session.harness import a_session, typed
from tests.session.test_exactness import check

from weighbridge.batch import weigh
from weighbridge.cache import CountStore
from weighbridge.content.factory import HandlerFactory

#: Of characters that stand nowhere else, but for its spaces: any of them in a text tells that it holds some of the value.
VALUE = "Жук щит7 Ёж"
MARKS = frozenset(VALUE) - {" "}
WORDS = "some plain words "
#: Long enough that what is counted of it is counted by workers, and so remembered.
LONG = WORDS * 600
PIECES = [
    "word",
    " ",
    "\n",
    "a",
    "```\n",
    "# Title\n",
    "<!-- ",
    "-->",
    "@[var:env.X]",
    "{{env.X}}",
    "token=@[var:env.X]tail",
    "@[var:env.X:a default]",
    "@[var:env.UNSET:a default]",
    "@[api:https://api.example/{{env.X}}]",
    "@[file:inc.md]",
    "@[file:long.md]",
    LONG,
    "x" * 9000,
    "line after line\n" * 900,
]
INCLUDED = {
    "inc.md": "in {{env.X}} it @[file:deep.md]",
    "deep.md": "@[var:env.X]",
    "long.md": f"{LONG}{{{{env.X}}}}",
}


class Hashed:
    """Every text that was hashed, by its digest."""

    def __init__(self) -> None:
        self.texts: dict[bytes, str] = {}

    def sha256(self, data: bytes = b"", **_: Any) -> Any:
        parts = [data]

        def made() -> bytes:
            found = hashlib.sha256(b"".join(parts)).digest()
            self.texts[found] = b"".join(parts).decode("utf-8", "surrogatepass")
            return found

        return SimpleNamespace(update=parts.append, digest=made)


@contextmanager
def watched(folder: Path) -> Iterator[tuple[str, set[str]]]:
    """The cache's URL, and what is rendered, to be filled in; at the end all that is in the cache is looked at."""
    rendered: set[str] = set()
    place, hashed = folder / "cache.sqlite", Hashed()
    shim = SimpleNamespace(sha256=hashed.sha256, blake2b=hashlib.blake2b)
    with patch("weighbridge.cache.digest.hashlib", shim):
        yield f"sqlite:///{place}", rendered
    with closing(sqlite3.connect(place)) as database:
        digests = {one for (one,) in database.execute("SELECT digest FROM weighbridge_token_counts")}
    assert digests
    telling = [hashed.texts[one] for one in digests if MARKS & set(hashed.texts.get(one, ""))]
    assert telling == []
    assert digests.isdisjoint(_around(rendered))


def _around(texts: set[str]) -> Iterator[bytes]:
    """The digests of all texts of up to 64 characters with some of the value, a blank of it aside, where it stands."""
    seen: set[str] = set()
    for text in texts:
        at = text.find(VALUE)
        while at >= 0:
            end = at + len(VALUE)
            seen.update(
                text[start : start + length]
                for start in range(max(0, at - 64), end)
                for length in range(max(1, at - start + 1), 65)
            )
            at = text.find(VALUE, end)
    return (hashlib.sha256(one.encode()).digest() for one in seen if MARKS & set(one))


SETTINGS = {"env": ["X", "UNSET"]}
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.sampled_from(["", *PIECES])), max_size=6)


async def _follow(folder: Path, pieces: list[str], edits: list[tuple[float, int, str]]) -> None:
    for name, text in INCLUDED.items():
        (folder / name).write_text(text)
    with watched(folder) as (url, rendered):
        store = CountStore(url)
        async with a_session(folder, SETTINGS, store=store, environment={"X": VALUE}) as session:
            document = session.open((folder / "doc.md").as_uri(), 1, "".join(pieces))
            rendered.add(await check(session, document))
            for place, taken, text in edits:
                lines = document.buffer.line_count
                line = min(int(place * lines), lines - 1)
                end = document.buffer.line_end(line)
                column = int(place * lines % 1 * end)
                typed(session, document, (line, column), text, (line, min(column + taken, end)))
                session.quiet(document)
                rendered.add(await check(session, document))
            await session.queries.whole_report(document)
        store.close()


@settings(max_examples=30)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8), EDITS)
def test_no_digest_of_a_text_with_some_of_a_secret_is_remembered(
    pieces: list[str], edits: list[tuple[float, int, str]]
) -> None:
    with TemporaryDirectory() as folder:
        # Something that is remembered, whatever else there is.
        asyncio.run(_follow(Path(folder).resolve(), [LONG, "\n", *pieces], edits))


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}token=@[var:env.X] {LONG}",
        f"{LONG}\n@[file:inc.md]{LONG}\n@[file:long.md]\n",
        f"{LONG}{{{{env.X}}}}",
        f"{'x' * 9000}@[var:env.X]{'x' * 9000}\n{LONG}",
    ],
)
def test_the_command_line_remembers_none_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("X", VALUE)
    # However few bytes there are, a database is opened.
    monkeypatch.setattr("weighbridge.batch._WORTH_A_DATABASE", 0)
    for name, included in INCLUDED.items():
        (tmp_path / name).write_text(included)
    (tmp_path / "doc.prompt.md").write_text(text)
    with watched(tmp_path) as (url, rendered):
        (outcome,) = weigh([tmp_path / "doc.prompt.md"], {**SETTINGS, "cacheUrl": url})
        rendered.add(text.replace("@[var:env.X]", VALUE).replace("{{env.X}}", VALUE))
        assert outcome.report is not None
        assert outcome.report.ready
        told = f"{caplog.text} {outcome.report.as_json()}"
        assert [word for word in VALUE.split() if word in told] == []


@pytest.mark.parametrize(
    ("headers", "said", "kept"),
    [
        ({}, {}, True),
        ({"Authorization": "Bearer a"}, {}, False),
        ({}, {"Cache-Control": "no-store"}, False),
        ({}, {"Cache-Control": "max-age=9, No-Store"}, False),
    ],
)
async def test_what_was_fetched_with_headers_or_is_not_to_be_stored_leaves_no_digest(
    tmp_path: Path, headers: dict[str, str], said: dict[str, str], *, kept: bool
) -> None:
    answer = "said to one user only"
    network = public(httpx.Response(200, text=answer, headers=said))
    handlers = HandlerFactory(
        cache_folder=tmp_path / "cache",
        transport=httpx.MockTransport(network.answer),
        resolve=network.resolve,
        now=lambda: network.time,
    )
    apis = {"n": {"url": "https://api.example/n", "headers": headers}}
    store = CountStore(f"sqlite:///{tmp_path / 'counts.sqlite'}")
    settings = {"apis": apis, "apiAllow": ["api.example"]}
    async with a_session(tmp_path, settings, store=store, handlers=handlers) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, f"{LONG}\n@[api:n]")
        assert (await check(session, document)).endswith(answer)
    store.close()
    found = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240  (at the end)
    traces = (answer.encode(), hashlib.sha256(answer.encode()).digest())
    assert [any(trace in data for data in found) for trace in traces] == [kept, kept]
