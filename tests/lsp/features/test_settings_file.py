"""`weighbridge.toml` as it is written: names and values of settings, whatever is written of them yet."""

from pathlib import Path

import pytest
from lsprotocol import types
from tests.editors.editor import editor
from tests.editors.recording import VSCODE, Recording

from weighbridge.budget.models import MODELS
from weighbridge.config.layers import NEVER_FROM_REPOSITORY
from weighbridge.config.settings import Settings
from weighbridge.lsp.features.settings_file import meaning, offers

KEYS = [field.alias for field in Settings.model_fields.values() if field.alias not in NEVER_FROM_REPOSITORY]
TABLES = [
    "models",
    "budgets",
    "thresholds",
    "retry",
    "variables",
    "apis",
    "apiCache",
    "inlayHints",
    "dialects",
]


@pytest.mark.parametrize(
    ("text", "labels", "first"),
    [
        ("^", KEYS, "model = "),
        ("bud^get = 5", KEYS, "model = 5"),
        ("[retry]\n^", ["attempts", "delay", "backoff", "maxDelay"], "attempts = "),
        ("[apis.issues]\nu^", ["url", "ttl", "select", "sample"], "url = "),
        ("[[thresholds]]\nsev^", ["at", "severity"], "at = "),
        (
            '[[thresholds]]\nseverity = "^',
            ['"information"', '"warning"', '"error"'],
            'severity = "information"',
        ),
        ('model = "^"', [f'"{model.name}"' for model in MODELS], f'model = "{MODELS[0].name}"'),
        ('model = "gpt-5.^5"', [f'"{model.name}"' for model in MODELS], f'model = "{MODELS[0].name}"'),
        ("[^", TABLES, "[models."),
        ("[in^]", TABLES, "[models."),
        ("[[^]]", ["thresholds", "apiCache"], "[[thresholds]]"),
        ("codeLens = ^", ["true", "false"], "codeLens = true"),
        ("debounce = ^", ["300"], "debounce = 300"),
        ("[variables]\n^", [], None),
        ("budget = 5 ^", [], None),
        ("# comment ^", [], None),
    ],
)
def test_what_may_stand(text: str, labels: list[str], first: str | None) -> None:
    before = text.partition("^")[0]
    lines = text.replace("^", "").split("\n")
    number, column = before.count("\n"), len(before) - before.rfind("\n") - 1
    found = offers(lines, number, column)
    assert [offer.label for offer in found] == labels
    if first is not None:
        line = lines[number]
        assert line[: found[0].start] + found[0].text + line[found[0].end :] == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "debounce = 5",
            "debounce: milliseconds after the last keystroke before counts are refreshed; default 300; 0 to 60,000",
        ),
        ("[retry]\nattempts = 5", "attempts: attempts in all; default 3; 1 to 20"),
        ("nothing = 5", None),
        ("[retry]", None),
    ],
)
def test_what_a_setting_means(text: str, expected: str | None) -> None:
    lines = text.split("\n")
    assert meaning(lines, len(lines) - 1) == expected


async def test_in_an_editor(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder) as session:
        uri = await session.open("weighbridge.toml", "debounce = 5\nmaxF\n")
        asked = session.at(uri, {"line": 1, "character": 4})
        found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, asked)
        item = next(one for one in found["items"] if one["label"] == "maxFileBytes")
        assert item["textEdit"] == {
            "newText": "maxFileBytes = ",
            "range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 4}},
        }
        hover = await session.ask(types.TEXT_DOCUMENT_HOVER, session.at(uri, {"line": 0, "character": 2}))
        assert "milliseconds after the last keystroke" in hover["contents"]["value"]


async def test_other_files_have_no_settings(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("other.toml", "maxF\n")
        asked = session.at(uri, {"line": 0, "character": 4})
        assert await session.ask(types.TEXT_DOCUMENT_COMPLETION, asked) is None
