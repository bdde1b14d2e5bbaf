"""What in a file looks like an import of Claude Code's and is none, with the reason and what to write instead."""

import bisect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path, PurePath

from weighbridge.agents.model import Files, Ignored, Importance
from weighbridge.agents.remembering import remembered
from weighbridge.agents.settled import sections
from weighbridge.text import split_lines

#: References that are looked at in one file, each of which asks the disk; and texts that are tried, each of which is parsed.
MOST_LOOKED_AT = 500
_MOST_TRIED = 10
#: What looks like an import: `@` and a path, in quotes or with escaped spaces. It begins with the `@`, for which expressions
#: are quick to look: 1 MB without any in 0.1 ms; with what may not stand before it first, in 12.
CANDIDATE = re.compile(r"@(?<![A-Za-z0-9_@/.\\-]@)(\"[^\"\n]+\"|(?:[^\s\\\"]|\\ )+)")
_TRAILING = ".,;:!?)]}>'\"`*_"
_MARKS = {
    ".": "full stop",
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    "!": "exclamation mark",
    "?": "question mark",
}
TEXTS = frozenset((".md", ".mdc", ".txt"))


def bare(target: str) -> str:
    """A path without the marks of a sentence behind it."""
    return target.rstrip(_TRAILING)


def mark_reason(target: str, path: str) -> str:
    """The reason why a path is not found that marks follow, mostly those of a sentence."""
    mark = target[len(path) :][:1]
    return f"the {_MARKS.get(mark, mark)} belongs to the path here: put a space before it"


def apart(written: str) -> str:
    """The import to write for a path that marks of a sentence follow: with a space between them."""
    path = bare(written.split("#", 1)[0])
    return f"@{path} {written[len(path) :]}"


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """The file that an import's path names to Claude Code. `reason`: why a file that is there is not imported, None where it is."""

    path: Path
    reason: str | None = None


class Blocks:
    """Where code and HTML stand in a text. `begin`: where front matter ends, which is none of either."""

    def __init__(self, text: str, begin: int) -> None:
        self.text = text
        self.begin = begin
        # At once: whoever looks for imports has just cut the same text.
        self._sections = sections(text[begin:]) if "@" in text else ()
        #: Where the lines of a section begin and what its blocks are, by its number.
        self._section_blocks: dict[int, tuple[list[int], tuple[tuple[int, int, str], ...]]] = {}

    def line_around(self, offset: int) -> tuple[int, int]:
        """Where the text of a line starts and ends, without the blanks around it."""
        _, start, end = self._at(offset)
        whole = self.text[start:end]
        start += len(whole) - len(whole.lstrip())
        return start, start + len(whole.strip())

    def at(self, offset: int) -> str | None:
        """The kind of text at an offset: `in a code block`, `html`, `in a code span`; None for text."""
        kind, start, end = self._at(offset)
        before, after = self.text[start:offset], self.text[offset:end]
        return kind or ("in a code span" if before.count("`") % 2 and "`" in after else None)

    def _at(self, offset: int) -> tuple[str | None, int, int]:
        """The kind of the block that an offset is in, None for text; where its line starts and ends."""
        number = bisect.bisect_right(self._sections, offset - self.begin, key=lambda part: part.start) - 1
        section = self._sections[number]
        if number not in self._section_blocks:
            starts = [*accumulate(map(len, split_lines(section.text)), initial=0)]
            self._section_blocks[number] = starts, _blocks(section.text)
        starts, blocks = self._section_blocks[number]
        base = self.begin + section.start
        line = bisect.bisect_right(starts, offset - base) - 1
        block = bisect.bisect_right(blocks, line, key=lambda block: block[0]) - 1
        inside = block >= 0 and line < blocks[block][1]
        return blocks[block][2] if inside else None, base + starts[line], base + starts[line + 1]


def ignored(
    path: Path,
    code: Blocks,
    imported: frozenset[str],
    target_of: Callable[[str], ImportTarget | None],
    targets_in: Callable[[str], Iterable[str]],
    files: Files,
) -> Iterator[Ignored]:
    """The places in a file's text that look like imports and bring nothing.

    `code`: of the text. `imported`: the targets that Claude Code finds in it, which are those that `targets_in` finds.
    `target_of`: the file that a target names, None where it can't be one.
    """
    text = code.text
    in_html: dict[int, int] = {}
    for match in islice(CANDIDATE.finditer(text, code.begin), MOST_LOOKED_AT):
        written = match[1]
        target = _target(written)
        name = bare(target)
        if target in imported:
            why = _found_in_vain(path, target, target_of, files)
            if why is not None:
                instead = apart(written) if why[0] == mark_reason(target, bare(target)) else None
                yield Ignored(path, match.start(), match.end(), *why, instead)
            continue
        quoted = written.startswith('"')
        if _is_importable(target_of(written.strip('"') if quoted else name), files):
            path_end = match.start() + 1 + len(written.split("#", 1)[0].rstrip(_TRAILING))
            end = match.end() if quoted else path_end
            where = code.at(match.start())
            if where is None and name in imported and not written[len(name) :].strip("*_"):
                # The emphasis ends there, not the path.
                continue
            if where == "html":
                start, last = code.line_around(match.start())
                if start not in in_html:
                    in_html[start] = last
                    around = _apart_from_tags(text, start, last)
                    helps = len(in_html) <= _MOST_TRIED and name in targets_in(around[0])
                    yield Ignored(
                        path, start, last, *_overlooked(where, written), around[1] if helps else None
                    )
                continue
            path_written = written.strip('"').replace(" ", "\\ ") if quoted else text[match.start() + 1 : end]
            instead = None if where else spaced(f"@{path_written}", text, match.start(), end)
            yield Ignored(path, match.start(), end, *_overlooked(where, written), instead)


def places(code: Blocks, targets: Collection[str]) -> Iterator[tuple[int, int, str]]:
    """Where imports stand in a file's text, outside code: start, end, target. `code`: of the text."""
    for match in islice(CANDIDATE.finditer(code.text, code.begin), MOST_LOOKED_AT if targets else 0):
        target = _target(match[1])
        if target in targets and code.at(match.start()) is None:
            yield match.start(), match.end(), target


def _apart_from_tags(text: str, start: int, end: int) -> tuple[str, str]:
    """A text in which empty lines stand around a line, and what stands in that one's place then."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    written = f"{line_end}{text[start:end]}{line_end}"
    return f"{text[:start]}{written}{text[end:]}", written


def spaced(written: str, text: str, start: int, end: int) -> str:
    """An import with the spaces that it needs where it is to stand in a text."""
    before = "" if start == 0 or text[start - 1].isspace() else " "
    behind = "" if end == len(text) or text[end].isspace() else " "
    return f"{before}{written}{behind}"


def _target(written: str) -> str:
    """The path in what stands behind an `@`."""
    return written.split("#", 1)[0].replace("\\ ", " ")


def _found_in_vain(
    path: Path, target: str, target_of: Callable[[str], ImportTarget | None], files: Files
) -> tuple[str, Importance] | None:
    """Why an import that Claude Code finds brings nothing; None where it brings something, or may be no import at all."""
    named = target_of(target)
    if named is not None and named.reason is not None:
        return named.reason, Importance.CERTAIN
    if named is None or files.size(named.path) is not None:
        return None
    name = bare(target)
    if name != target and _is_importable(target_of(name), files):
        return mark_reason(target, name), Importance.CERTAIN
    if PurePath(name).suffix.lower() in TEXTS:
        return f"no such file: {name} is looked for beside {path.name}", Importance.HINT
    return None


def _overlooked(where: str | None, written: str) -> tuple[str, Importance]:
    """Why Claude Code finds no import in what names a file."""
    if where == "html":
        return "it stands in HTML: put empty lines between the tags and the text", Importance.LIKELY
    if where is not None:
        return f"it stands {where}", Importance.HINT
    if written.startswith('"'):
        return (
            "quotes are not understood: write the path without them, and `\\ ` for a space",
            Importance.CERTAIN,
        )
    return "imports stand at a line's start or behind a space", Importance.LIKELY


def _is_importable(named: ImportTarget | None, files: Files) -> bool:
    """Whether a path names a file that Claude Code would import."""
    return named is not None and named.reason is None and files.size(named.path) is not None


@remembered
def _blocks(section: str) -> tuple[tuple[int, int, str], ...]:
    """The lines, from and to, of the blocks of code and HTML in a section, each with what it is."""
    # Most texts need none, and it takes long to load.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    blocks: list[tuple[int, int, str]] = []
    for token in MarkdownIt("commonmark").disable("inline").parse(section):
        comment = token.content.lstrip().startswith("<!--")
        kinds = {
            "fence": "in a code block",
            "code_block": "in a code block",
            "html_block": "in a comment" if comment else "html",
        }
        if token.map is not None and token.type in kinds:
            blocks.append((token.map[0], token.map[1], kinds[token.type]))
    return tuple(blocks)
