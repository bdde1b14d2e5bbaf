"""What the tests of settings share: layers in short, and what comes of them."""

from typing import Any

from weighbridge.config import Layer, ResolvedSettings, Settings, resolve


def editor(values: Any, name: str = "editor") -> Layer:
    return Layer(name, values, trusted_source=True)


def repository(values: Any) -> Layer:
    return Layer("weighbridge.toml", values, trusted_source=False)


def in_force(*layers: Layer) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What differs from the defaults, by its name outside, and the warnings."""
    resolved = resolve(layers)
    return changed(resolved), resolved.warnings


def changed(resolved: ResolvedSettings) -> dict[str, Any]:
    now = resolved.settings.model_dump(mode="json", by_alias=True)
    default = Settings().model_dump(mode="json", by_alias=True)
    return {name: value for name, value in now.items() if value != default[name]}
