"""The settings: every one with its bounds, its unit and what it means. The JSON schema is made from this model."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

#: Prompt and context files: documents that get hints, diagnostics and status by themselves.
DEFAULT_INCLUDE = (
    "**/*prompt*.md",
    "**/*prompt*.txt",
    "**/*.prompt",
    "**/prompts/**/*.md",
    "**/prompts/**/*.txt",
    "**/CLAUDE.md",
    "**/CLAUDE.local.md",
    "**/AGENTS.md",
    "**/AGENTS.override.md",
    "**/AGENT.md",
    "**/GEMINI.md",
    "**/QWEN.md",
    "**/SKILL.md",
    "**/.claude/**/*.md",
    "**/.cursorrules",
    "**/.cursor/rules/**/*.mdc",
    "**/.windsurfrules",
    "**/.windsurf/rules/**/*.md",
    "**/.clinerules",
    "**/.clinerules/**/*.md",
    "**/.clinerules/**/*.txt",
    "**/.continue/rules/**/*.md",
    "**/.kiro/steering/**/*.md",
    "**/.rules",
    "**/.goosehints",
    "**/.github/copilot-instructions.md",
    "**/*.instructions.md",
    "**/*.agent.md",
    "**/*.chatmode.md",
    "**/.codex/prompts/*.md",
)


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


def _at(value: Any) -> Any:
    """`"80%"` or a number of tokens."""
    if isinstance(value, bool):
        raise ValueError('expected a share such as "80%" or a number of tokens')  # noqa: TRY004  pydantic wants it
    if isinstance(value, str):
        text = value.strip()
        try:
            number = float(text.removesuffix("%").replace("_", "").replace(",", ""))
        except ValueError:
            raise ValueError('expected a share such as "80%" or a number of tokens') from None
        if not math.isfinite(number) or number < 0:
            raise ValueError("expected a share or a number of tokens, 0 or more")
        return text if text.endswith("%") else int(number)
    return value


class Threshold(_Model):
    """A share of the budget, or a number of tokens, from which on a diagnostic of this severity appears."""

    at: Annotated[int | str, BeforeValidator(_at), Field(description='a share ("80%") or a number of tokens')]
    severity: Severity = Severity.WARNING

    def limit(self, budget: int) -> int:
        """The tokens it is crossed at, rounded up."""
        if isinstance(self.at, int):
            return self.at
        return math.ceil(budget * float(self.at.removesuffix("%").replace(",", "")) / 100 - 1e-9)


class Retry(_Model):
    """When and how often a transient fault is tried again."""

    attempts: int = Field(default=3, ge=1, le=20, description="tries in all")
    delay: float = Field(default=0.5, ge=0, le=3600, description="seconds before the second try")
    backoff: float = Field(default=2.0, ge=1, le=100, description="factor on each further delay")
    max_delay: float = Field(default=30, ge=0, le=3600, description="longest delay in seconds")


class Api(_Model):
    """A named endpoint."""

    url: str = Field(description="http or https URL")
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="sent to its host only; never from the repository"
    )
    ttl: float | None = Field(default=None, ge=0, description="seconds a response counts as fresh")
    select: str | None = Field(
        default=None, description="JMESPath of the part of a JSON response that counts"
    )
    sample: str | None = Field(default=None, description="text that counts while nothing was ever fetched")


class ApiCache(_Model):
    """How long responses of some endpoints are fresh; the first pattern that matches counts."""

    pattern: str = Field(description="glob over the URL or the name")
    ttl: float = Field(ge=0, description="seconds")


class InlayHints(_Model):
    """Which hints are shown."""

    references: bool = Field(default=True, description="after each reference")
    sections: bool = Field(default=True, description="after each heading")
    total: bool = Field(default=True, description="at the end of line 1")


def _scalar(value: Any) -> Any:
    """A variable's value: text, a number, true or false."""
    if not isinstance(value, (str, int, float, bool)):
        raise ValueError("expected text, a number, true or false")  # noqa: TRY004  pydantic wants it
    return value


_Scalar = Annotated[str | int | float | bool, BeforeValidator(_scalar)]

_DEFAULT_THRESHOLDS = (
    Threshold(at="80%", severity=Severity.WARNING),
    Threshold(at="100%", severity=Severity.ERROR),
)


class Settings(_Model):
    """All settings, resolved. Those marked so never come from a repository's files."""

    encoding: str = Field("cl100k_base", description="tokenizer when no model is named")
    model: str | None = Field(default=None, description="picks tokenizer, context window and price")
    budget: int | None = Field(
        None, ge=1, description="tokens; null is the model's context window, else 128000"
    )
    thresholds: tuple[Threshold, ...] = Field(_DEFAULT_THRESHOLDS, description="when diagnostics appear")
    debounce: int = Field(300, ge=0, le=60_000, description="milliseconds of quiet before displays refresh")
    workers: int | None = Field(
        None, ge=1, le=256, description="background workers; null is the cores, at least 2"
    )
    retry: Retry = Field(default_factory=Retry, description="transient faults only")
    variables: Mapping[str, _Scalar] = Field(default_factory=dict, description="name to value")
    env: tuple[str, ...] = Field(
        (), description="environment variables that may be read; never from the repository"
    )
    apis: Mapping[str, Api] = Field(default_factory=dict, description="named endpoints")
    api_allow: tuple[str, ...] = Field(
        (), description="hosts that may be fetched, host or host:port; never from the repository"
    )
    file_roots: tuple[str, ...] = Field(
        (), description="folders besides the workspace's that may be read; never from the repository"
    )
    trusted: bool = Field(
        default=True, description="false: no network, no environment; never from the repository"
    )
    api_cache: tuple[ApiCache, ...] = Field((), description="time to live by pattern; the first match counts")
    max_file_bytes: int = Field(10_485_760, ge=0, description="bytes; larger files are not counted")
    max_depth: int = Field(10, ge=0, le=100, description="nesting of files, where the dialect sets none")
    cache_url: str | None = Field(
        None,
        description="any SQLAlchemy URL; null is SQLite in the user's cache folder; never from the repository",
    )
    cache_entries: int = Field(10_000, ge=0, le=10_000_000, description="counts kept in memory")
    inlay_hints: InlayHints = Field(default_factory=InlayHints, description="which hints are shown")
    code_lens: bool = Field(default=False, description="counts above headings, for editors without hints")
    include: tuple[str, ...] = Field(DEFAULT_INCLUDE, description="globs of prompt and context files")
    dialects: Mapping[str, str] = Field(
        default_factory=dict, description="glob to dialect, over the built-in choice"
    )
