"""What Claude Code says of skills, commands and output styles in its first request."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weighbridge.agents.folders import downwards, walk
from weighbridge.agents.model import Entry, Files, Piece
from weighbridge.agents.skills import cut, front_matter, split_front_matter
from weighbridge.agents.text import decoded, json_object, unix_lines

#: Characters of a description, and of the whole listing.
LONGEST_DESCRIPTION = 1536
LONGEST_LISTING = 24_000
_LONGEST_FIRST_LINE = 100


@dataclass(frozen=True, slots=True)
class _Skill:
    name: str
    path: Path
    text: str
    whole: str
    description: str

    def entry(self, listed: str, reason: str) -> Entry:
        """The entry of what is listed; `reason`: why that may be less than all of the description."""
        arriving = listed if listed == self.description else ""
        return Entry(self.path, "skill", listed, lost=cut(self.text, self.whole, arriving, reason))


def skill_listing(files: Files, config: Path, folder: Path, project: Path) -> tuple[Piece, ...]:
    """The listing's pieces: a line for each skill and command; descriptions of the last ones go where it is too long."""
    skills = list(_skills(files, config, folder, project))
    pieces: list[Piece] = []
    length = sum(len(skill.name) + 3 for skill in skills)
    for skill in skills:
        line = f"{chr(10) if pieces else ''}- {skill.name}"
        length += len(skill.description) + 2
        if length <= LONGEST_LISTING and skill.description:
            reason = f"Claude Code lists {LONGEST_DESCRIPTION:,} characters of a description"
            entry = skill.entry(skill.description, reason)
            pieces += [Piece(f"{line}: "), Piece(skill.description, entry)]
        else:
            length -= len(skill.description) + 2
            reason = f"the list of all skills has {LONGEST_LISTING:,} characters, and is full"
            pieces.append(Piece(line, skill.entry(skill.name, reason)))
    return tuple(pieces)


def _skills(files: Files, config: Path, folder: Path, project: Path) -> Iterator[_Skill]:
    """Skills of the home, of cwd and upwards, then commands; of equal names the first."""
    seen: set[str] = set()
    places = tuple(reversed(downwards(project, folder)))
    for holder in (config, *(place / ".claude" for place in places)):
        for name in sorted(files.names(holder / "skills")):
            path = holder / "skills" / name / "SKILL.md"
            skill = _skill(path, name, files)
            if skill is not None and name not in seen:
                seen.add(name)
                yield skill
    commands: list[tuple[str, Path]] = []
    for holder in (*(place / ".claude" for place in places), config):
        for path in walk(holder / "commands", files):
            if path.suffix == ".md":
                name = ":".join(path.relative_to(holder / "commands").with_suffix("").parts)
                commands.append((name, path))
    for name, path in sorted(commands, key=lambda command: command[0]):
        skill = _skill(path, name, files)
        if skill is not None and name not in seen:
            seen.add(name)
            yield skill


def _skill(path: Path, name: str, files: Files) -> _Skill | None:
    """A skill or command as it is listed; None where it is not."""
    data = files.read(path)
    if data is None:
        return None
    text = unix_lines(decoded(data))
    values = front_matter(text, lenient=True) or {}
    if values.get("disable-model-invocation") is True or values.get("paths"):
        return None
    description = _line(values.get("description"))
    if not description:
        description = _first_line(split_front_matter(text)[1])
    when = _line(values.get("when_to_use"))
    if when:
        description = f"{description} - {when}"
    whole = description
    if len(description) > LONGEST_DESCRIPTION:
        description = f"{description[: LONGEST_DESCRIPTION - 1]}…"
    shown = _line(values.get("name"))
    return _Skill(f"{name} ({shown})" if shown and shown != name else name, path, text, whole, description)


def _line(value: object) -> str:
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else ""


def _first_line(body: str) -> str:
    """The description of a text that has none: its first line that is not blank, without a heading's marks."""
    for line in body.split("\n"):
        text = re.sub(r"^#+\s+", "", line.strip())
        if text:
            return text if len(text) <= _LONGEST_FIRST_LINE else f"{text[: _LONGEST_FIRST_LINE - 3]}..."
    return ""


def output_style(files: Files, project: Path, config: Path) -> tuple[Piece, ...]:
    """The chosen output style's text, none where it is one of the agent's own or is not there."""
    chosen = None
    for holder, name in (
        (config, "settings.json"),
        (project / ".claude", "settings.json"),
        (project / ".claude", "settings.local.json"),
    ):
        value = json_object(files.read(holder / name)).get("outputStyle")
        chosen = value if isinstance(value, str) else chosen
    if chosen is None:
        return ()
    for holder in (project / ".claude", config):
        for path in walk(holder / "output-styles", files):
            data = files.read(path) if path.suffix == ".md" else None
            if data is None:
                continue
            text = unix_lines(decoded(data))
            values = front_matter(text) or {}
            if str(values.get("name") or path.stem) == chosen:
                body = split_front_matter(text)[1].strip()
                return (Piece(f"# Output Style: {chosen}\n"), Piece(body, Entry(path, "style", body)))
    return ()
