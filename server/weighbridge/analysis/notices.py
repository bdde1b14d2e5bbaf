"""What is to be said of a context file: what of it never arrives, and what in it is read otherwise than it looks."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

from weighbridge.agents.arrivals import Arrival
from weighbridge.agents.model import Agent, Entry, Importance, NotLoaded
from weighbridge.content.agent_files import AgentFiles
from weighbridge.errors import Code
from weighbridge.text import split_lines

#: Removed stretches that are told of.
_MOST_REMOVED = 500

_SEVERITIES = {
    Importance.CERTAIN: "warning",
    Importance.LIKELY: "information",
    Importance.HINT: "hint",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said of a stretch of the document. `start`, `end`: line from 0, column in code points.

    `severity`: `warning`, `information` or `hint`. `faded`: the text is of no use where it stands.
    """

    start: tuple[int, int]
    end: tuple[int, int]
    code: Code
    severity: str
    message: str
    faded: bool = False
    #: What to write in place of the stretch, None where nothing is proposed.
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """Another agent that reads such a document: whether it loads this one, and if not, why, where that is known."""

    agent: Agent
    loads: bool
    reason: str = ""


def notices(
    agent: Agent,
    arrival: Arrival,
    own: Entry | None,
    places: "Places",
    others: Sequence[Other],
    files: AgentFiles,
    weight: Callable[[str], str],
    *,
    hints: bool,
    no_utf8: bool = False,
) -> Iterator[Notice]:
    """The notices of a document. `own`: its entry, None where it does not load. `places`: of its text. `weight`: a text's
    tokens in words. `hints`: whether that it does not load is to be said. `no_utf8`: whether the file holds bytes that are none.
    """
    text = places.text
    first_line = (0, 0), places.end_of(0)
    dropped = arrival.why is not None and arrival.why.dropped
    if not arrival.loads and (hints or dropped):
        loading = [other.agent.title for other in others if other.loads]
        also = f"; {_all_of(loading)}" if loading else ""
        message = (
            f"{agent.title} does not load this file{_why(arrival.why, files)}{also}. Its own text is counted"
        )
        # Without a reason nobody expects it to load: a plugin's file, say, or one that a skill names.
        severity = "information" if arrival.why is not None and not loading else "hint"
        yield Notice(*first_line, Code.NOT_LOADED, "warning" if dropped else severity, message)
    yield from _odd(agent, text, places, no_utf8=no_utf8)
    for other in others:
        if other.reason:
            message = f"{other.agent.title} does not load this file: {other.reason}"
            yield Notice(*first_line, Code.NOT_LOADED, "hint", message)
    for import_ in arrival.context.ignored:
        message = f"not imported: {import_.reason}" if import_.code is Code.IGNORED else import_.reason
        severity = _SEVERITIES[import_.importance]
        yield Notice(
            places.at(import_.start),
            places.at(import_.end),
            import_.code,
            severity,
            message,
            instead=import_.instead,
        )
    for start, end in () if own is None else islice(agent.removed(text, own.kind), _MOST_REMOVED):
        # Not beyond the last line, as below.
        last = start + len(text[start:end].rstrip("\r\n"))
        message = f"not sent to {agent.title}: it costs nothing"
        yield Notice(places.at(start), places.at(last), Code.REMOVED, "hint", message, faded=True)
    lost = None if own is None else own.lost
    if lost is not None and lost.text:
        message = f"{weight(lost.text)} never arrive: {lost.reason}"
        at_end = text.endswith(lost.text)
        offset = len(text) - len(lost.text) if at_end else text.rfind(lost.text)
        if offset >= 0:
            rest = text[offset + len(lost.text) :]
            # What is lost is the end of the document, but for what was trimmed there; or a stretch of it.
            # Not beyond the last line: Neovim would fade all but that.
            end = offset + len(lost.text) if rest.strip() else max(offset, len(text.rstrip("\r\n")))
            yield Notice(places.at(offset), places.at(end), Code.TRUNCATED, "warning", message, faded=True)
        elif own is not None and own.kind == "skill":
            # Written in several lines.
            yield Notice((lost.line, 0), places.end_of(lost.line), Code.TRUNCATED, "warning", message)


def _odd(agent: Agent, text: str, places: "Places", *, no_utf8: bool) -> Iterator[Notice]:
    """What is said of the first bytes that are no text."""
    marks = {"\ufffd": "bytes that are no UTF-8 become U+FFFD"} if no_utf8 else {}
    for mark, what in (marks | {"\0": "a NUL stands here"}).items():
        at = text.find(mark)
        if at >= 0:
            start, end = places.at(at), places.at(at + 1)
            yield Notice(start, end, Code.NOT_TEXT, "warning", f"{what}: {agent.title} reads it so")


def _all_of(titles: Sequence[str]) -> str:
    """Who loads a file, as a sentence's end."""
    *most, last = titles
    return f"{', '.join(most)} and {last} do" if most else f"{last} does"


def _why(why: NotLoaded | None, files: AgentFiles) -> str:
    """Why a document does not load; and that no file is there for which it waits."""
    if why is None:
        return " when it starts"
    in_vain = why.folder is not None and files.holds_match(why.folder, why.patterns) is False
    return f": {why.reason}{', and there is none' if in_vain else ''}"


class Places:
    """Lines and columns of a text's code points."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate(map(len, self._lines), initial=0))[:-1]

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def end_of(self, line: int) -> tuple[int, int]:
        return line, len(self._lines[line].rstrip("\r\n"))
