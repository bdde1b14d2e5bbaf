"""A part of a JSON response, by JMESPath.

The expression may come from a repository, the response from anyone. Functions and repeated multi-selects could double
a value dozens of times over, so how much an expression can multiply is bounded before it runs, and its steps while.
"""

import json
from typing import Any

import jmespath
from jmespath.functions import Functions, signature
from jmespath.visitor import Options, TreeInterpreter

from weighbridge.content.policy import shown
from weighbridge.content.values import text_of_value
from weighbridge.errors import Code, ReferenceFault

#: Characters of an expression; what its multi-selects may multiply a value by; steps; characters of a result.
LONGEST_EXPRESSION = 1000
MOST_COPIES = 256
MOST_STEPS = 2_000_000
LARGEST_RESULT = 5_000_000


class _TooMuchError(Exception):
    """The expression makes too much of the response; never leaves this module."""


def select(text: str, expression: str, name: str) -> str:
    """Take a part of a JSON text: a string as it is, anything else as JSON, as `text_of_value` writes it.

    `name`: of what the text comes from, for messages.

    Raises:
        ReferenceFault: FAILED: no JSON, a bad expression, nothing selected, or too much.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReferenceFault(Code.FAILED, f"{name}: `select` needs JSON, and the response is none") from error
    try:
        tree = _compiled(expression)
        result = _Interpreter().visit(tree, data)
        if result is not None:
            _check_size(result)
            return text_of_value(result) or ""
    except _TooMuchError as error:
        raise ReferenceFault(Code.FAILED, f"{name}: `select` makes too much of the response") from error
    except Exception as error:
        # Not only its own errors: jmespath lets through what Python says of a step of 0, a comparison, a number too large.
        reason = str(error).partition("\n")[0][:200]
        raise ReferenceFault(
            Code.FAILED, f"{name}: bad `select` {shown(expression, 80)}: {reason}"
        ) from error
    raise ReferenceFault(Code.FAILED, f"{name}: `select` finds nothing in the response")


def _compiled(expression: str) -> Any:
    if len(expression) > LONGEST_EXPRESSION:
        raise _TooMuchError
    tree: Any = jmespath.compile(expression).parsed
    copies, nodes = 1, [tree]
    while nodes:
        node = nodes.pop()
        children = [child for child in node["children"] if isinstance(child, dict)]
        if node["type"] in {"multi_select_list", "multi_select_dict"}:
            copies *= len(children)
        if copies > MOST_COPIES:
            raise _TooMuchError
        nodes.extend(children)
    return tree


class _Functions(Functions):
    """JMESPath's functions, with a bound on those that make long texts."""

    @signature({"types": []})
    def _func_to_string(self, value: object) -> str:
        if isinstance(value, str):
            return value
        _check_size(value)
        text = json.dumps(value, separators=(",", ":"), default=str)
        _check_size(text)
        return text

    @signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        if sum(map(len, texts)) + len(separator) * len(texts) > LARGEST_RESULT:
            raise _TooMuchError
        return separator.join(texts)


class _Interpreter(TreeInterpreter):
    """JMESPath's interpreter, with its steps counted."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=_Functions()))
        self._steps = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise _TooMuchError
        return super().visit(node, *args, **kwargs)


def _check_size(value: object) -> None:
    """Refuse what is longer than `LARGEST_RESULT` when written out, in time bounded by just that."""
    left = LARGEST_RESULT
    waiting = [value]
    while waiting:
        node = waiting.pop()
        match node:
            case str():
                left -= len(node) + 2
            case list():
                left -= 2 + len(node)
                waiting.extend(node)
            case dict():
                left -= 2 + len(node) + sum(map(len, node))
                waiting.extend(node.values())
            case _:
                left -= 1
        if left < 0:
            raise _TooMuchError
