"""What tests do while they are traced: threads, traces of their own, failures."""

from __future__ import annotations

from plugin_runs import Runner, Suite


def test_threads(suite: Suite, compared: Runner) -> None:
    """Every thread of the process is watched, be it started before the test; each has its own line."""
    lines = suite(
        test_it="""
        import queue
        import threading
        from concurrent.futures import ThreadPoolExecutor

        import dask.array as da
        import pytest

        def force():
            da.ones(3, chunks=2).sum().compute()

        def test_thread():
            thread = threading.Thread(target=force, name="mine")
            thread.start()
            thread.join()

        def test_pool():
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda n: float(da.ones(n).sum()), range(1, 5)))

        @pytest.fixture(scope="module")
        def worker():
            todo, done = queue.Queue(), queue.Queue()

            def work():
                while (job := todo.get()) is not None:
                    done.put(job())

            thread = threading.Thread(target=work, name="of the module")
            thread.start()
            yield lambda job: (todo.put(job), done.get())
            todo.put(None)
            thread.join()

        @pytest.mark.parametrize("n", [1, 2])
        def test_worker(worker, n):
            worker(force)
        """
    )["test_it"]
    traced = compared()
    force = lines.index("    da.ones(3, chunks=2).sum().compute()") + 1
    assert traced.forces("test_it.py::test_thread") == [("call", "compute", force)]
    assert traced.test("test_it.py::test_thread")["forces"][0]["thread"] == "mine"
    assert traced.forces("test_it.py::test_pool") == 4 * [("call", "__float__", 18)]
    for n in (1, 2):
        assert traced.forces(f"test_it.py::test_worker[{n}]") == [("call", "compute", force)]
        assert traced.test(f"test_it.py::test_worker[{n}]")["forces"][0]["thread"] == "of the module"


def test_tests_that_trace_themselves(suite: Suite, compared: Runner) -> None:
    """Their traces are theirs, and ours has everything."""
    suite(
        test_it="""
        import dask.array as da
        import lazyscope
        import pytest

        def force():
            da.ones(3, chunks=2).sum().compute()

        def test_trace():
            force()
            with lazyscope.trace() as trace:
                force()
            force()
            assert len(trace.forces) == 1
            assert trace.forces[0].tasks_repeated == 0

        def test_namespace():
            xp = lazyscope.namespace(da)
            assert float(xp.sum(xp.ones(3))) == 3

        @lazyscope.trace()
        def test_decorated():
            force()

        def test_budget():
            with pytest.raises(lazyscope.ForceBudgetExceeded):
                with lazyscope.trace(max_forces=1):
                    force()
                    force()

        def test_allowed():
            with lazyscope.allow("meant"):
                force()

        @pytest.fixture(scope="module")
        def open_over_tests():
            with lazyscope.trace() as trace:
                yield trace

        def test_a(open_over_tests):
            force()

        def test_b(open_over_tests):
            force()
            assert len(open_over_tests.forces) == 2
        """
    )
    traced = compared()
    assert [len(test["forces"]) for test in traced.tests] == [3, 1, 1, 2, 1, 1, 1]
    (force,) = traced.test("test_it.py::test_allowed")["forces"]
    assert force["allowed"] == "meant"
    assert [force["tasks_repeated"] for force in traced.test("test_it.py::test_trace")["forces"]] == [0, 5, 5]


def test_failures_inside_forces(suite: Suite, compared: Runner) -> None:
    """Exceptions of tasks, those that are expected, and warnings that are errors."""
    suite(
        test_it="""
        import warnings
        import dask.array as da
        import numpy as np
        import pytest

        def fail(block):
            raise ZeroDivisionError("in a task")

        def failing():
            return da.ones(3).map_blocks(fail, meta=np.empty(0))

        def test_task():
            failing().compute()

        def test_expected():
            with pytest.raises(ZeroDivisionError, match="in a task"):
                failing().compute()

        @pytest.mark.filterwarnings("error")
        def test_warns():
            float(da.log(da.zeros(1, chunks=1)).sum())

        def test_warns_too():
            with pytest.warns(RuntimeWarning, match="divide by zero") as seen:
                da.log(da.zeros(1)).compute()
            assert len(seen) == 1

        def test_unknown_shape():
            x = da.arange(4, chunks=2)
            y = x[x > 1]
            with pytest.raises(ValueError):
                y.reshape(2)
            y.compute_chunk_sizes()
        """
    )
    traced = compared()
    assert traced.outcomes() == {
        "test_task": "failed",
        "test_expected": "passed",
        "test_warns": "failed",
        "test_warns_too": "passed",
        "test_unknown_shape": "passed",
    }
    (force,) = traced.test("test_it.py::test_task")["forces"]
    assert (force["completed"], force["trigger"], force["site"]["line"]) == (False, "compute", 13)
    (failure,) = traced.test("test_it.py::test_task")["failures"]
    assert (failure["type"], failure["message"]) == ("ZeroDivisionError", "in a task")
    assert failure["escaped"]
    expected = traced.test("test_it.py::test_expected")
    assert [force["completed"] for force in expected["forces"]] == [False]
    assert expected["failures"] == []
    (shape,) = traced.test("test_it.py::test_unknown_shape")["unknown_shapes"]
    assert (shape["operation"], shape["site"]["expression"]) == ("__getitem__", "x[x > 1]")


def test_modules_of_others(suite: Suite, compared: Runner) -> None:
    """Tests beside each other import each other: the user's line is the test's, the site the library's."""
    suite(
        library="""
        import dask.array as da

        def check(x):
            if (x > 0).all():
                return x
            raise ValueError
        """,
        test_it="""
        import dask.array as da
        import sys
        from library import check

        def test_check():
            check(da.ones(3))
        """,
    )
    (force,) = compared().test("test_it.py::test_check")["forces"]
    assert (force["site"]["file"], force["site"]["line"], force["site"]["expression"]) == (
        "library.py", 4, "(x > 0).all()",
    )  # fmt: skip
    assert force["user_site"]["file"] == "library.py"
