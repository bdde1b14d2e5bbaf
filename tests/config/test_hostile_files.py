"""Settings files made to take long: how much work they cause, counted, and what is said of them."""

from pathlib import Path
from typing import Any

import pytest

from weighbridge.config import Layer, read_folder_layer, resolve
from weighbridge.config.messages import fault
from weighbridge.config.settings import Settings


def test_only_told_faults_are_put_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = 0

    def counted(*about: Any) -> str:
        nonlocal said
        said += 1
        return fault(*about)

    monkeypatch.setattr("weighbridge.config.layers.fault", counted)
    resolved = resolve([Layer("file", {"include": [1] * 5000}, trusted_source=False)])
    assert said == 50
    assert resolved.settings == Settings()
    assert len(resolved.warnings) == 51
    assert resolved.warnings[50] == "weighbridge: 4,950 more faults in file"


def test_names_like_unknown_ones_are_looked_for_only_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    def counted(*about: Any) -> str:
        nonlocal looked
        looked += 1
        return ""

    monkeypatch.setattr("weighbridge.config.layers.meant", counted)
    resolved = resolve([Layer("file", {f"debounce{n}": 1 for n in range(5000)}, trusted_source=False)])
    assert looked == 50
    assert resolved.warnings[-1] == "weighbridge: 4,950 more faults in file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("include", ["a"] * 10_001),
        ("thresholds", [1] * 10_001),
        ("apis", {f"a{n}": 1 for n in range(10_001)}),
        ("variables", {f"a{n}": [] for n in range(10_001)}),
        ("retry", {f"a{n}": 1 for n in range(10_001)}),
    ],
)
def test_of_too_many_entries_none_is_looked_at(name: str, value: Any) -> None:
    resolved = resolve([Layer("file", {name: value, "debounce": 7}, trusted_source=False)])
    assert resolved.settings == Settings(debounce=7)
    assert resolved.warnings == (f"weighbridge.{name}: expected at most 10,000 entries; ignored in file",)


@pytest.mark.parametrize(
    "key",
    [
        ".".join("a" * 120_000),
        " . ".join("a" * 101),
        '"a b".' * 100 + "c",
        "'.'.\"'\"." * 50 + "c",
        "apis." + ".".join(["n-1"] * 100),
    ],
)
@pytest.mark.parametrize("line", ["{key} = 1", "[{key}]", "[[{key}]]", "x = {{{key} = 1}}"])
def test_a_key_of_very_many_parts_is_refused_before_it_is_parsed(
    tmp_path: Path, line: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tomllib.loads", lambda text: pytest.fail("parsed"))
    (tmp_path / "weighbridge.toml").write_text(f"debounce = 1\n{line.format(key=key)}\n", encoding="utf-8")
    layer, warnings = read_folder_layer(tmp_path)
    assert layer.values == {}
    assert warnings == ("weighbridge.toml: not TOML: a key of more than 100 parts (at line 2); ignored",)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("variables." + ".".join("a" * 2) + " = 1", {"variables": {"a": {"a": 1}}}),
        (f'encoding = "{"." * 500}"', {"encoding": "." * 500}),
        (f'encoding = "{"one two. " * 200}"', {"encoding": "one two. " * 200}),
        (f'encoding = "{"w" * 250_000}"', {"encoding": "w" * 250_000}),
        ("# " + '"' * 250_000 + "\ndebounce = 5", {"debounce": 5}),
    ],
)
def test_what_only_looks_like_a_long_key_is_read(tmp_path: Path, text: str, values: dict[str, Any]) -> None:
    (tmp_path / "weighbridge.toml").write_text(text, encoding="utf-8")
    layer, warnings = read_folder_layer(tmp_path)
    assert (layer.values, warnings) == (values, ())


@pytest.mark.parametrize("number", [f"0x{'f' * 5_000}", f"0o{'7' * 9_000}", f"0b{'1' * 20_000}", "9" * 5_000])
@pytest.mark.parametrize(
    "line",
    ["workers = {}", "budget = [[{}]]", "retry = {{attempts = {}}}", "[variables]\na = {}", "[[thresholds]]\nat = {}"],
)  # fmt: skip
def test_a_number_too_long_to_be_told_is_refused_however_it_is_written(
    tmp_path: Path, line: str, number: str
) -> None:
    (tmp_path / "weighbridge.toml").write_text(line.format(number), encoding="utf-8")
    layer, warnings = read_folder_layer(tmp_path)
    assert warnings == ("weighbridge.toml: not TOML: a number too long, or nested too deeply; ignored",)
    assert resolve([layer]).settings == Settings()


@pytest.mark.parametrize(
    ("values", "expected", "clamped"),
    [
        ({"attempts": 20, "delay": 3600}, {"attempts": 5, "delay": 5}, ["attempts: 20", "delay: 3,600"]),
        ({"max_delay": 3600.5, "backoff": 100}, {"maxDelay": 30, "backoff": 10}, ["maxDelay: 3,600.5", "backoff: 100"]),
        ({"delay": float("inf")}, {"delay": 5}, ["delay: inf"]),
        ({"attempts": 5, "delay": 0.25}, {"attempts": 5, "delay": 0.25}, []),
    ],
)  # fmt: skip
def test_a_repository_keeps_nobody_waiting(
    values: dict[str, Any], expected: dict[str, Any], clamped: list[str]
) -> None:
    resolved = resolve([Layer("file", {"retry": values}, trusted_source=False)])
    assert resolved.settings == Settings.model_validate({"retry": expected})
    assert [one.partition(" is more than a repository may set")[0] for one in resolved.warnings] == [
        f"weighbridge.retry.{one}" for one in clamped
    ]
    # An editor's are its own business.
    assert resolve([Layer("editor", {"retry": {"delay": 3600}}, trusted_source=True)]).warnings == ()
