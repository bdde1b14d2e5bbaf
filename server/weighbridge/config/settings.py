"""The settings: every one with its bounds, its unit and what it means. The JSON schema is made from this model."""

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)
from pydantic.alias_generators import to_camel

from weighbridge.config.documents import DEFAULT_INCLUDE
from weighbridge.config.globs import LONGEST_GLOB, glob_fault

#: Tokens: more than any budget will ever be, and few enough that arithmetic stays exact.
MOST_TOKENS = 10**12
#: Percent of a budget.
MOST_PERCENT = 10_000
#: Seconds: a year.
LONGEST_TTL = 31_536_000
#: Bytes: a tebibyte.
MOST_FILE_BYTES = 2**40
#: Globs, names or folders in one list.
MOST_ENTRIES = 1_000
#: Globs in one setting: each is tried on every path.
MOST_GLOBS = 200


class Severity(StrEnum):
    """How bad a crossed threshold is, mildest first."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class _Model(BaseModel):
    """Frozen, named in camelCase outside, strict about what it doesn't know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


_SHARE = re.compile(r"(?P<percent>[0-9]{1,6}(?:\.[0-9]{1,6})?) ?%")
_TOKENS = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(?:[_,][0-9]{3}){1,4}")
_NO_THRESHOLD = f'expected a share from "0%" to "{MOST_PERCENT:,}%", or a whole number of tokens from 0 to {MOST_TOKENS:,}'


def _at(value: Any) -> int | str:
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


def _limit(at: int | str, whole: int) -> int:
    """The tokens that a share of a whole is, the fewest that are no less than it; or the number itself. Exact."""
    return at if isinstance(at, int) else _share(at, whole)


class Threshold(_Model):
    """A share of the budget, or a number of tokens, from which on a diagnostic of this severity appears."""

    at: Annotated[
        int | str, BeforeValidator(_at), Field(description='a share ("80%") or a number of tokens (6000)')
    ]
    severity: Severity = Field(default=Severity.WARNING, description="what kind of diagnostic appears")

    def limit(self, budget: int) -> int:
        """The tokens it is crossed at."""
        return _limit(self.at, budget)


class Retry(_Model):
    """When and how often a transient fault is tried again."""

    attempts: int = Field(default=3, ge=1, le=20, strict=True, description="tries in all")
    delay: float = Field(default=0.5, ge=0, le=3600, strict=True, description="seconds before the second try")
    backoff: float = Field(default=2.0, ge=1, le=100, strict=True, description="factor on each further delay")
    max_delay: float = Field(default=30, ge=0, le=3600, strict=True, description="longest delay in seconds")


_K = TypeVar("_K")
_V = TypeVar("_V")


def _frozen(value: Mapping[_K, _V]) -> Mapping[_K, _V]:
    """A copy that nobody can change: settings are read by many threads at once."""
    return MappingProxyType(dict(value))


def _thawed(value: Mapping[Any, Any], serialize: SerializerFunctionWrapHandler) -> Any:
    return serialize(dict(value))


#: Names to values, immutable.
_Names = Annotated[Mapping[_K, _V], AfterValidator(_frozen), WrapSerializer(_thawed)]


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


_HTTP_URL = re.compile(r"https?://[^/?#\s][^\s]*", re.IGNORECASE)


def _url(value: str) -> str:
    if _HTTP_URL.fullmatch(value) is None:
        raise ValueError("expected a URL that begins with http:// or https://")
    return value


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _headers(value: Mapping[str, str]) -> Mapping[str, str]:
    """Names and values that HTTP can carry: a line end in one would be another header, or another request."""
    for name, one in value.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError("expected header names of letters, digits and hyphens")
        if any((char < " " and char != "\t") or char == "\x7f" for char in one):
            raise ValueError(f"expected a value without control characters for the header {name}")
    return value


def _glob(value: str) -> str:
    fault = glob_fault(value)
    if fault is not None:
        raise ValueError(fault)
    return value


def _environment_name(value: str) -> str:
    if not value or "=" in value or "\0" in value:
        raise ValueError("expected the name of an environment variable, without its value")
    return value


def _name_or_none(value: Any) -> Any:
    """Editors send an empty text for what nobody filled in."""
    return (value.strip() or None) if isinstance(value, str) else value


_Glob = Annotated[str, AfterValidator(_glob)]


class Api(_Model):
    """A named endpoint."""

    url: Annotated[str, AfterValidator(_url)] = Field(repr=False, description="http or https URL")
    headers: Annotated[_Names[str, str], AfterValidator(_headers)] = Field(
        default_factory=_nothing, repr=False, description="sent to its host only; never from the repository"
    )
    ttl: float | None = Field(
        default=None, ge=0, le=LONGEST_TTL, strict=True, description="seconds a response counts as fresh"
    )
    select: str | None = Field(
        default=None, description="JMESPath of the part of a JSON response that counts"
    )
    sample: str | None = Field(default=None, description="text that counts while nothing was ever fetched")


class ApiCache(_Model):
    """How long responses of some endpoints are fresh; the first pattern that matches counts."""

    pattern: str = Field(min_length=1, max_length=LONGEST_GLOB, description="glob over the URL or the name")
    ttl: float = Field(ge=0, le=LONGEST_TTL, strict=True, description="seconds a response counts as fresh")


class InlayHints(_Model):
    """Which hints are shown."""

    references: bool = Field(default=True, strict=True, description="after each reference")
    sections: bool = Field(default=True, strict=True, description="after each heading")
    total: bool = Field(default=True, strict=True, description="at the end of line 1")
    variables_from: int = Field(
        default=20,
        ge=0,
        le=MOST_TOKENS,
        strict=True,
        description="tokens; variables of fewer have no hint",
    )
    sections_from: Annotated[int | str, BeforeValidator(_at)] = Field(
        default="1%",
        description='a share of the document ("1%") or a number of tokens; smaller sections have no hint',
    )

    def fewest_of_section(self, document: int) -> int:
        """The fewest tokens of a section that has a hint, in a document of so many."""
        return _limit(self.sections_from, document)


def _scalar(value: Any) -> Any:
    """A variable's value: text, a number, true or false."""
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("expected text, a number, true or false")
    return value


_Scalar = Annotated[str | bool | int | float, BeforeValidator(_scalar)]

_DEFAULT_THRESHOLDS = (
    Threshold(at="80%", severity=Severity.WARNING),
    Threshold(at="100%", severity=Severity.ERROR),
)


class Settings(_Model):
    """All settings, resolved; immutable, so that threads may share them. Those marked so never come from a repository's
    files.
    """

    encoding: str = Field(default="cl100k_base", min_length=1, description="tokenizer when no model is named")
    model: Annotated[
        str | None,
        BeforeValidator(_name_or_none),
        Field(description="picks tokenizer, context window and price"),
    ] = None
    budget: int | None = Field(
        default=None,
        ge=1,
        le=MOST_TOKENS,
        strict=True,
        description="tokens; null is the model's context window, else 128,000",
    )
    thresholds: tuple[Threshold, ...] = Field(
        default=_DEFAULT_THRESHOLDS, max_length=MOST_ENTRIES, description="when diagnostics appear"
    )
    debounce: int = Field(
        default=300, ge=0, le=60_000, strict=True, description="milliseconds of quiet before displays refresh"
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=256,
        strict=True,
        description="background workers; null is the cores, at least 2",
    )
    retry: Retry = Field(default=Retry(), description="transient faults only")
    variables: _Names[str, _Scalar] = Field(default_factory=_nothing, repr=False, description="name to value")
    env: tuple[Annotated[str, AfterValidator(_environment_name)], ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="environment variables that may be read; never from the repository",
    )
    apis: _Names[str, Api] = Field(default_factory=_nothing, description="named endpoints")
    api_allow: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="hosts that may be fetched, host or host:port; never from the repository",
    )
    file_roots: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="folders besides the workspace's that may be read; never from the repository",
    )
    trusted: bool = Field(
        default=True,
        strict=True,
        description="false: no network, no environment; never from the repository",
    )
    api_cache: tuple[ApiCache, ...] = Field(
        default=(), max_length=MOST_ENTRIES, description="time to live by pattern; the first match counts"
    )
    max_file_bytes: int = Field(
        default=10_485_760,
        ge=0,
        le=MOST_FILE_BYTES,
        strict=True,
        description="bytes; larger files are not counted",
    )
    max_depth: int = Field(
        default=10, ge=0, le=100, strict=True, description="nesting of files, where the dialect sets none"
    )
    cache_url: Annotated[
        str | None,
        BeforeValidator(_name_or_none),
        Field(
            repr=False,
            description="any SQLAlchemy URL; null is SQLite in the user's cache folder; never from the repository",
        ),
    ] = None
    cache_entries: int = Field(
        default=10_000, ge=0, le=10_000_000, strict=True, description="counts kept in memory"
    )
    inlay_hints: InlayHints = Field(default=InlayHints(), description="which hints are shown")
    code_lens: bool = Field(
        default=False, strict=True, description="counts above headings, for editors without hints"
    )
    include: tuple[_Glob, ...] = Field(
        default=DEFAULT_INCLUDE, max_length=MOST_GLOBS, description="globs of prompt and context files"
    )
    dialects: _Names[_Glob, str] = Field(
        default_factory=_nothing,
        max_length=MOST_GLOBS,
        description="glob to dialect, over the built-in choice",
    )
