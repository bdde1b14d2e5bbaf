"""What the values of settings may be: their bounds, and how each is checked."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import PurePath
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)

from weighbridge.agents.readers import TITLES
from weighbridge.config.globs import glob_fault, has_open_class

#: Tokens: more than any budget will ever be, and few enough that arithmetic stays exact.
MOST_TOKENS = 10**12
#: US dollars for a million tokens.
MOST_USD = 10**6
#: Percent of a budget.
MOST_PERCENT = 10_000
#: Seconds: a year.
LONGEST_TTL = 31_536_000
#: Bytes: a tebibyte.
MOST_FILE_BYTES = 2**40
#: Globs, names or folders in one list.
MOST_ENTRIES = 1_000
#: Of `apiCache`, which comes from repositories too and is tried on every URL that is fetched: entries, characters of a pattern.
MOST_PATTERNS = 100
LONGEST_URL_GLOB = 200
#: Globs in one setting: each is tried on every path.
MOST_GLOBS = 200
_SHARE = re.compile(r"(?P<percent>[0-9]{1,6}(?:\.[0-9]{1,6})?) ?%")
_TOKENS = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(?:[_,][0-9]{3}){1,4}")
_NO_THRESHOLD = f'expected a share from "0%" to "{MOST_PERCENT:,}%", or a whole number of tokens from 0 to {MOST_TOKENS:,}'


def share_or_tokens(value: Any) -> int | str:
    """A share as `80%`, or a number of tokens."""
    if isinstance(value, str):
        text = value.strip()
        share = _SHARE.fullmatch(text)
        if share is not None and Fraction(share["percent"]) <= MOST_PERCENT:
            return f"{share['percent']}%"
        value = int(text.replace("_", "").replace(",", "")) if _TOKENS.fullmatch(text) else None
    if type(value) is int and 0 <= value <= MOST_TOKENS:
        return value
    raise ValueError(_NO_THRESHOLD)


@lru_cache(maxsize=64)
def _share(share: str, whole: int) -> int:
    """Kept: it is asked again for each document."""
    return math.ceil(Fraction(share.removesuffix("%")) * whole / 100)


def limit_of(at: int | str, whole: int) -> int:
    """The tokens that a share of a whole is, the fewest that are no less than it; or the number itself. Exact."""
    return at if isinstance(at, int) else _share(at, whole)


_K = TypeVar("_K")
_V = TypeVar("_V")


def _frozen(value: Mapping[_K, _V]) -> Mapping[_K, _V]:
    """A copy that nobody can change: settings are read by many threads at once."""
    return MappingProxyType(dict(value))


def _thawed(value: Mapping[Any, Any], serialize: SerializerFunctionWrapHandler) -> Any:
    return serialize(dict(value))


#: Names to values, immutable.
Names = Annotated[Mapping[_K, _V], AfterValidator(_frozen), WrapSerializer(_thawed)]


def no_names() -> Mapping[Any, Any]:
    return MappingProxyType({})


_HTTP_URL = re.compile(r"https?://[^/?#\s][^\s]*", re.IGNORECASE)


def http_url(value: str) -> str:
    if _HTTP_URL.fullmatch(value) is None:
        raise ValueError("expected a URL that begins with http:// or https://")
    return value


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def http_headers(value: Mapping[str, str]) -> Mapping[str, str]:
    """Names and values that HTTP can carry: a line end in one would be another header, or another request."""
    for name, text in value.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError("expected header names of letters, digits and hyphens")
        if any((char < " " and char != "\t") or char == "\x7f" for char in text):
            raise ValueError(f"expected a value without control characters for the header {name}")
    return value


def closed_glob(value: str) -> str:
    fault = glob_fault(value)
    if fault is not None:
        raise ValueError(fault)
    if has_open_class(value):
        raise ValueError("a glob closes each [ with ], and writes a literal [ as [[]")
    return value


#: What a budget may be for besides documents by glob: an agent's context, and all that is checked.
CONTEXT_BUDGET = "context:"
TOTAL_BUDGET = "total"


def is_special_budget(key: str) -> bool:
    return key == TOTAL_BUDGET or key.startswith(CONTEXT_BUDGET)


def budget_key(value: str) -> str:
    if value.startswith(CONTEXT_BUDGET):
        agent_name(value.removeprefix(CONTEXT_BUDGET))
    return value if is_special_budget(value) else closed_glob(value)


def environment_name(value: str) -> str:
    if not value or "=" in value or "\0" in value:
        raise ValueError("expected the name of an environment variable, without its value")
    if set("*?[") & set(value):
        raise ValueError("expected the whole name of an environment variable: a pattern names none")
    return value


#: `host` or `host:port`, the host as in a URL or with `*` in it; addresses of version 6 in brackets, or bare without a port.
ALLOWED_HOST = re.compile(
    r"\[(?P<v6>[^\[\]\s]+)\](?::(?P<v6port>[0-9]{1,5}))?"
    r"|(?P<host>[^:\[\]/?#@\s]+)(?::(?P<hostport>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9a-fA-F:.]+)(?P<bareport>(?!))?"
)


def allowed_host(value: str) -> str:
    if ALLOWED_HOST.fullmatch(value.strip()) is None:
        raise ValueError("expected host or host:port, without https:// before it or a path behind it")
    return value


def outside_folder(value: str) -> str:
    """The folders of a workspace may be read already."""
    absolute = value.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:", value)
    if not absolute and re.match(r"\.\.(?:[/\\]|$)", value) is None:
        raise ValueError(
            "expected an absolute path, ~/… or ../…: what is in the workspace may be read anyway"
        )
    return value


def agent_name(value: str) -> str:
    if value not in TITLES:
        raise ValueError(f"expected the name of an agent; there are {', '.join(TITLES)}")
    return value


def name_or_none(value: Any) -> Any:
    """Editors send an empty text for what nobody filled in."""
    return (value.strip() or None) if isinstance(value, str) else value


Glob = Annotated[str, AfterValidator(closed_glob)]


def tokenizer_file(value: str) -> str:
    if not PurePath(value).is_absolute() or "\0" in value:
        raise ValueError("expected the absolute path of a tokenizer.json")
    return value


def _scalar(value: Any) -> Any:
    """A variable's value: text, a number, true or false."""
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("expected text, a number, true or false")
    return value


Scalar = Annotated[str | bool | int | float, BeforeValidator(_scalar)]
