"""What Claude Code says of skills, commands and output styles in its first request."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from weighbridge.agents.claude_settings import is_on
from weighbridge.agents.claude_text import begin_of, conditions, values_of
from weighbridge.agents.folders import walk
from weighbridge.agents.model import Entry, Files, Piece
from weighbridge.agents.skills import cut
from weighbridge.agents.text import (
    as_javascript,
    decoded,
    first_units,
    js_trim,
    read_text,
    unix_lines,
    utf16_units,
)

#: Characters of a description, and of the whole listing.
LONGEST_DESCRIPTION = 1536
LONGEST_LISTING = 24_000
_LONGEST_FIRST_LINE = 100
#: The descriptions of skills and commands without any text.
_SKILL = "Skill"
_COMMAND = "Custom command"
#: What a skill's own name is made of, where it is shown.
_SHOWN_NAME = re.compile(r"[\w.:-]+")
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
#: Unicode's classes of characters that nobody sees, line ends among them.
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp"))


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


def skill_listing(files: Files, holders: Sequence[Path]) -> tuple[Piece, ...]:
    """The listing's pieces: a line for each skill and command; descriptions of the last ones go where it is too long.

    `holders`: the folders that hold skills and commands, the user's own first.
    """
    skills = list(_skills(files, holders))
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


def _skills(files: Files, holders: Sequence[Path]) -> Iterator[_Skill]:
    """Skills, then commands; of equal names the first."""
    seen: set[str] = set()
    for holder in holders:
        for name in sorted(files.names(holder / "skills")):
            path = holder / "skills" / name / "SKILL.md"
            skill = _skill(path, name, files, _SKILL)
            if skill is not None and name not in seen:
                seen.add(name)
                yield skill
    commands: list[tuple[str, Path]] = []
    for holder in holders:
        commands += _commands(holder / "commands", files)
    for name, path in sorted(commands, key=lambda command: command[0]):
        skill = _skill(path, name, files, _COMMAND)
        if skill is not None and name not in seen:
            seen.add(name)
            yield skill


def command_path(name: str, files: Files, holders: Sequence[Path]) -> Path | None:
    """The file of the skill or command that the user runs by a name; None where there is none. `holders`: as `skill_listing` has it."""
    skills = [
        holder / "skills" / called / "SKILL.md"
        for holder in holders
        for called in files.names(holder / "skills")
    ]
    commands = [command for holder in holders for command in _commands(holder / "commands", files)]
    found = next((path for path in skills if path.parent.name == name and _is_run(path, files)), None)
    found = found or next((path for called, path in commands if called == name), None)
    # Then by the names that skills give themselves.
    return found or next(
        (path for path in skills if _own_name(path, files) == name and _is_run(path, files)), None
    )


def _is_run(path: Path, files: Files) -> bool:
    text = read_text(files, path)
    return text is not None and not conditions(text)


def _own_name(path: Path, files: Files) -> str:
    return js_trim(as_javascript(values_of(read_text(files, path) or "").get("name")))


def _commands(folder: Path, files: Files) -> Iterator[tuple[str, Path]]:
    """The commands in a folder with their names. A folder with a skill in it is one command, named as the folder is."""
    paths = [path for path in walk(folder, files) if path.suffix == ".md"]
    skills = {path.parent: path for path in paths if path.name.lower() == "skill.md"}
    for path in paths:
        named = path.parent if skills.get(path.parent) == path else path.with_suffix("")
        if named == path.parent or path.parent not in skills:
            yield ":".join(named.relative_to(folder).parts) or folder.name, path


def _skill(path: Path, name: str, files: Files, default: str) -> _Skill | None:
    """A skill or command as it is listed; None where it is not. `default`: the description of one without any text."""
    data = files.read(path)
    if data is None:
        return None
    text = unix_lines(decoded(data))
    values = values_of(decoded(data))
    if is_on(as_javascript(values.get("disable-model-invocation")).strip()):
        return None
    if default == _SKILL and conditions(text):
        return None
    description = _line(values.get("description")) or _line(_first_line(text[begin_of(text) :])) or default
    when = _line(values.get("when_to_use"))
    if when:
        description = f"{description} - {when}"
    whole = description
    if utf16_units(description) > LONGEST_DESCRIPTION:
        description = f"{first_units(description, LONGEST_DESCRIPTION - 1)}…"
    shown = js_trim(as_javascript(values.get("name")))
    is_shown = path.name == "SKILL.md" and shown != name and _SHOWN_NAME.fullmatch(shown)
    return _Skill(f"{name} ({shown})" if is_shown else name, path, text, whole, description)


def _line(value: object) -> str:
    """A value as it is listed: unseen characters that follow each other are one space, and nothing looks like a tag."""
    text = "" if isinstance(value, list) else _TERMINAL_CODES.sub("", as_javascript(value))
    runs = groupby(text, lambda character: unicodedata.category(character) in _UNSEEN)
    seen = "".join(" " if is_unseen else "".join(run) for is_unseen, run in runs)
    return js_trim(seen).replace("<", "&lt;").replace(">", "&gt;")


def _first_line(body: str) -> str:
    """The description of a text that has none: its first line that is not blank, without a heading's marks."""
    for line in body.split("\n"):
        text = re.sub(r"^#+\s+", "", line.strip())
        if text:
            return text if len(text) <= _LONGEST_FIRST_LINE else f"{text[: _LONGEST_FIRST_LINE - 3]}..."
    return ""


def output_style(chosen: str | None, files: Files, holders: Sequence[Path]) -> tuple[Piece, ...]:
    """The chosen output style's text, none where it is one of the agent's own or is not there."""
    for holder in holders if chosen is not None else ():
        # Of equal names the last.
        for path in sorted(walk(holder / "output-styles", files), key=str, reverse=True):
            text = read_text(files, path) if path.suffix == ".md" else None
            if text is not None and str(values_of(text).get("name") or path.stem) == chosen:
                body = js_trim(text[begin_of(text) :])
                return (Piece(f"# Output Style: {chosen}\n"), Piece(body, Entry(path, "style", body)))
    return ()
