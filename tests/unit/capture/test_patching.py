"""Whatever a trace replaces is put back, by identity and in reverse."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType, ModuleType
from typing import Any

import array_api_compat.dask.array  # noqa: F401  (its functions are to be replaced too)
import dask.array as da
import dask.base
import pytest

import lazyscope
from lazyscope.capture.patching import Patches
from lazyscope.capture.session import installed_patches


def replacement() -> str:
    return "replacement"


class Owner:
    """A class with one attribute of each kind."""

    value = 1

    def method(self) -> str:
        return "method"

    @staticmethod
    def static() -> str:
        return "static"

    @classmethod
    def of_class(cls) -> str:
        return "class"

    @property
    def computed(self) -> str:
        return "property"


class Heir(Owner):
    """Inherits everything."""


@pytest.fixture
def module() -> ModuleType:
    """A module with a function."""
    made = ModuleType("made")
    made.function = lambda: "original"  # type: ignore[attr-defined]
    return made


class TestSetAndUndo:
    """One set of patches on objects of our own."""

    @pytest.mark.parametrize("name", ["value", "method", "static", "of_class", "computed"])
    def test_a_class_gets_back_the_very_object_it_held(self, name: str) -> None:
        """Static methods, class methods and properties are not what attribute access makes of them."""
        before = vars(Owner)[name]
        patches = Patches()
        patches.set(Owner, name, replacement)
        assert vars(Owner)[name] is replacement
        assert patches.undo() == []
        assert vars(Owner)[name] is before

    def test_an_inherited_attribute_is_removed_again(self) -> None:
        """A class that held none of its own holds none afterwards."""
        patches = Patches()
        patches.set(Heir, "method", replacement)
        patches.undo()
        assert "method" not in vars(Heir)
        assert Heir().method() == "method"

    def test_a_new_attribute_is_removed_again(self, module: ModuleType) -> None:
        """A module too."""
        patches = Patches()
        patches.set(module, "new", 1)
        patches.undo()
        assert not hasattr(module, "new")

    def test_an_attribute_that_was_none_stays_none(self, module: ModuleType) -> None:
        """None is a value, not absence."""
        module.nothing = None  # type: ignore[attr-defined]
        patches = Patches()
        patches.set(module, "nothing", 1)
        patches.undo()
        assert vars(module)["nothing"] is None

    def test_replacements_on_top_of_each_other_are_undone_in_reverse(self, module: ModuleType) -> None:
        """The first original comes back, whatever lay between."""
        before = module.function
        patches = Patches()
        for number in range(3):
            patches.set(module, "function", number)
        assert patches.undo() == []
        assert module.function is before

    def test_undoing_twice_does_nothing_more(self, module: ModuleType) -> None:
        """The second time there is nothing left to put back."""
        patches = Patches()
        patches.set(module, "function", replacement)
        patches.undo()
        module.function = "by somebody else"  # type: ignore[attr-defined]
        assert patches.undo() == []
        assert module.function == "by somebody else"

    def test_what_somebody_else_has_set_meanwhile_stays_and_is_named(self, module: ModuleType) -> None:
        """Others that were not touched are put back all the same."""
        module.other = before = object()  # type: ignore[attr-defined]
        patches = Patches()
        patches.set(module, "function", replacement)
        patches.set(module, "other", replacement)
        patches.set(Owner, "value", 2)
        module.function = foreign = object()  # type: ignore[attr-defined]
        assert patches.undo() == ["made.function"]
        assert (module.function, module.other, Owner.value) == (foreign, before, 1)

    def test_what_somebody_else_has_deleted_meanwhile_stays_deleted(self, module: ModuleType) -> None:
        """And is named."""
        patches = Patches()
        patches.set(module, "function", replacement)
        del module.function
        assert patches.undo() == ["made.function"]
        assert not hasattr(module, "function")

    def test_a_function_runs_its_own_code_again(self) -> None:
        """It stays the same object all along, for whoever holds it."""

        def function() -> str:
            return "original"

        held, before = function, function.__code__
        patches = Patches()
        patches.set_code(function, replacement.__code__)
        assert held() == "replacement"
        assert patches.undo() == []
        assert held() == "original"
        assert function.__code__ is before

    def test_code_that_somebody_else_has_set_stays(self) -> None:
        """And is named, by identity too."""

        def function() -> str:
            return "original"

        patches = Patches()
        patches.set_code(function, replacement.__code__)
        foreign = (lambda: "foreign").__code__
        function.__code__ = foreign
        (named,) = patches.undo()
        assert named.endswith("function.__code__")
        assert function.__code__ is foreign

    def test_copies_in_modules_imported_meanwhile_become_the_original(
        self, module: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``from made import function`` in a module that was imported between set and undo."""
        before = module.function
        patches = Patches()
        patches.set(module, "function", replacement)
        imported = ModuleType("imported")
        imported.mine = module.function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "imported", imported)
        patches.undo()
        assert imported.mine is before


def functions_of(value: Any) -> list[FunctionType]:
    """The functions behind what a module or a class holds."""
    parts: tuple[Any, ...] = (value,)
    if issubclass(type(value), property):
        parts = (value.fget, value.fset)
    elif issubclass(type(value), staticmethod | classmethod):
        parts = (value.__func__,)
    return [part for part in parts if type(part) is FunctionType]


def everything() -> dict[tuple[str, str], Any]:
    """Each attribute of each module and of dask's array classes, functions' codes and what closures see."""
    found: dict[tuple[str, str], Any] = {}
    owners = {name: module for name, module in sys.modules.items() if isinstance(module, ModuleType)}
    for name, module in owners.items():
        if name != "sys" and not name.startswith(("lazyscope", "_pytest", "pytest", "hypothesis")):
            found |= {(name, key): value for key, value in vars(module).items()}
    for owner in (da.Array, type(da.log), threading.Thread, ThreadPoolExecutor):
        found |= {(owner.__qualname__, key): value for key, value in vars(owner).items()}
    inside: dict[tuple[str, str], Any] = {}
    for (name, key), value in found.items():
        for function in functions_of(value):
            inside[name, f"{key}.{function.__name__}.__code__"] = function.__code__
            inside[name, f"{key}.{function.__name__}.__wrapped__"] = vars(function).get("__wrapped__")
            for number, cell in enumerate(function.__closure__ or ()):
                try:
                    inside[name, f"{key}[{number}]"] = cell.cell_contents
                except ValueError:
                    continue
    return found | inside


def differences(before: dict[tuple[str, str], Any]) -> list[tuple[str, str]]:
    """Names whose object is another one now; names that came or went."""
    after = everything()
    return [key for key in before if key not in after or after[key] is not before[key]]


@pytest.fixture
def before() -> Iterator[dict[tuple[str, str], Any]]:
    """Everything before a trace, after a first one has imported what tracing needs."""
    with lazyscope.trace():
        float(da.ones(2, chunks=1).sum())
    yield everything()
    assert installed_patches() is None


class TestTraces:
    """A trace leaves dask, the compat layer and the standard library as they were."""

    def test_a_trace_replaces_a_good_deal(self, before: dict[tuple[str, str], Any]) -> None:
        """Otherwise the tests below would prove nothing."""
        with lazyscope.trace():
            changed = set(differences(before))
        assert len(changed) > 300
        assert changed >= {
            ("dask.array", "mean.mean.__code__"), ("Array", "__add__.__add__.__code__"),
            ("Array", "T.T.__code__"), ("ufunc", "__call__.__call__.__code__"), ("dask.array", "ones"),
            ("dask.base", "get_scheduler"), ("dask.threaded", "get_async"), ("warnings", "_showwarnmsg"),
            ("Thread", "start"), ("ThreadPoolExecutor", "submit"),
        }  # fmt: skip

    def test_functions_stay_the_objects_they_are(self) -> None:
        """What a program took from a namespace before is what it finds there during a trace."""
        held = {name: getattr(da, name) for name in ("mean", "cumsum", "ones", "where")}
        table = {function: name for name, function in held.items()}
        with lazyscope.trace():
            assert {name: getattr(da, name) for name in held} == held
            assert all(table[getattr(da, name)] == name for name in held)
            assert da.mean is held["mean"]
            assert da.Array.mean is da.Array.mean

    @pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_every_attribute_is_the_same_object_afterwards(
        self, before: dict[tuple[str, str], Any], error: type[BaseException] | None
    ) -> None:
        """However the block is left."""
        raised: BaseException | None = None
        try:
            with lazyscope.trace():
                float(da.ones(4, chunks=2).sum())
                if error is not None:
                    raise error("out")
        except BaseException as caught:
            raised = caught
        assert type(raised) is (error or type(None))
        assert differences(before) == []

    def test_a_second_trace_inside_replaces_nothing_again(self, before: dict[tuple[str, str], Any]) -> None:
        """And leaving it puts nothing back yet."""
        with lazyscope.trace():
            once = everything()
            with lazyscope.trace():
                assert differences(once) == []
            assert differences(once) == []
        assert differences(before) == []

    def test_many_traces_in_a_row_leave_no_layers(self, before: dict[tuple[str, str], Any]) -> None:
        """Stand-ins do not pile up: a call is as deep in the tenth trace as in the first."""
        depths = []
        for _ in range(10):
            with lazyscope.trace():
                depths.append(depth_within(da.ones(4, chunks=2)))
        assert len(set(depths)) == 1
        assert differences(before) == []

    def test_a_function_the_program_replaces_survives_and_is_named(
        self, before: dict[tuple[str, str], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The program's own patch is not undone; the trace says so."""
        monkeypatch.setattr(dask.base, "get_scheduler", dask.base.get_scheduler)
        own = types.FunctionType((lambda *_, **__: None).__code__, {})
        with lazyscope.trace() as t:
            dask.base.get_scheduler = own
        assert dask.base.get_scheduler is own
        assert {(name, key.partition(".")[0]) for name, key in differences(before)} == {
            ("dask.base", "get_scheduler")
        }
        assert list(t.data.blind_spots) == [
            "dask.base.get_scheduler was replaced by the program while it was watched"
        ]

    def test_a_wrapper_around_one_of_ours_that_the_program_leaves_still_works(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What it wraps passes straight through once the trace is over."""
        monkeypatch.setattr(da.Array, "sum", da.Array.sum)
        with lazyscope.trace() as t:
            inner = da.Array.sum
            da.Array.sum = lambda self: inner(self)  # type: ignore[method-assign]
        assert float(da.ones(4, chunks=2).sum()) == 4.0
        assert da.Array.sum is not inner
        assert list(t.data.blind_spots) == []


def depth_within(x: da.Array) -> int:
    """How many frames lie between here and a function that dask calls while it infers metadata."""
    depths = []

    def block(values: Any) -> Any:
        frame: Any = sys._getframe()
        count = 0
        while frame is not None:
            frame, count = frame.f_back, count + 1
        depths.append(count)
        return values

    x.map_blocks(block, dtype=x.dtype)
    return depths[0]
