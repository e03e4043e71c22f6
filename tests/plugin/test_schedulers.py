"""Tests that choose how dask executes, or start processes of their own."""

from __future__ import annotations

from plugin_runs import Runner, Suite


def test_schedulers_that_tests_choose(suite: Suite, compared: Runner) -> None:
    """By dask's configuration, by an argument, one of their own, or a replaced function of dask's."""
    suite(
        test_it="""
        import dask
        import dask.array as da
        import dask.local
        import pytest

        def test_config():
            with dask.config.set(scheduler="sync"):
                da.ones(3).compute()

        def test_argument():
            da.ones(3).compute(scheduler="synchronous")

        @pytest.fixture
        def set_for_good(monkeypatch):
            monkeypatch.setitem(dask.config.config, "scheduler", "threads")

        def test_fixture(set_for_good):
            da.ones(3).compute()

        def test_own():
            def get(dsk, keys, **kwargs):
                return dask.local.get_sync(dsk, keys)
            with dask.config.set(scheduler=get):
                da.ones(3).compute()

        def test_get():
            x = da.ones(3, chunks=2)
            dask.get(dict(x.__dask_graph__()), x.__dask_keys__())

        def test_raising():
            def get(dsk, keys, **kwargs):
                raise RuntimeError("lazy!")
            with dask.config.set(scheduler=get), pytest.raises(RuntimeError, match="lazy!"):
                da.ones(3).compute()

        def test_replaced(monkeypatch):
            original = dask.base.get_scheduler
            seen = []
            monkeypatch.setattr(dask.base, "get_scheduler", lambda **k: seen.append(k) or original(**k))
            da.ones(3).compute()
            assert len(seen) == 1

        def test_as_before():
            da.ones(3).compute()
        """
    )
    traced = compared()
    schedulers = {
        test["nodeid"].partition("::")[2]: [force["scheduler"] for force in test["forces"]]
        for test in traced.tests
    }
    assert schedulers == {
        "test_config": ["sync"],
        "test_argument": ["sync"],
        "test_fixture": ["threads"],
        "test_own": ["custom"],
        "test_get": ["sync"],
        # A force that executes nothing.
        "test_raising": ["custom"],
        "test_replaced": ["threads"],
        "test_as_before": ["threads"],
    }


def test_processes(suite: Suite, compared: Runner) -> None:
    """What other processes force is not counted; that they ran is said."""
    suite(
        test_it="""
        import multiprocessing
        import os

        import dask.array as da
        import pytest

        def child(queue):
            queue.put(float(da.ones(3).sum().compute(scheduler="sync")))

        @pytest.mark.filterwarnings("ignore:.*fork")
        @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
        def test_multiprocessing(method):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            process = context.Process(target=child, args=(queue,))
            process.start()
            assert queue.get() == 3
            process.join()
            assert process.exitcode == 0
            da.ones(2).compute()

        @pytest.mark.filterwarnings("ignore:.*fork")
        def test_os_fork():
            pid = os.fork()
            if pid == 0:
                da.ones(3).compute(scheduler="sync")
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7

        def test_scheduler():
            da.ones(4, chunks=2).sum().compute(scheduler="processes", num_workers=1)
        """
    )
    traced = compared()
    found = {test["nodeid"].partition("::")[2]: test["blind_spots"] for test in traced.tests}
    missing = ["a process was started that is not watched: its calls and forces are missing"]
    assert found == {
        "test_multiprocessing[fork]": missing,
        "test_multiprocessing[spawn]": missing,
        "test_multiprocessing[forkserver]": missing,
        "test_os_fork": missing,
        "test_scheduler": ["tasks ran in other processes: calls and forces inside tasks are missing"],
    }
    assert [len(test["forces"]) for test in traced.tests] == [1, 1, 1, 0, 1]
    assert traced.section[-5:-1] == [
        "not seen in 4 tests: a process was started that is not watched: its calls and",
        "forces are missing",
        "not seen in 1 test: tasks ran in other processes: calls and forces inside tasks",
        "are missing",
    ]
