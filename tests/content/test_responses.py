import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from weighbridge.content import responses
from weighbridge.content.responses import LONGEST_KEPT, LastGood, ResponseStore

GOOD = LastGood("text é \ud800", 12.5, "digest", '"etag"', "yesterday")

PRIVATE = replace(GOOD, private=True)


def a_store(folder: Path | None, now: float = 20.0) -> ResponseStore:
    return ResponseStore(folder, lambda: now)


def test_what_was_put_is_got_by_another(tmp_path: Path) -> None:
    a_store(tmp_path / "new" / "folder").put("key", GOOD)
    assert a_store(tmp_path / "new" / "folder").get("key") == GOOD
    assert a_store(tmp_path / "new" / "folder").get("other") is None


def test_what_must_not_be_kept_stays_in_memory(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.put("key", GOOD)
    store.put("key", PRIVATE)
    assert store.get("key") == PRIVATE
    assert list(tmp_path.iterdir()) == []
    memory = a_store(None)
    memory.put("key", GOOD)
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
    store.put("key", GOOD)
    assert a_store(tmp_path).get("key") == GOOD


@pytest.mark.parametrize("whose", ["key.json", "."])
@pytest.mark.parametrize("way", ["owned", "writable"])
def test_what_others_may_have_written_is_not_believed(
    tmp_path: Path, whose: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_store(tmp_path).put("key", GOOD)
    if way == "writable":
        (tmp_path / whose).chmod(0o666 if whose == "key.json" else 0o777)
    else:
        others = (tmp_path / whose).stat().st_ino

        def check(
            found: os.stat_result, ours: Callable[[os.stat_result], None] = responses._check_ours
        ) -> None:
            ours(os.stat_result((*found[:4], found.st_uid + (found.st_ino == others), *found[5:])))

        monkeypatch.setattr(responses, "_check_ours", check)
    before = (tmp_path / "key.json").read_bytes()
    store = a_store(tmp_path)
    assert store.get("key") is None
    store.put("other", GOOD)
    assert store.get("other") == GOOD
    assert (tmp_path / "key.json").read_bytes() == before
    assert (tmp_path / "other.json").exists() == (whose == "key.json")


def test_a_pipe_in_a_responses_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key.json")
    assert a_store(tmp_path).get("key") is None


def test_a_folder_that_can_not_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = a_store(tmp_path / "file" / "below")
    store.put("key", GOOD)
    assert store.get("key") == GOOD


def test_the_oldest_go_when_the_folder_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LARGEST_FOLDER", 2500)
    store = a_store(tmp_path)
    (tmp_path / "somebody-elses.txt").write_text("x" * 5000)
    for number, name in enumerate("abc"):
        store.put(name, LastGood(name * 1000, 1.0, "d"))
        os.utime(tmp_path / f"{name}.json", (number, number))
    store.put("d", LastGood("d" * 1000, 1.0, "d"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.json", "d.json", "somebody-elses.txt"]


def test_clearing_forgets_all_but_what_is_not_its_own(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.put("key", GOOD)
    (tmp_path / "somebody-elses.txt").write_text("x")
    store.clear()
    assert store.get("key") is None
    assert [path.name for path in tmp_path.iterdir()] == ["somebody-elses.txt"]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LARGEST_MEMORY", 3000)
    store = a_store(None)
    for name in "abcd":
        store.put(name, LastGood(name * 1000, 1.0, "d"))
    store.put("large", LastGood("x" * 9000, 1.0, "d"))
    assert [name for name in (*"abcd", "large") if store.get(name) is not None] == ["c", "d"]


def test_what_is_too_old_is_not_given_and_goes_from_the_disk(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for name, fetched_at in (("old", 12.5), ("new", 13.5)):
        store.put(name, LastGood("text", fetched_at, "d"))
        os.utime(tmp_path / f"{name}.json", (fetched_at, fetched_at))
    (tmp_path / "somebody-elses.txt").write_text("x")
    os.utime(tmp_path / "somebody-elses.txt", (1, 1))
    later = a_store(tmp_path, 13.0 + LONGEST_KEPT)
    assert [name for name in ("old", "new") if later.get(name) is not None] == ["new"]
    later.expire()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.json", "somebody-elses.txt"]
    a_store(None).expire()
