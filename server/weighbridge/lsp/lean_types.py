"""lsprotocol's types, each one made when it is first used.

lsprotocol declares 554 classes, and for each one attrs writes and compiles methods, and resolves the names in its
annotations: 550 ms of processor time on a slow machine. A server that shows its first count uses some fifty of them. So
each stays as it is declared until an instance is made of it, or its fields are asked for: 80 ms.

Then all share one comparison and one `repr`, which do the same as attrs' own, and have no slots: with these a class would
have to be made a second time.
"""

import importlib
import sys
import threading
import typing
from typing import Any, Final

import attrs

_define = attrs.define
#: Both the loop and the thread that imports may be the first to use a class.
_defining: Final = threading.RLock()


def load() -> None:
    """Import `lsprotocol.types` so. If it has been imported before, it stays as it is."""
    if "lsprotocol.types" in sys.modules:
        return
    attrs.define = _later  # type: ignore[assignment]
    try:
        importlib.import_module("lsprotocol.types")
    finally:
        attrs.define = _define
    # lsprotocol's converter would resolve the annotations of all classes, each of which is made for that.
    setattr(importlib.import_module("lsprotocol._hooks"), "_resolved_forward_references", True)  # noqa: B010  mypy knows no such name


def _later(cls: type) -> type:
    fields = _Fields(cls)
    cls.__attrs_attrs__ = fields  # type: ignore[attr-defined]

    def construct(self: Any, *values: Any, **named: Any) -> None:
        fields.define()
        self.__init__(*values, **named)

    cls.__init__ = construct  # type: ignore[misc]
    return cls


class _Fields:
    """What stands for a class's fields until someone asks for them."""

    __slots__ = ("_of",)

    def __init__(self, of: type) -> None:
        self._of = of

    def __get__(self, instance: object, cls: type) -> Any:
        self.define()
        return cls.__attrs_attrs__  # type: ignore[attr-defined]

    def define(self) -> None:
        """Have attrs make the class, in its place."""
        cls = self._of
        with _defining:
            if vars(cls)["__attrs_attrs__"] is not self:
                return
            cls.__annotations__ = typing.get_type_hints(cls, include_extras=True)
            # attrs writes no method that the class has already.
            if "__eq__" not in vars(cls):
                cls.__eq__ = _equal  # type: ignore[assignment,method-assign]
                cls.__hash__ = None  # type: ignore[assignment]
            if "__repr__" not in vars(cls):
                cls.__repr__ = _repr  # type: ignore[assignment,method-assign]
            _define(cls, slots=False, init=True)


def _equal(self: attrs.AttrsInstance, other: object) -> bool:
    return vars(self) == vars(other) if other.__class__ is self.__class__ else NotImplemented


def _repr(self: attrs.AttrsInstance) -> str:
    values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
    return f"{type(self).__qualname__}({values})"
