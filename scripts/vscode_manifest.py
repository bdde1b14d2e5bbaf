"""Write the settings into VS Code's manifest, from the model that validates them.

    python scripts/vscode_manifest.py            writes clients/vscode/package.json and package.nls.json
    python scripts/vscode_manifest.py --check    fails if they aren't as this would write them

The manifest has a block for each group of settings, the server's first. The client's own (`CLIENT`) stand there by hand.
What people read goes to package.nls.json, where it can be translated.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weighbridge.budget.models import MODELS
from weighbridge.config.schema import restricted_configurations, vscode_properties
from weighbridge.tokens.registry import encodings

FOLDER = Path(__file__).parents[1] / "clients" / "vscode"
#: Keys of package.nls.json that are written here.
PREFIX = "configuration.server."
#: The groups that the settings are shown in, by the manifest's ids of their blocks, and the server's settings in each.
GROUPS = {
    "counting": (
        "model",
        "models",
        "encoding",
        "budget",
        "budgets",
        "thresholds",
        "include",
        "agents",
        "dialects",
    ),
    "files": ("variables", "env", "fileRoots", "maxFileBytes", "maxDepth"),
    "apis": ("apis", "apiAllow", "apiCache"),
    "display": ("inlayHints", "codeLens", "workspaceDiagnostics", "debounce"),
    "server": ("workers", "retry", "cacheUrl", "cacheEntries"),
}
#: The client's own settings.
CLIENT = ("server.path", "server.importStrategy", "statusBar", "trace.server")
#: Those of them that a workspace which isn't trusted has no say in.
RESTRICTED_CLIENT = ("weighbridge.server.importStrategy", "weighbridge.server.path")
#: What is offered for some settings: all there is, or what is known and anything else.
CHOICES = {
    "encoding": {"enum": ["", *encodings()]},
    "model": {"examples": [model.name for model in MODELS]},
}
#: What is said of a setting in VS Code only.
ADDED = {"model": " [Choose a model](command:weighbridge.chooseModel)."}

Texts = dict[str, str]


def manifest(package: dict[str, Any], texts: Texts) -> tuple[dict[str, Any], Texts]:
    """The manifest and its texts with today's settings in them."""
    found: Texts = {}
    described = {name.removeprefix("weighbridge."): schema for name, schema in vscode_properties().items()}
    if ungrouped := set(described).symmetric_difference(key for keys in GROUPS.values() for key in keys):
        raise SystemExit(f"GROUPS has not each setting once: {', '.join(sorted(ungrouped))}")
    properties = {
        key: _translatable({**schema, **CHOICES.get(key, {})}, PREFIX + key, found)
        for key, schema in described.items()
    }
    for key, text in ADDED.items():
        found[PREFIX + key] += text
    kept = {key: text for key, text in texts.items() if not key.startswith(PREFIX)}
    contributes = package["contributes"]
    by_hand = {
        block["id"]: {
            name: schema
            for name, schema in block["properties"].items()
            if name.removeprefix("weighbridge.") in CLIENT
        }
        for block in contributes["configuration"]
    }
    blocks = [
        {
            "id": group,
            "title": f"%configuration.{group}%",
            "order": order,
            "properties": {
                **{
                    f"weighbridge.{key}": {**properties[key], "order": number}
                    for number, key in enumerate(keys)
                },
                **by_hand.get(group, {}),
            },
        }
        for order, (group, keys) in enumerate(GROUPS.items(), start=1)
    ]
    untrusted = {
        **package["capabilities"]["untrustedWorkspaces"],
        "restrictedConfigurations": sorted([*restricted_configurations(), *RESTRICTED_CLIENT]),
    }
    written = {
        **package,
        "capabilities": {**package["capabilities"], "untrustedWorkspaces": untrusted},
        "contributes": {**contributes, "configuration": blocks},
    }
    return written, dict(sorted({**kept, **found}.items()))


def _translatable(schema: Any, key: str, texts: Texts) -> Any:
    """The schema with the name of each description in its place, and the descriptions by their names."""
    if isinstance(schema, list):
        return [_translatable(one, f"{key}.{number}", texts) for number, one in enumerate(schema)]
    if not isinstance(schema, dict):
        return schema
    return dict(_members(schema, key, texts))


def _members(schema: dict[str, Any], key: str, texts: Texts) -> Iterator[tuple[str, Any]]:
    for name, value in schema.items():
        if name in {"description", "markdownDescription"} and isinstance(value, str):
            texts[key] = value
            yield name, f"%{key}%"
        elif name == "properties":
            yield name, {one: _translatable(inner, f"{key}.{one}", texts) for one, inner in value.items()}
        elif name == "default":
            yield name, value
        else:
            yield name, _translatable(value, f"{key}.{name}", texts)


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    paths = FOLDER / "package.json", FOLDER / "package.nls.json"
    package, texts = (json.loads(path.read_text("utf-8")) for path in paths)
    same = True
    for path, value in zip(paths, manifest(package, texts), strict=True):
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        same &= path.read_text("utf-8") == text
        if not check:
            path.write_text(text, "utf-8")
    if check and not same:
        sys.stderr.write("the settings changed: run python scripts/vscode_manifest.py\n")
    return 0 if same or not check else 1


if __name__ == "__main__":
    sys.exit(main())
