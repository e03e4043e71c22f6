"""Together with array-api-extra's own check of laziness, which counts computes with a scheduler."""

from __future__ import annotations

import pytest
from plugin_runs import Runner, Suite

pytest.importorskip("array_api_extra.testing", exc_type=ImportError)


def test_limits_stay_and_forces_are_reported(suite: Suite, compared: Runner) -> None:
    """A function over its limit fails the same, one within it passes; both are in the report."""
    lines = suite(
        library="""
        import numpy as np

        def never(x):
            return x + 1

        def once(x):
            return np.asarray(x).sum()

        def twice(x):
            if x.any():
                return float(x.sum())

        def unlimited(x):
            for _ in range(3):
                bool(x.any())

        class Class:
            def method(self, x):
                return int(x.max())
        """,
        conftest="""
        import dask.array as da
        import pytest
        from array_api_extra.testing import patch_lazy_xp_functions

        @pytest.fixture
        def xp(request):
            with patch_lazy_xp_functions(request, xp=da):
                yield da
        """,
        test_it="""
        import library
        import pytest
        from array_api_extra.testing import lazy_xp_function
        from library import Class, never, once, twice, unlimited

        lazy_xp_modules = [library]
        lazy_xp_function(never)
        lazy_xp_function(once, allow_dask_compute=1)
        lazy_xp_function(twice, allow_dask_compute=1)
        lazy_xp_function(unlimited, allow_dask_compute=True)
        lazy_xp_function((Class, "method"))

        def test_never(xp):
            never(xp.arange(4, chunks=2)).sum().compute()

        def test_once(xp):
            once(xp.arange(4, chunks=2))
            once(xp.arange(6, chunks=2))

        def test_twice_is_too_often(xp):
            twice(xp.arange(4, chunks=2))

        def test_unlimited(xp):
            library.unlimited(xp.arange(4, chunks=2))

        def test_method_is_too_often(xp):
            Class().method(xp.arange(4, chunks=2))

        def test_too_often_is_expected(xp):
            with pytest.raises(AssertionError, match="dask"):
                twice(xp.arange(4, chunks=2))
        """,
    )["library"]
    traced = compared()
    assert traced.outcomes() == {
        "test_never": "passed",
        "test_once": "passed",
        "test_twice_is_too_often": "failed",
        "test_unlimited": "passed",
        "test_method_is_too_often": "failed",
        "test_too_often_is_expected": "passed",
    }
    line = lines.index("    return np.asarray(x).sum()") + 1
    assert traced.forces("test_it.py::test_once") == 2 * [("call", "__array__", line)]
    assert [force["completed"] for force in traced.test("test_it.py::test_twice_is_too_often")["forces"]] == [
        True, False,
    ]  # fmt: skip
    (refused,) = traced.test("test_it.py::test_method_is_too_often")["forces"]
    assert (refused["completed"], refused["scheduler"], refused["trigger"]) == (False, "custom", "__int__")
