"""`weighbridge doctor`: what is here, what is wrong, nothing private."""

import stat
from pathlib import Path

import pytest
from tests.cli.test_commands import run
from tests.tokens.reference import tokens

from weighbridge import doctor
from weighbridge.tokens.registry import encodings


def lines(folder: Path) -> tuple[int, list[str]]:
    done = run(folder, "doctor")
    return done.returncode, done.stdout.decode().splitlines()


def test_a_sound_installation(tmp_path: Path) -> None:
    (tmp_path / "weighbridge.toml").write_text('budget = 50\n[variables]\ntoken = "geheim"\n')
    (tmp_path / "AGENTS.md").write_text("geheim")
    code, shown = lines(tmp_path)
    assert code == 0
    assert all(line.startswith("ok") for line in shown)
    assert f"ok    settings: {tmp_path / 'weighbridge.toml'} sets budget, variables" in shown
    assert f"ok    Codex: loads 1 file in {tmp_path} (as of 0.171.0)" in shown
    assert any(line.endswith(", ".join(encodings())) for line in shown)
    assert "geheim" not in "\n".join(shown)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget = [\n", "weighbridge.toml: "),
        ("budget = 0\n", "budget: expected"),
        ("bugdet = 3\n", "bugdet"),
    ],
)
def test_settings_that_can_not_be_used(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "weighbridge.toml").write_text(text)
    code, shown = lines(tmp_path)
    faults = [line for line in shown if line.startswith("FAULT ")]
    assert (code, len(faults), said in faults[0]) == (2, 1, True)


def test_a_cache_that_others_may_write_to(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "weighbridge"
    cache.mkdir(parents=True)
    (cache / "counts.sqlite3").write_bytes(b"")
    (cache / "counts.sqlite3").chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IWOTH)
    code, shown = lines(tmp_path)
    faults = [line for line in shown if line.startswith("FAULT ")]
    assert (code, len(faults), "others may have written to it" in faults[0]) == (2, 1, True)


def test_a_tokenizer_that_counts_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(doctor._KNOWN, "o200k_base", 7)
    faults = [str(sign) for sign in doctor.signs(tmp_path) if sign.fault]
    assert faults == ["FAULT tokenizer o200k_base: counts 42 instead of 7: please report it"]


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
def test_what_is_known_of_the_sample_is_true(name: str) -> None:
    assert len(tokens(name, doctor._SAMPLE)) == doctor._KNOWN[name]
