r"""Lines of a streamed text. A line ends after `\r\n`, `\n` or `\r`, as the Language Server Protocol counts."""

import re
from collections.abc import Iterable, Iterator

_END = re.compile(r"\r\n|\n|\r")


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a text into its lines, each with its end. A text that ends with a line end has no empty line after it."""
    begun: list[str] = []
    for piece in _whole_ends(pieces):
        start = 0
        for end in _END.finditer(piece):
            begun.append(piece[start : end.end()])
            yield "".join(begun)
            begun.clear()
            start = end.end()
        if start < len(piece):
            begun.append(piece[start:])
    if begun:
        yield "".join(begun)


def cut_lines(pieces: Iterable[str], longest: int) -> Iterator[tuple[str, int]]:
    """The lines of a text with their lengths; of a line over `longest` characters, the first `longest` + 1 and its end.

    Holds no more of a line than that, however long it is.
    """
    begun: list[str] = []
    begun_length = length = 0

    def take(text: str) -> None:
        nonlocal begun_length, length
        length += len(text)
        part = text[: longest + 1 - begun_length]
        begun_length += len(part)
        begun.append(part)

    for piece in _whole_ends(pieces):
        start = 0
        for end in _END.finditer(piece):
            take(piece[start : end.start()])
            yield "".join(begun) + end[0], length + len(end[0])
            begun.clear()
            begun_length = length = 0
            start = end.end()
        if start < len(piece):
            take(piece[start:])
    if length:
        yield "".join(begun), length


def count_lines(pieces: Iterable[str]) -> int:
    """Count the lines that `lines_of` would give."""
    count, last = 0, "\n"
    for piece in _whole_ends(pieces):
        count += sum(1 for _ in _END.finditer(piece))
        last = piece[-1]
    return count if last in "\r\n" else count + 1


def select_lines(pieces: Iterable[str], first: int, end: int) -> Iterator[str]:
    """Pick the text of lines `first` to `end`, counted from 0, the end excluded, with their line ends. Reads no further."""
    line = 0
    if end <= first:
        return
    for piece in _whole_ends(pieces):
        start = 0
        for match in _END.finditer(piece):
            line += 1
            if line == first:
                start = match.end()
            if line == end:
                yield piece[start : match.end()]
                return
        if line >= first and start < len(piece):
            yield piece[start:]


def _whole_ends(pieces: Iterable[str]) -> Iterator[str]:
    r"""Cut the text anew so that no `\r\n` is cut in two; no piece is empty."""
    carriage_return = ""
    for piece in pieces:
        text = carriage_return + piece
        carriage_return = "\r" if text.endswith("\r") else ""
        if len(text) > len(carriage_return):
            yield text[:-1] if carriage_return else text
    if carriage_return:
        yield carriage_return
