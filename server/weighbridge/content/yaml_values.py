"""YAML read into plain values, with PyYAML: loaded when the first text holds any."""

import re
from typing import Any

import yaml

from weighbridge.content.values import DEEPEST, DataError, NotYamlError, fraction, integer

_TAGS = "tag:yaml.org,2002:"
# The C parser where PyYAML has it: a megabyte takes the one in Python half a minute.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _YamlLoader(_SafeLoader):  # type: ignore[misc]  # which of two base classes is known at run time only
    """PyYAML's safe loader, with YAML 1.2's scalars: `yes`, `on`, dates and `<<` are words, as people mean them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (the base class's form)


_YamlLoader.add_implicit_resolver(
    f"{_TAGS}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), "tTfF"
)
_YamlLoader.add_implicit_resolver(f"{_TAGS}null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_YamlLoader.add_implicit_resolver(f"{_TAGS}int", re.compile(r"[-+]?[0-9]+\Z"), "-+0123456789")
_YamlLoader.add_implicit_resolver(
    f"{_TAGS}float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
    "-+0123456789.",
)
_YamlLoader.add_constructor(f"{_TAGS}int", lambda _, node: integer(node.value))
_YamlLoader.add_constructor(f"{_TAGS}float", lambda _, node: fraction(node.value))
# A Python set has another order in each process.
_YamlLoader.add_constructor(f"{_TAGS}set", _YamlLoader.construct_yaml_map)


def read(text: str) -> object:
    """Read one YAML document: nothing but plain data, which aliases may still make large.

    Raises:
        NotYamlError: not YAML.
        DataError: its values can't be made.
    """
    try:
        _check_events(text)
        data = yaml.load(text, Loader=_YamlLoader)  # noqa: S506  (a subclass of the safe loader)
    except yaml.MarkedYAMLError as error:
        kind = DataError if isinstance(error, yaml.constructor.ConstructorError) else NotYamlError
        raise kind(f"not YAML: {error.problem}", _line_of(error.problem_mark)) from error
    except yaml.YAMLError as error:
        raise NotYamlError("not YAML: a character that YAML does not allow") from error
    except DataError:
        raise
    except Exception as error:  # PyYAML's constructors raise whatever comes of a value that its tag misfits
        raise DataError("not YAML: a number too long, or a value that does not fit its tag") from error
    return data


def _check_events(text: str) -> None:
    """Refuse YAML that is nested too deeply for a parser that recurses, or has tags of its own."""
    depth = 0
    for event in yaml.parse(text, Loader=_YamlLoader):
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"} and not tag.startswith(_TAGS):
            raise NotYamlError(f"not YAML: a tag that is not known: {tag}", _line_of(event.start_mark))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DataError(f"nested more than {DEEPEST} deep", _line_of(event.start_mark))


def _line_of(mark: Any) -> int:
    """Give a mark's line, from 1; PyYAML's two parsers have a class of marks each."""
    return 0 if mark is None else int(mark.line) + 1
