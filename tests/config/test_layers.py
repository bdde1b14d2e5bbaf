"""Layers: what is over what, what a repository may not decide, and that nothing makes it fall over."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.layering import changed, editor, in_force, repository

from weighbridge.config import Layer, Settings, resolve

TWO = "; ignored in weighbridge.toml"


def api(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "headers": {}, "ttl": None, "select": None, "sample": None, **more}


@pytest.mark.parametrize(
    ("layers", "expected", "warnings"),
    [
        ([], {}, ()),
        ([repository({}), editor({})], {}, ()),
        ([repository({"budget": 5})], {"budget": 5}, ()),
        ([repository({"budget": 5}), editor({"budget": 6})], {"budget": 6}, ()),
        ([repository({"budget": 5}), editor({"debounce": 6})], {"budget": 5, "debounce": 6}, ()),
        # Null is what nobody set: the layer below goes on to count.
        ([repository({"budget": 5}), editor({"budget": None})], {"budget": 5}, ()),
        # So is what can't be used.
        (
            [repository({"debounce": 5}), editor({"debounce": -1})],
            {"debounce": 5},
            (
                ("weighbridge.debounce: expected a whole number from 0 to 60,000 "
                "(milliseconds after the last keystroke before counts are refreshed), got -1; ignored in editor"),
            ),
        ),
        # Objects by name, lists as a whole.
        (
            [repository({"variables": {"a": 1, "b": 2}}), editor({"variables": {"b": 3, "c": 4}})],
            {"variables": {"a": 1, "b": 3, "c": 4}},
            (),
        ),
        (
            [repository({"retry": {"attempts": 5, "maxDelay": 9}}), editor({"retry": {"max_delay": 8, "attempts": None}})],
            {"retry": {"attempts": 5, "delay": 0.5, "backoff": 2.0, "maxDelay": 8}},
            (),
        ),
        (
            [repository({"inlayHints": {"total": False}}), editor({"inlayHints": {"sections": False}})],
            {
                "inlayHints": {
                    "references": True,
                    "sections": False,
                    "total": False,
                    "variablesFrom": 20,
                    "sectionsFrom": "1%",
                }
            },
            (),
        ),
        ([repository({"dialects": {"a": "x"}}), editor({"dialects": {"b": "y"}})], {"dialects": {"a": "x", "b": "y"}}, ()),
        ([repository({"include": ["a"]}), editor({"include": ["b"]})], {"include": ["b"]}, ()),
        # Of an object or a list, the good parts count.
        (
            [editor({"retry": {"attempts": 5, "delay": -1}, "variables": {"a": [], "b": 1}, "include": ["!", "a.md"]})],
            {
                "retry": {"attempts": 5, "delay": 0.5, "backoff": 2.0, "maxDelay": 30},
                "variables": {"b": 1},
                "include": ["a.md"],
            },
            (
                ("weighbridge.retry.delay: expected a number from 0 to 3,600 (seconds before the second attempt), got -1; "
                "ignored in editor"),
                "weighbridge.variables.a: expected text, a number, true or false; ignored in editor",
                'weighbridge.include.0: an empty glob matches nothing, got "!"; ignored in editor',
            ),
        ),
        # A list of nothing but faults is no empty list: the default warns people, an empty one would not.
        (
            [editor({"thresholds": [{"at": "much"}]})],
            {},
            (
                ('weighbridge.thresholds.0.at: expected a share from "0%" to "10,000%", or a whole number of tokens '
                'from 0 to 1,000,000,000,000, got "much"; ignored in editor'),
            ),
        ),
        # The settings themselves, or wrapped in their name.
        ([editor({"weighbridge": {"budget": 5}})], {"budget": 5}, ()),
        ([editor({"weighbridge": {"budget": 5}, "budget": 6, "other": 1})], {"budget": 5}, ()),
        ([editor({"weighbridge": None})], {}, ()),
        ([editor(None)], {}, ()),
        ([editor({"weighbridge": [1]})], {}, ("weighbridge: expected an object of settings; ignored in editor",)),
        ([editor("budget")], {}, ("weighbridge: expected an object of settings; ignored in editor",)),
        # What initialization options hold besides.
        ([editor({"status": True, "budget": 5})], {"budget": 5}, ()),
        # Unknown names.
        ([editor({"budgt": 5})], {}, ("weighbridge.budgt: unknown setting; did you mean weighbridge.budget?; ignored in editor",)),
        ([editor({"BUDGET": 5})], {}, ("weighbridge.BUDGET: unknown setting; did you mean weighbridge.budget?; ignored in editor",)),
        ([editor({"maxdepth": 5})], {}, ("weighbridge.maxdepth: unknown setting; did you mean weighbridge.maxDepth?; ignored in editor",)),
        ([editor({"weighbridge.budget": 5})], {}, ("weighbridge.weighbridge.budget: unknown setting; did you mean weighbridge.budget?; ignored in editor",)),
        ([editor({"xyzzy": 5})], {}, ("weighbridge.xyzzy: unknown setting; ignored in editor",)),
        ([editor({"": 5})], {}, ("weighbridge.: unknown setting; ignored in editor",)),
        ([editor({"a\nb\u202e": 5})], {}, ("weighbridge.a\ufffdb\ufffd: unknown setting; ignored in editor",)),
        # What a repository may not decide, under either name.
        ([repository({"env": ["TOKEN"]})], {}, (f"weighbridge.env: never taken from a repository{TWO}",)),
        ([repository({"apiAllow": ["evil.example"]})], {}, (f"weighbridge.apiAllow: never taken from a repository{TWO}",)),
        ([repository({"api_allow": ["evil.example"]})], {}, (f"weighbridge.apiAllow: never taken from a repository{TWO}",)),
        ([repository({"fileRoots": ["/"]})], {}, (f"weighbridge.fileRoots: never taken from a repository{TWO}",)),
        ([repository({"file_roots": ["/"]})], {}, (f"weighbridge.fileRoots: never taken from a repository{TWO}",)),
        ([repository({"trusted": True})], {}, (f"weighbridge.trusted: never taken from a repository{TWO}",)),
        ([repository({"cacheUrl": "sqlite:////x"})], {}, (f"weighbridge.cacheUrl: never taken from a repository{TWO}",)),
        ([repository({"weighbridge": {"cache_url": "sqlite:////x"}})], {}, (f"weighbridge.cacheUrl: never taken from a repository{TWO}",)),
        ([editor({"trusted": False}), repository({"trusted": True})], {"trusted": False}, (f"weighbridge.trusted: never taken from a repository{TWO}",)),
        (
            [repository({"apis": {"i": {"url": "https://h.example", "headers": {"A": "b"}}}})],
            {"apis": {"i": api("https://h.example")}},
            (f"weighbridge.apis.i.headers: never taken from a repository{TWO}",),
        ),
        # What a repository may decide within limits.
        ([repository({"workers": 256})], {"workers": 16}, (f"weighbridge.workers: 256 is more than a repository may set (16 is taken instead){TWO}",)),
        ([repository({"cache_entries": 10_000_000})], {"cacheEntries": 100_000}, (f"weighbridge.cacheEntries: 10,000,000 is more than a repository may set (100,000 is taken instead){TWO}",)),
        ([repository({"debounce": 60_000})], {"debounce": 5_000}, (f"weighbridge.debounce: 60,000 is more than a repository may set (5,000 is taken instead){TWO}",)),
        ([repository({"maxFileBytes": 2**40})], {"maxFileBytes": 2**30}, (f"weighbridge.maxFileBytes: 1,099,511,627,776 is more than a repository may set (1,073,741,824 is taken instead){TWO}",)),
        ([repository({"workers": 16, "cacheEntries": 100_000, "maxFileBytes": 2**30})], {"workers": 16, "cacheEntries": 100_000, "maxFileBytes": 2**30}, ()),
        ([editor({"workers": 256, "cacheEntries": 10_000_000, "maxFileBytes": 2**40})], {"workers": 256, "cacheEntries": 10_000_000, "maxFileBytes": 2**40}, ()),
        # Headers never meet another layer's URL.
        (
            [repository({"apis": {"i": {"url": "https://evil.example"}}}), editor({"apis": {"i": {"url": "https://h.example", "headers": {"A": "b"}}}})],
            {"apis": {"i": api("https://h.example", headers={"A": "b"})}},
            (),
        ),
        (
            [repository({"apis": {"i": {"url": "https://evil.example"}}}), editor({"apis": {"i": {"headers": {"A": "b"}}}})],
            {"apis": {"i": api("https://evil.example")}},
            ("weighbridge.apis.i.url: missing (an http or https URL); ignored in editor",),
        ),
        (
            [editor({"apis": {"i": {"url": "https://h.example", "headers": {"A": "b"}}}}), repository({"apis": {"i": {"url": "https://evil.example"}}})],
            {"apis": {"i": api("https://evil.example")}},
            (),
        ),
        (
            [repository({"apis": {"i": {"url": "https://evil.example"}, "j": {"url": "https://j.example"}}}), editor({"apis": {"i": {"url": "ftp://h.example", "headers": {"A": "b"}}}})],
            {"apis": {"i": api("https://evil.example"), "j": api("https://j.example")}},
            ("weighbridge.apis.i.url: expected a URL that begins with http:// or https://; ignored in editor",),
        ),
    ],
)  # fmt: skip
def test_layers(layers: list[Layer], expected: dict[str, Any], warnings: tuple[str, ...]) -> None:
    assert in_force(*layers) == (expected, warnings)


def test_a_layer_of_nothing_but_faults_says_no_more_than_people_read() -> None:
    _, warnings = in_force(editor({f"no-setting-{number:04}": 1 for number in range(2_000)}))
    assert len(warnings) == 51
    assert warnings[-1] == "weighbridge: 1,950 more faults in editor"


def test_faults_are_told_in_short() -> None:
    _, warnings = in_force(
        editor(
            {"x" * 100_000: 1, "model": ["y" * 100_000], "encoding": 10**1000, "dialects": {"z" * 100_000: 1}}
        )
    )
    # Of the last, its name and its value.
    assert len(warnings) == 5
    assert [warning for warning in warnings if len(warning) > 300] == []


def test_a_setting_nested_without_end_is_no_setting() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    found, warnings = in_force(editor({"include": deep, "variables": {"a": deep}, "budget": 5}))
    assert found == {"budget": 5}
    assert [warning.split(":")[0] for warning in warnings] == [
        "weighbridge.include.0",
        "weighbridge.variables.a",
    ]


SECRET = "hush-2f9a1c"


@pytest.mark.parametrize(
    "values",
    [
        {
            "apis": {
                "i": {"url": SECRET, "headers": SECRET, "ttl": SECRET, "select": [SECRET], "sample": [SECRET]}
            }
        },
        {"apis": {"i": {"url": f"gopher://{SECRET}", "headers": {"A": [SECRET]}, SECRET[:4]: SECRET}}},
        {"apis": {"i": SECRET}},
        {"apis": {"i": [SECRET]}},
        {"apis": SECRET},
        {"variables": {"a": [SECRET], "b": {"c": SECRET}}},
        {"variables": SECRET},
        {"variables": [SECRET]},
        {"cacheUrl": [SECRET]},
        {"cacheUrl": {"url": SECRET}},
        {"env": [f"TOKEN={SECRET}", 5]},
        {"env": f"TOKEN={SECRET}"},
        {"apiAllow": f"https://me:{SECRET}@h.example"},
        {"apiCache": [{"pattern": [f"https://h.example/?key={SECRET}"], "ttl": SECRET}]},
        {"headers": {"A": SECRET}},
        {"token": SECRET},
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
def test_no_message_tells_a_secret(values: dict[str, Any], trusted: bool) -> None:
    warnings = resolve([Layer("layer", values, trusted)]).warnings
    assert len(warnings) > 0
    assert SECRET not in "\n".join(warnings)


NAMES = [*Settings.model_fields, *(field.alias or "" for field in Settings.model_fields.values())]
INNER = [
    "at",
    "severity",
    "attempts",
    "maxDelay",
    "max_delay",
    "url",
    "headers",
    "ttl",
    "select",
    "pattern",
    "total",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 300)
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["80%", "gpt-5", "error", "https://h.example", "**/*.md", "!", "\ud800", "a\\b"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
SETTINGS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=6)
LAYERS = st.lists(
    st.tuples(SETTINGS | VALUES | st.builds(lambda one: {"weighbridge": one}, SETTINGS), st.booleans()),
    max_size=3,
)


@settings(max_examples=200)
@given(LAYERS)
def test_any_json_gives_settings_and_readable_warnings(given_: list[tuple[Any, bool]]) -> None:
    layers = [Layer(f"layer {number}", values, trusted) for number, (values, trusted) in enumerate(given_)]
    resolved = resolve(layers)
    assert resolve(layers) == resolved
    # What is in force is valid, whoever asks, and can be written down.
    written = json.loads(json.dumps(resolved.settings.model_dump(mode="json", by_alias=True)))
    assert Settings.model_validate(written) == resolved.settings
    assert resolve([editor(written)]) == resolve([editor(written, name="another")])
    assert changed(resolve([editor(written)])) == changed(resolved)
    for warning in resolved.warnings:
        assert warning.startswith("weighbridge")
        assert warning.isprintable()
        assert len(warning) < 500


@settings(max_examples=80)
@given(SETTINGS, SETTINGS)
def test_no_repository_decides_what_it_may_not(hostile: dict[str, Any], own: dict[str, Any]) -> None:
    alone = resolve([editor(own)]).settings
    found = resolve([repository(hostile), editor(own)]).settings
    for name in ("env", "api_allow", "file_roots", "trusted", "cache_url"):
        assert getattr(found, name) == getattr(alone, name)
    for name, one in found.apis.items():
        # An API is wholly the editor's, or has no headers.
        assert one == alone.apis.get(name) or not one.headers


@settings(max_examples=80)
@given(SETTINGS)
def test_a_layer_over_another_with_the_same_values_changes_nothing(values: dict[str, Any]) -> None:
    once, twice = resolve([editor(values)]), resolve([editor(values), editor(values)])
    assert once.settings == twice.settings
