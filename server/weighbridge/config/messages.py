"""What is wrong with a setting, in words: where it stands, what it may be, in which unit. Never a value that may be secret."""

import difflib
import json
import types
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from weighbridge.config.settings import Settings

#: Settings whose values may hold a password, a token or a customer's name: said never.
_SECRET = frozenset({"apis", "variables", "cacheUrl", "env", "apiAllow", "apiCache"})
_LONGEST = 60


def fault(section: str, key: str, detail: ErrorDetails) -> str:
    """What is wrong, from the library's words for it. `key`: as written outside."""
    where = [str(part) for part in detail["loc"][1:] if part != "[key]"]
    name = ".".join([section, *map(plain, (key, *where))])
    field, siblings, below = _field([key, *where])
    match detail["type"]:
        case "extra_forbidden":
            return f"{name}: unknown{meant('.'.join(name.split('.')[:-1]), where[-1], siblings)}"
        case "missing":
            return f"{name}: missing{_about(field)}"
        case "value_error":
            # Ours: it says all there is to say.
            message = detail["msg"].removeprefix("Value error, ")
            field = None
        case "too_long" | "string_too_long" as what:
            most = (
                next((limit.max_length for limit in field.metadata if isinstance(limit, MaxLen)), 0)
                if field
                else 0
            )
            unit = "entries" if what == "too_long" else "characters"
            return f"{name}: expected at most {most:,} {unit}{_about(field)}"
        case _:
            message = f"expected {_expected(field, below)}"
    got = "" if key in _SECRET else f", got {_shown(detail['input'])}"
    return f"{name}: {message}{_about(field)}{got}"


def meant(prefix: str, word: str, names: Iterable[str]) -> str:
    """`; did you mean …?`, if one of the names is like the word."""
    by_small = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word[:_LONGEST].lower().replace("_", ""), by_small, n=1)
    return f"; did you mean {prefix}.{by_small[close[0]]}?" if close else ""


def plain(text: str) -> str:
    """A stranger's word in a message: one line of printable characters, not too many."""
    line = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by their names outside."""
    return {(field.alias or name): field for name, field in model.model_fields.items()}


def model_in(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field's objects: itself, or what its list or mapping is of."""
    return _model_in(field.annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(
        (model for argument in get_args(annotation) if (model := _model_in(argument)) is not None), None
    )


def _field(path: Sequence[str]) -> tuple[FieldInfo | None, tuple[str, ...], int]:
    """The innermost field that a path leads to, the names that could follow, and how many parts of the path do."""
    model: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    below = 0
    for part in path:
        fields = {} if model is None else fields_of(model)
        below += 1
        if part in fields:
            field = fields[part]
            model = model_in(field)
            below = 0
    return field, () if model is None else tuple(fields_of(model)), below


def _about(field: FieldInfo | None) -> str:
    return f" ({field.description})" if field is not None and field.description else ""


def _expected(field: FieldInfo | None, depth: int) -> str:
    """What a field may be. `depth`: how far inside it the fault is; an item is not the list."""
    if field is None:
        return "another value"
    annotation = _without_null(field.annotation)
    is_list = get_origin(annotation) is tuple
    if is_list or get_origin(annotation) is not None:
        if depth == 0:
            return "a list" if is_list else "an object"
        annotation = _without_null(get_args(annotation)[0 if is_list else -1])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        *most, last = [str(member.value) for member in annotation]
        return f"{', '.join(most)} or {last}"
    words = {
        int: f"a whole number{_range(field)}",
        float: f"a number{_range(field)}",
        bool: "true or false",
        str: "text",
    }
    return words.get(annotation, "an object")


def _range(field: FieldInfo) -> str:
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    return "" if low is None or high is None else f" from {low:,} to {high:,}"


def _without_null(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _without_null(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        choices = [argument for argument in get_args(annotation) if argument is not type(None)]
        return _without_null(choices[0]) if len(choices) == 1 else annotation
    return annotation


def _shown(value: Any) -> str:
    """A value as people write it; of a list or an object, only that it is one."""
    if value is None or isinstance(value, (bool, int, float)):
        return plain(json.dumps(value))
    if isinstance(value, str):
        return f'"{plain(value)}"'
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, Sequence) else plain(type(value).__name__)
