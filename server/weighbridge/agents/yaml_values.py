"""YAML as each agent's own parser reads it."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from weighbridge.agents.remembering import remembered


class Yaml(Enum):
    """A parser: Bun's, npm's packages `yaml` and `js-yaml`, libyaml, PyYAML.

    npm's take no mapping in which a key stands twice, and to `js-yaml` dates are no texts. libyaml and PyYAML read version
    1.1, in which `yes` is no text, and PyYAML takes tabs for no spaces. `STRICT`: as Bun's, without keys that stand twice;
    `STRINGS`: all scalars are texts, as they are written.
    """

    BUN = auto()
    STRICT = auto()
    NPM = auto()
    JS_YAML = auto()
    LIBYAML = auto()
    PYYAML = auto()
    STRINGS = auto()


def _parsing(parser: Yaml) -> Any:
    def parse(text: str) -> Any:
        # Few files hold any, and it takes long to load.
        from weighbridge.agents.yaml_loaders import loaded  # noqa: PLC0415

        return loaded(text, parser)

    return remembered(parse)


_PARSE = {parser: _parsing(parser) for parser in Yaml}


def yaml_value(text: str, parser: Yaml = Yaml.BUN) -> Any:
    """The value of a YAML text, an empty mapping where that is nothing; None where it is no YAML."""
    return _PARSE[parser](text)


def yaml_mapping(text: str, parser: Yaml = Yaml.BUN) -> dict[str, Any] | None:
    """A YAML mapping's values by name, None where the text is no YAML or no mapping."""
    value = yaml_value(text, parser)
    return {str(name): item for name, item in value.items()} if isinstance(value, Mapping) else None
