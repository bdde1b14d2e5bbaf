"""The parameters of `initialize`, taken as far as they can be: a capability of tomorrow is no reason to refuse to serve."""

from collections.abc import Callable
from typing import Any

from lsprotocol import types


def usable_params(
    params: dict[str, Any], fits: Callable[[dict[str, Any]], bool]
) -> tuple[dict[str, Any], list[str]]:
    """The `initialize` parameters without what doesn't fit its type, and the names of what was left out.

    `fits` says whether parameters can be used. What remains may still not fit: then nothing can be done.
    """
    usable: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    left_out: list[str] = []
    offered = params.get("capabilities")
    if not isinstance(offered, dict):
        usable["capabilities"] = offered
    else:
        for section, members in offered.items():
            _keep(usable, left_out, section, members, fits)
    for name, value in params.items():
        if name == "capabilities":
            continue
        if fits({**usable, name: value}):
            usable[name] = value
        else:
            left_out.append(name)
    return usable, left_out


def _keep(
    usable: dict[str, Any],
    left_out: list[str],
    section: str,
    members: Any,
    fits: Callable[[dict[str, Any]], bool],
) -> None:
    """Keep a section of the capabilities: all of it, or those of its members that fit."""
    if fits({**usable, "capabilities": {section: members}}):
        usable["capabilities"][section] = members
    elif isinstance(members, dict):
        good = {
            name: member
            for name, member in members.items()
            if fits({**usable, "capabilities": {section: {name: member}}})
        }
        usable["capabilities"][section] = good
        left_out += [f"{section}.{name}" for name in members if name not in good]
    else:
        left_out.append(section)


def position_encoding(capabilities: types.ClientCapabilities) -> types.PositionEncodingKind:
    """Choose utf-32 where it is offered (columns are code points, as in Python), else the client's first that fits."""
    offered = (capabilities.general.position_encodings if capabilities.general else None) or []
    names = [str(getattr(kind, "value", kind)) for kind in offered]
    if types.PositionEncodingKind.Utf32.value in names:
        return types.PositionEncodingKind.Utf32
    encodings = {kind.value: kind for kind in types.PositionEncodingKind}
    return next((encodings[name] for name in names if name in encodings), types.PositionEncodingKind.Utf16)
