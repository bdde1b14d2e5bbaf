"""Tokenizers of a user's own files: counted as their engine does, never a repository's, and a broken one named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import splintr

from weighbridge.budget.directive import NOTHING
from weighbridge.config import Layer, resolve
from weighbridge.session.prepare import choose
from weighbridge.tokens import families, local, registry
from weighbridge.tokens.base import Exactness

FILE: dict[str, Any] = {
    "version": "1.0",
    "added_tokens": [],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "post_processor": None,
    "decoder": {"type": "ByteLevel"},
    "model": {
        "type": "BPE",
        "vocab": {piece: number for number, piece in enumerate(["Ġ", "Ċ", *map(chr, range(33, 127)), "th", "the"])},
        "merges": ["t h", "th e"],
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_tokenizers", {})
    families._local.cache_clear()
    yield
    families._local.cache_clear()


def chosen(entry: dict[str, Any], *, trusted: bool = True) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    values = {"model": "mine", "models": {"mine": entry}}
    found = resolve([Layer("x", values, trusted_source=trusted)])
    choice = choose(found.settings, NOTHING)
    return found.warnings, choice.encoding, choice.warnings


def test_a_file_counts_as_its_engine_does(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(FILE))
    warnings, encoding, unknown = chosen({"tokenizer": str(path), "contextWindow": 1_000})
    assert (warnings, encoding, unknown) == ((), f"tokenizer:{path}", ())
    found = registry.tokenizer(encoding)
    engine = splintr.from_json(str(path))
    for text in ("", "the then a\n", "<|im_start|> the", "x" * 5_000):
        assert found.count(text) == len(engine.encode_ordinary(text))
    assert (found.count("the then"), found.exactness, families.note(encoding)) == (4, Exactness.EXACT, None)
    assert found.count("a\ud800b") == found.count("a\ufffdb")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "No such file or directory"),
        (b"", "failed to parse tokenizer.json"),
        (b"{}", "tokenizer.json missing field: model"),
        (b" " * 200, "larger than 100 bytes"),
    ],
)
def test_one_that_can_not_be_used_is_named_and_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes | None, said: str
) -> None:
    monkeypatch.setattr(local, "LARGEST", 100)
    path = tmp_path / "tokenizer.json"
    if data is not None:
        path.write_bytes(data)
    encoding = f"tokenizer:{path}"
    assert registry.tokenizer(encoding).exactness is Exactness.ESTIMATE
    assert families.is_missing(encoding)
    assert said in (families.note(encoding) or "")


def test_none_is_taken_from_a_repository(tmp_path: Path) -> None:
    warnings, encoding, _ = chosen(
        {"tokenizer": str(tmp_path / "t.json"), "encoding": "qwen3"}, trusted=False
    )
    assert (warnings, encoding) == (
        ("weighbridge.models.mine.tokenizer: never taken from a repository; ignored in x",),
        "qwen3",
    )
    # Nor by another name.
    _, encoding, unknown = chosen({"encoding": f"tokenizer:{tmp_path}/t.json"}, trusted=False)
    assert (encoding, unknown) == (
        "cl100k_base",
        ("weighbridge.models: mine: expected the file as `tokenizer`",),
    )
    found = resolve([Layer("x", {"encoding": f"tokenizer:{tmp_path}/t.json"}, trusted_source=False)])
    assert choose(found.settings, NOTHING).encoding == "cl100k_base"


def test_a_path_is_absolute() -> None:
    ((warning,), encoding, _) = chosen({"tokenizer": "t.json", "encoding": "qwen3"})
    assert "expected the absolute path of a tokenizer.json" in warning
    assert encoding == "cl100k_base"
