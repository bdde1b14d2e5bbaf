"""The line buffer's contract over again, slowly: a text is one string, and every question is asked of it anew."""

from weighbridge.text import PositionEncoding


def unit_count(char: str, encoding: PositionEncoding) -> int:
    point = ord(char)
    if encoding is PositionEncoding.UTF8:
        return 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4
    return 2 if encoding is PositionEncoding.UTF16 and point > 0xFFFF else 1


def lines_of(text: str) -> list[str]:
    """Cut a text behind every line end, character by character."""
    lines = [""]
    for at, char in enumerate(text):
        lines[-1] += char
        if char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n"):
            lines.append("")
    return lines


def size(text: str, encoding: PositionEncoding) -> int:
    return sum(unit_count(char, encoding) for char in text)


def clamped(text: str, line: int, character: int, encoding: PositionEncoding) -> tuple[int, int]:
    """Line and column in code points of a position."""
    lines = lines_of(text)
    if line < 0:
        return 0, 0
    if line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    content = lines[line].rstrip("\r\n")
    column = 0
    while column < len(content) and size(content[: column + 1], encoding) <= character:
        column += 1
    return line, column


def offset(text: str, line: int, column: int) -> int:
    return sum(map(len, lines_of(text)[:line])) + column


def applied(
    text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: PositionEncoding
) -> str:
    """The text after an edit."""
    first, last = sorted(offset(text, *clamped(text, *place, encoding)) for place in (start, end))
    return text[:first] + new + text[last:]
