"""The settings as others read them: what the schema accepts the model accepts, and the README has today's table."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from weighbridge.cli import main
from weighbridge.config.layers import NEVER_FROM_REPOSITORY
from weighbridge.config.schema import (
    RESTRICTED,
    json_schema,
    markdown_table,
    restricted_configurations,
    vscode_properties,
)
from weighbridge.config.settings import Settings
from weighbridge.references.model import Kind

README = Path(__file__).parents[2] / "README.md"
VALIDATOR = jsonschema.Draft7Validator(json_schema())

#: What the model says of values that draft 7 can't say: patterns of text, checked when they are read.
TEXTS = ("80%", "120000", "information", "https://h.example/x", "**/*.md", "NAME", "markdown", "gpt-4o", "")


def accepted(values: dict[str, Any]) -> bool:
    try:
        Settings.model_validate(values)
    except ValidationError:
        return False
    return True


def test_it_is_a_schema_of_draft_7() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())
    assert set(json_schema()["properties"]) == {
        field.alias for field in Settings.model_fields.values() if field.alias is not None
    }


def test_defaults_fit() -> None:
    values = json.loads(Settings().model_dump_json(by_alias=True))
    assert list(VALIDATOR.iter_errors(values)) == []


numbers = st.one_of(
    st.integers(-2, 400), st.sampled_from([10**12, 10**13, 61_000, 2**40, 2**41]), st.floats(-1, 5000)
)
plain = st.one_of(st.none(), st.booleans(), numbers, st.sampled_from(TEXTS))
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["at", "severity", "attempts", "delay", "url", "ttl", "pattern", "references", "x"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(json_schema()["properties"])), value=values)
def test_what_the_model_takes_the_schema_takes(key: str, value: Any) -> None:
    # The other way round the model knows more: texts have patterns, numbers that are written as text are numbers.
    if accepted({key: value}):
        assert [error.message for error in VALIDATOR.iter_errors({key: value})] == []


@pytest.mark.parametrize(
    "values",
    [
        {"budgt": 5},
        {"budget": 0},
        {"budget": "many"},
        {"debounce": 60_001},
        {"trusted": "yes"},
        {"retry": {"attempts": 0}},
        {"retry": {"tries": 1}},
        {"thresholds": [{"severity": "error"}]},
        {"thresholds": [{"at": "80%", "severity": "fatal"}]},
        {"apis": {"x": {}}},
        {"apiCache": [{"pattern": "*"}]},
        {"inlayHints": {"total": 1}},
        {"include": "**/*.md"},
        {"variables": []},
    ],
)
def test_what_neither_takes(values: dict[str, Any]) -> None:
    assert not accepted(values)
    assert not VALIDATOR.is_valid(values)


def test_what_vs_code_is_told() -> None:
    properties = vscode_properties()
    assert set(properties) == {f"weighbridge.{key}" for key in json_schema()["properties"]} - {
        "weighbridge.trusted"
    }
    assert properties["weighbridge.budget"] == {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 10**12,
        "default": None,
        "markdownDescription": (
            "The most tokens a prompt should have; by default the model's context window, or 128,000 without a model."
        ),
        "scope": "resource",
    }
    # A field that may be empty; of more types than one there is none in VS Code.
    for name in ("model", "cacheUrl"):
        assert (properties[f"weighbridge.{name}"]["type"], properties[f"weighbridge.{name}"]["default"]) == (
            "string",
            "",
        )
        assert accepted({name: ""})
    assert properties["weighbridge.cacheUrl"]["scope"] == "machine"
    assert "$ref" not in json.dumps(properties)
    for value in properties.values():
        jsonschema.Draft7Validator.check_schema(value)


def test_what_a_repository_may_not_decide_is_restricted() -> None:
    assert NEVER_FROM_REPOSITORY <= RESTRICTED
    assert restricted_configurations() == sorted(
        f"weighbridge.{key}"
        for key in (
            *("env", "apiAllow", "fileRoots", "cacheUrl", "apis", "apiCache"),
            *("maxFileBytes", "workers", "cacheEntries", "retry"),
        )
    )
    assert Kind.API.value in "".join(restricted_configurations())


def test_the_readme_has_todays_table() -> None:
    text = README.read_text(encoding="utf-8")
    begin = text.index("-->\n", text.index("<!-- settings:")) + len("-->\n")
    assert text[begin : text.index("<!-- /settings -->")] == markdown_table()


def test_vs_codes_manifest_has_todays_settings() -> None:
    script = README.parent / "scripts" / "vscode_manifest.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_people_are_told_no_null() -> None:
    described = json.dumps(vscode_properties())
    assert "null" not in re.sub(r'"(type|default|anyOf)": (\[[^]]*\]|null)', "", described)
    assert "null" not in markdown_table()


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
    assert main(["schema", "--for", "vscode"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "properties": vscode_properties(),
        "restrictedConfigurations": restricted_configurations(),
    }
    assert main(["schema", "--for", "markdown"]) == 0
    assert capsys.readouterr().out == markdown_table()
