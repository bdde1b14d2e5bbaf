"""A settings file's faults stand where their settings stand."""

from pathlib import Path

import pytest

from weighbridge.config import read_folder_layer, resolve
from weighbridge.config.places import FileFault, faults_in_file

OWN, PROJECT = "weighbridge.toml", "pyproject.toml"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (OWN, 'model = "gpt-4o"\n[variables\nv = 1\n', [(1, "not TOML: Expected ']'", True)]),
        (OWN, "a = 1\nb = ", [(1, "not TOML", True)]),
        (OWN, '# one\nmodel = "gpt-4o"\nbudgte = 3\n', [(2, "weighbridge.budgte: unknown setting", False)]),
        (OWN, 'budget = "x"\n', [(0, "weighbridge.budget: expected a whole number", False)]),
        (
            OWN,
            '[variables]\na = "b"\n\n[retry]\nattempts = "x"\n',
            [(4, "weighbridge.retry.attempts: ", False)],
        ),
        (OWN, 'model = "gpt-4o"\n[[models]]\nname = 3\n', [(1, "weighbridge.models", False)]),
        (OWN, "max_depth = -1\n", [(0, "weighbridge.maxDepth: ", False)]),
        (OWN, 'env = ["HOME"]\nbudget = 1\n', [(0, "weighbridge.env: never taken from a repository", False)]),
        (
            PROJECT,
            '[project]\nname = "a"\n[tool.weighbridge]\nbudgte = 1\n',
            [(3, "weighbridge.budgte", False)],
        ),
        (
            PROJECT,
            '[project]\nbudgte = "a"\n[tool]\nweighbridge = {budgte = 1}\n',
            [(3, "weighbridge.budgte", False)],
        ),
        (OWN, 'budget = 1\nmodel = "gpt-4o"\n', []),
    ],
)
def test_faults_and_their_lines(
    tmp_path: Path, name: str, text: str, expected: list[tuple[int, str, bool]]
) -> None:
    (tmp_path / name).write_text(text)
    layer, whole = read_folder_layer(tmp_path)
    found = faults_in_file(layer, whole, () if whole else resolve([layer]).in_files)
    assert [(one.line, one.whole) for one in found] == [(line, whole) for line, _, whole in expected]
    for one, (_, begins, _) in zip(found, expected, strict=True):
        assert one.message.startswith(begins)
        assert "ignored" not in one.message
        assert "at line" not in one.message


def test_a_fault_of_no_line_is_at_the_start(tmp_path: Path) -> None:
    (tmp_path / OWN).write_bytes(b"\xff")
    layer, whole = read_folder_layer(tmp_path)
    assert faults_in_file(layer, whole, ()) == [FileFault(0, "not UTF-8", whole=True)]
