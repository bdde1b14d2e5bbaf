"""The rules' name changes with what decides, and with nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from weighbridge.references import forms, inlines
from weighbridge.references.rules import scanner_rules


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    scanner_rules.cache_clear()
    yield
    scanner_rules.cache_clear()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_names_them_alike(seed: str) -> None:
    command = [sys.executable, "-c", "from weighbridge.references.rules import *; print(scanner_rules())"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == scanner_rules()


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (forms, "BEFORE_PATH", frozenset(" ")),
        (forms, "TRAILING", "."),
        (forms, "_EXPLICIT", re.compile(r"@\[(file):(.*)\]")),
        (forms, "LONGEST_REFERENCE", 1),
    ],
)
def test_another_constant_gives_another_name(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, value: object
) -> None:
    before = scanner_rules()
    scanner_rules.cache_clear()
    monkeypatch.setattr(module, name, value)
    assert scanner_rules() != before


def test_another_function_or_method_gives_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {scanner_rules()}

    def _short(text: str, at: int) -> None:
        return None

    _short.__module__ = forms.__name__
    with monkeypatch.context() as patch:
        patch.setattr(forms, "_short", _short)
        scanner_rules.cache_clear()
        names.add(scanner_rules())
    monkeypatch.setattr(inlines.InlineScanner, "_code", lambda self, at: at + 1)
    scanner_rules.cache_clear()
    names.add(scanner_rules())
    assert len(names) == 3
