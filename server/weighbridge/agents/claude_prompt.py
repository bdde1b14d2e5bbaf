"""What Claude Code makes of the user's first words: commands and skills by name, files attached with `@`."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from weighbridge.agents.claude_text import begin_of
from weighbridge.agents.folders import downwards, own_kind
from weighbridge.agents.model import Entry, Files, Import, Imports, Part, Piece, Start
from weighbridge.agents.skills import front_matter
from weighbridge.agents.text import decoded, read_text, unix_lines

_TRAILING = ".,;:!?"
#: Files that one command is looked through for.
_MOST_MENTIONS = 500
_QUOTED = re.compile(r'(?:^|\s)@"([^"]+)"')
_MENTION = re.compile(r"(?:^|\s)@([^\s\"]+)")
_SPAN = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_LINES = re.compile(r"#L(\d+)(?:-L?(\d+))?$")
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def prompt_parts(
    start: Start, files: Files, folder: Path, project: Path, holders: Sequence[Path]
) -> Iterator[Part]:
    """The parts that the first prompt brings: what it attaches, then a command's or skill's text.

    `holders`: the folders that hold skills and commands, the user's own first.
    """
    prompt = start.prompt
    if not prompt:
        return
    if not prompt.startswith("/"):
        yield from _attached(prompt, files, folder)
        return
    name, _, arguments = prompt[1:].partition(" ")
    for path, is_skill in _places(name, holders):
        text = read_text(files, path)
        if text is None:
            continue
        body = text[begin_of(text) :]
        values = front_matter(unix_lines(text), lenient=True) or {}
        body = with_arguments(body, arguments, _names(values.get("arguments")))
        body = body.replace("${CLAUDE_PROJECT_DIR}", str(project))
        label = ""
        if is_skill:
            body = body.replace("${CLAUDE_SKILL_DIR}", str(path.parent))
            label = f"Base directory for this skill: {path.parent}\n\n"
        attached = list(_attached(body, files, folder))
        yield from attached
        where = "user message 2" if attached or is_skill else "first user message"
        yield Part(where, (Piece(label), Piece(body, Entry(path, "skill" if is_skill else "command", body))))
        return


def _places(name: str, holders: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    for holder in holders:
        yield holder / "skills" / name / "SKILL.md", True
    for holder in reversed(holders):
        yield holder.joinpath("commands", *name.split(":")).with_suffix(".md"), False


def _names(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [str(name) for name in value] if isinstance(value, list) else []


def with_arguments(body: str, arguments: str, names: list[str]) -> str:
    """A command's body with what the user typed behind its name; appended where the body has no place for it."""
    words = arguments.split()
    filled = False

    def value(match: re.Match[str]) -> str:
        nonlocal filled
        if match[0].startswith("\\"):
            return match[0][1:]
        filled = True
        if match["all"] is not None and match["index"] is None:
            return arguments
        number = match["index"] or match["number"]
        at = int(number) if number is not None else names.index(match["name"])
        return words[at] if at < len(words) else match[0]

    named = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    name = rf"|(?P<name>{named})(?![A-Za-z0-9_])" if named else "|(?P<name>(?!))"
    pattern = rf"\\?\$(?:(?P<all>ARGUMENTS)(?:\[(?P<index>\d+)\])?|(?P<number>\d+){name})"
    result = re.sub(pattern, value, body)
    return f"{result}\n\nARGUMENTS: {arguments}" if arguments and not filled else result


def _mentions(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text names files with `@`, and the words that name them; those in quotes first."""
    if "@" in text:
        outside_spans = _SPAN.sub(lambda span: " " * len(span[0]), text)
        for pattern, marks in ((_QUOTED, 1), (_MENTION, 0)):
            for match in pattern.finditer(outside_spans):
                yield match.start(1) - 1 - marks, match.end(1) + marks, match[1]


def _named(text: str) -> Iterator[tuple[int, int, str, re.Match[str] | None]]:
    """Where a command or skill names files that come when it is run, their paths, and which lines of each."""
    begin = begin_of(text)
    for start, end, target in sorted(_mentions(text[begin:])):
        lines = _LINES.search(target)
        name = (target[: lines.start()] if lines else target).rstrip(_TRAILING)
        is_plain = lines is None and end - start == len(target) + 1
        yield begin + start, begin + (start + 1 + len(name) if is_plain else end), name, lines


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    return ((start, end, name) for start, end, name, _ in _named(text))


COMMANDS = Imports(_find, from_session=True, marks=(("@", ""), ('@"', '"')))


def is_run(path: Path) -> bool:
    """Whether a file is a command, or a skill: what the user runs by its name."""
    kind = own_kind(path)
    return kind == "commands" or (kind == "skills" and path.name == "SKILL.md")


def brought_when_run(path: Path, folder: Path, files: Files) -> Iterator[Import]:
    """The files that a command or skill names, with what each brings when that is run in a session folder."""
    text = decoded(files.read(path) or b"") if is_run(path) else ""
    seen: set[Path] = set()
    for start, end, name, lines in islice(_named(text), _MOST_MENTIONS):
        place = folder / name
        block = None if files.size(place) is None else _block(place, lines, files)
        if block is not None:
            _, head, body = block
            yield Import(path, start, end, place, "" if place in seen else head + body)
            seen.add(place)


def _attached(text: str, files: Files, folder: Path) -> Iterator[Part]:
    """Files that a text names with `@`, as the agent's own tool would have read them; those in quotes first."""
    blocks: list[tuple[Entry, str, str]] = []
    later: list[tuple[Entry, str, str]] = []
    seen: set[Path] = set()
    for _, _, target in _mentions(text):
        lines = _LINES.search(target)
        name = target[: lines.start()] if lines else target
        path = next(
            (
                folder / spelling
                for spelling in (name, name.rstrip(_TRAILING))
                if files.size(folder / spelling) is not None
            ),
            None,
        )
        if path is None or path in seen:
            continue
        seen.add(path)
        block = _block(path, lines, files)
        if block is not None:
            blocks.append(block)
            later.extend(() if path.suffix.lower() in _IMAGES else _lazily(path, files, folder))
    blocks += later
    for at, (entry, head, body) in enumerate(blocks):
        tail = "\n</system-reminder>\n" if at + 1 < len(blocks) and body else ""
        yield Part("user message 2", (Piece(head), Piece(body, entry), Piece(tail)))


def _block(path: Path, lines: re.Match[str] | None, files: Files) -> tuple[Entry, str, str] | None:
    """A file as the agent's own tool reads it, with what stands before it; None where it may not be read."""
    kind = _IMAGES.get(path.suffix.lower())
    if kind is not None:
        return Entry(path, "attached", ""), f"<image {kind}>", ""
    text = read_text(files, path, own=False)
    if text is None:
        return None
    numbered = _numbered(text, lines)
    return (
        Entry(path, "attached", numbered),
        "<system-reminder>\nResult of calling the Read tool:\n",
        numbered,
    )


def _lazily(path: Path, files: Files, folder: Path) -> Iterator[tuple[Entry, str, str]]:
    """CLAUDE.md files of the folders between the session folder and an attached file."""
    if folder not in path.parents:
        return
    for place in downwards(folder, path.parent)[1:]:
        text = read_text(files, place / "CLAUDE.md")
        if text is not None:
            head = f"<system-reminder>\nContents of {place / 'CLAUDE.md'}:\n\n"
            yield Entry(place / "CLAUDE.md", "project", text), head, text


def _numbered(text: str, lines: re.Match[str] | None) -> str:
    all_lines = text.split("\n")
    first = int(lines[1]) if lines else 1
    last = int(lines[2] or lines[1]) if lines else len(all_lines)
    return "\n".join(
        f"{number}\t{line}" for number, line in enumerate(all_lines, 1) if first <= number <= last
    )
