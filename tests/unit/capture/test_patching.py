"""Every attribute that a trace replaces is put back, by identity and in reverse."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import CellType, FunctionType, ModuleType
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

    def test_a_cell_of_a_closure_is_put_back(self) -> None:
        """The closure stays the same object all along."""
        seen = "original"

        def closure() -> str:
            return seen

        (cell,) = closure.__closure__ or ()
        assert isinstance(cell, CellType)
        patches = Patches()
        patches.set_cell(cell, "replacement")
        assert closure() == "replacement"
        patches.undo()
        assert closure() == "original"

    def test_a_cell_that_somebody_else_has_set_stays(self) -> None:
        """By identity too."""
        cell = CellType("original")
        patches = Patches()
        patches.set_cell(cell, "replacement")
        cell.cell_contents = "foreign"
        patches.undo()
        assert cell.cell_contents == "foreign"

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


def everything() -> dict[tuple[str, str], Any]:
    """Each attribute of each module and of dask's array classes, and what closures see: by name."""
    found: dict[tuple[str, str], Any] = {}
    owners = {name: module for name, module in sys.modules.items() if isinstance(module, ModuleType)}
    for name, module in owners.items():
        if name != "sys" and not name.startswith(("lazyscope", "_pytest", "pytest", "hypothesis")):
            found |= {(name, key): value for key, value in vars(module).items()}
    for owner in (da.Array, type(da.log), threading.Thread, ThreadPoolExecutor):
        found |= {(owner.__qualname__, key): value for key, value in vars(owner).items()}
    cells = {}
    for (name, key), value in found.items():
        if isinstance(value, FunctionType):
            for number, cell in enumerate(value.__closure__ or ()):
                try:
                    cells[name, f"{key}[{number}]"] = cell.cell_contents
                except ValueError:
                    continue
    return found | cells


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
            ("dask.array", "mean"), ("dask.array.reductions", "mean"), ("Array", "__add__"), ("Array", "T"),
            ("dask.base", "get_scheduler"), ("dask.threaded", "get_async"), ("warnings", "_showwarnmsg"),
            ("Thread", "start"), ("ThreadPoolExecutor", "submit"), ("ufunc", "__call__"),
            ("array_api_compat.dask.array", "sum"),
        }  # fmt: skip

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
        assert differences(before) == [("dask.base", "get_scheduler")]
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
        assert list(t.data.blind_spots) == ["Array.sum was replaced by the program while it was watched"]


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
