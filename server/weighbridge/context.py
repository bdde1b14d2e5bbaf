"""Agents' contexts on a terminal: `weighbridge context`. One agent's files as they arrive, or several agents side by side."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from weighbridge.agents.arrivals import shown_path
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis.contexts import CountedContext, CountedLoss, repeated_text
from weighbridge.analysis.wording import number_text, tokens_text
from weighbridge.columns import EMPTY, Cell, Row, painter, print_rows, width_of
from weighbridge.content.policy import shown

#: Columns and lines of a screen that nothing is known of.
_SCREEN = (100, 24)
#: Columns of a file's name beside the agents' numbers, and between two columns.
_NAME = 30
_GAP = 2
#: Files of one table, and notes below all, where agents stand side by side.
_MOST_ROWS = 20
#: Characters of a path, and of a reason.
_LONGEST = 1_000

_CUT = "red"
_UNREAD = "yellow"


@dataclass(frozen=True, slots=True)
class _Column:
    """An agent beside others: its name, its total, and by file the tokens and what is shown of them."""

    head: Cell
    total: Cell
    tokens: Mapping[str, int]
    cells: Mapping[str, Cell]

    @property
    def width(self) -> int:
        return max(width_of(text) for text, _ in (self.head, self.total, *self.cells.values()))


def print_contexts(contexts: Sequence[CountedContext]) -> None:
    """What agents load, for people: each file with its tokens, what is lost and what does not load."""
    if not contexts:
        sys.stdout.write("no agent loads any file there\n")
    elif len(contexts) == 1:
        _print_one(contexts[0])
    else:
        _print_beside(contexts)


def _print_one(context: CountedContext) -> None:
    agent, exact = AGENTS[context.agent], context.exact
    source = agent.as_of if agent.recorded else f"{agent.as_of}, as read, not recorded"
    total = tokens_text(context.tokens, exact=exact)
    sys.stdout.write(painter()(f"{agent.title} ({source})  {total}", "bold") + "\n")
    rows: list[Row] = []
    for entry in context.entries:
        via = "" if entry.imported_by is None else f"  (imported by {_path(entry.imported_by, context)})"
        cut = "" if entry.lost is None else f"  {_cut(entry.lost, exact=exact)}"
        name = _path(entry.path, context) + via + cut
        rows.append(((number_text(entry.tokens, exact=exact), ""), (name, _CUT if cut else "")))
    rows += [(("-", ""), (text, _CUT)) for text in _ignored(context)]
    rows += [(EMPTY, (text, "")) for text in _repeated(context)]
    rows += [(("-", ""), (text, _UNREAD)) for text in _not_loaded(context)]
    if rows:
        print_rows(rows, right=(0,))


def _print_beside(contexts: Sequence[CountedContext]) -> None:
    """As many tables as the screen's width needs, and what is to be said of files below all."""
    width = shutil.get_terminal_size(_SCREEN).columns
    together: list[_Column] = []
    for column in map(_column, contexts):
        if (
            together
            and _NAME + sum(_GAP + shown_column.width for shown_column in (*together, column)) > width
        ):
            _print_table(together)
            sys.stdout.write("\n")
            together = []
        together.append(column)
    _print_table(together)
    notes: dict[Cell, list[str]] = {}
    for context in contexts:
        for note in _notes(context):
            notes.setdefault(note, []).append(context.agent)
    paint, styles = painter(), [_CUT, "", _UNREAD]
    in_order = sorted(notes.items(), key=lambda note: styles.index(note[0][1]))
    lines = [""] if notes else []
    for (text, style), agents in in_order[:_MOST_ROWS]:
        wrapped = textwrap.wrap(f"{', '.join(agents)}: {text}", width, subsequent_indent="    ")
        lines += [paint(line, style) for line in wrapped]
    if len(notes) > _MOST_ROWS:
        lines.append(
            f"and {len(notes) - _MOST_ROWS:,} more: name one agent with --agent to see all of its own"
        )
    if any(not AGENTS[context.agent].recorded for context in contexts):
        lines += ["", "* as read in its source or documentation, not recorded"]
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _print_table(columns: Sequence[_Column]) -> None:
    """A row for each file that any of some agents loads, the largest first."""
    largest: dict[str, int] = {}
    for column in columns:
        for name, tokens in column.tokens.items():
            largest[name] = max(tokens, largest.get(name, 0))
    names = sorted(largest, key=lambda name: (-largest[name], name))
    rows: list[Row] = [(("file", "bold"), *(column.head for column in columns))]
    rows += [
        ((_shortened(name), ""), *(column.cells.get(name, EMPTY) for column in columns))
        for name in names[:_MOST_ROWS]
    ]
    if len(names) > _MOST_ROWS:
        rows.append(((f"and {len(names) - _MOST_ROWS:,} more files", ""), *(EMPTY for _ in columns)))
    rows.append((("all, with labels", "bold"), *(column.total for column in columns)))
    print_rows(rows, right=range(1, len(columns) + 1))


def _column(context: CountedContext) -> _Column:
    agent, exact = AGENTS[context.agent], context.exact
    tokens: dict[str, int] = {}
    for entry in context.entries:
        path = _path(entry.path, context)
        tokens[path] = tokens.get(path, 0) + entry.tokens
    cells = {path: (number_text(number, exact=exact), "") for path, number in tokens.items()}
    for entry in context.entries:
        if entry.lost is not None:
            path = _path(entry.path, context)
            cells[path] = (f"cut {number_text(tokens[path], exact=exact)}", _CUT)
    for file in context.not_loaded:
        cells.setdefault(_path(file.path, context), ("not read", _UNREAD))
    return _Column(
        (agent.name if agent.recorded else f"{agent.name}*", "bold"),
        (number_text(context.tokens, exact=exact), "bold"),
        tokens,
        cells,
    )


def _notes(context: CountedContext) -> Iterator[Cell]:
    """What is to be said of an agent's files."""
    for entry in context.entries:
        if entry.lost is not None:
            yield f"{_path(entry.path, context)} {_cut(entry.lost, exact=context.exact)}", _CUT
    yield from ((text, _CUT) for text in _ignored(context))
    yield from ((text, "") for text in _repeated(context))
    yield from ((text, _UNREAD) for text in _not_loaded(context))


def _cut(lost: CountedLoss, *, exact: bool) -> str:
    return f"cut at line {lost.line + 1}: {tokens_text(lost.tokens, exact=exact)} never arrive"


def _repeated(context: CountedContext) -> Iterator[str]:
    path = partial(_path, context=context)
    return (repeated_text(repeated, path, exact=context.exact) for repeated in context.repeated)


def _ignored(context: CountedContext) -> Iterator[str]:
    """`CLAUDE.md line 3: @docs/style.md. is not imported: the full stop belongs to the path here`."""
    for failed in context.ignored:
        place = f"{_path(failed.path, context)} line {failed.line + 1:,}"
        yield f"{place}: {shown(failed.text, _LONGEST)} is not imported: {shown(failed.reason, _LONGEST)}"


def _not_loaded(context: CountedContext) -> Iterator[str]:
    """The files that do not load, but for those that are told of where an import names them."""
    reasons = {file.reason for file in context.ignored}
    for file in context.not_loaded:
        if file.reason not in reasons:
            yield f"{_path(file.path, context)}: {shown(file.reason, _LONGEST)}"


def _path(path: Path, context: CountedContext) -> str:
    """A path as people read it: from the folder that the agent is started in."""
    return shown(shown_path(path, context.folder), _LONGEST)


def _shortened(name: str) -> str:
    """A name's end, which tells files apart."""
    return name if width_of(name) <= _NAME else f"…{name[-(_NAME - 1) :]}"
