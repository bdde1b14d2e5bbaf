"""Dataclasses whose methods are compiled when they are first called.

Python writes the source of each method of a dataclass and compiles it by itself: 1,200 methods, a third of the processor
time that it takes to import a server, which calls 70 of them until it shows its first count. So each is compiled when it
is called, and takes its place in the class then. From 3.13 on Python compiles a class's methods together: such classes
stay as they are, and so do other packages'.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

#: What the names of the modules begin with whose dataclasses are made so.
OWN: Final = "weighbridge."
#: Makes a function of its name, its parameters and the lines of its body.
_compile: Any = getattr(dataclasses, "_create_fn", None)


def begin() -> None:
    """Have our dataclasses that are declared from now on made so."""
    if hasattr(dataclasses, "_create_fn"):
        setattr(dataclasses, "_create_fn", _later)  # noqa: B010  mypy knows no such name


def _later(name: str, parameters: Sequence[str], body: Sequence[str], **scope: Any) -> Callable[..., Any]:
    if not str(scope["globals"].get("__name__")).startswith(OWN):
        return cast("Callable[..., Any]", _compile(name, parameters, body, **scope))
    compiled: Callable[..., Any] | None = None

    def method(self: Any, /, *values: Any, **named: Any) -> Any:
        nonlocal compiled
        if compiled is None:
            compiled = _compile(name, parameters, body, **scope)
            compiled.__qualname__ = method.__qualname__
            for cls in type(self).__mro__:
                if vars(cls).get(name) is method:
                    setattr(cls, name, compiled)
        return compiled(self, *values, **named)

    method.__name__ = name
    return method
