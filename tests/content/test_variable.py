import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.chains import chain
from tests.content.place import OpenDocuments, outcome, request, settings_of, text_of

from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.variable import VariableHandler, variable_files
from weighbridge.errors import Code, Problem, ReferenceFault
from weighbridge.references.model import Kind


def ask(
    folder: Path,
    name: str,
    *,
    default: str | None = None,
    document: str | None = "a.prompt.md",
    front_matter: Mapping[str, str] | None = None,
    **settings: Any,
) -> ContentRequest:
    path = None if document is None else folder / document
    scope = Scope(path, (folder,), settings_of(**settings), front_matter or {})
    return request(Kind.VARIABLE, name, scope, default=default)


ENVIRONMENT = {"TOKEN": "hush", "name": "from the environment", "env.name": "odd"}


def handler(overlay: OpenDocuments | None = None) -> VariableHandler:
    return VariableHandler(overlay, ENVIRONMENT)


def test_the_first_place_that_sets_a_name_wins(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.md.vars.toml").write_text('"env.TOKEN" = "file"')
    places: list[tuple[str, str, dict[str, Any]]] = [
        ("settings", "weighbridge.variables", {"variables": {"env.TOKEN": "settings"}}),
        ("file", "a.prompt.md.vars.toml", {}),
        ("front", "front matter", {"front_matter": {"env.TOKEN": "front"}}),
        ("hush", "environment", {"env": ["TOKEN"]}),
        ("default", "default", {"default": "default"}),
    ]
    for first, (text, source, _) in enumerate(places):
        given: dict[str, Any] = {}
        for _, _, more in places[first:]:
            given |= more
        content = handler().load(ask(tmp_path, "env.TOKEN", **given))
        assert (text_of(content), content.source, content.secret) == (text, source, source == "environment")
        if source == "a.prompt.md.vars.toml":
            assert content.path == tmp_path.resolve() / "a.prompt.md.vars.toml"
            content.path.unlink()


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "name",
            {},
            "name: not set; looked in weighbridge.variables, a.prompt.md.vars.* and the front matter",
        ),
        (
            "name",
            {"env": ["name"]},
            "name: not set; looked in weighbridge.variables, a.prompt.md.vars.* and the front matter",
        ),
        (
            "env.TOKEN",
            {},
            "env.TOKEN: not set; looked in weighbridge.variables, a.prompt.md.vars.* and the front matter; to read the environment, name TOKEN in weighbridge.env",
        ),
        (
            "env.TOKEN",
            {"env": ["token"]},
            "env.TOKEN: not set; looked in weighbridge.variables, a.prompt.md.vars.* and the front matter; to read the environment, name TOKEN in weighbridge.env",
        ),
        (
            "env.TOKEN",
            {"env": ["TOKEN"], "trusted": False},
            "env.TOKEN: not set; looked in weighbridge.variables, a.prompt.md.vars.* and the front matter; the environment of an untrusted workspace is not read",
        ),
        (
            "env.ABSENT",
            {"env": ["ABSENT"]},
            "env.ABSENT: not set; looked in weighbridge.variables, a.prompt.md.vars.*, the front matter and the environment",
        ),
        (
            "env.ABSENT",
            {"env": ["ABSENT"], "document": None},
            "env.ABSENT: not set; looked in weighbridge.variables, the front matter and the environment",
        ),
    ],
)
def test_undefined_says_where_it_was_looked_for(
    tmp_path: Path, name: str, settings: dict[str, Any], expected: str
) -> None:
    assert outcome(handler(), ask(tmp_path, name, **settings)) == Problem(Code.UNDEFINED, expected)


def test_undefined_says_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.md.vars.toml").write_text('audience = "x"\n')
    for name, meant in (("gretting", "greeting"), ("Audience", "audience"), ("nobody", None)):
        found = outcome(handler(), ask(tmp_path, name, variables={"greeting": "hello"}))
        assert isinstance(found, Problem)
        assert found.message.endswith(f"; did you mean {meant}?" if meant else " and the front matter")


def test_a_default_stands_in_for_what_may_not_be_read(tmp_path: Path) -> None:
    assert outcome(handler(), ask(tmp_path, "env.TOKEN", default="none")) == "none"
    assert outcome(handler(), ask(tmp_path, "x", default="")) == ""


FILES = [
    ("toml", 'v = "text"', "text"),
    ("toml", "v = 1.10", "1.10"),
    ("toml", "v = 42", "42"),
    ("toml", "v = true", "true"),
    ("toml", "v = 2024-01-02", "2024-01-02"),
    ("toml", 'v = [1, 2.50, "é"]', '[1, 2.5, "é"]'),
    ("toml", '[v]\na = "x"\nb = false', '{"a": "x", "b": false}'),
    ("yaml", "v: text", "text"),
    ("yaml", "v: 1.10", "1.10"),
    ("yml", "v: 007", "007"),
    ("yaml", "v: yes", "yes"),
    ("yaml", "v: True", "true"),
    ("yaml", "v: 2024-01-02", "2024-01-02"),
    ("yaml", "v: 12:30:45", "12:30:45"),
    ("yaml", "v: 1_000", "1_000"),
    ("yaml", "v: |\n  two\n  lines\n", "two\nlines\n"),
    ("yaml", "v: {a: [1, 2.50, null], 1: é}", '{"a": [1, 2.5, null], "1": "é"}'),
    ("yaml", "base: &b {a: 1}\nv: [*b, *b]", '[{"a": 1}, {"a": 1}]'),
    ("yaml", "1: x\nv: y", "y"),
    ("json", '{"v": 1.10}', "1.10"),
    ("json", '{"v": 1e3}', "1e3"),
    ("json", '{"v": false}', "false"),
    ("json", '{"v": "\\ud83d\\ude00"}', "😀"),
    ("json", '{"v": "\\ud83d"}', "\ufffd"),
    ("json", '{"v": {"a": ["\\u00e9", 12345678901234567890]}}', '{"a": ["é", 12345678901234567890]}'),
    ("json", '\ufeff{"v": "marked"}', "marked"),
    ("yaml", "v: !!set {d, c, b}", '{"d": null, "c": null, "b": null}'),
]


@pytest.mark.parametrize(("ending", "text", "expected"), FILES)
def test_values_become_text(tmp_path: Path, ending: str, text: str, expected: str) -> None:
    (tmp_path / f"a.prompt.md.vars.{ending}").write_text(text)
    assert outcome(handler(), ask(tmp_path, "v")) == expected


@pytest.mark.parametrize(
    ("ending", "text"),
    [("yaml", "v:"), ("yaml", "v: ~"), ("json", '{"v": null}'), ("yaml", ""), ("toml", "")],
)
def test_null_is_not_set(tmp_path: Path, ending: str, text: str) -> None:
    (tmp_path / f"a.prompt.md.vars.{ending}").write_text(text)
    assert outcome(handler(), ask(tmp_path, "v", default="d")) == "d"


LAUGHS = "\n".join(
    ["l0: &l0 [lol]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30))]
)


DEEP_ALIASES = "\n".join(f"l{n}: &l{n} {'[' * 90}{f'*l{n - 1}' if n else ''}{']' * 90}" for n in range(40))
#: What PyYAML's constructors raise something else of than YAML errors.
MISFITS = ("!!int [1]", "!!float {}", "!!bool maybe", "!!timestamp x", "!!timestamp 2001-99-99", "!!int x")
MISFIT = "not YAML: a number too long, or a value that does not fit its tag"


@pytest.mark.parametrize(
    ("ending", "text", "message"),
    [
        ("toml", 'a = 1\nb = "x', "line 2: not TOML: "),
        ("toml", "a = 1\nb\nc = 2", "line 2: not TOML: "),
        ("toml", "v = " + "[" * 5000, "not TOML: a number too long, or nested too deeply"),
        ("toml", "\nv" + ".v" * 100_000 + " = 1", "line 2: not TOML: a key of more than 100 parts"),
        ("yaml", "a: 1\nb: [1\nc: 2", "line 3: not YAML: "),
        (
            "yaml",
            "v: !!python/object/apply:os.system [id]",
            "line 1: not YAML: could not determine a constructor",
        ),
        ("yaml", "a: &a [*a]\nv: *a", "not usable: an alias holds itself"),
        ("yaml", LAUGHS, "not usable: more than 100,000 values, aliases written out"),
        ("yaml", "v: " + "[" * 101, "line 1: nested more than 100 deep"),
        ("yaml", DEEP_ALIASES, "nested more than 100 deep"),
        *(("yaml", f"v: {value}", MISFIT) for value in MISFITS),
        ("yaml", "? [1, 2]\n: 3", "line 1: not YAML: found unhashable key"),
        ("yaml", "v: !mine x", "line 1: not YAML: a tag that is not known: !mine"),
        ("json", '{"v": ' + "[" * 101 + "]" * 101 + "}", "nested more than 100 deep"),
        ("toml", "v = " + "[" * 101 + "]" * 101, "nested more than 100 deep"),
        # The parser looks ahead here, and newer ones have a limit of their own.
        ("yaml", "v: " + "[" * 250_000, "line 1: "),
        ("yaml", "v: a\n---\nv: b", "line 2: not YAML: "),
        ("yaml", "- a\n- b", "must map names to values"),
        ("yaml", "v: \x07", "not YAML: "),
        ("json", '{"a": 1,\n"b": }', "line 2: not JSON: "),
        ("json", "[1]", "must map names to values"),
        ("json", "[" * 100_000, "not JSON: a number too long, or nested too deeply"),
        ("json", '{"v": ' + "9" * 5000 + "}", "not JSON: a number too long, or nested too deeply"),
    ],
)
def test_a_bad_file_names_itself_and_the_line(tmp_path: Path, ending: str, text: str, message: str) -> None:
    (tmp_path / f"a.prompt.md.vars.{ending}").write_text(text)
    result = outcome(handler(), ask(tmp_path, "v", default="unused"))
    assert isinstance(result, Problem)
    assert result.code == Code.FAILED
    assert result.message.startswith(f"a.prompt.md.vars.{ending}: {message}")


def test_merge_keys_can_not_multiply(tmp_path: Path) -> None:
    bomb = "\n".join(
        ["a0: &a0 {k: v}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))]
    )
    (tmp_path / "a.prompt.md.vars.yaml").write_text(f"{bomb}\nv: fine")
    result = outcome(handler(), ask(tmp_path, "v"))
    assert isinstance(result, Problem)
    assert "not usable" in result.message


def test_the_full_name_comes_first_then_shorter_ones() -> None:
    names = [path.name for path in variable_files(Path("/x/a.prompt.md"))]
    assert names == [
        f"{stem}.vars.{ending}"
        for stem in ("a.prompt.md", "a.prompt", "a")
        for ending in ("toml", "yaml", "yml", "json")
    ]
    assert list(variable_files(None)) == []
    assert [path.name for path in variable_files(Path("/x/.md"))] == [
        f".md.vars.{e}" for e in ("toml", "yaml", "yml", "json")
    ]


def test_the_first_file_there_is_read_alone(tmp_path: Path) -> None:
    (tmp_path / "a.vars.json").write_text('{"v": "short", "w": "short"}')
    assert outcome(handler(), ask(tmp_path, "v")) == "short"
    (tmp_path / "a.prompt.md.vars.yaml").write_text("v: long")
    assert outcome(handler(), ask(tmp_path, "v")) == "long"
    assert outcome(handler(), ask(tmp_path, "w", default="none")) == "none"


def test_the_file_is_under_the_same_rules_as_any(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (tmp_path / "outside.toml").write_text('v = "secret"')
    (room / "a.prompt.md.vars.toml").symlink_to(tmp_path / "outside.toml")
    result = outcome(handler(), ask(room, "v", default="d"))
    assert isinstance(result, Problem)
    assert result.code == Code.DENIED
    (room / "a.prompt.md.vars.toml").unlink()
    (room / "a.prompt.md.vars.toml").write_text(f'v = "{"x" * 1_000_000}"')
    assert outcome(handler(), ask(room, "v")) == Problem(
        Code.TOO_LARGE, "a.prompt.md.vars.toml: 1,000,006 bytes, more than the 262,144 of a variables file"
    )


@pytest.mark.parametrize("ending", ["toml", "yaml", "yml", "json"])
def test_a_file_behind_links_without_end_is_a_fault(tmp_path: Path, ending: str) -> None:
    (tmp_path / "values").write_text("v: 1")
    chain(tmp_path / f"a.prompt.md.vars.{ending}", tmp_path / "values", 1_200)
    assert outcome(handler(), ask(tmp_path, "v", default="d")) == Problem(
        Code.FAILED, f"a.prompt.md.vars.{ending}: too many links, one leading to the next"
    )


def test_a_document_outside_all_folders_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "doc.vars.toml").write_text("broken")
    scope = Scope(tmp_path / "doc.md", (tmp_path / "room",), settings_of())
    (tmp_path / "doc.vars.toml").unlink()
    assert outcome(handler(), request(Kind.VARIABLE, "v", scope, default="d")) == "d"


def test_a_value_is_what_it_is_now(tmp_path: Path) -> None:
    """Whatever the file's size and times tell: they can be set, and clocks are coarse."""
    environment = {"TOKEN": "one"}
    asked = VariableHandler(environment=environment)
    file = tmp_path / "a.prompt.md.vars.yaml"
    assert outcome(asked, ask(tmp_path, "env.TOKEN", env=["TOKEN"])) == "one"
    environment["TOKEN"] = "two"
    assert outcome(asked, ask(tmp_path, "env.TOKEN", env=["TOKEN"])) == "two"
    for text, value in (("v: aaaa", "aaaa"), ("v: bbbb", "bbbb"), ("v: aaaa", "aaaa"), ("w: aaaa", "none")):
        file.write_text(text)
        os.utime(file, (0, 0))
        assert outcome(asked, ask(tmp_path, "v", default="none")) == value
    # The same text under another ending means something else.
    file.rename(tmp_path / "a.prompt.md.vars.toml")
    assert isinstance(outcome(asked, ask(tmp_path, "v")), Problem)


def test_a_file_open_in_the_editor_counts_as_it_is_there(tmp_path: Path) -> None:
    overlay = OpenDocuments({(tmp_path / "a.prompt.md.vars.toml").resolve(): (1, ['v = "typed"'])})
    asked = handler(overlay)
    assert outcome(asked, ask(tmp_path, "v")) == "typed"
    overlay.documents[(tmp_path / "a.prompt.md.vars.toml").resolve()] = (2, ['v = "typed on"'])
    assert outcome(asked, ask(tmp_path, "v")) == "typed on"


def test_secrets_are_in_no_message_and_no_key(tmp_path: Path) -> None:
    allowed = ask(tmp_path, "env.TOKEN", env=["TOKEN"])
    content = handler().load(allowed)
    assert content.secret
    shown = f"{content!r} {handler().key(allowed)!r}"
    assert "hush" not in shown.replace(repr(content.chunks), "")
    with pytest.raises(ReferenceFault) as caught:
        handler().load(ask(tmp_path, "env.TOKEN"))
    assert "hush" not in str(caught.value)


def test_keys_differ_where_the_value_may(tmp_path: Path) -> None:
    keys = [
        handler().key(asked)
        for asked in (
            ask(tmp_path, "v"),
            ask(tmp_path, "w"),
            ask(tmp_path, "v", default="d"),
            ask(tmp_path, "v", document="b.md"),
            ask(tmp_path, "v", document=None),
            ask(tmp_path, "v", variables={"v": "1"}),
            ask(tmp_path, "v", variables={"v": "2"}),
            ask(tmp_path, "v", front_matter={"v": "1"}),
            ask(tmp_path, "v", trusted=False),
            ask(tmp_path, "env.v"),
            ask(tmp_path, "env.v", env=["v"]),
        )
    ]
    assert len(set(keys)) == len(keys)
    assert handler().key(ask(tmp_path, "v", variables={"w": "1"})) == keys[0]


def test_paths_are_what_may_set_it(tmp_path: Path) -> None:
    assert handler().paths(ask(tmp_path, "v")) == tuple(variable_files(tmp_path / "a.prompt.md"))
    assert handler().paths(ask(tmp_path, "v", variables={"v": "x"})) == ()
