"""The skills that Qwen Code lists in its first request: read off runs of the real program."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from weighbridge.agents.model import Entry, Files, Lost, Part, Piece
from weighbridge.agents.skills import cut, front_matter
from weighbridge.agents.text import as_javascript, escaped, read_text, unix_lines, utf16_units
from weighbridge.agents.yaml_values import Yaml, yaml_mapping

#: UTF-16 units of the listing; and of what Qwen Code's own skills take of it.
_LONGEST: Final = 8000
_OWN: Final = 5856
_HEAD = re.compile(r"---\n([\s\S]*?)\n---(?:\n|$(?![\s\S]))")
_NAME = re.compile(r"[\w.:-]+")


@dataclass(frozen=True, slots=True)
class _Skill:
    name: str
    path: Path
    text: str
    where: str
    description: str
    when: str

    @property
    def whole(self) -> str:
        return escaped(f"{self.description} — {self.when}" if self.when else self.description)

    @property
    def first_line(self) -> str:
        return escaped(self.description.split("\n", 1)[0].strip())

    def pieces(self, listed: str) -> tuple[Piece, ...]:
        """The skill as it is listed with this description."""
        return (
            Piece(f"<skill>\n<name>\n{self.name}\n</name>\n<description>\n"),
            Piece(listed, Entry(self.path, "skill", listed, lost=self._lost(listed))),
            Piece(f" ({self.where})\n</description>\n<location>\n{self.where}\n</location>\n</skill>"),
        )

    def _lost(self, listed: str) -> Lost | None:
        reason = f"all skills take more than {_LONGEST:,} characters: the first line of each is listed"
        return cut(self.text, self.whole, listed, reason)


def skill_parts(files: Files, folder: Path, home: Path) -> Iterator[Part]:
    """A part for each skill, by name: Qwen Code's own stand between them."""
    skills: dict[str, _Skill] = {}
    for place, where in ((folder, "project"), (home, "user")):
        for holder in (place / ".qwen" / "skills", place / ".agents" / "skills"):
            for inside in sorted(files.names(holder)):
                skill = _skill(holder / inside / "SKILL.md", where, files)
                if skill is not None:
                    skills.setdefault(skill.name, skill)
    listed = sorted(skills.values(), key=lambda skill: (skill.name.casefold(), skill.name))
    sizes = (utf16_units("".join(piece.text for piece in skill.pieces(skill.whole))) + 1 for skill in listed)
    is_short = _OWN + sum(sizes) > _LONGEST
    for skill in listed:
        yield Part("first user message", skill.pieces(skill.first_line if is_short else skill.whole))


def _skill(path: Path, where: str, files: Files) -> _Skill | None:
    """A skill that is listed; None for any other."""
    text = unix_lines(read_text(files, path) or "")
    match = _HEAD.match(text)
    values = None if match is None else front_matter(text, lenient=True)
    if match is None or values is None:
        return None
    is_hidden = (yaml_mapping(match[1], Yaml.STRINGS) or {}).get("disable-model-invocation") == "true"
    name, description = (as_javascript(values.get(key)) for key in ("name", "description"))
    if is_hidden or values.get("paths") or not description or _NAME.fullmatch(name) is None:
        return None
    when: Any = values.get("when_to_use")
    return _Skill(name, path, text, where, description, when if isinstance(when, str) else "")
