"""The vocabularies that come with the package are those tiktoken would download."""

import gzip
import hashlib
import importlib.util
import zipfile
import zlib
from pathlib import Path
from types import ModuleType

import pytest
from tiktoken_ext import openai_public

from weighbridge.errors import UnknownEncodingError
from weighbridge.tokens import vocabulary
from weighbridge.tokens.vocabulary import VOCABULARIES, pack, ranks, tiktoken_file, unpack

ROOT = Path(__file__).resolve().parents[2]
P50K = "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"
SAMPLE = b"IQ== 0\nIg== 1\nISI= 3\n"


@pytest.mark.parametrize("sha256", VOCABULARIES)
def test_the_ranks_are_those_of_tiktokens_file(sha256: str) -> None:
    assert hashlib.sha256(tiktoken_file(ranks(sha256))).hexdigest() == sha256


def test_every_encoding_of_tiktoken_but_the_oldest_names_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    named = set[str]()

    def load(_url: str, expected_hash: str) -> dict[bytes, int]:
        named.add(expected_hash)
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    for name in set(openai_public.ENCODING_CONSTRUCTORS) - {"gpt2"}:
        openai_public.ENCODING_CONSTRUCTORS[name]()
    assert named == set(VOCABULARIES)


def test_packing_keeps_ranks_that_no_token_has() -> None:
    content = pack(SAMPLE)
    assert content == b"\x04\x00\x00\x00" + b"\x01\x01\x00\x02" + b'!"!"'
    assert list(unpack(content).items()) == [(b"!", 0), (b'"', 1), (b'!"', 3)]
    assert unpack(content, 3) == {b"!": 0, b'"': 1}
    assert tiktoken_file(unpack(content)) == SAMPLE


def test_a_vocabulary_that_is_not_ours_is_refused() -> None:
    with pytest.raises(UnknownEncodingError, match="no vocabulary with SHA-256 abc"):
        ranks("abc")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "can't be read"),
        (b"no zlib", "can't be read"),
        (zlib.compress(pack(SAMPLE)), "is not the file"),
    ],
)
def test_a_damaged_installation_is_noticed(
    data: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vocabularies").mkdir()
    if data is not None:
        (tmp_path / "vocabularies/p50k_base.zlib").write_bytes(data)
    monkeypatch.setattr(vocabulary, "files", lambda _package: tmp_path)
    with pytest.raises(UnknownEncodingError, match=message):
        ranks(P50K)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The packing script, writing to a folder of its own."""
    spec = importlib.util.spec_from_file_location("pack_vocabularies", ROOT / "scripts/pack_vocabularies.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TARGET", tmp_path)
    return module


def test_packing_again_gives_what_is_shipped(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for sha256, found in VOCABULARIES.items():
        file = tiktoken_file(ranks(sha256))
        if found.packed == "cl100k_base":
            (sources / "gzipped").write_bytes(gzip.compress(file))
        elif found.packed == "o200k_base":
            (sources / "raw").write_bytes(file)
        elif sha256 == P50K:
            with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
                wheel.writestr("inside", file)
    monkeypatch.setattr("sys.argv", ["pack", str(sources), str(tmp_path / "some.whl")])
    assert script.main() == 0
    shipped = ROOT / "server/weighbridge/tokens/vocabularies"
    # Compared unpacked: another version of zlib may pack the same content differently.
    assert {path.name: zlib.decompress(path.read_bytes()) for path in tmp_path.glob("*.zlib")} == {
        path.name: zlib.decompress(path.read_bytes()) for path in shipped.glob("*.zlib")
    }


def test_packing_says_what_no_source_holds(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").write_bytes(SAMPLE)
    monkeypatch.setattr("sys.argv", ["pack", str(tmp_path / "other")])
    assert script.main() == 1
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        found.packed for found in VOCABULARIES.values()
    ]
