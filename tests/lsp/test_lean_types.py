"""The lean classes do what lsprotocol's own do."""

import subprocess
import sys
from types import ModuleType
from typing import Any

import attrs
import lsprotocol
import pytest
from lsprotocol import types

from weighbridge.lsp import lean_types

NAMES = [name for name, value in vars(types).items() if isinstance(value, type) and attrs.has(value)]


@pytest.fixture(scope="module")
def lean() -> Any:
    """The types as a server's process has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "lsprotocol.types")
        patch.setattr(lsprotocol, "types", types)
        lean_types.load()
        yield sys.modules["lsprotocol.types"]


def made(module: ModuleType, name: str, changed: str = "") -> Any:
    """An instance with a text in each attribute, and another in the one that is changed."""
    cls = getattr(module, name)
    instance = cls.__new__(cls)
    for attribute in attrs.fields(cls):
        object.__setattr__(instance, attribute.name, "changed" if attribute.name == changed else "text")
    return instance


def test_lsprotocol_has_classes_and_each_is_lean(lean: ModuleType) -> None:
    assert len(NAMES) > 500
    assert all(getattr(lean, name) is not getattr(types, name) for name in NAMES)
    assert all("__slots__" not in vars(getattr(lean, name)) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_compares_shows_and_hashes_as_its_own(lean: ModuleType, name: str) -> None:
    shown = [repr(made(module, name)) for module in (types, lean)]
    assert shown[0] == shown[1]
    hashable = [getattr(module, name).__hash__ is not None for module in (types, lean)]
    assert hashable[0] == hashable[1]
    for module in (types, lean):
        assert made(module, name) == made(module, name)
        assert made(module, name) != "text"
        for attribute in attrs.fields(getattr(module, name)):
            assert made(module, name) != made(module, name, attribute.name)


def test_classes_with_the_same_values_are_not_equal(lean: ModuleType) -> None:
    assert lean.ShowMessageParams(lean.MessageType.Error, "x") != lean.LogMessageParams(
        lean.MessageType.Error, "x"
    )


def test_values_are_checked(lean: ModuleType) -> None:
    with pytest.raises(ValueError, match="line"):
        lean.Position(-1, 0)
    position = lean.Position(0, 0)
    with pytest.raises(ValueError, match="line"):
        position.line = -1


@pytest.mark.usefixtures("lean")
def test_attrs_is_as_before() -> None:
    class Other:
        value: int

    assert attrs.define(Other).__eq__ is not lean_types._equal


def test_a_server_has_them() -> None:
    script = "import weighbridge.lsp; from lsprotocol import types; print(types.Hover.__eq__ is types.TextEdit.__eq__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
