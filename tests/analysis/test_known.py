"""What is known of a file by its text is what reading it by itself gives."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache.stores import kept, url
from tests.content.place import request, scope
from tests.tokens.watched import WatchedService

from weighbridge.analysis.expand import Nested, Reading
from weighbridge.analysis.reading import read
from weighbridge.analysis.recalled import recalled_readings
from weighbridge.analysis.scans import Scans
from weighbridge.cache import Counted, CountKey, CountStore
from weighbridge.content.base import Content
from weighbridge.content.file import FileHandler
from weighbridge.references.dialect import MARKDOWN, Dialect
from weighbridge.references.model import Kind
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken

TOKENIZER = tokenizer("cl100k_base")
PIECES = ("word", " two words", "\n", "\r\n", "é", "漢字", "😀", "e\u0301", "\ufeff", "\u2028", "x" * 40, "1234", "'s", "{{", "@", "me@a.b", "`{{x}}`", "```\n", "# T\n", " ", "<|endoftext|>", "\0")  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def loaded(folder: Path, name: str = "a.md") -> Content:
    return FileHandler().load(request(Kind.FILE, name, scope(folder)))


@contextmanager
def a_store(folder: Path) -> Iterator[CountStore]:
    with kept(url(folder / "counts.db")) as it:
        yield it.store


def reading(content: Content, service: TokenCountingService, scans: Scans | None = None) -> Reading:
    return read(content, MARKDOWN, service, TOKENIZER, scans or Scans(), CancelToken())


def known(
    content: Content,
    store: CountStore,
    *,
    dialect: Dialect = MARKDOWN,
    counts: Tokenizer = TOKENIZER,
    scans: Scans | None = None,
) -> Reading | None:
    """What a new process knows of a content, or one that remembers these scans."""
    service = WatchedService(store, 10)
    found = recalled_readings([(1, content)], dialect, service, counts, scans or Scans(), CancelToken())
    assert service.stats.tokenized == 0
    return found.get(1)


@settings(max_examples=150)
@given(text=texts, name=st.sampled_from(("a.md", "a.py")))
def test_it_is_what_reading_gives(text: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as place, a_store(Path(place)) as store:
        (Path(place) / name).write_bytes(text.encode())
        content = loaded(Path(place), name)
        if "\0" in text:
            assert known(content, store) is None
            return
        expected = reading(content, WatchedService(store, 10))
        found = known(content, store)
        if found is None:
            assert any(isinstance(segment, Nested) for segment in expected.segments)
        else:
            assert found == expected


@pytest.mark.parametrize(
    ("text", "is_known"),
    [("`@[file:b.md]`\n", True), ("@[file:b.md]", False), ("{{a}}\n", False), ("see @a.md\n", False)],
)
def test_that_a_text_refers_to_nothing_is_kept(tmp_path: Path, text: str, is_known: bool) -> None:
    (tmp_path / "a.md").write_text(text)
    with a_store(tmp_path) as store:
        scans = Scans()
        reading(loaded(tmp_path), WatchedService(store, 10), scans)
        # The same process knows what its scan found; another, that the scan found nothing.
        for remembered in (scans, Scans()):
            assert (known(loaded(tmp_path), store, scans=remembered) is not None) == is_known


def test_other_rules_and_tokenizers_know_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("`@[file:b.md]` some words\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), WatchedService(store, 10))
        assert known(loaded(tmp_path), store, dialect=replace(MARKDOWN, rules="others")) is None
        assert known(loaded(tmp_path), store, counts=tokenizer("r50k_base")) is None
        assert known(loaded(tmp_path), store) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        Counted(5, 21, 4, 1, 1, 1),  # of another length
        Counted(5, 4, 2, 1, 1, 1),
        Counted(-1, 20, 4, 1, 1, 1),
        Counted(5, 20, 4, 9, 1, 1),
        Counted(5, 20, 0, 1, 1, 1),
        Counted(21, 20, 4, 1, 1, 1),  # more tokens than bytes
        Counted(60, 20, 4, 1, 1, 1),
        Counted(81, 20, 20, 81, 0, 0),
    ],
)
def test_numbers_that_can_not_be_the_text_s_are_not_believed(tmp_path: Path, wrong: Counted) -> None:
    (tmp_path / "a.md").write_text("some words and more\n")
    with a_store(tmp_path) as store:
        found = reading(loaded(tmp_path), WatchedService(store, 10))
        store.put_many({CountKey(found.digest, TOKENIZER.name, TOKENIZER.version): wrong})
        assert store.flush()
        assert known(loaded(tmp_path), store) is None
        assert reading(loaded(tmp_path), WatchedService(store, 10)).tokens == TOKENIZER.count(
            "some words and more\n"
        )


def test_many_are_looked_up_together_and_little_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"{number}.md").write_text(f"some words {number}\n")
    contents = [(number, loaded(tmp_path, f"{number}.md")) for number in range(20)]
    with a_store(tmp_path) as store:
        expected = {number: reading(content, WatchedService(store, 10)) for number, content in contents}
        for most in (30, 1_000_000):
            monkeypatch.setattr("weighbridge.analysis.recalled.LONGEST_WHOLE", most)
            service = WatchedService(store, 10)
            assert (
                recalled_readings(contents, MARKDOWN, service, TOKENIZER, Scans(), CancelToken()) == expected
            )


def test_what_is_too_long_to_be_held_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("some words\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), WatchedService(store, 10))
        monkeypatch.setattr("weighbridge.analysis.whole_text.LONGEST_WHOLE", 5)
        assert known(loaded(tmp_path), store) is None


def test_what_is_not_there_any_more_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("some words\n")
    with a_store(tmp_path) as store:
        content = loaded(tmp_path)
        reading(content, WatchedService(store, 10))
        (tmp_path / "a.md").unlink()
        assert known(content, store) is None


def test_neither_path_nor_text_is_in_the_database(tmp_path: Path) -> None:
    (tmp_path / "secretname.md").write_text("`@secretword` and others\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path, "secretname.md"), WatchedService(store, 10))
        assert store.flush()
    kept_bytes = b"".join(file.read_bytes() for file in tmp_path.glob("counts.db*"))
    assert b"secretname" not in kept_bytes
    assert b"secretword" not in kept_bytes
