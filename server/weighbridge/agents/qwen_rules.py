"""The text of Qwen Code's rules: the patterns that one waits for, its body, and what of it never arrives."""

import re
from collections.abc import Iterator

from weighbridge.agents.markdown import comments, without_comments
from weighbridge.agents.text import unix_lines
from weighbridge.agents.yaml_values import yaml_mapping
from weighbridge.text import split_lines

_FRONT_MATTER = re.compile(r"---\n([\s\S]*?)\n---(?:\n|$(?![\s\S]))")
#: How often comments are removed that appear where others were: a bound against hostile texts.
_MOST_NESTED = 100


def split_rule(text: str) -> tuple[list[str], str]:
    """The patterns on which a rule waits, none where it always loads, and its body."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return [], text
    values = yaml_mapping(match[1])
    paths = _simple_paths(match[1]) if values is None else values.get("paths")
    written = [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []
    return [str(pattern) for pattern in written if str(pattern)], text[match.end() :]


def _simple_paths(source: str) -> list[str]:
    """The patterns that Qwen Code takes from front matter that is no YAML: the text behind `paths:`, or the items below it."""
    match = re.search(r"^paths[ \t]*:[ \t]*(.*)\n?((?:  - .*(?:\n|$))*)", source, re.MULTILINE)
    if match is None:
        return []
    items = [line[4:] for line in match[2].splitlines()] if not match[1].strip() else [match[1]]
    return [item.strip().strip('"') for item in items]


def removed(text: str, kind: str) -> Iterator[tuple[int, int]]:
    """The stretches of a rule that never arrive: its front matter and all comments."""
    if kind != "rule":
        return
    _, body = split_rule(unix_lines(text))
    lines = split_lines(text)
    begin = sum(map(len, lines[: len(lines) - len(split_lines(body))]))
    if begin:
        yield 0, begin
    yield from comments(text, begin)


def without_nested_comments(text: str) -> str:
    """A text without HTML comments, and without those that are there once others are gone."""
    for _ in range(_MOST_NESTED):
        before, text = text, without_comments(text)
        if text == before:
            break
    return text.replace("<!--", "")
