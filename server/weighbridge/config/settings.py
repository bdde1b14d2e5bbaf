"""The settings: every one with its bounds, its unit and what it means. The JSON schema is made from this model."""

import os
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic.alias_generators import to_camel

from weighbridge.agents.readers import TITLES
from weighbridge.config.documents import DEFAULT_INCLUDE
from weighbridge.config.globs import matches
from weighbridge.config.setting_values import (
    LONGEST_TTL,
    LONGEST_URL_GLOB,
    MOST_ENTRIES,
    MOST_FILE_BYTES,
    MOST_GLOBS,
    MOST_PATTERNS,
    MOST_TOKENS,
    MOST_USD,
    Glob,
    Names,
    Scalar,
    agent_name,
    allowed_host,
    budget_key,
    environment_name,
    http_headers,
    http_url,
    is_special_budget,
    limit_of,
    name_or_none,
    no_names,
    outside_folder,
    share_or_tokens,
    tokenizer_file,
)

# pydantic would look for plugins of its own in what is said of each package that is installed, and run them.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


class Severity(StrEnum):
    """How bad a crossed threshold is, mildest first."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class _SettingsModel(BaseModel):
    """Frozen, named in camelCase outside, strict about what it doesn't know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class Threshold(_SettingsModel):
    """A share of the budget, or a number of tokens, from which a prompt is reported."""

    at: Annotated[
        int | str,
        BeforeValidator(share_or_tokens),
        Field(description='a share ("80%") or a number of tokens (6000)'),
    ]
    severity: Severity = Field(default=Severity.WARNING, description="how severe the problem is")

    def limit(self, budget: int) -> int:
        """The tokens it is crossed at."""
        return limit_of(self.at, budget)


class Retry(_SettingsModel):
    """How often and when a read or a fetch is retried after a passing failure."""

    attempts: int = Field(default=3, ge=1, le=20, strict=True, description="attempts in all")
    delay: float = Field(
        default=0.5, ge=0, le=3600, strict=True, description="seconds before the second attempt"
    )
    backoff: float = Field(
        default=2.0, ge=1, le=100, strict=True, description="factor by which each further delay grows"
    )
    max_delay: float = Field(default=30, ge=0, le=3600, strict=True, description="longest delay, in seconds")


class Api(_SettingsModel):
    """An endpoint that prompts may refer to by its name."""

    url: Annotated[str, AfterValidator(http_url)] = Field(repr=False, description="an http or https URL")
    headers: Annotated[Names[str, str], AfterValidator(http_headers)] = Field(
        default_factory=no_names,
        repr=False,
        description="sent to its host only; never taken from the repository",
    )
    ttl: float | None = Field(
        default=None, ge=0, le=LONGEST_TTL, strict=True, description="seconds that a response stays fresh"
    )
    select: str | None = Field(
        default=None, description="JMESPath expression: the part of a JSON response that is used"
    )
    sample: str | None = Field(default=None, description="text to count until something has been fetched")


class ApiCache(_SettingsModel):
    """How long the responses of some endpoints stay fresh; the first pattern that matches is used."""

    pattern: str = Field(
        min_length=1, max_length=LONGEST_URL_GLOB, description="glob over the URL or the name"
    )
    ttl: float = Field(ge=0, le=LONGEST_TTL, strict=True, description="seconds that a response stays fresh")


class ModelEntry(_SettingsModel):
    """A model that is not in the table, or another name of one that is; what is not said is as with the model it is `like`."""

    like: str | None = Field(
        default=None, description="a known model: what is not set here is as it is there"
    )
    encoding: str | None = Field(default=None, description="its tokenizer")
    tokenizer: Annotated[str, AfterValidator(tokenizer_file)] | None = Field(
        default=None,
        description="its tokenizer as a Hugging Face tokenizer.json, by its absolute path; in a repository's files by its path from there, "
        "for a file in the repository",
    )
    context_window: int | None = Field(
        default=None, ge=1, le=MOST_TOKENS, strict=True, description="tokens of input and output"
    )
    max_input: int | None = Field(
        default=None, ge=1, le=MOST_TOKENS, strict=True, description="most tokens of input"
    )
    max_output: int | None = Field(
        default=None, ge=1, le=MOST_TOKENS, strict=True, description="most tokens of output"
    )
    input_usd_per_million: float | None = Field(
        default=None, ge=0, le=MOST_USD, strict=True, description="US dollars for a million tokens of input"
    )
    cached_usd_per_million: float | None = Field(
        default=None,
        ge=0,
        le=MOST_USD,
        strict=True,
        description="US dollars for a million tokens of input that the provider has cached",
    )
    shown: bool = Field(
        default=False, strict=True, description="show its tokens beside those of the model that counts"
    )


def _model_entry(value: Any) -> Any:
    """A name alone is the model that it is another name of."""
    return {"like": value} if isinstance(value, str) else value


def _or_names(schema: dict[str, Any]) -> None:
    """Say of models that a list of names is one of those that are shown."""
    described = {"description": schema.pop("description")}
    names = {"type": "array", "items": {"type": "string"}}
    named = dict(schema)
    schema.clear()
    schema.update({**described, "anyOf": [named, names]})


class InlayHints(_SettingsModel):
    """Which counts are shown in the text."""

    references: bool = Field(default=True, strict=True, description="after each reference")
    sections: bool = Field(default=True, strict=True, description="after each heading")
    total: bool = Field(default=True, strict=True, description="at the end of line 1")
    variables_from: int = Field(
        default=20,
        ge=0,
        le=MOST_TOKENS,
        strict=True,
        description="tokens below which a variable has no hint",
    )
    sections_from: Annotated[int | str, BeforeValidator(share_or_tokens)] = Field(
        default="1%",
        description='a share of the document ("1%") or a number of tokens; smaller sections have no hint',
    )

    def fewest_of_section(self, document: int) -> int:
        """The fewest tokens of a section that has a hint, in a document of so many."""
        return limit_of(self.sections_from, document)


_DEFAULT_THRESHOLDS = (
    Threshold(at="80%", severity=Severity.WARNING),
    Threshold(at="100%", severity=Severity.ERROR),
)


class Settings(_SettingsModel):
    """All settings, resolved; immutable, so that threads may share them. Those marked so never come from a repository's
    files.
    """

    model: Annotated[
        str | None,
        BeforeValidator(name_or_none),
        Field(
            description="the model that prompts are written for: decides tokenizer, context window and price"
        ),
    ] = None
    models: Names[str, Annotated[ModelEntry, BeforeValidator(_model_entry)]] = Field(
        default_factory=no_names,
        max_length=MOST_ENTRIES,
        json_schema_extra=_or_names,
        description="models to add to the known ones or to override, by name (a known model's name alone gives it another name); "
        "or a list of names whose tokens are shown side by side, the first of which is the model",
    )
    encoding: Annotated[
        str | None,
        BeforeValidator(name_or_none),
        Field(
            description="the tokenizer to use if no model is set; by default it depends on what a file is for: cl100k_base for prompts"
        ),
    ] = None
    budget: int | None = Field(
        default=None,
        ge=1,
        le=MOST_TOKENS,
        strict=True,
        description="the most tokens a prompt should have; by default the model's context window, or 128,000 without a model",
    )
    budgets: Names[
        Annotated[str, AfterValidator(budget_key)], Annotated[int, Field(ge=1, le=MOST_TOKENS, strict=True)]
    ] = Field(
        default_factory=no_names,
        max_length=MOST_GLOBS,
        description="budgets that come before `budget`: by glob for prompts (the first match wins), by `context:NAME` for what an agent "
        "loads, by `total` for everything that is checked together",
    )
    thresholds: tuple[Threshold, ...] = Field(
        default=_DEFAULT_THRESHOLDS,
        max_length=MOST_ENTRIES,
        description="the shares of the budget at which a prompt is reported, and how severely",
    )
    debounce: int = Field(
        default=300,
        ge=0,
        le=60_000,
        strict=True,
        description="milliseconds after the last keystroke before counts are refreshed",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=256,
        strict=True,
        description="background threads; by default one per core, and at least two",
    )
    retry: Retry = Field(
        default=Retry(), description="how reads and fetches are retried after a temporary failure"
    )
    variables: Names[str, Scalar] = Field(
        default_factory=no_names, repr=False, description="values of variables, by name"
    )
    env: tuple[Annotated[str, AfterValidator(environment_name)], ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="environment variables that prompts may use; never taken from the repository",
    )
    apis: Names[str, Api] = Field(
        default_factory=no_names, description="endpoints that prompts may refer to, by name"
    )
    api_allow: tuple[Annotated[str, AfterValidator(allowed_host)], ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="hosts that may be fetched from, as host or host:port; never taken from the repository",
    )
    file_roots: tuple[Annotated[str, AfterValidator(outside_folder)], ...] = Field(
        default=(),
        max_length=MOST_ENTRIES,
        description="folders outside the workspace that may be read; never taken from the repository",
    )
    trusted: bool = Field(
        default=True,
        strict=True,
        description="if off, nothing is fetched and no environment variable is read; never taken from the repository",
    )
    api_cache: tuple[ApiCache, ...] = Field(
        default=(),
        max_length=MOST_PATTERNS,
        description="how long responses stay fresh, by URL or name; the first pattern that matches is used",
    )
    max_file_bytes: int = Field(
        default=10_485_760,
        ge=0,
        le=MOST_FILE_BYTES,
        strict=True,
        description="size of the largest file that is counted, in bytes",
    )
    max_depth: int = Field(
        default=10,
        ge=0,
        le=100,
        strict=True,
        description="how deep files may include files, where the dialect sets no limit",
    )
    cache_url: Annotated[
        str | None,
        BeforeValidator(name_or_none),
        Field(
            repr=False,
            description="the database that keeps the counts, SQLite's or PostgreSQL's, as an SQLAlchemy URL; by default what "
            "WEIGHBRIDGE_CACHE_URL says, or else SQLite in your cache folder; never taken from the repository",
        ),
    ] = None
    cache_entries: int = Field(
        default=10_000, ge=0, le=10_000_000, strict=True, description="counts kept in memory"
    )
    inlay_hints: InlayHints = Field(default=InlayHints(), description="which counts are shown in the text")
    code_lens: bool = Field(
        default=False, strict=True, description="show counts above headings, for editors without inlay hints"
    )
    workspace_diagnostics: bool = Field(
        default=False,
        strict=True,
        description="report problems in every prompt of the workspace, not only in open ones",
    )
    include: tuple[Glob, ...] = Field(
        default=DEFAULT_INCLUDE,
        max_length=MOST_GLOBS,
        description="globs of the prompts and context files that show their counts by themselves",
    )
    agents: tuple[Annotated[str, AfterValidator(agent_name)], ...] | None = Field(
        default=None,
        max_length=len(TITLES),
        description="the agents whose contexts count, by name; a file that several of them read shows the first one's numbers; "
        "by default every agent that reads the file",
    )
    dialects: Names[Glob, str] = Field(
        default_factory=no_names,
        max_length=MOST_GLOBS,
        description="dialects of files, by glob; they override the built-in choice",
    )

    def budget_for(self, path: str) -> int | None:
        """The budget of a document by its path from the workspace's folder: the first glob's that matches, else `budget`."""
        return next(
            (
                tokens
                for key, tokens in self.budgets.items()
                if not is_special_budget(key) and matches(path, (key,))
            ),
            self.budget,
        )
