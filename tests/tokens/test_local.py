"""Tokenizers of a user's own files: counted as their engine does, never a repository's, and a broken one named."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import splintr
from tests.session.harness import a_session, open_file, typed

from weighbridge.budget.directive import NOTHING
from weighbridge.config import Layer, resolve
from weighbridge.config.files import read_folder_layer
from weighbridge.session.choice import choose
from weighbridge.tokens import families, local, registry
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.local import BrokenTokenizerError, LocalTokenizer
from weighbridge.tokens.registry import tokenizer as tokenizer_of

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
    files: dict[str, LocalTokenizer | str] = {}
    monkeypatch.setattr(registry, "_tokenizers", {})
    monkeypatch.setattr(families, "_files", files)
    yield
    for found in files.values():
        if isinstance(found, LocalTokenizer):
            found.close()


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


def a_file(path: Path, **changed: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**FILE, **changed}))
    return path


def in_repository(folder: Path, written: str) -> tuple[tuple[str, ...], str]:
    """What is warned of, and the encoding, where the settings in a folder name a file."""
    (folder / "weighbridge.toml").write_text(
        f'model = "mine"\n[models.mine]\nencoding = "qwen3"\ntokenizer = {json.dumps(written)}\n'
    )
    layer, faults = read_folder_layer(folder)
    found = resolve([layer])
    return (*faults, *found.warnings), choose(found.settings, NOTHING).encoding


@pytest.mark.parametrize("written", ["t.json", "models/t.json", "./models/../t.json", "ABSOLUTE/t.json"])
def test_a_repository_may_name_a_file_of_its_own(tmp_path: Path, written: str) -> None:
    a_file(tmp_path / "t.json")
    a_file(tmp_path / "models" / "t.json")
    warnings, encoding = in_repository(tmp_path, written.replace("ABSOLUTE", str(tmp_path)))
    assert warnings == ()
    found = registry.tokenizer(encoding)
    assert (found.count("the then"), found.exactness, families.note(encoding)) == (4, Exactness.EXACT, None)


@pytest.mark.parametrize(
    "written", ["../t.json", "/etc/t.json", "models/../../t.json", "", "~/t.json\0", "..", "a/../.."]
)
def test_a_repository_names_none_outside(tmp_path: Path, written: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    a_file(tmp_path / "t.json")
    warnings, encoding = in_repository(folder, written)
    if written:
        (warning,) = warnings
        assert warning.startswith(
            "weighbridge.models.mine.tokenizer: taken from a repository only if the file lies in it"
        )
        assert encoding == "qwen3"
    else:
        assert registry.tokenizer(encoding).exactness is Exactness.ESTIMATE


@pytest.mark.parametrize("link", ["t.json", "models"])
def test_no_link_of_a_repository_leads_outside(tmp_path: Path, link: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    outside = a_file(tmp_path / "outside" / "t.json")
    (folder / link).symlink_to(outside if link == "t.json" else outside.parent)
    warnings, encoding = in_repository(folder, "t.json" if link == "t.json" else "models/t.json")
    assert (warnings, registry.tokenizer(encoding).exactness) == ((), Exactness.ESTIMATE)
    assert "it leads out of the workspace" in (families.note(encoding) or "")
    # The user's own settings may name it.
    assert registry.tokenizer(f"tokenizer:{folder}/{link}".removesuffix("/models")).name.startswith(
        "tokenizer:"
    )


def test_no_other_layer_names_one_for_a_repository(tmp_path: Path) -> None:
    warnings, encoding, _ = chosen(
        {"tokenizer": str(tmp_path / "t.json"), "encoding": "qwen3"}, trusted=False
    )
    assert (len(warnings), encoding) == (1, "qwen3")
    # Nor by another name.
    _, encoding, unknown = chosen({"encoding": f"tokenizer:{tmp_path}/t.json"}, trusted=False)
    assert (encoding, unknown) == (
        "cl100k_base",
        ("weighbridge.models: mine: expected the file as `tokenizer`",),
    )
    found = resolve([Layer("x", {"encoding": f"tokenizer:{tmp_path}/t.json"}, trusted_source=False)])
    assert choose(found.settings, NOTHING).encoding == "cl100k_base"


def test_workspaces_bring_a_few_files_only(tmp_path: Path) -> None:
    names = [f"tokenizer:{tmp_path}//{a_file(tmp_path / f'{number}.json').name}" for number in range(6)]
    found = [registry.tokenizer(name).exactness for name in names]
    assert found == [Exactness.EXACT] * 4 + [Exactness.ESTIMATE] * 2
    assert "workspaces may bring 4 such files" in (families.note(names[-1]) or "")


def _split(pattern: str) -> dict[str, Any]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    levels = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"type": "Sequence", "pretokenizers": [split, levels]}


def _replaced(content: str, times: int) -> dict[str, Any]:
    one = {"type": "Replace", "pattern": {"String": "a"}, "content": content}
    return {"type": "Sequence", "normalizers": [one] * times}


#: What a hostile file does to whoever counts by it in their own process: it takes for ever, or all memory.
HOSTILE: dict[str, tuple[dict[str, Any], str, str]] = {
    "a pattern": ({"pre_tokenizer": _split(r"(?=(a+))\1*b|(a*)*\2c")}, "a" * 50_000, "takes longer than"),
    "a replacement": (
        {"normalizer": _replaced("x" * 1_000_000, 1)},
        "a" * 10_000,
        "takes (longer|more memory) than",
    ),
    "doublings": ({"normalizer": _replaced("aa", 40)}, "a", "takes (longer|more memory) than"),
}


@pytest.mark.parametrize(("changed", "text", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_given_up(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    text: str,
    said: str,
) -> None:
    monkeypatch.setattr(local, "_SECONDS_TO_COUNT", 2.0)
    encoding = f"tokenizer:{tmp_path}//{a_file(tmp_path / 't.json', **changed).name}"
    found = registry.tokenizer(encoding)
    if found.exactness is Exactness.EXACT:
        for _ in range(2):
            with pytest.raises(BrokenTokenizerError, match=said):
                found.count(text)
    # Whoever asks for it from now on is given an estimate that says why.
    again = registry.tokenizer(encoding)
    assert (again.exactness, again.count("some words")) == (Exactness.ESTIMATE, 2)
    assert re.search(said, families.note(encoding) or "")


async def test_a_document_goes_on_with_an_estimate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_SECONDS_TO_COUNT", 2.0)
    changed, text, _ = HOSTILE["a pattern"]
    a_file(tmp_path / "t.json", **changed)
    (tmp_path / "weighbridge.toml").write_text('model="mine"\n[models.mine]\ntokenizer="t.json"\n')
    (tmp_path / "a.md").write_text("the words\n")
    (tmp_path / "doc.prompt.md").write_text("@[file:a.md]\n")
    layer, _ = read_folder_layer(tmp_path)
    async with a_session(tmp_path, dict(layer.values)) as session:
        session.configuration.take_files(session.configuration.read_files([tmp_path]))
        session.configured()
        document = open_file(session, tmp_path / "doc.prompt.md")
        report = await session.queries.whole_report(document)
        assert (report.tokens, report.exactness) == (9, Exactness.EXACT)
        typed(session, document, (0, 0), text)
        report = await session.queries.whole_report(document)
        assert report.exactness is Exactness.ESTIMATE
        assert report.tokens == tokenizer_of(report.encoding).count(await session.queries.render(document))


def test_a_forked_process_counts_by_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = local.load(f"tokenizer:{a_file(tmp_path / 't.json')}")
    first = found._process
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert (found.count("the then"), found._process is first) == (4, False)
    first.end()
    found.close()


def test_a_process_that_is_gone_is_a_fault_that_is_said(tmp_path: Path) -> None:
    found = local.load(f"tokenizer:{a_file(tmp_path / 't.json')}")
    found.close()
    with pytest.raises(BrokenTokenizerError):
        found.count("the")


def test_a_path_is_absolute() -> None:
    ((warning,), encoding, _) = chosen({"tokenizer": "t.json", "encoding": "qwen3"})
    assert "expected the absolute path of a tokenizer.json" in warning
    assert encoding == "cl100k_base"
