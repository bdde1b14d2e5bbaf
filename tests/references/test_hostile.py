"""Texts made to hang a scanner are scanned to the end: in time that grows as they do, which is the suite's to notice.

Each is long enough that a scanner which looks back over it for each of its characters takes minutes.
"""

from collections.abc import Iterator

import pytest

from weighbridge.references.index import ScanIndex, StreamScanner
from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.markdown import scan
from weighbridge.text import LineBuffer, PositionEncoding, split_lines

SIZE = 50_000

REPEATED = (
    *(
        "`",
        "` `` ",
        "<",
        "<a ",
        '<a b="',
        "<!--",
        "<!-- -",
        "<![CDATA[",
        "<?",
        "<!X",
        "<a:",
        "<a@b.c.",
        "</a ",
        "&",
    ),
    *(
        "@[",
        "@[file:",
        "@[file:\\",
        "@[file:\\@",
        "@a.",
        " @a/b",
        "@a.md:",
        "@a#",
        "{{",
        "{{a:",
        "{{ ",
        "}}",
        "{",
    ),
    *(
        "[",
        "![",
        "](",
        "[](",
        "[](<",
        '[a](b "',
        "[a](\\",
        "](()",
        "[[](a)",
        "\\",
        "[a]: x\n",
        "[a\n",
        "[a]:\n",
    ),
    *(
        "[a]: x 't\n",
        ">",
        "> \n",
        "- ",
        "1. ",
        "- \n",
        "#",
        " #",
        "=\n",
        "* ",
        "_ ",
        "~",
        "\t",
        " ",
        "\r",
        "\n",
        "a\n",
    ),
    *(
        "<!-- weighbridge: a=",
        "<!-- weighbridge: a=b -->",
        "<a\n",
        "a ` b\n",
        "> - a\n",
        "\ud800",
        "\x00",
        "é😀",
    ),
)

TEXTS = {
    "a line of backticks that is no fence": "`" * SIZE + "x`",
    "runs of all lengths": "".join("`" * size + " " for size in range(1, 450)),
    "a quote in a quote": "<a x='<a y=\"' " + "x='\" y=\"' " * (SIZE // 10),
    "open brackets, then ends": "[" * (SIZE // 2) + "](x" * (SIZE // 6),
    "links that close all before": "[" * (SIZE // 2) + "[a](b)" * (SIZE // 12),
    "parentheses": "[a](" + "(" * SIZE,
    "deep lists and nothing": "- " * 100 + "x\n" + "\n" * (SIZE // 4),
    "deep lists and spaces": "- " * 100 + "x\n" + " " * SIZE + "x",
    "deep lists and their lines": "- " * 100 + "x\n" + (" " * 200 + "x\n") * (SIZE // 200),
    "deep quotes and lazy lines": "> " * 100 + "x\n" + "x\n" * (SIZE // 4),
    "nested numbers": "\n".join("1. " * size for size in range(1, 250)),
    "an underline and more": "a\n===" + " " * SIZE + "x",
    "a definition and more": "[a]: x" + " " * SIZE + "x",
    "a label of spaces": "[" + " \t" * SIZE + "]: x",
    "settings": "<!-- weighbridge: " + 'a="' * (SIZE // 3) + "-->",
}


#: Those that open a fence which nothing closes.
FENCES = ("`", "` and an end", "~", "~ and an end")


def hostile() -> Iterator[tuple[str, str]]:
    for unit in REPEATED:
        yield unit, unit * (SIZE // len(unit))
        yield f"{unit} and an end", unit * (SIZE // len(unit)) + "`]>x)}-->"
    yield from TEXTS.items()


@pytest.mark.parametrize("name", [name for name, _ in hostile()])
def test_it_is_scanned_to_the_end(name: str) -> None:
    text = dict(hostile())[name]
    found = scan(split_lines(f"{text}\n\n\n<!-- -->\n\n# {{{{last}}}}"))
    assert [one.target for one in found[-1].references] == ([] if name in FENCES else ["last"])


@pytest.mark.parametrize("text", [text for _, text in hostile() if text.count("\n") < 9 and "`" not in text])
def test_a_key_in_it(text: str) -> None:
    buffer = LineBuffer(text, PositionEncoding.UTF16)
    found = ScanIndex(buffer)
    found.update(buffer.apply((0, SIZE // 2), (0, SIZE // 2), "{{a}}"), buffer)
    assert [found.line(number) for number in range(len(found))] == scan(buffer)


def test_a_line_too_long_is_data() -> None:
    """Nothing is looked for in it, and what stands around it stays."""
    lines = [
        "{{a}}\n",
        "x {{b}}".ljust(LONGEST_LINE) + "\n",
        "{{c}}\n",
        "\n",
        "# {{d}}".ljust(LONGEST_LINE) + "\n",
        "{{e}}",
    ]
    found = scan(lines)
    assert [[one.target for one in line.references] for line in found] == [["a"], [], ["c"], [], [], ["e"]]
    scanner = StreamScanner()
    streamed = [one for line in lines for one in scanner.feed(line)] + list(scanner.close())
    assert [number for number, _ in streamed] == [0, 2, 5]
