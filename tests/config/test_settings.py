"""Every setting: its default, its bounds, and the message to who gets it wrong."""

import copy
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError
from tests.config.layering import editor, in_force

from weighbridge.config import DEFAULT_INCLUDE, Settings, Severity, Threshold, resolve

HINTS = {"references": True, "sections": True, "total": True, "variablesFrom": 20, "sectionsFrom": "1%"}
#: As documented, by their names outside.
DEFAULTS = {
    "model": None,
    "models": {},
    "encoding": None,
    "budget": None,
    "budgets": {},
    "thresholds": [{"at": "80%", "severity": "warning"}, {"at": "100%", "severity": "error"}],
    "debounce": 300,
    "workers": None,
    "retry": {"attempts": 3, "delay": 0.5, "backoff": 2.0, "maxDelay": 30},
    "variables": {},
    "env": [],
    "apis": {},
    "apiAllow": [],
    "fileRoots": [],
    "trusted": True,
    "apiCache": [],
    "maxFileBytes": 10485760,
    "maxDepth": 10,
    "cacheUrl": None,
    "cacheEntries": 10000,
    "inlayHints": HINTS,
    "codeLens": False,
    "workspaceDiagnostics": False,
    "include": list(DEFAULT_INCLUDE),
    "agents": None,
    "dialects": {},
}

NO_THRESHOLD = (
    'expected a share from "0%" to "10,000%", or a whole number of tokens from 0 to 1,000,000,000,000'
)
NO_SCALAR = "expected text, a number, true or false"
NO_HOST = "expected host or host:port, without https:// before it or a path behind it"
NO_ROOT = "expected an absolute path, ~/… or ../…: what is in the workspace may be read anyway"
NO_URL = "expected a URL that begins with http:// or https://"
NO_SLASH = "a glob separates folders with / on every system, and writes a literal * as [*]"


def test_the_defaults_are_those_documented() -> None:
    assert Settings().model_dump(mode="json", by_alias=True) == DEFAULTS


def test_defaults_given_as_settings_are_the_defaults() -> None:
    assert in_force(editor(DEFAULTS)) == ({}, ())


def test_null_means_default() -> None:
    assert in_force(editor(dict.fromkeys(DEFAULTS))) == ({}, ())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("encoding", "o200k_base", "o200k_base"),
        ("model", "gpt-5", "gpt-5"),
        ("model", " gpt-5 ", "gpt-5"),
        ("budget", 1, 1),
        ("budget", 10**12, 10**12),
        ("debounce", 0, 0),
        ("debounce", 60_000, 60_000),
        ("workers", 1, 1),
        ("workers", 256, 256),
        ("trusted", False, False),
        ("maxFileBytes", 0, 0),
        ("maxFileBytes", 2**40, 2**40),
        ("maxDepth", 0, 0),
        ("maxDepth", 100, 100),
        ("cacheUrl", "sqlite://", "sqlite://"),
        ("cacheEntries", 0, 0),
        ("cacheEntries", 10_000_000, 10_000_000),
        ("codeLens", True, True),
        ("workspaceDiagnostics", True, True),
        ("env", ["HOME", "TOKEN"], ["HOME", "TOKEN"]),
        ("apiAllow", ["a.example", "b.example:8080"], ["a.example", "b.example:8080"]),
        ("apiAllow", ["*.a.example", "[::1]:80", "::1", " a.example "], ["*.a.example", "[::1]:80", "::1", " a.example "]),
        ("fileRoots", ["/srv/docs", "~/notes"], ["/srv/docs", "~/notes"]),
        ("fileRoots", ["..", "../shared", "C:\\docs"], ["..", "../shared", "C:\\docs"]),
        ("include", ["app/[slug]/*.md", "[[]x", "[]]"], ["app/[slug]/*.md", "[[]x", "[]]"]),
        ("include", [], []),
        ("include", ["docs/**/*.md", "!docs/old/**"], ["docs/**/*.md", "!docs/old/**"]),
        ("dialects", {"*.txt": "markdown"}, {"*.txt": "markdown"}),
        ("thresholds", [], []),
        ("thresholds", [{"at": 500}], [{"at": 500, "severity": "warning"}]),
        ("thresholds", [{"at": "500"}], [{"at": 500, "severity": "warning"}]),
        ("thresholds", [{"at": "12_000"}], [{"at": 12_000, "severity": "warning"}]),
        ("thresholds", [{"at": "12,000"}], [{"at": 12_000, "severity": "warning"}]),
        ("thresholds", [{"at": "0"}], [{"at": 0, "severity": "warning"}]),
        ("thresholds", [{"at": " 90 % "}], [{"at": "90%", "severity": "warning"}]),
        ("thresholds", [{"at": "12.5%"}], [{"at": "12.5%", "severity": "warning"}]),
        (
            "thresholds",
            [{"at": "10000%", "severity": "information"}],
            [{"at": "10000%", "severity": "information"}],
        ),
        ("retry", {"attempts": 1}, {"attempts": 1, "delay": 0.5, "backoff": 2.0, "maxDelay": 30}),
        (
            "retry",
            {"attempts": 20, "delay": 0, "backoff": 1, "maxDelay": 3600},
            {"attempts": 20, "delay": 0, "backoff": 1, "maxDelay": 3600},
        ),
        ("retry", {"max_delay": 7}, {"attempts": 3, "delay": 0.5, "backoff": 2.0, "maxDelay": 7}),
        ("inlayHints", {"total": False}, HINTS | {"total": False}),
        ("inlayHints", {"sectionsFrom": " 2.5 %"}, HINTS | {"sectionsFrom": "2.5%"}),
        ("inlayHints", {"sectionsFrom": 100, "variablesFrom": 0}, HINTS | {"sectionsFrom": 100, "variablesFrom": 0}),
        (
            "variables",
            {"a": "text", "b": 1, "c": 1.5, "d": True, "e": ""},
            {"a": "text", "b": 1, "c": 1.5, "d": True, "e": ""},
        ),
        (
            "apis",
            {"i": {"url": "HTTPS://h.example/x?y=1", "headers": {"A": "b"}, "ttl": 0, "select": "a", "sample": ""}},
            {"i": {"url": "HTTPS://h.example/x?y=1", "headers": {"A": "b"}, "ttl": 0.0, "select": "a", "sample": ""}},
        ),
        (
            "apis",
            {"i": {"url": "http://127.0.0.1:8877/i.json"}},
            {"i": {"url": "http://127.0.0.1:8877/i.json", "headers": {}, "ttl": None, "select": None, "sample": None}},
        ),
        ("apiCache", [{"pattern": "*", "ttl": 0}], [{"pattern": "*", "ttl": 0}]),
        ("apiCache", [{"pattern": "i*", "ttl": 31_536_000}], [{"pattern": "i*", "ttl": 31_536_000}]),
    ],
)  # fmt: skip
def test_what_is_good_is_in_force(name: str, value: Any, expected: Any) -> None:
    assert in_force(editor({name: value})) == ({name: expected}, ())


@pytest.mark.parametrize("name", ["model", "cacheUrl"])
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_text_is_what_nobody_filled_in(name: str, value: str) -> None:
    assert in_force(editor({name: value})) == ({}, ())


def test_names_with_underscores_are_the_same_settings() -> None:
    assert in_force(editor({"max_depth": 3, "api_allow": ["a.example"], "code_lens": True})) == (
        {"maxDepth": 3, "apiAllow": ["a.example"], "codeLens": True},
        (),
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("encoding", 5, "encoding: expected text (the tokenizer to use if no model is set; by default it depends on what a file is for: cl100k_base for prompts), got 5"),
        ("model", ["gpt-5"], "model: expected text (the model that prompts are written for: decides tokenizer, context window and price), got a list"),
        ("budget", 0, ("budget: expected a whole number from 1 to 1,000,000,000,000 "
         "(the most tokens a prompt should have; by default the model's context window, or 128,000 without a model), got 0")),
        ("budget", "800", ("budget: expected a whole number from 1 to 1,000,000,000,000 "
         '(the most tokens a prompt should have; by default the model\'s context window, or 128,000 without a model), got "800"')),
        ("budget", True, ("budget: expected a whole number from 1 to 1,000,000,000,000 "
         "(the most tokens a prompt should have; by default the model's context window, or 128,000 without a model), got true")),
        ("budget", 10**12 + 1, ("budget: expected a whole number from 1 to 1,000,000,000,000 "
         "(the most tokens a prompt should have; by default the model's context window, or 128,000 without a model), got 1000000000001")),
        ("debounce", -1, ("debounce: expected a whole number from 0 to 60,000 "
         "(milliseconds after the last keystroke before counts are refreshed), got -1")),
        ("debounce", 0.3, ("debounce: expected a whole number from 0 to 60,000 "
         "(milliseconds after the last keystroke before counts are refreshed), got 0.3")),
        ("debounce", 60_001, ("debounce: expected a whole number from 0 to 60,000 "
         "(milliseconds after the last keystroke before counts are refreshed), got 60001")),
        ("workers", 0, ("workers: expected a whole number from 1 to 256 "
         "(background threads; by default one per core, and at least two), got 0")),
        ("workers", 257, ("workers: expected a whole number from 1 to 256 "
         "(background threads; by default one per core, and at least two), got 257")),
        ("trusted", "yes", ("trusted: expected true or false "
         '(if off, nothing is fetched and no environment variable is read; never taken from the repository), got "yes"')),
        ("trusted", 1, ("trusted: expected true or false "
         "(if off, nothing is fetched and no environment variable is read; never taken from the repository), got 1")),
        ("maxFileBytes", -1, ("maxFileBytes: expected a whole number from 0 to 1,099,511,627,776 "
         "(size of the largest file that is counted, in bytes), got -1")),
        ("maxDepth", 101, ("maxDepth: expected a whole number from 0 to 100 "
         "(how deep files may include files, where the dialect sets no limit), got 101")),
        ("cacheEntries", -5, "cacheEntries: expected a whole number from 0 to 10,000,000 (counts kept in memory), got -5"),
        ("codeLens", {}, ("codeLens: expected true or false "
         "(show counts above headings, for editors without inlay hints), got an object")),
        ("include", "*.md", 'include: expected a list (globs of the prompts and context files that show their counts by themselves), got "*.md"'),
        ("include", [5], "include.0: expected text (globs of the prompts and context files that show their counts by themselves), got 5"),
        ("include", ["docs\\*.md"], f'include.0: {NO_SLASH}, got "docs\\*.md"'),
        ("include", ["!"], 'include.0: an empty glob matches nothing, got "!"'),
        ("include", ["x" * 501], f'include.0: a glob has at most 500 characters, got "{"x" * 59}…"'),
        ("include", ["x"] * 201, "include: expected at most 200 entries (globs of the prompts and context files that show their counts by themselves)"),
        ("include", ["a/" * 32 + "b"], f'include.0: a glob has at most 32 parts between slashes, got "{"a/" * 29}a…"'),
        ("dialects", {"*.txt": 5}, "dialects.*.txt: expected text (dialects of files, by glob; they override the built-in choice), got 5"),
        ("dialects", {"": "markdown"}, 'dialects.: an empty glob matches nothing, got ""'),
        ("dialects", ["markdown"], "dialects: expected an object (dialects of files, by glob; they override the built-in choice), got a list"),
        ("thresholds", {"at": 5}, "thresholds: expected a list (the shares of the budget at which a prompt is reported, and how severely), got an object"),
        ("thresholds", ["80%"], 'thresholds.0: expected an object (the shares of the budget at which a prompt is reported, and how severely), got "80%"'),
        ("thresholds", [{}], 'thresholds.0.at: missing (a share ("80%") or a number of tokens (6000))'),
        ("thresholds", [{"at": 0.8}], f"thresholds.0.at: {NO_THRESHOLD}, got 0.8"),
        ("thresholds", [{"at": -1}], f"thresholds.0.at: {NO_THRESHOLD}, got -1"),
        ("thresholds", [{"at": True}], f"thresholds.0.at: {NO_THRESHOLD}, got true"),
        ("thresholds", [{"at": "lots"}], f'thresholds.0.at: {NO_THRESHOLD}, got "lots"'),
        ("thresholds", [{"at": "-5%"}], f'thresholds.0.at: {NO_THRESHOLD}, got "-5%"'),
        ("thresholds", [{"at": "10001%"}], f'thresholds.0.at: {NO_THRESHOLD}, got "10001%"'),
        # In some countries 8.5%, in others 85%.
        ("thresholds", [{"at": "8,5%"}], f'thresholds.0.at: {NO_THRESHOLD}, got "8,5%"'),
        ("thresholds", [{"at": "1,5"}], f'thresholds.0.at: {NO_THRESHOLD}, got "1,5"'),
        ("thresholds", [{"at": "5.5"}], f'thresholds.0.at: {NO_THRESHOLD}, got "5.5"'),
        ("thresholds", [{"at": "1e308%"}], f'thresholds.0.at: {NO_THRESHOLD}, got "1e308%"'),
        ("thresholds", [{"at": "inf"}], f'thresholds.0.at: {NO_THRESHOLD}, got "inf"'),
        ("thresholds", [{"at": math.nan}], f"thresholds.0.at: {NO_THRESHOLD}, got NaN"),
        ("thresholds", [{"at": "９０%"}], f'thresholds.0.at: {NO_THRESHOLD}, got "９０%"'),
        ("thresholds", [{"at": [1]}], f"thresholds.0.at: {NO_THRESHOLD}, got a list"),
        ("thresholds", [{"at": 5, "severity": "fatal"}],
         'thresholds.0.severity: expected information, warning or error (how severe the problem is), got "fatal"'),
        ("thresholds", [{"at": 5, "sevrity": "error"}],
         "thresholds.0.sevrity: unknown; did you mean weighbridge.thresholds.0.severity?"),
        ("retry", 3, "retry: expected an object (how reads and fetches are retried after a temporary failure), got 3"),
        ("retry", {"attempts": 0}, "retry.attempts: expected a whole number from 1 to 20 (attempts in all), got 0"),
        ("retry", {"attempts": 21}, "retry.attempts: expected a whole number from 1 to 20 (attempts in all), got 21"),
        ("retry", {"delay": "1"}, 'retry.delay: expected a number from 0 to 3,600 (seconds before the second attempt), got "1"'),
        ("retry", {"delay": math.inf}, "retry.delay: expected a number from 0 to 3,600 (seconds before the second attempt), got Infinity"),
        ("retry", {"backoff": 0.5}, "retry.backoff: expected a number from 1 to 100 (factor by which each further delay grows), got 0.5"),
        ("retry", {"maxDelay": 3601}, "retry.maxDelay: expected a number from 0 to 3,600 (longest delay, in seconds), got 3601"),
        ("retry", {"max_delay": -1}, "retry.maxDelay: expected a number from 0 to 3,600 (longest delay, in seconds), got -1"),
        ("retry", {"atempts": 3}, "retry.atempts: unknown; did you mean weighbridge.retry.attempts?"),
        ("inlayHints", {"totl": False}, "inlayHints.totl: unknown; did you mean weighbridge.inlayHints.total?"),
        ("inlayHints", {"total": "no"}, 'inlayHints.total: expected true or false (at the end of line 1), got "no"'),
        ("inlayHints", {"sectionsFrom": 0.01}, f"inlayHints.sectionsFrom: {NO_THRESHOLD}, got 0.01"),
        ("inlayHints", {"variablesFrom": -1},
         "inlayHints.variablesFrom: expected a whole number from 0 to 1,000,000,000,000 (tokens below which a variable has no hint), got -1"),
        ("inlayHints", False, "inlayHints: expected an object (which counts are shown in the text), got false"),
        ("variables", {"a": ["hush"]}, f"variables.a: {NO_SCALAR}"),
        ("variables", {"a": math.inf}, f"variables.a: {NO_SCALAR}"),
        ("variables", "hush", "variables: expected an object (values of variables, by name)"),
        ("env", ["TOKEN=hush"], "env.0: expected the name of an environment variable, without its value"),
        ("env", [""], "env.0: expected the name of an environment variable, without its value"),
        ("env", ["HO*"], "env.0: expected the whole name of an environment variable: a pattern names none"),
        ("apiAllow", ["https://host/x"], f"apiAllow.0: {NO_HOST}"),
        ("apiAllow", ["host/x"], f"apiAllow.0: {NO_HOST}"),
        ("apiAllow", ["me@host"], f"apiAllow.0: {NO_HOST}"),
        ("apiAllow", ["host:x"], f"apiAllow.0: {NO_HOST}"),
        ("apiAllow", [""], f"apiAllow.0: {NO_HOST}"),
        ("fileRoots", ["relative"], f'fileRoots.0: {NO_ROOT}, got "relative"'),
        ("fileRoots", ["./x/../y"], f'fileRoots.0: {NO_ROOT}, got "./x/../y"'),
        ("include", ["["], 'include.0: a glob closes each [ with ], and writes a literal [ as [[], got "["'),
        ("dialects", {"a[/]": "markdown"}, ("dialects.a[/]: a glob closes each [ with ], and writes a literal [ as [[]"
         ', got "a[/]"')),
        ("env", "HOME", "env: expected a list (environment variables that prompts may use; never taken from the repository)"),
        ("fileRoots", [5], ("fileRoots.0: expected text "
         "(folders outside the workspace that may be read; never taken from the repository), got 5")),
        ("apiAllow", "a.example", ("apiAllow: expected a list "
         "(hosts that may be fetched from, as host or host:port; never taken from the repository)")),
        ("apis", {"i": {}}, "apis.i.url: missing (an http or https URL)"),
        ("apis", {"i": "https://hush@h.example"}, "apis.i: expected an object (endpoints that prompts may refer to, by name)"),
        ("apis", {"i": {"url": "ftp://hush@h.example"}}, f"apis.i.url: {NO_URL}"),
        ("apis", {"i": {"url": "file:///etc/passwd"}}, f"apis.i.url: {NO_URL}"),
        ("apis", {"i": {"url": "https://"}}, f"apis.i.url: {NO_URL}"),
        ("apis", {"i": {"url": "https://h.example/a b"}}, f"apis.i.url: {NO_URL}"),
        ("apis", {"i": {"url": "https://h.example", "ttl": -1}},
         "apis.i.ttl: expected a number from 0 to 31,536,000 (seconds that a response stays fresh)"),
        ("apis", {"i": {"url": "https://h.example", "headers": ["hush"]}},
         "apis.i.headers: expected an object (sent to its host only; never taken from the repository)"),
        ("apis", {"i": {"url": "https://h.example", "headers": {"A": 5}}},
         "apis.i.headers.A: expected text (sent to its host only; never taken from the repository)"),
        ("apis", {"i": {"url": "https://h.example", "headers": {"A": "hush\r\nHost: evil"}}},
         "apis.i.headers: expected a value without control characters for the header A"),
        ("apis", {"i": {"url": "https://h.example", "headers": {"A": "hush\0"}}},
         "apis.i.headers: expected a value without control characters for the header A"),
        ("apis", {"i": {"url": "https://h.example", "headers": {"A b:": "hush"}}},
         "apis.i.headers: expected header names of letters, digits and hyphens"),
        ("apis", {"i": {"url": "https://h.example", "heders": {"A": "hush"}}},
         "apis.i.heders: unknown; did you mean weighbridge.apis.i.headers?"),
        ("apis", {"i": {"url": "https://h.example", "xyzzy": "hush"}}, "apis.i.xyzzy: unknown"),
        ("apiCache", [{"pattern": "*"}], "apiCache.0.ttl: missing (seconds that a response stays fresh)"),
        ("apiCache", [{"pattern": "*", "ttl": -1}],
         "apiCache.0.ttl: expected a number from 0 to 31,536,000 (seconds that a response stays fresh)"),
        ("apiCache", [{"pattern": "*" * 201, "ttl": 1}],
         "apiCache.0.pattern: expected at most 200 characters (glob over the URL or the name)"),
        ("apiCache", [{"pattern": "*", "ttl": 1}] * 101,
         "apiCache: expected at most 100 entries (how long responses stay fresh, by URL or name; the first pattern that matches is used)"),
        ("apiCache", [{"pattern": "", "ttl": 1}], "apiCache.0.pattern: expected text (glob over the URL or the name)"),
        ("cacheUrl", 5, ("cacheUrl: expected text (the database that keeps the counts, SQLite's or PostgreSQL's, as an SQLAlchemy URL; "
         "by default what WEIGHBRIDGE_CACHE_URL says, or else SQLite in your cache folder; never taken from the repository)")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_the_default_stays(name: str, value: Any, said: str) -> None:
    assert in_force(editor({name: value})) == ({}, (f"weighbridge.{said}; ignored in editor",))


def test_all_settings_have_a_word_on_what_they_mean() -> None:
    schema = Settings.model_json_schema(by_alias=True)
    assert set(schema["properties"]) == set(DEFAULTS)
    objects = [schema, *schema["$defs"].values()]
    fields = [field for one in objects for field in one.get("properties", {}).values()]
    assert [field for field in fields if not field.get("description")] == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_settings_cannot_be_changed(name: str) -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), name, None)


def test_objects_in_settings_cannot_be_changed() -> None:
    given: dict[str, Any] = {
        "variables": {"a": 1},
        "dialects": {"*.txt": "markdown"},
        "apis": {"i": {"url": "https://h.example", "headers": {"A": "b"}}},
    }
    settings = resolve([editor(given)]).settings
    before = settings.model_dump()
    mappings: list[Any] = [settings.variables, settings.dialects, settings.apis, settings.apis["i"].headers]
    for mapping in [*mappings, Settings().variables, Settings().apis]:
        with pytest.raises(TypeError):
            mapping["a"] = "b"
    # What they were made from may go on changing.
    given["variables"]["a"] = 2
    given["apis"]["i"]["headers"]["A"] = "c"
    assert settings.model_dump() == before


def test_settings_made_from_equal_values_are_equal() -> None:
    values = {"variables": {"a": 1}, "thresholds": [{"at": 5}]}
    assert resolve([editor(values)]) == resolve([editor(copy.deepcopy(values))])
    assert resolve([editor(values)]) != resolve([editor({})])


def test_secrets_do_not_show_where_settings_are_logged() -> None:
    settings = resolve(
        [
            editor(
                {
                    "variables": {"a": "hush"},
                    "cacheUrl": "postgresql://me:hush@h/db",
                    "apis": {"i": {"url": "https://h.example/?key=hush", "headers": {"A": "hush"}}},
                }
            )
        ]
    ).settings
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


def test_many_threads_may_resolve_at_once() -> None:
    values = {"variables": {"a": 1}, "include": ["*.md", "!"], "retry": {"attempts": 50}}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: resolve([editor(values)]), range(40)))
    assert found == [found[0]] * 40


def test_thresholds_are_values() -> None:
    one = Threshold(at="80%", severity=Severity.ERROR)
    assert (one, hash(one)) == (pickle.loads(pickle.dumps(one)), hash(one.model_copy()))
