"""Columns and colors of a terminal, in which a stranger's names do nothing."""

import os
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache

#: Cells of a column, at most.
_WIDEST = 100
#: What is painted to see which marks a style has.
_SAMPLE = "sample"
#: Signs of our own, each one cell wide.
_NARROW = dict.fromkeys(map(ord, "≈├└─│…"), " ")
#: Variables of the environment by which colors are wanted where there is no terminal.
_FORCED = frozenset({"FORCE_COLOR", "TTY_COMPATIBLE"})

#: A text and its style; and those of a row.
Cell = tuple[str, str]
Row = tuple[Cell, ...]
EMPTY: Cell = ("", "")


def print_rows(rows: Sequence[Row], right: Collection[int]) -> None:
    """Print rows in columns, as wide as what is in them; those numbered in `right` are flush right.

    A name that is longer than most screens are wide moves what is behind it.
    """
    paint = painter()
    columns = range(len(rows[0]))
    widths = [min(_WIDEST, max(width_of(row[column][0]) for row in rows)) for column in columns]
    widths[-1] = widths[-1] if columns[-1] in right else 0
    for row in rows:
        cells = []
        for column, (text, style) in enumerate(row):
            space = " " * (widths[column] - width_of(text))
            cells.append(space + paint(text, style) if column in right else paint(text, style) + space)
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def width_of(text: str) -> int:
    """Columns of a screen that a text takes."""
    if text.translate(_NARROW).isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  few names need it

    return cell_len(text)


def painter() -> Callable[[str, str], str]:
    """What puts a text between the marks of a style, as standard output takes them; nothing where nobody looks at it."""
    if not sys.stdout.isatty() and not _FORCED & os.environ.keys():
        return lambda text, style: text
    # It takes longer to load than a small file to count.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False)

    @cache
    def around(style: str) -> Sequence[str]:
        with console.capture() as captured:
            console.print(Text(_SAMPLE, style=style), end="")
        return captured.get().split(_SAMPLE)

    if console.color_system is None:
        return lambda text, style: text

    def paint(text: str, style: str) -> str:
        before, behind = around(style) if text else ("", "")
        return f"{before}{text}{behind}"

    return paint
