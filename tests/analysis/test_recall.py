"""What is recalled of a file is what reading it gives; only of a file that is the same for sure."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache.stores import kept, url
from tests.content.place import request, scope

from weighbridge.analysis.expand import Nested, Reading
from weighbridge.analysis.reading import read
from weighbridge.analysis.recall import MOST_READ, recall
from weighbridge.cache import Counted, CountStore
from weighbridge.content.base import Content
from weighbridge.content.file import FileHandler
from weighbridge.content.text_file import FRESH, FRESH_BY_FINE_CLOCK, fresh_for
from weighbridge.errors import TransientFault
from weighbridge.references.dialect import MARKDOWN
from weighbridge.references.model import Kind
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken

TOKENIZER = tokenizer("cl100k_base")
PIECES = ("word", " two words", "\n", "\r\n", "é", "漢字", "😀", "e\u0301", "\ufeff", "\u2028", "x" * 40, "1234", "'s", "{{", "@", "me@a.b", "`{{x}}`", "```\n", "# T\n", " ", "<|endoftext|>")  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def later() -> int:
    """So long after now that whatever was just written is old."""
    return time.time_ns() + 2 * FRESH


def loaded(folder: Path, name: str = "a.md", now: Callable[[], int] = later) -> Content:
    return FileHandler(now=now).load(request(Kind.FILE, name, scope(folder)))


@contextmanager
def a_store(folder: Path) -> Iterator[CountStore]:
    with kept(url(folder / "counts.db")) as it:
        yield it.store


def reading(content: Content, service: TokenCountingService, counts: Tokenizer = TOKENIZER) -> Reading:
    return read(content, MARKDOWN, service, counts, CancelToken())


def recalled(content: Content, store: CountStore, counts: Tokenizer = TOKENIZER) -> Reading | None:
    return recall([content], MARKDOWN, TokenCountingService(store, 10), counts)[0]


@settings(deadline=None, max_examples=150)
@given(text=texts, name=st.sampled_from(("a.md", "a.py")))
def test_it_is_what_reading_gives(text: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as place, a_store(Path(place)) as store:
        (Path(place) / name).write_bytes(text.encode())
        content = loaded(Path(place), name)
        expected = reading(content, TokenCountingService(store, 10))
        found = recalled(content, store)
        if found is None:
            # It refers to something, or is not the text alone: it begins with a mark of its encoding.
            nested = any(isinstance(segment, Nested) for segment in expected.segments)
            assert nested or text.startswith("\ufeff")
        else:
            assert found == replace(expected, digest=b"")


@pytest.mark.parametrize("text", ["@[file:b.md]", "{{a}}\n", "see @a.md\n"])
def test_what_refers_to_something_is_not_remembered(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.md").write_text(text)
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), TokenCountingService(store, 10))
        assert recalled(loaded(tmp_path), store) is None


def test_what_only_looks_like_a_reference_is(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("`@[file:b.md]`\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), TokenCountingService(store, 10))
        assert recalled(loaded(tmp_path), store) is not None


def test_other_rules_and_tokenizers_know_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("some words\n")
    other = replace(MARKDOWN, rules=lambda: "others")
    with a_store(tmp_path) as store:
        service = TokenCountingService(store, 10)
        reading(loaded(tmp_path), service)
        assert recall([loaded(tmp_path)], other, service, TOKENIZER) == [None]
        assert recalled(loaded(tmp_path), store, tokenizer("r50k_base")) is None
        assert recalled(loaded(tmp_path), store) is not None


def test_what_changed_lately_has_no_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("some words\n")
    written = path.stat()
    at = max(written.st_mtime_ns, written.st_ctime_ns) + fresh_for(written.st_ctime_ns)
    assert loaded(tmp_path, now=lambda: at).fingerprint is None
    assert loaded(tmp_path, now=lambda: at + 1).fingerprint is not None
    # Another's clock goes wrong, or somebody set the time: it may be set again.
    os.utime(path, ns=(at + FRESH, at + FRESH))
    assert loaded(tmp_path, now=lambda: at + 1).fingerprint is None


@pytest.mark.parametrize(
    ("changed", "fresh"),
    [
        (1_795_641_732_000_000_000, FRESH),  # seconds
        (1_795_641_732_120_000_000, FRESH),  # hundredths
        (1_795_641_732_888_535_613, FRESH_BY_FINE_CLOCK),
    ],
)
def test_coarse_clocks_are_waited_for_longer(changed: int, fresh: int) -> None:
    assert fresh_for(changed) == fresh


def test_where_no_change_can_be_told_there_is_no_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("some words\n")
    assert loaded(tmp_path).fingerprint is not None
    monkeypatch.setattr("weighbridge.content.text_file.CHANGE_TIMES", False)
    assert loaded(tmp_path).fingerprint is None


def write_again(path: Path) -> None:
    path.write_text("same words\n")


def write_and_set_the_time_back(path: Path) -> None:
    before = path.stat()
    path.write_text("same words\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_another_in_its_place(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_text("same words\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [write_again, write_and_set_the_time_back, put_another_in_its_place])
def test_another_text_of_the_same_length_is_another(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "a.md"
    path.write_text("some words\n")
    with a_store(tmp_path) as store:
        before = loaded(tmp_path)
        reading(before, TokenCountingService(store, 10))
        change(path)
        assert recalled(loaded(tmp_path), store) is None
        # Found before, and changed since: its ends are not read, nor is the rest.
        assert recalled(before, store) is None
        assert before.ends is not None
        assert before.raw is not None
        with pytest.raises(TransientFault, match="changed while it was read"):
            before.ends(1, 1)
        with pytest.raises(TransientFault, match="changed while it was read"):
            list(before.raw())


def test_numbers_that_can_not_be_the_file_s_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("some words and more\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), TokenCountingService(store, 10))
        found = recalled(loaded(tmp_path), store)
        assert found is not None
        content = loaded(tmp_path)
        for wrong in (
            Counted(5, 21, 4, 1, 1, 1),
            Counted(5, 4, 2, 1, 1, 1),
            Counted(-1, 20, 4, 1, 1, 1),
            Counted(5, 20, 4, 9, 1, 1),
            Counted(5, 20, 0, 1, 1, 1),
        ):
            assert recall([content], MARKDOWN, _Says(wrong), TOKENIZER) == [None]


class _Says(TokenCountingService):
    """Knows one count of everything."""

    def __init__(self, counted: Counted) -> None:
        super().__init__(None, 1)
        self._counted = counted

    def recall(self, marks: object, tokenizer: Tokenizer) -> dict[bytes, Counted]:
        assert isinstance(marks, list)
        return dict.fromkeys(marks, self._counted)


def test_a_long_fragment_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("é" * (MOST_READ + 1) + " word\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path), TokenCountingService(store, 10))
        assert recalled(loaded(tmp_path), store) is None


def test_neither_path_nor_text_is_in_the_database(tmp_path: Path) -> None:
    (tmp_path / "secretname.md").write_text("secretword and others\n")
    with a_store(tmp_path) as store:
        reading(loaded(tmp_path, "secretname.md"), TokenCountingService(store, 10))
        assert store.flush()
    kept_bytes = b"".join(file.read_bytes() for file in tmp_path.glob("counts.db*"))
    assert b"secretname" not in kept_bytes
    assert b"secretword" not in kept_bytes


def test_marks_are_no_digests_of_texts(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("some words\n")
    content = loaded(tmp_path)
    assert content.fingerprint is not None
    with a_store(tmp_path) as store:
        service = TokenCountingService(store, 10)
        reading(content, service)
        # Whoever writes a text that is a file's fingerprint changes nothing of the file's count.
        service.count(content.fingerprint.decode(), TOKENIZER)
        found = recalled(content, store)
        assert found is not None
        assert found.tokens == TOKENIZER.count("some words\n")
