"""Loaders of YAML as agents' parsers read it: most take version 1.2, and tabs inside lines.

It takes long to load, and few files hold any.
"""

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from weighbridge.agents.yaml_npm import NpmLoader
from weighbridge.agents.yaml_values import Yaml

#: What stands for a tab inside a text meanwhile, a character that no text holds: PyYAML takes none there.
_TAB = "\ufdd4"
#: Nodes that a text may stand for: names for others may make few lines many.
_MOST_NODES = 100_000
_TABS = re.compile(r"(?<=(\S))([ \t]*\t[ \t]*)(?=(\S?))")


class _Core(yaml.SafeLoader):
    """A loader of YAML 1.2's core schema."""

    def construct_yaml_int(self, node: Any) -> int:
        digits = self.construct_scalar(node)
        return int(digits, 8 if digits.startswith("0o") else 16 if digits.startswith("0x") else 10)


_Core.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", [*"-+0123456789"]),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        [*"-+0123456789."],
    ),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})$"), _first)
_Core.add_constructor("tag:yaml.org,2002:int", _Core.construct_yaml_int)


class _Strict(_Core):
    """A loader that takes no mapping in which a key stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise yaml.YAMLError("a key stands twice")
        return super().construct_mapping(node, deep)


class _JsYaml(_Strict):
    """A loader that knows dates, and keys that bring other mappings."""


for _first, _resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items():
    for _tag, _pattern_of in _resolvers:
        if _tag in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"}:
            _JsYaml.add_implicit_resolver(_tag, _pattern_of, [_first])


_LOADERS: Mapping[Yaml, Any] = {
    Yaml.BUN: _Core,
    Yaml.STRICT: _Strict,
    Yaml.NPM: NpmLoader,
    Yaml.JS_YAML: _JsYaml,
    Yaml.LIBYAML: yaml.SafeLoader,
    Yaml.PYYAML: yaml.SafeLoader,
    Yaml.STRINGS: yaml.BaseLoader,
}


def loaded(text: str, parser: Yaml) -> Any:
    """The value of a YAML text, an empty mapping where that is nothing; None where it is no YAML, or stands for too much."""
    try:
        # These two have ideas of their own of tabs.
        source = text if parser in {Yaml.NPM, Yaml.PYYAML} else _TABS.sub(_inside, text)
        loader = _LOADERS[parser](source)
        node = loader.get_single_node()
        if node is None:
            return {}
        if _size(node, {}) > _MOST_NODES:
            return None
        value = loader.construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError):
        return None
    return {} if value is None else _with_tabs(value) if _TAB in source else value


def _size(node: Any, sizes: dict[int, float]) -> float:
    """The nodes that a node stands for, with all that its names for others stand for; infinite where it holds itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = math.inf
        inner = (
            node.value if isinstance(node, yaml.SequenceNode) else itertools.chain.from_iterable(node.value)
        )
        sizes[id(node)] = 1 + sum(_size(one, sizes) for one in inner)
    return sizes[id(node)]


def _inside(match: re.Match[str]) -> str:
    """Tabs between two characters of a line as PyYAML takes them: those of a text, or a space where they part tokens."""
    before, tabs, after = match.groups()
    return " " if before in ":-," or after in {"", "#"} else str(tabs).replace("\t", _TAB)


def _with_tabs(value: Any) -> Any:
    """A value with the tabs that its texts had."""
    if isinstance(value, list):
        return [_with_tabs(item) for item in value]
    if isinstance(value, dict):
        return {_with_tabs(key): _with_tabs(item) for key, item in value.items()}
    return value.replace(_TAB, "\t") if isinstance(value, str) else value
