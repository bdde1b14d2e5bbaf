"""What an agent removes from a context file is known, to be faded: it costs nothing."""

from pathlib import Path

import pytest
from tests.session.harness import a_session, open_file
from tests.session.test_arriving import home, known, lay

from weighbridge.errors import Code
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.features.diagnostics import diagnostics
from weighbridge.text import PositionEncoding

__all__ = ["home"]

FRONT = "---\ndescription: x\n---"
#: A file, its text, and what of it is removed.
REMOVED: list[tuple[str, str, list[str]]] = [
    ("CLAUDE.md", f"{FRONT}\n# ß😀\n\n<!-- one -->\ntext <!-- kept -->\n\n<!-- two\n\nlines -->after\n",
     [FRONT, "<!-- one -->", "<!-- two\n\nlines -->"]),
    ("CLAUDE.md", "---\r\ndescription: x\r\n---\r\ntext\r\n\r\n<!-- 😀 -->\r\n\r\n```\r\n<!-- code -->\r\n```\r\n",
     [FRONT.replace("\n", "\r\n"), "<!-- 😀 -->"]),
    ("CLAUDE.md", "text\n---\n- <!-- in a list -->\n\n<!-- never ends\n", []),
    (".claude/rules/r.md", f"{FRONT}\nrule\n", [FRONT]),
    (".qwen/rules/r.md", f"{FRONT}\nrule <!-- inline -->\n```\n<!-- in code -->\n```\n",
     [FRONT, "<!-- inline -->", "<!-- in code -->"]),
    (".clinerules/r.md", f"{FRONT}\nrule <!-- kept -->\n", [FRONT]),
    # These send all of it.
    ("AGENTS.md", f"{FRONT}\n<!-- one -->\ntext\n", []),
    ("GEMINI.md", f"{FRONT}\n<!-- one -->\ntext\n", []),
    (".github/copilot-instructions.md", f"{FRONT}\n<!-- one -->\ntext\n", []),
    # A skill's front matter is what of it arrives.
    (".claude/skills/s/SKILL.md", "---\nname: s\ndescription: does\n---\n<!-- one -->\nbody\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "removed"), REMOVED)
async def test_what_is_removed_is_faded(tmp_path: Path, name: str, text: str, removed: list[str]) -> None:
    lay(tmp_path, {".git/HEAD": ""})
    async with a_session(tmp_path, encoding=PositionEncoding.UTF32) as session:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        report, arriving = await known(session, open_file(session, path))
        lines = text.splitlines(keepends=True)
        starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
        found = [
            text[
                starts[place.start_line] + place.start_character : starts[place.end_line]
                + place.end_character
            ]
            for place, notice in report.notices
            if notice.code is Code.REMOVED
        ]
        assert found == removed
        assert not any(one in arriving for one in removed)
        fading = [
            one
            for one in diagnostics(report, 0, ClientAbilities(faded_text=True))
            if one.code == Code.REMOVED.value
        ]
        assert [(one.severity, one.tags) for one in fading] == [(4, [1])] * len(removed)
        # Whoever fades nothing would show as many hints.
        assert not any(one.code == Code.REMOVED.value for one in diagnostics(report, 0, ClientAbilities()))
