"""YAML as each agent's own parser reads it."""

from typing import Any

import pytest

from weighbridge.agents.yaml_values import Yaml, yaml_mapping, yaml_value

#: Ten names, each for ten of the one before.
MANY = "a0: &a0 [x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 11)
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("yes", {Yaml.BUN: "yes", Yaml.NPM: "yes", Yaml.JS_YAML: "yes", Yaml.LIBYAML: True, Yaml.PYYAML: True}),
        ("2026-01-02", {Yaml.BUN: "2026-01-02", Yaml.STRICT: "2026-01-02", Yaml.NPM: "2026-01-02"}),
        ("1:30", {Yaml.BUN: "1:30", Yaml.JS_YAML: "1:30", Yaml.PYYAML: 90}),
        ("0o17", {Yaml.BUN: 15, Yaml.NPM: 15, Yaml.PYYAML: "0o17"}),
        ("017", {Yaml.BUN: 17, Yaml.NPM: 17.0, Yaml.PYYAML: 15}),
        ("1.50", {Yaml.BUN: 1.5, Yaml.STRINGS: "1.50"}),
        ("true", {Yaml.BUN: True, Yaml.STRINGS: "true"}),
        ("a\tb  # c", {Yaml.BUN: "a\tb", Yaml.STRINGS: "a\tb", Yaml.LIBYAML: "a\tb", Yaml.PYYAML: None}),
        ("a\t# c", {Yaml.BUN: "a", Yaml.NPM: "a"}),
        ("[a:\tb]", {Yaml.BUN: [{"a": "b"}]}),
        ("{a: 1, a: 2}", {Yaml.BUN: {"a": 2}, Yaml.PYYAML: {"a": 2}, **dict.fromkeys((Yaml.STRICT, Yaml.NPM, Yaml.JS_YAML))}),
        ("!t x", {Yaml.NPM: "x", Yaml.BUN: None}),
        ("{<<: {b: 1}, a: 2}", {Yaml.BUN: {"<<": {"b": 1}, "a": 2}, Yaml.JS_YAML: {"a": 2, "b": 1}}),
        ("[", dict.fromkeys(Yaml)),
        ("~", {Yaml.BUN: {}, Yaml.NPM: {}, Yaml.STRINGS: "~"}),
        ("", {parser: {} for parser in Yaml if parser is not Yaml.STRINGS}),
    ],
)  # fmt: skip
def test_a_value(text: str, values: dict[Yaml, Any]) -> None:
    found = {parser: yaml_value(text, parser) for parser in values}
    assert {parser: (type(value), value) for parser, value in found.items()} == {
        parser: (type(value), value) for parser, value in values.items()
    }


@pytest.mark.parametrize("parser", Yaml)
def test_few_lines_that_stand_for_much_are_no_yaml(parser: Yaml) -> None:
    assert yaml_mapping(MANY, parser) is None
    assert yaml_mapping("a: &a [*a]", parser) is None
    assert yaml_mapping("a: &a [b]\nc: [*a, *a]", parser) == {"a": ["b"], "c": [["b"], ["b"]]}
