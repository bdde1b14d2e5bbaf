"""What in the text of GitHub Copilot CLI's files is an import, what is code, and what of the text arrives."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

_IMPORT = re.compile(r"@(?<![\w-]@)([^\s'\"<>@][^\s'\"<>]*)")
_TRAILING = ".,;:!?)]}"
_FENCE = re.compile(r"^[ \t]*(?:(?:[-*+>]|\d+[.)])[ \t]+)*(`{3,}+|~{3,}+)[^\n]*\n", re.MULTILINE)
_RUN_OR_BLANK = re.compile(r"`+|\n(?=[ \t\r\f\v]*\n)")
#: Bidirectional marks, zero-width characters but the joiner, soft hyphens, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
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
        if not target or not ("." in target or "/" in target) or target.startswith(("/", "~")):
            continue
        if reach <= match.start():
            yield match.start(1) - 1, match.start(1) + len(target), target


def code_in(text: str) -> list[tuple[int, int]]:
    """Fences and code spans, wherever they stand; in the order in which they begin."""
    fences: list[tuple[int, int]] = []
    at = 0
    while (opened := _FENCE.search(text, at)) is not None:
        mark = opened[1]
        closing = re.compile(rf"^[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*\r?$", re.MULTILINE)
        closed = closing.search(text, opened.end())
        end = len(text) if closed is None else closed.end()
        fences.append((opened.start(), end))
        at = end
    starts = [start for start, _ in fences]
    spans = (
        span
        for span in _spans(text)
        if not (number := bisect_right(starts, span[0])) or fences[number - 1][1] <= span[0]
    )
    return sorted((*fences, *spans))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Code spans: from a run of backticks to the next that is as long, in one paragraph."""
    paragraph = 0
    runs: list[tuple[int, int, int]] = []
    later: dict[tuple[int, int], list[int]] = {}
    for match in _RUN_OR_BLANK.finditer(text):
        if match[0] == "\n":
            paragraph += 1
        else:
            later.setdefault((paragraph, len(match[0])), []).append(match.start())
            runs.append((match.start(), match.end(), paragraph))
    for starts in later.values():
        starts.reverse()
    at = 0
    for start, end, paragraph in runs:
        same = later[paragraph, end - start]
        while same and same[-1] < max(at, end):
            same.pop()
        if start >= at and same:
            at = same[-1] + end - start
            yield start, at


def cleaned(text: str) -> str:
    """A text in composed form, without invisible characters."""
    return text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
