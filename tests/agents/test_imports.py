"""How each agent writes an import of a path, and which paths it has no way to write."""

import pytest

from weighbridge.agents.registry import AGENTS

#: Paths, and how they are written; None where they can't be.
WRITTEN: dict[str, dict[str, str | None]] = {
    "claude-code": {"b c.md": "@b\\ c.md", "日本.md": "@./日本.md", "~/x.md": "@~/x.md", "a#b.md": None, 'q"x.md': None},
    "gemini-cli": {"b c.md": None, "日本.md": "@./日本.md", "1.md": "@./1.md", "../a#b.md": "@../a#b.md"},
    "qwen-code": {"b c.md": None, "日本.md": "@./日本.md", "1.md": "@./1.md"},
    "copilot-cli": {"b c.md": None, "日本.md": "@日本.md", "Makefile": "@./Makefile", "a.md.": None, 'q"x.md': None},
    "goose": {"b c.md": None, "日本.md": None, "Makefile": "@Makefile", "1.md": "@1.md"},
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_how_imports_are_written(name: str) -> None:
    imports = AGENTS[name].imports
    assert imports is not None
    paths = {"docs/a.md": "@docs/a.md", **WRITTEN[name]}
    assert {path: imports.written(path) for path in paths} == paths
    found = [target for *_, target in imports.find("see @docs/a.md\n\nand `@docs/a.md` @b.md")]
    assert found == ["docs/a.md", "b.md"]


def test_the_others_import_nothing() -> None:
    assert {name for name, agent in AGENTS.items() if agent.imports is not None} == {*WRITTEN}
