"""What the library function that the user's line reached is called."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from lazyscope.capture.entry import entry_of
from lazyscope.capture.wrapping import OWN_DIRECTORY

ZOO = {
    "__init__.py": """
        from zoo._keeper import feed, _clean as tidy, counted, Keeper, keeper, greet, weigh
        from zoo import aviary, _private, records

        def relay(probe):
            return _private.helper(probe)
        """,
    "_keeper.py": """
        import functools

        def counting(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)
            return wrapper

        def checking(function):
            @functools.wraps(function)
            def wrapper(*arguments):
                return check(arguments[-1]) if arguments else function()
            return wrapper

        def bare(function):
            def wrapper(probe):
                return probe() if probe else function(probe)
            return wrapper

        def numbering(function):
            calls = 0
            def wrapper(probe):
                nonlocal calls
                calls += 1
                return probe() if calls else function(probe)
            return wrapper

        def dropping(function):
            def wrapper(probe):
                return check(probe)
            return wrapper

        def check(probe):
            return probe()

        def feed(probe):
            return check(probe)

        def _clean(probe):
            return probe()

        @counting
        @counting
        def counted(probe):
            return probe()

        @checking
        def greet(probe):
            raise AssertionError

        @checking
        def weigh(probe):
            raise AssertionError

        @checking
        def _secret(probe):
            raise AssertionError

        @bare
        def bare_walk(probe):
            raise AssertionError

        @bare
        def bare_run(probe):
            raise AssertionError

        @numbering
        def numbered_walk(probe):
            raise AssertionError

        @dropping
        def dropped(probe):
            raise AssertionError

        @dropping
        def dropped_too(probe):
            raise AssertionError

        class Base:
            def rest(self, probe):
                return probe()

            @classmethod
            def hire(cls, probe):
                return probe()

            @staticmethod
            def whistle(probe):
                return probe()

            @counting
            def feed(self, probe):
                return probe()

            @checking
            def shout(self, probe):
                raise AssertionError

            @property
            def mood(self):
                return self.probe()

            def super_calls(self, probe):
                __class__
                return [probe() for _ in range(1)][0]

            def deleting(self, probe):
                del self
                return probe()

            class Pocket:
                def open(self, probe):
                    return probe()

        class Keeper(Base):
            def __call__(self, probe):
                return probe()

        class _Night(Base):
            def __call__(self, probe):
                return probe()

        class Cached:
            def __init__(self, function):
                functools.update_wrapper(self, function)

            def __call__(self, probe):
                return self.__wrapped__(probe)

        keeper = _Night()
        hidden = _Night()
        """,
    "_private.py": """
        import zoo._keeper

        def logging(wrapped, instance, args, kwargs):
            return wrapped(*args, **kwargs)

        def soothe(probe):
            return probe()

        def helper(probe):
            return probe()

        class Cage:
            def open(self, probe):
                return probe()

        @zoo._keeper.Cached
        def paint(probe):
            return probe()

        def generate(probe):
            yield probe()

        call = lambda probe: probe()

        def make(probe):
            def inner():
                return probe()
            return inner
        """,
    "aviary/__init__.py": """
        from zoo._keeper import bare_walk as walk, bare_run as run, dropped, dropped_too
        from zoo._keeper import numbered_walk as numbered
        from zoo.aviary._eagle import soar
        from zoo._private import paint
        """,
    "aviary/_eagle.py": """
        def soar(probe):
            return probe()

        def glide(probe):
            return probe()
        """,
    "aviary/birds.py": "from zoo.aviary._eagle import glide\n",
    "acre/__init__.py": "",
    "acre/animals.py": "from zoo.aviary._eagle import glide\n",
    "records.py": """
        import dataclasses

        @dataclasses.dataclass(eq=True)
        class Entry:
            value: object

            def __post_init__(self):
                if callable(self.value):
                    self.answer = self.value()
        """,
    "lazy/__init__.py": """
        __all__ = ["nap", "Bed"]

        def __getattr__(name):
            raise AssertionError(name)
        """,
    "lazy/_sleep.py": """
        def nap(probe):
            return probe()

        def snore(probe):
            return probe()

        class Bed:
            def make(self, probe):
                return probe()
        """,
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An installed library."""
    site = tmp_path_factory.mktemp("env") / "site-packages"
    for file, text in ZOO.items():
        path = site / "zoo" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").split("\n")
        margin = len(lines[0]) - len(lines[0].lstrip())
        path.write_text("\n".join(line[margin:] for line in lines) + "\n")
    sys.path.insert(0, str(site))
    try:
        module = importlib.import_module("zoo")
        for name in ("acre.animals", "aviary.birds", "lazy", "lazy._sleep"):
            importlib.import_module(f"zoo.{name}")
        yield module
    finally:
        sys.path.remove(str(site))
        for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
            del sys.modules[name]


def library_frames() -> list[FrameType]:
    """Frames of zoo on the stack of the caller, outermost first."""
    frames: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] == "zoo":
            frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def probe() -> str | None:
    return entry_of(library_frames())


class TestFunctions:
    def test_no_frames_no_entry(self) -> None:
        assert entry_of([]) is None

    def test_named_by_the_public_path_and_not_by_where_it_is_defined(self, zoo: Any) -> None:
        assert zoo.feed(probe) == "zoo.feed"
        assert zoo.aviary.soar(probe) == "zoo.aviary.soar"

    def test_found_under_another_name(self, zoo: Any) -> None:
        assert zoo.tidy(probe) == "zoo.tidy"

    def test_without_a_public_path_by_module_and_name(self, zoo: Any) -> None:
        assert zoo._private.helper(probe) == "zoo._private.helper"

    def test_the_outermost_counts(self, zoo: Any) -> None:
        assert zoo.relay(probe) == "zoo.relay"

    def test_among_paths_of_one_length_the_one_closest_to_the_definition(self, zoo: Any) -> None:
        assert zoo.acre.animals.glide(probe) == "zoo.aviary.birds.glide"

    def test_a_path_that_is_imported_later_is_found_then(self, zoo: Any) -> None:
        helper = zoo._private.helper
        assert helper(probe) == "zoo._private.helper"
        module = ModuleType("zoo.late")
        module.helper = helper  # type: ignore[attr-defined]
        sys.modules["zoo.late"] = module
        try:
            assert helper(probe) == "zoo.late.helper"
        finally:
            del sys.modules["zoo.late"]
            importlib.reload(zoo._private)

    def test_a_generator_by_its_function(self, zoo: Any) -> None:
        assert next(zoo._private.generate(probe)) == "zoo._private.generate"

    def test_without_a_module_name_by_qualified_name(self) -> None:
        namespace: dict[str, Any] = {"entry_of": entry_of, "sys": sys}
        exec("def alone():\n    return entry_of([sys._getframe()])\n", namespace)
        assert namespace["alone"]() == "alone"


class TestWrappers:
    def test_stacked_wrappers_lead_to_the_function(self, zoo: Any) -> None:
        assert zoo.counted(probe) == "zoo.counted"

    def test_a_wrapper_that_computes_itself_goes_by_the_functions_name(self, zoo: Any) -> None:
        """Not by its helper, and not by another function that the same decorator wraps."""
        assert zoo.greet(probe) == "zoo.greet"
        assert zoo.weigh(probe) == "zoo.weigh"
        assert zoo.greet(probe) == "zoo.greet"

    def test_a_wrapper_without_wraps_is_told_apart_by_its_closure(self, zoo: Any) -> None:
        assert zoo.aviary.walk(probe) == "zoo.aviary.walk"
        assert zoo.aviary.run(probe) == "zoo.aviary.run"

    def test_a_wrapper_that_counts_its_calls_is_looked_up_once(
        self, zoo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert zoo.aviary.numbered(probe) == "zoo.aviary.numbered"
        monkeypatch.setattr("lazyscope.capture.entry._find", None)
        assert zoo.aviary.numbered(probe) == "zoo.aviary.numbered"

    def test_wrappers_made_for_every_call_are_searched_for_once(
        self, zoo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        searches: list[str] = []

        def search(module: str) -> Iterator[Any]:
            searches.append(module)
            return iter(())

        kept = [zoo._private.make(lambda probe=probe: probe()) for _ in range(9)]
        assert kept[0]() == "zoo._private.make.<locals>.inner"
        monkeypatch.setattr("lazyscope.capture.entry._public_modules", search)
        assert {function() for function in kept} == {"zoo._private.make.<locals>.inner"}
        assert searches == []

    def test_a_function_that_wrapt_calls_around_another_is_passed_over(self, zoo: Any) -> None:
        """As compiled, wrapt itself has no frame."""
        assert zoo._private.logging(zoo._private.soothe, None, (probe,), {}) == "zoo._private.soothe"

    def test_wrappers_that_nothing_tells_apart_are_passed_over(self, zoo: Any) -> None:
        assert zoo.aviary.dropped(probe) == "zoo._keeper.check"

    def test_a_wrapper_that_is_not_public_is_passed_over(self, zoo: Any) -> None:
        assert zoo._keeper._secret(probe) == "zoo._keeper.check"

    def test_closures_and_lambdas_are_passed_over(self, zoo: Any) -> None:
        assert zoo._private.make(lambda: zoo.feed(probe))() == "zoo.feed"
        assert zoo._private.call(lambda: zoo.feed(probe)) == "zoo.feed"

    def test_nothing_but_a_closure_goes_by_module_and_qualified_name(self, zoo: Any) -> None:
        assert zoo._private.make(probe)() == "zoo._private.make.<locals>.inner"

    def test_an_object_that_wraps_goes_by_the_name_it_is_held_under(self, zoo: Any) -> None:
        assert zoo.aviary.paint(probe) == "zoo.aviary.paint"

    def test_an_object_that_wraps_and_is_not_public_is_passed_over(self, zoo: Any) -> None:
        assert zoo._keeper.Cached(zoo._private.helper)(probe) == "zoo._private.helper"


class TestMethods:
    def test_named_with_the_class_of_self(self, zoo: Any) -> None:
        assert zoo.Keeper().rest(probe) == "zoo.Keeper.rest"
        assert zoo._keeper.Base().rest(probe) == "zoo._keeper.Base.rest"

    def test_class_methods_with_the_class_they_are_called_on(self, zoo: Any) -> None:
        assert zoo.Keeper.hire(probe) == "zoo.Keeper.hire"

    def test_static_methods_with_the_class_that_defines_them(self, zoo: Any) -> None:
        assert zoo.Keeper.whistle(probe) == "zoo._keeper.Base.whistle"

    def test_wrapped_methods(self, zoo: Any) -> None:
        assert zoo.Keeper().feed(probe) == "zoo.Keeper.feed"

    def test_a_methods_wrapper_that_computes_itself(self, zoo: Any) -> None:
        assert zoo.Keeper().shout(probe) == "zoo.Keeper.shout"

    def test_properties(self, zoo: Any) -> None:
        keeper = zoo.Keeper()
        keeper.probe = probe
        assert keeper.mood == "zoo.Keeper.mood"

    def test_methods_that_use_super(self, zoo: Any) -> None:
        assert zoo.Keeper().super_calls(probe) == "zoo.Keeper.super_calls"

    def test_without_self_the_class_that_defines_it(self, zoo: Any) -> None:
        assert zoo.Keeper().deleting(probe) == "zoo._keeper.Base.deleting"

    def test_nested_classes(self, zoo: Any) -> None:
        assert zoo.Keeper.Pocket().open(probe) == "zoo._keeper.Base.Pocket.open"

    def test_a_users_class_goes_by_the_librarys_it_inherits_from(self, zoo: Any) -> None:
        class Mine(zoo.Keeper):  # type: ignore[misc]
            def rest(self, probe: Callable[[], str | None]) -> str | None:
                answer: str | None = super().rest(probe)
                return answer

        assert Mine().rest(probe) == "zoo.Keeper.rest"
        assert Mine().feed(probe) == "zoo.Keeper.feed"
        assert Mine.hire(probe) == "zoo.Keeper.hire"

    def test_an_object_that_the_library_exports_instead_of_its_class(self, zoo: Any) -> None:
        assert zoo.keeper.rest(probe) == "zoo.keeper.rest"
        assert zoo.keeper(probe) == "zoo.keeper"
        assert zoo._keeper.hidden.rest(probe) == "zoo._keeper._Night.rest"

    def test_generated_methods(self, zoo: Any) -> None:
        assert zoo.records.Entry(probe).answer == "zoo.records.Entry.__init__"

    def test_private_classes_by_module(self, zoo: Any) -> None:
        assert zoo._private.Cage().open(probe) == "zoo._private.Cage.open"


class TestLazyImports:
    def test_a_name_that_a_package_imports_when_asked_is_its_public_path(self, zoo: Any) -> None:
        sleep = sys.modules["zoo.lazy._sleep"]
        assert sleep.nap(probe) == "zoo.lazy.nap"
        assert sleep.Bed().make(probe) == "zoo.lazy.Bed.make"

    def test_a_name_it_does_not_list_is_not(self, zoo: Any) -> None:
        assert sys.modules["zoo.lazy._sleep"].snore(probe) == "zoo.lazy._sleep.snore"

    def test_a_module_that_waits_to_be_loaded_is_left_alone(
        self, zoo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "slow.py").write_text("raise AssertionError\n")
        spec = importlib.util.spec_from_file_location("zoo.slow", tmp_path / "slow.py")
        assert spec
        assert spec.loader
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "zoo.slow", module)
        spec.loader.exec_module(module)
        assert zoo._private.helper(probe) == "zoo._private.helper"


class TestBodies:
    def test_bodies_of_modules_and_classes_are_no_entry(
        self, zoo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = Path(zoo.__file__).with_name("loading.py")
        file.write_text(
            "import probing\n"
            "FROM_MODULE = probing.probe()\n"
            "class Body:\n"
            "    FROM_CLASS = probing.probe()\n"
            "    NESTED = [probing.probe() for _ in 'x']\n"
            "def build():\n"
            "    return probing.probe()\n"
            "FROM_FUNCTION = build()\n"
        )
        probing = ModuleType("probing")
        probing.probe = probe  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "probing", probing)
        loading = importlib.import_module("zoo.loading")
        assert loading.FROM_MODULE is None
        assert loading.Body.FROM_CLASS is None
        assert loading.Body.NESTED == [None]
        assert loading.FROM_FUNCTION == "zoo.loading.build"


class Hostile:
    """Answers nothing but by failing."""

    def __fail(self, *args: object) -> Any:
        raise AssertionError("user code was run")

    __eq__ = __hash__ = __bool__ = __repr__ = __getattr__ = __len__ = __iter__ = __fail

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("user code was run")


class HostileMeta(type):
    def __eq__(cls, other: object) -> bool:
        raise AssertionError("user code was run")

    def __hash__(cls) -> int:
        raise AssertionError("user code was run")

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError("user code was run")


class TestHarmlessness:
    def test_no_code_of_values_runs(self, zoo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        hostile = HostileMeta("Hostile", (Hostile,), {})()
        for module in (zoo, zoo.aviary):
            monkeypatch.setitem(vars(module), "helper", hostile)
            monkeypatch.setitem(vars(module), "odd", HostileMeta("Odd", (), {}))
        monkeypatch.setitem(sys.modules, "zoo.odd", hostile)
        cage = zoo._private.Cage
        assert cage.open(hostile, probe) == "zoo._private.Cage.open"
        assert zoo._keeper.Keeper.feed(hostile, probe) == "zoo._keeper.Base.feed"
        assert zoo._private.helper(probe) == "zoo._private.helper"

    def test_no_local_variable_is_kept_alive(self, zoo: Any) -> None:
        """The frame is still running when its variable goes away."""

        class Array:
            pass

        namespace = {**vars(zoo._private), "Array": Array, "weakref": weakref, "gc": gc}
        exec(
            "class Pen:\n"
            "    def enter(self, probe):\n"
            "        array = Array()\n"
            "        reference = weakref.ref(array)\n"
            "        entry = probe()\n"
            "        del array\n"
            "        gc.collect()\n"
            "        return entry, reference() is None\n",
            namespace,
        )
        pen = namespace["Pen"]()
        assert pen.enter(probe) == ("zoo._private.Pen.enter", True)
        kept = weakref.ref(pen)
        del pen
        assert kept() is None

    def test_a_function_that_keeps_its_locals_finds_them_unchanged(self, zoo: Any) -> None:
        class Pen:
            def enter(self, animal: str) -> tuple[dict[str, Any], str | None]:
                parameters = locals()
                parameters.pop("self")
                return parameters, entry_of([sys._getframe()])

        parameters, entry = Pen().enter("lion")
        assert parameters == {"animal": "lion"}
        assert str(entry).endswith("Pen.enter")

    def test_a_dict_of_locals_that_someone_else_holds_is_not_emptied(self) -> None:
        held = []

        class Pen:
            def enter(self, animal: str) -> str | None:
                held.append(sys._getframe().f_locals)
                return entry_of([sys._getframe()])

        entry = Pen().enter("lion")
        assert str(entry).endswith("Pen.enter")
        assert held[0]["animal"] == "lion"

    def test_a_debugger_stopped_in_the_frame_loses_nothing(self) -> None:
        seen = []

        class Pen:
            def enter(self, animal: str) -> str:
                count = 1
                return animal * count

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            if frame.f_code is Pen.enter.__code__ and event == "line":
                frame.f_locals["animal"] = "tiger"
                seen.append(entry_of([frame]))
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            answer = Pen().enter("lion")
        finally:
            sys.settrace(before)
        assert answer == "tiger"
        assert len(seen) == 2
        assert all(str(entry).endswith("Pen.enter") for entry in seen)

    def test_threads_get_the_same_answers(self, zoo: Any) -> None:
        answers: set[tuple[str | None, ...]] = set()
        calls = [zoo.greet, zoo.weigh, zoo.counted, zoo.Keeper().feed, zoo.keeper.rest, zoo.feed]

        def work() -> None:
            for _ in range(200):
                answers.add(tuple(call(probe) for call in calls))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {
            ("zoo.greet", "zoo.weigh", "zoo.counted", "zoo.Keeper.feed", "zoo.keeper.rest", "zoo.feed")
        }

    def test_an_error_inside_gives_module_and_qualified_name(
        self, zoo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("lazyscope.capture.entry._path", broken)
        assert zoo.feed(probe) == "zoo._keeper.feed"


PROGRAM = """
import json, sys, warnings
import dask, dask.array as da, numpy as np
from dask.local import get_sync
from lazyscope.capture.entry import entry_of
from lazyscope.capture.roles import Roles

warnings.simplefilter("ignore")
roles = Roles(program=__file__)
entries = []

def get(graph, keys, **options):
    frame, libraries = sys._getframe(1), []
    while (role := roles.of(frame.f_code.co_filename, frame.f_globals)) != "user":
        if role == "library":
            libraries.append(frame)
        frame = frame.f_back
    entries.append(entry_of(libraries[::-1]))
    return get_sync(graph, keys, **options)

def entries_of(call):
    entries.clear()
    try:
        call()
    except (TypeError, ValueError, NotImplementedError, AttributeError, KeyError):
        pass  # many functions do not work on dask arrays
    return sorted(set(entries), key=str)

dask.config.set(scheduler=get)
x = da.from_array(np.random.default_rng(0).normal(size=(40, 2)), chunks=(10, 2))
v = x[:, 0]
"""


def run(program: str, tmp_path: Path) -> Any:
    (tmp_path / "program.py").write_text(PROGRAM + program)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.path.dirname(OWN_DIRECTORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestRealLibraries:
    def test_scipy(self, tmp_path: Path) -> None:
        pytest.importorskip("scipy")
        found = run(
            """
import scipy.cluster.vq, scipy.fft, scipy.interpolate, scipy.linalg, scipy.ndimage, scipy.signal
import scipy.spatial.distance, scipy.special, scipy.stats

class Mine(scipy.stats.rv_continuous):
    def _pdf(self, x):
        return 1 + 0 * x

mine = Mine()
print(json.dumps({
    "kmeans": entries_of(lambda: scipy.cluster.vq.kmeans(x, 2, iter=1)),
    "kmeans2": entries_of(lambda: scipy.cluster.vq.kmeans2(x, 2, iter=1)),
    "fft": entries_of(lambda: scipy.fft.fft(v.rechunk(-1), n=da.sum(v) * 0 + 5)),
    "dct": entries_of(lambda: scipy.fft.dct(v)),
    "gaussian_filter": entries_of(lambda: scipy.ndimage.gaussian_filter(x, 1)),
    "label": entries_of(lambda: scipy.ndimage.label(x > 0)),
    "welch": entries_of(lambda: scipy.signal.welch(v)),
    "svd": entries_of(lambda: scipy.linalg.svd(x)),
    "cdist": entries_of(lambda: scipy.spatial.distance.cdist(x, x)),
    "ks_1samp": entries_of(lambda: scipy.stats.ks_1samp(v, scipy.stats.norm.cdf)),
    "norm.fit": entries_of(lambda: scipy.stats.norm.fit(v)),
    "norm.pdf": entries_of(lambda: scipy.stats.norm.pdf(v)),
    "expon.pdf": entries_of(lambda: scipy.stats.expon.pdf(v)),
    "mine.pdf": entries_of(lambda: mine.pdf(v)),
    "multivariate_normal": entries_of(lambda: scipy.stats.multivariate_normal(mean=v[:2])),
    "CubicSpline": entries_of(lambda: scipy.interpolate.CubicSpline(da.arange(40), v)),
    "CubicSpline()": entries_of(lambda: scipy.interpolate.CubicSpline(np.arange(40), np.arange(40))(v)),
    "own line": entries_of(lambda: scipy.special.xlogy(v, v).compute()),
}))
""",
            tmp_path,
        )
        assert found == {
            "kmeans": ["scipy.cluster.vq.kmeans"],
            "kmeans2": ["scipy.cluster.vq.kmeans2"],
            "fft": ["scipy.fft.fft"],
            "dct": ["scipy.fft.dct"],
            "gaussian_filter": ["scipy.ndimage.gaussian_filter"],
            "label": ["scipy.ndimage.label"],
            "welch": ["scipy.signal.welch"],
            "svd": ["scipy.linalg.svd"],
            "cdist": ["scipy.spatial.distance.cdist"],
            "ks_1samp": ["scipy.stats.ks_1samp"],
            "norm.fit": ["scipy.stats.norm.fit"],
            "norm.pdf": ["scipy.stats.norm.pdf"],
            "expon.pdf": ["scipy.stats.expon.pdf"],
            "mine.pdf": ["scipy.stats.rv_continuous.pdf"],
            "multivariate_normal": ["scipy.stats.multivariate_normal"],
            "CubicSpline": ["scipy.interpolate.CubicSpline.__init__"],
            "CubicSpline()": ["scipy.interpolate.CubicSpline.__call__"],
            "own line": [None],
        }

    def test_the_back_end_of_scipys_special_functions(self, tmp_path: Path) -> None:
        """One wrapper serves them all and none of its frames holds the function."""
        pytest.importorskip("scipy")
        found = run(
            """
import scipy.special

def wrapper_entry(name):
    wrapper = getattr(scipy.special, name)
    found = []
    class Spy:
        def __array_namespace__(self, **options):
            frame = sys._getframe()
            while frame.f_code is not wrapper.__code__:
                frame = frame.f_back
            found.append(entry_of([frame]))
            raise TypeError
    try:
        wrapper(Spy(), Spy())
    except TypeError:
        pass
    return found[0]

print(json.dumps([wrapper_entry(name) for name in ("xlogy", "betaln", "xlogy", "stdtr")]))
""",
            tmp_path,
        )
        names = ("xlogy", "betaln", "xlogy", "stdtr")
        assert found == [f"scipy.special.{name}" for name in names]

    def test_scikit_learn(self, tmp_path: Path) -> None:
        pytest.importorskip("sklearn")
        found = run(
            """
import sklearn.decomposition, sklearn.linear_model, sklearn.metrics, sklearn.pipeline, sklearn.preprocessing
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

class Mine(StandardScaler):
    pass

a, b = np.asarray(x), np.asarray(v)
print(json.dumps({
    "fit": entries_of(lambda: LinearRegression().fit(x, v)),
    "fit_transform": entries_of(lambda: StandardScaler().fit_transform(x)),
    "transform": entries_of(lambda f=StandardScaler().fit(a): f.transform(x)),
    "score": entries_of(lambda f=LinearRegression().fit(a, b): f.score(x, v)),
    "mine": entries_of(lambda: Mine().fit_transform(x)),
    "pca": entries_of(lambda: sklearn.decomposition.PCA(1).fit_transform(x)),
    "pipeline": entries_of(lambda: sklearn.pipeline.make_pipeline(StandardScaler()).fit(x)),
    "metric": entries_of(lambda: sklearn.metrics.mean_squared_error(v, v)),
}))
""",
            tmp_path,
        )
        assert found == {
            "fit": ["sklearn.linear_model.LinearRegression.fit"],
            "fit_transform": ["sklearn.preprocessing.StandardScaler.fit_transform"],
            "transform": ["sklearn.preprocessing.StandardScaler.transform"],
            "score": ["sklearn.linear_model.LinearRegression.score"],
            "mine": ["sklearn.preprocessing.StandardScaler.fit_transform"],
            "pca": ["sklearn.decomposition.PCA.fit_transform"],
            "pipeline": ["sklearn.pipeline.Pipeline.fit"],
            "metric": ["sklearn.metrics.mean_squared_error"],
        }

    def test_xarray(self, tmp_path: Path) -> None:
        pytest.importorskip("xarray")
        found = run(
            """
import xarray as xr

array = xr.DataArray(x, dims=("a", "b"))
print(json.dumps({
    "values": entries_of(lambda: array.mean().values),
    "load": entries_of(lambda: array.copy().load()),
    "float": entries_of(lambda: float(array.mean())),
    "dropna": entries_of(lambda: array.dropna("a")),
    "norm": entries_of(lambda: np.linalg.norm(array)),
    "to_dataframe": entries_of(lambda: array.to_dataset(name="x").to_dataframe()),
}))
""",
            tmp_path,
        )
        assert found == {
            "values": ["xarray.DataArray.values"],
            "load": ["xarray.DataArray.load"],
            "float": ["xarray.DataArray.__float__"],
            "dropna": ["xarray.DataArray.dropna"],
            "norm": ["xarray.DataArray.__array__"],
            "to_dataframe": ["xarray.Dataset.to_dataframe"],
        }
