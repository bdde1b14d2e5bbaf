import json
import os
from pathlib import Path

import pytest

from weighbridge.content import responses
from weighbridge.content.responses import LONGEST_KEPT, LastGood, ResponseStore

GOOD = LastGood("text é \ud800", 12.5, "digest", '"etag"', "yesterday")


def a_store(folder: Path | None, now: float = 20.0) -> ResponseStore:
    return ResponseStore(folder, lambda: now)


def test_what_was_put_is_got_by_another(tmp_path: Path) -> None:
    a_store(tmp_path / "new" / "folder").put("key", GOOD, keep=True)
    assert a_store(tmp_path / "new" / "folder").get("key") == GOOD
    assert a_store(tmp_path / "new" / "folder").get("other") is None


def test_what_must_not_be_kept_stays_in_memory(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.put("key", GOOD, keep=True)
    store.put("key", GOOD, keep=False)
    assert store.get("key") == GOOD
    assert list(tmp_path.iterdir()) == []
    memory = a_store(None)
    memory.put("key", GOOD, keep=True)
    assert memory.get("key") == GOOD


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "not json",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"form": 2, "text": "x", "fetched_at": 1, "url_digest": "d"}),
        json.dumps({"form": 1, "text": "x", "fetched_at": 1}),
        json.dumps({"form": 1, "text": 5, "fetched_at": 1, "url_digest": "d"}),
        json.dumps({"form": 1, "text": "x", "fetched_at": "1", "url_digest": "d"}),
        json.dumps({"form": 1, "text": "x", "fetched_at": 1, "url_digest": "d", "etag": 1}),
        json.dumps({"form": 1, "text": "x", "fetched_at": 1, "url_digest": "d", "more": 1}),
        "\u00e9",
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, stored: str) -> None:
    (tmp_path / "key.json").write_text(stored, encoding="utf-8")
    store = a_store(tmp_path)
    assert store.get("key") is None
    assert [path.name for path in tmp_path.iterdir()] == ["key.bad"]
    store.put("key", GOOD, keep=True)
    assert a_store(tmp_path).get("key") == GOOD


def test_a_folder_that_can_not_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = a_store(tmp_path / "file" / "below")
    store.put("key", GOOD, keep=True)
    assert store.get("key") == GOOD


def test_the_oldest_go_when_the_folder_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LARGEST_FOLDER", 2500)
    store = a_store(tmp_path)
    (tmp_path / "somebody-elses.txt").write_text("x" * 5000)
    for number, name in enumerate("abc"):
        store.put(name, LastGood(name * 1000, 1.0, "d"), keep=True)
        os.utime(tmp_path / f"{name}.json", (number, number))
    store.put("d", LastGood("d" * 1000, 1.0, "d"), keep=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.json", "d.json", "somebody-elses.txt"]


def test_clearing_forgets_all_but_what_is_not_its_own(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.put("key", GOOD, keep=True)
    (tmp_path / "somebody-elses.txt").write_text("x")
    store.clear()
    assert store.get("key") is None
    assert [path.name for path in tmp_path.iterdir()] == ["somebody-elses.txt"]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LARGEST_MEMORY", 3000)
    store = a_store(None)
    for name in "abcd":
        store.put(name, LastGood(name * 1000, 1.0, "d"), keep=True)
    store.put("large", LastGood("x" * 9000, 1.0, "d"), keep=True)
    assert [name for name in (*"abcd", "large") if store.get(name) is not None] == ["c", "d"]


def test_what_is_too_old_is_not_given_and_goes_from_the_disk(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for name, fetched_at in (("old", 12.5), ("new", 13.5)):
        store.put(name, LastGood("text", fetched_at, "d"), keep=True)
        os.utime(tmp_path / f"{name}.json", (fetched_at, fetched_at))
    (tmp_path / "somebody-elses.txt").write_text("x")
    os.utime(tmp_path / "somebody-elses.txt", (1, 1))
    later = a_store(tmp_path, 13.0 + LONGEST_KEPT)
    assert [name for name in ("old", "new") if later.get(name) is not None] == ["new"]
    later.expire()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.json", "somebody-elses.txt"]
    a_store(None).expire()
