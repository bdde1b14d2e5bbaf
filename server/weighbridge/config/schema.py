"""The settings for others to read: a JSON schema, VS Code's manifest, a table. All from the model that validates them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from weighbridge.config.layers import NEVER_FROM_REPOSITORY
from weighbridge.config.settings import Settings

#: Settings that a workspace which isn't trusted has no say in: paths, addresses, the environment, what the server takes.
RESTRICTED: Final = frozenset(
    {*NEVER_FROM_REPOSITORY, "apis", "apiCache", "maxFileBytes", "workers", "cacheEntries", "retry"}
)
#: What is about the machine, not about a project, and what a project's own files never decide: VS Code keeps a folder's
#: settings in such a file.
_MACHINE: Final = frozenset({*NEVER_FROM_REPOSITORY, "cacheEntries", "workers", "retry"})
#: Told by the editor itself: nobody sets it by hand there.
_BY_THE_EDITOR: Final = frozenset({"trusted"})


def json_schema() -> dict[str, Any]:
    """The schema (draft 7) of `weighbridge.toml`, and of the editor's section `weighbridge`."""
    schema = Settings.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs", {})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Weighbridge",
        "description": "Settings of Weighbridge: exact token counts of prompts, references resolved.",
        "type": "object",
        "additionalProperties": False,
        "properties": _untitled(schema["properties"]),
        "definitions": _untitled(definitions),
    }


def vscode_properties() -> dict[str, Any]:
    """What VS Code's manifest says of the settings: `contributes.configuration.properties`."""
    schema = json_schema()
    properties = {}
    for key, value in schema["properties"].items():
        if key in _BY_THE_EDITOR:
            continue
        inlined = _inlined(value, schema["definitions"])
        description = inlined.pop("description", "")
        properties[f"weighbridge.{key}"] = {
            **_typed(inlined),
            "markdownDescription": f"{description[:1].upper()}{description[1:]}.",
            "scope": "machine" if key in _MACHINE else "resource",
        }
    return properties


def restricted_configurations() -> list[str]:
    """VS Code's `capabilities.untrustedWorkspaces.restrictedConfigurations`."""
    return sorted(f"weighbridge.{key}" for key in RESTRICTED - _BY_THE_EDITOR)


def markdown_table() -> str:
    """The settings as a table in Markdown, a line each."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for key, value in json_schema()["properties"].items():
        # Mappings are made by a function, which the schema doesn't tell: they are empty.
        default = value.get("default", {})
        shown = "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"
        if len(shown) > _LONGEST_DEFAULT:
            shown = "see `weighbridge schema`"
        lines.append(f"| `{key}` | {shown} | {value.get('description', '').replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


_LONGEST_DEFAULT: Final = 110


def _untitled(schema: Any) -> Any:
    """Without the titles that are names once more."""
    if isinstance(schema, Mapping):
        return {
            key: _untitled(value)
            for key, value in schema.items()
            if key != "title" or not isinstance(value, str)
        }
    return [_untitled(item) for item in schema] if isinstance(schema, list) else schema


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """With definitions in their places: VS Code's manifest has none."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            named = definitions[schema["$ref"].rpartition("/")[2]]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return _inlined({**named, **rest}, definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema


def _typed(schema: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` a plain type and null as VS Code shows a field for it: a number that may be left out, a text that may be empty."""
    choices = schema.get("anyOf")
    if isinstance(choices, list) and len(choices) == 2 and {"type": "null"} in choices:
        plain_type = next(choice for choice in choices if choice != {"type": "null"})
        if isinstance(plain_type.get("type"), str):
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            if plain_type["type"] == "string":
                return {**rest, **plain_type, "default": ""}
            return {**rest, **plain_type, "type": [plain_type["type"], "null"]}
    return schema
