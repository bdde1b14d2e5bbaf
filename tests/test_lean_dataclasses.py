"""A lean dataclass does what Python's own does, and costs no more once its methods were called."""

import dataclasses
import inspect
import pickle
import threading
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar

import pytest

from weighbridge import lean_dataclasses
from weighbridge.content.depends import Depends

pytestmark = pytest.mark.skipif(
    not hasattr(dataclasses, "_create_fn"), reason="from 3.13 on Python's own are used"
)


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes of this module are made as Weighbridge's are."""
    monkeypatch.setattr(lean_dataclasses, "OWN", f"{__name__.partition('.')[0]}.")


OPTIONS = ("frozen", "slots", "order", "kw_only", "unsafe_hash")


def declared(**options: Any) -> type:
    """A class with all that a field can be."""

    @dataclass(**options)
    class Thing:
        size: int
        self: str = "itself"
        many: list[int] = field(default_factory=list, hash=False)
        hidden: int = field(default=0, repr=False, compare=False)
        doubled: int = field(init=False)
        shared: ClassVar[int] = 1
        by: InitVar[int] = 2

        def __post_init__(self, by: int) -> None:
            object.__setattr__(self, "doubled", self.size * by)

    return Thing


def derived(**options: Any) -> type:
    """A class whose base is a dataclass, too."""
    base = declared(**options)

    @dataclass(**options)
    class Thing(base):  # type: ignore[misc,valid-type]
        more: int = 3

    return Thing


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or how it fails."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  whatever it is, both raise it
        return type(error), str(error)


def behaviour(cls: Any) -> list[Any]:
    """What its instances do."""
    one, same, other = cls(size=1), cls(size=1, self="itself"), cls(size=2)
    calls: list[Callable[[], Any]] = [
        lambda: cls(1, "a").self,
        lambda: cls(),  # noqa: PLW0108  one of many
        lambda: cls(size=1, wrong=2),
        lambda: repr(one),
        lambda: (one == same, one != same, one == other, one == 1),
        lambda: one < other,
        lambda: sorted([other, one]) == [one, other],
        lambda: one <= 1,
        lambda: hash(one) == hash(same),
        lambda: setattr(one, "size", 5),
        lambda: delattr(same, "size"),
        lambda: one.size,
        lambda: dataclasses.replace(other, size=7, by=3).doubled,
        lambda: dataclasses.asdict(other),
        lambda: cls.__match_args__,
        lambda: [each.name for each in dataclasses.fields(cls)],
    ]
    return [outcome(call) for call in calls]


@pytest.mark.parametrize("make", [declared, derived])
@pytest.mark.parametrize(
    "chosen",
    [each for count in range(len(OPTIONS) + 1) for each in combinations(OPTIONS, count)],
    ids="-".join,
)
def test_a_class_does_what_pythons_own_does(
    make: Callable[..., type], chosen: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = dict.fromkeys(chosen, True)
    cls = make(**options)
    # A method's first call is not like the others.
    lean = behaviour(cls), behaviour(cls)
    monkeypatch.setattr(dataclasses, "_create_fn", lean_dataclasses._compile)
    cls = make(**options)
    assert lean == (behaviour(cls), behaviour(cls))


def compiled(cls: type) -> set[str]:
    """Its methods that are as Python compiled them."""
    names = {"__init__", "__eq__", "__hash__", "__setattr__", "__delattr__"}
    return {name for name in names if vars(cls)[name].__code__.co_filename == "<string>"}


def test_a_method_is_compiled_when_it_is_called_first_and_takes_its_place() -> None:
    cls = declared(frozen=True, slots=True)
    assert compiled(cls) == set()
    one = cls(1)
    assert compiled(cls) == {"__init__"}
    assert one == cls(1)
    assert compiled(cls) == {"__init__", "__eq__"}
    assert hash(one) == hash(cls(1))
    assert compiled(cls) == {"__init__", "__eq__", "__hash__"}
    assert vars(cls)["__init__"].__qualname__.endswith("Thing.__init__")
    assert [*inspect.signature(cls).parameters][:3] == ["size", "self", "many"]


def test_a_base_gets_its_method_where_a_subclass_calls_it() -> None:
    base = declared(frozen=True)
    sub = type("Sub", (base,), {})
    assert sub(1).doubled == 2
    assert "__init__" in compiled(base)
    assert "__init__" not in vars(sub)


def test_an_instance_is_pickled() -> None:
    depends = Depends(frozenset((Path("a"),)))
    assert pickle.loads(pickle.dumps(depends)) == depends


def test_other_packages_classes_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean_dataclasses, "OWN", "weighbridge.")
    assert compiled(declared(frozen=True)) >= {"__init__", "__eq__", "__hash__", "__setattr__"}


def test_threads_may_call_a_method_first_at_once() -> None:
    begin = threading.Barrier(4)
    made: list[bool] = []
    classes = [declared(frozen=True, slots=True) for _ in range(50)]

    def use() -> None:
        begin.wait()
        made.extend(hash(cls(1)) == hash(cls(1)) for cls in classes)

    threads = [threading.Thread(target=use) for _ in range(begin.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [True] * 200
