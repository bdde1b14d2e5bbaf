"""What Gemini CLI says of skills in its first request: places and form as recorded, details as its source has them."""

import re
from pathlib import Path

from weighbridge.agents.model import Entry, Files, Piece
from weighbridge.agents.text import read_text, unix_lines
from weighbridge.agents.yaml_values import yaml_mapping

_FRONT_MATTER = re.compile(r"---\r?\n([\s\S]*?)\r?\n---")
#: The two lines that count where that is no YAML; what stands indented below a description goes on with it.
_LINES = re.compile(r"^[ \t]*(?:(name):[ \t]*(.*)|(description):[ \t]*(.*(?:\n[ \t]+\S.*)*))", re.MULTILINE)
#: What a file's name can't hold.
_NO_NAME = re.compile(r'[:\\/<>*?"|]')


def skill_listing(files: Files, home: Path, folder: Path) -> tuple[Piece, ...]:
    """The listing's pieces; of skills of one name the last stands in the first one's place."""
    skills: dict[str, tuple[Path, str]] = {}
    for place in (home, folder):
        for holder in (place / ".gemini" / "skills", place / ".agents" / "skills"):
            for inside in ("", *sorted(files.names(holder))):
                path = holder / inside / "SKILL.md"
                text = read_text(files, path, keep_mark=True)
                described = None if text is None else _described(text)
                if described is not None:
                    name, description = described
                    skills[name] = path, description
    pieces: list[Piece] = []
    for name, (path, description) in skills.items():
        pieces += [
            Piece(f"{chr(10) if pieces else ''}  <skill>\n    <name>{name}</name>\n    <description>"),
            Piece(description, Entry(path, "skill", description)),
            Piece(f"</description>\n    <location>{path}</location>\n  </skill>"),
        ]
    return tuple(pieces)


def _described(text: str) -> tuple[str, str] | None:
    """A skill's name and description; None where it is left out."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return None
    values = yaml_mapping(match[1]) or {}
    if not (isinstance(values.get("name"), str) and isinstance(values.get("description"), str)):
        lines = _LINES.findall(unix_lines(match[1]))
        values = {
            groups[0] or groups[2]: " ".join(map(str.strip, (groups[1] or groups[3]).split("\n"))).strip()
            for groups in lines
        }
    if "name" not in values or "description" not in values:
        return None
    return _NO_NAME.sub("-", values["name"]), values["description"]
