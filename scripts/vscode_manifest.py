"""Write the settings into VS Code's manifest, from the model that validates them.

    python scripts/vscode_manifest.py            writes clients/vscode/package.json and package.nls.json
    python scripts/vscode_manifest.py --check    fails if they aren't as this would write them

In the manifest's block `server` is every setting of the server; the client's own stand in the block `client`, by hand.
What people read goes to package.nls.json, where it can be translated.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weighbridge.config.schema import restricted_configurations, vscode_properties

FOLDER = Path(__file__).parents[1] / "clients" / "vscode"
#: Keys of package.nls.json that are written here.
PREFIX = "configuration.server."
#: The client's own settings that a workspace which isn't trusted has no say in.
RESTRICTED_CLIENT = ("weighbridge.server.importStrategy", "weighbridge.server.path")

Texts = dict[str, str]


def manifest(package: dict[str, Any], texts: Texts) -> tuple[dict[str, Any], Texts]:
    """The manifest and its texts with today's settings in them."""
    found: Texts = {}
    properties = {}
    for order, (name, schema) in enumerate(vscode_properties().items()):
        key = PREFIX + name.removeprefix("weighbridge.")
        properties[name] = {**_translatable(schema, key, found), "order": order}
    kept = {key: text for key, text in texts.items() if not key.startswith(PREFIX) or key == f"{PREFIX}title"}
    contributes = package["contributes"]
    blocks = [
        {**block, "properties": properties} if block["id"] == "server" else block
        for block in contributes["configuration"]
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
