"""What in the text of GitHub Copilot CLI's files is an import, what is code, and what of the text arrives."""

import re
import unicodedata
from collections.abc import Iterator

#: What is behind an `@` may hold another, which begins an import if the first names no file.
_IMPORT = re.compile(r"@(?<![A-Za-z0-9_-]@)(?=([^\s'\"<>`@][^\s'\"<>`]{0,1024}))")
#: Characters of a path that is looked for, and of a name in it: of a run of imports each is in all those before it.
_LONGEST_PATH = 1024
_LONGEST_NAME = 255
_TRAILING = ".,;:!?)]}"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"\s*(```|~~~)")
_RUN = re.compile(r"`+")
#: Bidirectional marks, zero-width characters but the joiner, soft hyphens, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def imports_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Imports outside code: where each stands in the text, and its target."""
    if "@" not in text:
        return
    code = iter(code_in(text))
    region, reach = next(code, None), 0
    for match in _IMPORT.finditer(text):
        while region is not None and region[0] <= match.start():
            reach = max(reach, region[1])
            region = next(code, None)
        target = match[1].rstrip(_TRAILING)
        if not ("." in target or "/" in target) or target.startswith(("/", "~")) or target.endswith("/"):
            continue
        if len(match[1]) > _LONGEST_PATH or max(map(len, target.split("/"))) > _LONGEST_NAME:
            continue
        if reach <= match.start():
            yield match.start(1) - 1, match.start(1) + len(target), target


def code_in(text: str) -> list[tuple[int, int]]:
    """Fences and code spans, in order. Lines decide: three marks at a line's start open or close a fence, and a span that its
    line does not close goes to the line's end.
    """
    regions: list[tuple[int, int]] = []
    opened, fence = 0, ""
    for line in _LINE.finditer(text):
        mark = _FENCE.match(line[0])
        if fence:
            if mark is not None and mark[1] == fence:
                regions.append((opened, line.end()))
                fence = ""
        elif mark is not None:
            opened, fence = line.start(), mark[1]
        elif "`" in line[0]:
            regions += _spans(text, *line.span())
    return [*regions, (opened, len(text))] if fence else regions


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The code spans of a line: from a run of backticks to the next that is as long, or to the line's end."""
    opened, length = 0, 0
    for run in _RUN.finditer(text, start, end):
        if not length:
            opened, length = run.start(), len(run[0])
        elif len(run[0]) == length:
            yield opened, run.end()
            length = 0
    if length:
        yield opened, end


def cleaned(text: str) -> str:
    """A text in composed form, without invisible characters."""
    return text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
