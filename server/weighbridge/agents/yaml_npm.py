"""YAML as the npm package `yaml` reads it, which some agents use: version 1.2 with its core schema."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

#: What ends a line for PyYAML and is a character like others here, and what stands for it meanwhile.
_ENDS, _STAND_INS = "\r\x85\u2028\u2029", "\ufdd0\ufdd1\ufdd2\ufdd3"
_HIDDEN, _SHOWN = str.maketrans(_ENDS, _STAND_INS), str.maketrans(_STAND_INS, _ENDS)

#: Tabs that PyYAML does not take for spaces: around a colon, behind a hyphen, at a line's end and before a comment.
_TABS = re.compile(r"(?<=[:-])[ ]*\t[ \t]*|(?<![ \t])[ ]*\t[ \t]*(?=[#:]|$)", re.MULTILINE)

#: The tag of scalars that have neither quotes nor a tag.
_PLAIN = "plain"
#: What ends a tag, and may not follow it.
_INDICATOR = re.compile(r"[][{}]")

_CONSTANTS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_WHOLE = re.compile("0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


class NpmLoader(yaml.BaseLoader):
    """A loader of any characters. Raises `YAMLError` or `ValueError` where a text is no YAML."""

    def __init__(self, text: str) -> None:
        source = _TABS.sub(" ", text.replace("\r\n", "\n").translate(_HIDDEN)) + "\n"
        super().__init__(source)
        self._lines = source.split("\n")

    def check_printable(self, data: Any) -> None:
        """No error: all characters may stand here."""

    def resolve(self, kind: Any, _value: Any, implicit: Any) -> Any:
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else ""

    def construct_document(self, node: Any) -> Any:
        return _Values(self._lines).of(node)


@dataclass(slots=True)
class _Values:
    """The values of the nodes in a text, each made once."""

    lines: list[str]
    made: dict[int, Any] = field(default_factory=dict)

    def of(self, node: Any, column: int = -1) -> Any:
        """A node's value. `column`: where the block around it begins, -1 where none does."""
        if id(node) not in self.made:
            self.made[id(node)] = self._of(node, column)
        return self.made[id(node)]

    def _of(self, node: Any, column: int) -> Any:
        if _INDICATOR.search(node.tag):
            raise ValueError("a tag ends without a space")
        if node.id == "scalar":
            if node.style in ("'", '"'):
                self._check(node, column, node.end_mark.line)
            value = node.value.translate(_SHOWN)
            return _plain(value) if node.tag == _PLAIN else value
        if node.flow_style:
            # Its closing bracket may stand anywhere.
            closing = self.lines[node.end_mark.line][: node.end_mark.column - 1]
            self._check(node, column, node.end_mark.line - (not closing.strip()))
        inside = -1 if node.flow_style else node.start_mark.column
        if node.id == "sequence":
            return [self.of(item, inside) for item in node.value]
        values: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            # Other keys than scalars are nobody's that is asked for.
            key = self.of(key_node, inside) if key_node.id == "scalar" else (key_node.start_mark.index,)
            if (type(key), key) in values:
                raise ValueError("a key is there twice")
            values[type(key), key] = self.of(value_node, inside)
        return {key: value for (_, key), value in values.items()}

    def _check(self, node: Any, column: int, last: int) -> None:
        """An error where a line of what goes on for several is not indented more than the block around it."""
        if column < 0:
            return
        for line in self.lines[node.start_mark.line + 1 : last + 1]:
            text = line.lstrip(" ")
            if text and len(line) - len(text) <= column:
                raise ValueError("a line is indented too little")


def _plain(text: str) -> Any:
    """The value of a scalar that has neither quotes nor a tag."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text, 0)
    return (
        float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if _NUMBER.fullmatch(text) else text
    )
