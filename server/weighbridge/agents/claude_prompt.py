"""What Claude Code makes of the user's first words: commands and skills by name, files attached with `@`."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from weighbridge.agents.claude_skills import command_path
from weighbridge.agents.claude_text import begin_of
from weighbridge.agents.folders import lies_in, own_kind
from weighbridge.agents.model import Entry, Files, Import, Imports, Part, Piece, Start
from weighbridge.agents.skills import front_matter
from weighbridge.agents.text import JS_SPACE_CLASS, decoded, js_trim, read_text, unix_lines, utf16_units

#: What comes with a file that is attached.
Nested = Callable[[Path], Iterable[Entry]]
_COMMAND = re.compile(rf"/([^{JS_SPACE_CLASS}/]+)(?:[{JS_SPACE_CLASS}](.*))?", re.DOTALL)
#: Files that one text is looked through for.
_MOST_MENTIONS = 100
#: Behind these, too, a file may be named.
_STOPS = "\u3002\u3001\uff1f\uff01"
_QUOTED = re.compile(rf'(?<![^{JS_SPACE_CLASS}{_STOPS}])@"([^"]+)"')
_MENTION = re.compile(rf"(?<![^{JS_SPACE_CLASS}{_STOPS}])@([^{JS_SPACE_CLASS}]+)")
#: A path ends with one of these; what follows the last one is the sentence's.
_LAST = re.compile("[A-Za-z0-9_](?=[^A-Za-z0-9_]*$)")
_LINES = re.compile(r"([^#]+)(?:#(L|(?![^#]*#))([0-9]{1,15})(?:-([0-9]{1,15}))?)?(?:#[^#]*)?")
#: A shell's words: pieces in quotes, or of other characters, each of which may be escaped.
_WORD = re.compile(r"""[ \t]*((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^ \t\n"'\\;&|<>()`])+)""", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:[A-Za-z0-9_]+|\{[^{}]*\})")
_PIECE = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^"'\\]+""", re.DOTALL)
#: UTF-16 units of a text that is attached, and of one with many marks; and bytes of a file: with more it is not.
_MOST_UNITS, _MOST_OF_JSON, _MOST_BYTES = 100_000, 50_000, 262_144
_JSON = frozenset((".json", ".jsonl", ".jsonc"))
#: Endings of what is no text; notebooks are told otherwise.
_OTHERS = re.compile(
    r"\.(?:ipynb|bmp|ico|tiff?|hei[cf]|avif|mp4|mov|avi|mkv|webm|wmv|flv|m4v|mpe?g|mp3|wav|ogg|flac|aac|m4a|wma|aiff|opus"
    "|zip|tar|gz|bz2|7z|rar|xz|z|tgz|iso|zst|lz4|whl|exe|dll|so|dylib|bin|o|a|obj|lib|app|msi|deb|rpm|dmg|apk|pdf|doc[xm]?"
    "|dot[xm]|xls[xmb]?|xlt[xm]|ppt[xm]?|pps[xm]|pot[xm]|od[tsp]|numbers|epub|[to]tf|woff2?|eot|py[co]|class|[jwe]ar|node"
    "|wasm|rlib|sqlite3?|m?db|idx|parquet|feather|np[yz]|pickle|psd|ai|eps|sketch|fig|xd|blend|3ds|max|swf|fla|lockb"
    "|dat|data)",
    re.IGNORECASE,
)
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def prompt_parts(
    start: Start, files: Files, holders: Sequence[Path], folder: Path, project: Path, nested: Nested
) -> Iterator[Part]:
    """The parts that the first prompt brings: what it attaches, then a command's or skill's text.

    `holders`: folders that hold commands and skills, the user's own first; `nested`: what comes with a file that is attached.
    """
    prompt = start.prompt
    named = _COMMAND.fullmatch(prompt)
    path = named and command_path(named[1], files, holders)
    text = read_text(files, path) if path else None
    if not named or not path or text is None:
        yield from _attached(prompt, files, folder, start.home, nested, own=True)
        return
    values = front_matter(unix_lines(text), lenient=True) or {}
    body = with_arguments(text[begin_of(text) :], js_trim(named[2] or ""), _names(values.get("arguments")))
    body = body.replace("${CLAUDE_PROJECT_DIR}", str(project))
    label = ""
    is_skill = path.name.lower() == "skill.md"
    if is_skill:
        body = body.replace("${CLAUDE_SKILL_DIR}", str(path.parent))
        label = f"Base directory for this skill: {path.parent}\n\n"
    attached = list(_attached(body, files, folder, start.home, nested, own=lies_in(path, holders[0])))
    yield from attached
    where = "user message 2" if attached or is_skill else "first user message"
    yield Part(where, (Piece(label), Piece(body, Entry(path, "skill" if is_skill else "command", body))))


def _names(value: object) -> list[str]:
    """The names that a command gives its arguments."""
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [
        name for name in names if isinstance(name, str) and name.strip() and not re.fullmatch("[0-9]+", name)
    ]


def with_arguments(body: str, arguments: str, names: list[str]) -> str:
    """A command's body with what the user typed behind its name; appended where the body has no place for it."""
    words = _words(arguments)
    filled = False

    def value(match: re.Match[str]) -> str:
        nonlocal filled
        if match["escaped"]:
            return "$"
        number = match["index"] or match["number"]
        if number is not None and int(number[:9]) >= len(words):
            return match[0]
        filled = True
        if match["name"] is not None:
            at = names.index(match["name"])
            return _as_text(words[at]) if at < len(words) else ""
        return _as_text(arguments if number is None else words[int(number)])

    named = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
    name = rf"(?P<name>{named})(?![\[A-Za-z0-9_])"
    pattern = (
        rf"(?P<escaped>(?<!\\)\\\$(?=[0-9]|ARGUMENTS|(?:{named})(?![\[A-Za-z0-9_])))"
        rf"|\$(?:{name}|ARGUMENTS\[(?P<index>[0-9]+)\]|(?P<number>[0-9]+)(?![A-Za-z0-9_])|ARGUMENTS)"
    )
    result = re.sub(pattern, value, body)
    return f"{result}\n\nARGUMENTS: {_as_text(arguments)}" if arguments and not filled else result


def _words(arguments: str) -> list[str]:
    """What the user typed as a shell's words, up to what ends a shell's command; at its blanks where it begins with that."""
    words: list[str] = []
    at = 0
    while match := _WORD.match(arguments, at):
        at = match.end()
        if match[1].startswith("#"):
            break
        if not words or not _VARIABLE.fullmatch(match[1]):
            words.append("".join(map(_unquoted, _PIECE.findall(match[1]))))
    if arguments[at : at + 1] in {'"', "'"}:
        # A quote without its end holds all the rest.
        joined = words.pop() if words and arguments[at - 1 : at] not in {" ", "\t"} else ""
        words.append(joined + arguments[at:])
    return words or arguments.split()


def _unquoted(piece: str) -> str:
    return piece[1:-1] if piece[0] in "\"'" else piece[1:] if piece[0] == "\\" else piece


def _as_text(value: str) -> str:
    """What the user typed, so that no command in it would be run."""
    value = value.replace("`!", "` !").replace("!`", "! `")
    return re.sub(rf"(^|[{JS_SPACE_CLASS}])!", r"\1\\!", value, flags=re.MULTILINE)


def _mentions(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text names files with `@`, and the words that name them; those in quotes first."""
    if "@" not in text:
        return
    for match in _QUOTED.finditer(text):
        yield match.start(), match.end(), match[1]
    for match in _MENTION.finditer(text):
        last = _LAST.search(match[1])
        if last is not None and match[1][0] != '"':
            yield match.start(), match.start(1) + last.end(), match[1][: last.end()]


def _named(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Where a command or skill names files that come when it is run, their paths, and the words that name them."""
    begin = begin_of(text)
    for start, end, target in sorted(_mentions(text[begin:])):
        lines = _LINES.fullmatch(target)
        yield begin + start, begin + end, lines[1] if lines else target, target


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
    seen: set[str] = set()
    for start, end, name, target in islice(_named(text), _MOST_MENTIONS):
        place = folder / name
        block = None if files.size(place) is None else _block(place, target, files, own=False)
        if block is not None and block.entry is not None:
            yield Import(path, start, end, place, "" if target in seen else block.head + block.entry.text)
            seen.add(target)


@dataclass(frozen=True, slots=True)
class _Block:
    """What is attached to a prompt: a head, and a file's text behind it; neither for what is no file's text."""

    head: str = ""
    entry: Entry | None = None


def _attached(
    text: str, files: Files, folder: Path, home: Path, nested: Nested, *, own: bool
) -> Iterator[Part]:
    """Files that a text names with `@`, as the agent's own tool would have read them; those in quotes first.

    `own`: whether the text is the user's own.
    """
    blocks: list[_Block] = []
    later: list[_Block] = []
    for target in islice(dict.fromkeys(target for _, _, target in _mentions(text)), _MOST_MENTIONS):
        lines = _LINES.fullmatch(target)
        name = lines[1] if lines else target
        place = home / name[2:] if name.startswith("~/") else folder / name
        path = Path(os.path.normpath(place))
        block = _block(path, target, files, own=own)
        if block is not None:
            blocks.append(block)
            if path.suffix.lower() not in _IMAGES:
                later += [
                    _Block(f"<system-reminder>\nContents of {entry.path}:\n\n", entry)
                    for entry in nested(path)
                ]
    blocks += later
    for at, block in enumerate(blocks):
        body = block.entry.text if block.entry is not None else ""
        tail = "\n</system-reminder>\n" if at + 1 < len(blocks) and body else ""
        if block.head:
            yield Part("user message 2", (Piece(block.head), Piece(body, block.entry), Piece(tail)))


def _block(path: Path, target: str, files: Files, *, own: bool) -> _Block | None:
    """What a file is attached as, by the words that name it; None where it may not be read."""
    if files.is_folder(path):
        return _Block()
    kind = _IMAGES.get(path.suffix.lower())
    if kind is not None:
        return None if files.size(path) is None else _Block(f"<image {kind}>", Entry(path, "attached", ""))
    text = None if _OTHERS.fullmatch(path.suffix) else read_text(files, path, own=own)
    if text is None:
        return None
    numbered = _numbered(text.replace("\r\n", "\n"), target)
    shown = utf16_units("\n".join(line for _, line in numbered))
    most = _MOST_OF_JSON if path.suffix.lower() in _JSON else _MOST_UNITS
    if shown > most or (files.size(path) or 0) > _MOST_BYTES:
        return None
    whole = "\n".join(f"{number}\t{line}" for number, line in numbered)
    head = "<system-reminder>\nResult of calling the Read tool:\n"
    return _Block(head, Entry(path, "attached", whole)) if numbered else _Block()


def _numbered(text: str, target: str) -> list[tuple[int, str]]:
    """The lines of a text that the words ask for, with their numbers."""
    all_lines = text.split("\n") if text else []
    asked = _LINES.fullmatch(target)
    start = int(asked[3]) if asked and asked[3] else None
    end = int(asked[4]) if asked and asked[4] else start
    is_plain = asked is not None and asked[2] == ""
    if start is None or end is None or (is_plain and not 0 < start <= min(end, len(all_lines))):
        start, end = 1, len(all_lines)
    elif start == 0:
        # All of it, counted from there.
        end = len(all_lines)
    return [*enumerate(all_lines[max(start - 1, 0) : end], start)]
