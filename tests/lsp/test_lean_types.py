"""The lean classes do what lsprotocol's own do, once they are used."""

import importlib
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import attrs
import lsprotocol
import pytest
from cattrs import Converter
from lsprotocol import _hooks, converters, types

from weighbridge.lsp import lean_types

NAMES = sorted(name for name, value in vars(types).items() if isinstance(value, type) and attrs.has(value))
#: Who may be the first to use a class: whoever makes an instance of it, or asks attrs or cattrs what it has.
USES: dict[str, Callable[[type], Any]] = {
    "constructor": lambda cls: cls(1, 2),
    "fields": attrs.fields,
    "has": attrs.has,
    "subclass": lambda cls: attrs.define(type("Sub", (cls,), {})),
    "plain subclass": lambda cls: type("Sub", (cls,), {})(1, 2),
    "structure": lambda cls: converters.get_converter(Converter()).structure(
        {"line": 1, "character": 2}, cls
    ),
}


@contextmanager
def imported(load: Callable[[], Any]) -> Iterator[Any]:
    """lsprotocol's types, imported anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "lsprotocol.types")
        patch.setattr(lsprotocol, "types", types)
        patch.setattr(_hooks, "_resolved_forward_references", True)
        load()
        yield sys.modules["lsprotocol.types"]


@pytest.fixture(scope="module")
def own() -> Iterator[Any]:
    """The types as attrs makes them, with their annotations resolved as lsprotocol's converter does it."""
    with imported(lambda: importlib.import_module("lsprotocol.types")) as module:
        for name in NAMES:
            attrs.resolve_types(getattr(module, name), module.ALL_TYPES_MAP, {})
        yield module


@pytest.fixture(scope="module")
def lean() -> Iterator[Any]:
    """The types as a server's process has them."""
    with imported(lean_types.load) as module:
        yield module


@pytest.fixture
def unused() -> Iterator[Any]:
    """The types as they are when a server starts."""
    with imported(lean_types.load) as module:
        yield module


def made(module: ModuleType, name: str, changed: str = "") -> Any:
    """An instance with a text in each attribute, and another in the one that is changed."""
    cls = getattr(module, name)
    instance = cls.__new__(cls)
    for attribute in attrs.fields(cls):
        object.__setattr__(instance, attribute.name, "changed" if attribute.name == changed else "text")
    return instance


def fields_of(cls: type) -> list[dict[str, Any]]:
    """What attrs knows of each field, but for the order in which fields were declared in the process."""
    return [
        {name: repr(getattr(field, name)) for name in type(field).__slots__ if name != "counter"}
        for field in attrs.fields(cls)
    ]


def signature_of(cls: type) -> list[tuple[str, Any, str]]:
    """How its instances are made: names, which of them are keywords only, defaults."""
    return [(each.name, each.kind, repr(each.default)) for each in inspect.signature(cls).parameters.values()]


def defined(module: ModuleType) -> set[str]:
    """The classes that attrs has made."""
    return {name for name in NAMES if "__attrs_props__" in vars(getattr(module, name))}


def test_lsprotocol_has_classes_and_each_is_lean(own: ModuleType, lean: ModuleType) -> None:
    assert len(NAMES) == 554
    assert all(attrs.fields(getattr(lean, name)) is not attrs.fields(getattr(own, name)) for name in NAMES)
    assert all("__slots__" not in vars(getattr(lean, name)) for name in NAMES)
    assert all("__slots__" in vars(getattr(own, name)) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_is_as_attrs_makes_it(own: ModuleType, lean: ModuleType, name: str) -> None:
    theirs, ours = getattr(own, name), getattr(lean, name)
    assert fields_of(ours) == fields_of(theirs)
    assert signature_of(ours) == signature_of(theirs)
    assert ours.__match_args__ == theirs.__match_args__
    assert repr(made(lean, name)) == repr(made(own, name))
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)
    for module in (own, lean):
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


def test_a_class_is_made_when_it_is_used(unused: ModuleType) -> None:
    assert defined(unused) == set()
    assert unused.Position(1, 2) == unused.Position(line=1, character=2)
    assert defined(unused) == {"Position"}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_whoever_uses_a_class_first_finds_it_whole(unused: ModuleType, use: Callable[[type], Any]) -> None:
    assert use(unused.Position)
    assert "Position" in defined(unused)
    assert [field.name for field in attrs.fields(unused.Position)] == ["line", "character"]


def test_threads_that_use_a_class_at_once_find_it_whole(unused: ModuleType) -> None:
    begin, failed = threading.Barrier(4), []

    def use() -> None:
        begin.wait()
        for name in NAMES:
            try:
                getattr(unused, name)()
            except TypeError as error:
                if "missing" not in str(error):
                    failed.append(error)

    threads = [threading.Thread(target=use) for _ in range(begin.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert defined(unused) == set(NAMES)


@pytest.mark.usefixtures("lean")
def test_attrs_is_as_before() -> None:
    class Other:
        value: int

    assert attrs.define(Other).__eq__ is not lean_types._equal


def test_a_server_has_them() -> None:
    script = (
        "import weighbridge.lsp; from lsprotocol import types; print('__attrs_props__' in vars(types.Hover))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
