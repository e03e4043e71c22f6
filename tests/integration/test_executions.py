"""Every way to execute a graph is one force: with its scheduler, thread, parent, bytes and seconds."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import distributed
import numpy as np
import pytest
from dask._task_spec import convert_legacy_graph
from dask.core import flatten
from traced_programs import Run, Runner
from witness import Witness

import lazyscope

PREPARATION = "x = da.arange(10., chunks=5) + 1\n"
TASKS = 4
"""Of `x`: two blocks made, two added to."""

ELSEWHERE = "tasks ran in other processes: calls and forces inside tasks are missing"
CLUSTER = (
    "tasks ran on a distributed cluster, whose workers are not watched yet: "
    "calls and forces inside tasks are missing"
)
OUTSIDE = "a force outside the traced context"


# Schedulers of our own


def hands_on(dsk: Any, keys: Any, **options: Any) -> Any:
    return dask.get(dsk, keys, **options)


def executes_itself(dsk: Any, keys: Any, **options: Any) -> Any:
    """A scheduler that needs nothing of dask's."""
    nodes = convert_legacy_graph(dsk if hasattr(dsk, "keys") else dsk.__dask_graph__())
    done: dict[Any, Any] = {}
    todo = list(flatten(keys)) if isinstance(keys, list) else [keys]
    while todo:
        key = todo[-1]
        missing = [d for d in nodes[key].dependencies if d not in done]
        if missing:
            todo += missing
            continue
        done[todo.pop()] = nodes[key]({d: done[d] for d in nodes[key].dependencies})
    return [done[key] for key in keys] if isinstance(keys, list) else done[keys]


def one_by_one(dsk: Any, keys: Any, **options: Any) -> Any:
    return [dask.get(dsk, [key], **options)[0] for key in keys]


SCHEDULERS: dict[str, tuple[str, str, int | None]] = {
    "default": ("x.compute()", "threads", 1),
    "threads": ("x.compute(scheduler='threads')", "threads", 1),
    "number of workers": ("x.compute(num_workers=3)", "threads", 1),
    "dask.threaded.get": ("x.compute(scheduler=dask.threaded.get)", "threads", 1),
    "sync": ("x.compute(scheduler='sync')", "sync", 1),
    "single-threaded": ("x.compute(scheduler='single-threaded')", "sync", 1),
    "dask.get": ("x.compute(scheduler=dask.get)", "sync", 1),
    "processes": ("x.compute(scheduler='processes')", "processes", 1),
    "a callable": ("x.compute(scheduler=hands_on)", "custom", 1),
    "a callable of its own": ("x.compute(scheduler=executes_itself)", "custom", 0),
    "a thread pool": ("x.compute(scheduler=pool)", "threads", 1),
    "a thread pool as pool": ("x.compute(pool=pool)", "threads", 1),
    "a pool of multiprocessing": ("x.compute(pool=old_pool)", "threads", 1),
    "a process pool": ("x.compute(scheduler=process_pool)", "processes", 1),
}
"""By name: the call, the scheduler's name, how many executions dask's own scheduler sees."""

CONFIGURED: dict[str, tuple[dict[str, Any], str]] = {
    "threads": ({"scheduler": "threads"}, "threads"),
    "sync": ({"scheduler": "sync"}, "sync"),
    "a callable": ({"scheduler": hands_on}, "custom"),
    "dask.get": ({"scheduler": dask.get}, "sync"),
}


@pytest.fixture
def pools() -> Iterator[dict[str, Any]]:
    """Executors that the programs use."""
    with (
        ThreadPoolExecutor(2) as pool,
        ThreadPool(2) as old_pool,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process_pool,
    ):
        yield {"pool": pool, "old_pool": old_pool, "process_pool": process_pool}


def run_prepared(run: Runner, text: str, **names: Any) -> Run:
    return run(PREPARATION + text, **names)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_scheduler_as_an_argument(run: Runner, pools: dict[str, Any], name: str) -> None:
    """One force whatever `compute` is told to use, with all tasks and the bytes that came back."""
    call, scheduler, executions = SCHEDULERS[name]
    own = {"hands_on": hands_on, "executes_itself": executes_itself}
    done = run_prepared(run, f"y = {call}  #!", **own, **pools)
    assert done.where() == [("compute", 2, call)]
    (force,) = done.forces
    assert (force.scheduler, force.tasks, force.tasks_repeated) == (scheduler, TASKS, 0)
    assert (force.bytes, force.expected_bytes, force.thread) == (80, 80, "MainThread")
    assert force.completed
    assert len(done.seen) == executions
    assert done.names["y"].tolist() == list(range(1, 11))
    expected = {ELSEWHERE: 1} if scheduler == "processes" else {}
    assert done.data.blind_spots == expected
    assert (force.task_seconds is None) == (scheduler == "processes" or executions == 0)


@pytest.mark.parametrize("name", CONFIGURED)
def test_scheduler_in_the_configuration(run: Runner, name: str) -> None:
    """What `dask.config` names is used and recorded; an argument goes before it."""
    configuration, scheduler = CONFIGURED[name]
    done = run_prepared(
        run,
        "with dask.config.set(configuration):\n    x.compute()\n    x.compute(scheduler='sync')",
        configuration=configuration,
    )
    assert [f.scheduler for f in done.forces] == [scheduler, "sync"]
    done.check_counts()


def test_pool_in_the_configuration(run: Runner, pools: dict[str, Any]) -> None:
    """A pool set by `dask.config` serves, and forces on it are counted once."""
    done = run_prepared(
        run,
        "for p in (pool, old_pool):\n    with dask.config.set(pool=p):\n        x.compute()",
        **pools,
    )
    assert [f.scheduler for f in done.forces] == ["threads", "threads"]
    done.check_counts()


def test_graphs_handed_to_a_scheduler(run: Runner) -> None:
    """`dask.get` and its like called with a graph are forces with that graph's tasks."""
    done = run_prepared(
        run,
        """\
graph, keys = dict(x.__dask_graph__()), x.__dask_keys__()
dask.get(graph, keys)
dask.threaded.get(graph, keys)
dask.local.get_sync(graph, keys)
dask.get({"a": 1, "b": (sum, ["a", 2]), "c": "b"}, "c")
dask.threaded.get({("a", 0): 1}, ("a", 0))
""",
    )
    assert [(f.scheduler, f.trigger, f.tasks) for f in done.forces] == [
        ("sync", "other", TASKS),
        ("threads", "other", TASKS),
        ("sync", "other", TASKS),
        ("sync", "other", 1),
        ("threads", "other", 0),
    ]
    assert [f.bytes for f in done.forces[:3]] == [80, 80, 80]
    assert {f.expected_bytes for f in done.forces} == {None}
    done.check_counts()


def test_a_scheduler_that_executes_in_pieces(run: Runner) -> None:
    """What a scheduler does for one `compute` is one force, however many executions it takes."""
    done = run_prepared(run, "a, b = dask.compute(x, x.sum(), scheduler=one_by_one)", one_by_one=one_by_one)
    assert len(done.seen) == 2
    assert [(f.tasks, f.tasks_repeated, f.bytes) for f in done.forces] == [(7, 0, 88)]


def test_several_collections(run: Runner) -> None:
    """Collections computed together share what they have in common; their bytes add up."""
    done = run_prepared(
        run,
        """\
dask.compute(x, x.sum(), {"k": [x + 1]})
dask.persist(x, x * 2)
dask.compute(1, "a")
""",
    )
    assert [(f.trigger, f.tasks, f.tasks_repeated) for f in done.forces] == [
        ("compute", TASKS + 3 + 2, 0),
        ("persist", TASKS + 2, TASKS),
    ]
    assert [(f.bytes, f.expected_bytes) for f in done.forces] == [(168, 168), (160, 160)]
    done.check_counts()


def test_persisted_data_is_no_task(run: Runner) -> None:
    """What was persisted is a literal from then on."""
    done = run_prepared(run, "y = x.persist()\ny.compute()\n(y + 1).compute()\n(x + 2).compute()")
    assert [(f.tasks, f.tasks_repeated) for f in done.forces] == [(TASKS, 0), (0, 0), (2, 0), (6, TASKS)]
    done.check_counts()


def test_delayed_and_bags(run: Runner) -> None:
    """Other collections than arrays: results without `nbytes` have no known size."""
    done = run(
        """
        import dask.bag as db
        total = dask.delayed(sum)([1, 2], pure=True)
        more = dask.delayed(sum)([total, 3], pure=True)
        more.compute()
        dask.compute(total, [more])
        b = db.from_sequence(range(6), npartitions=3).map(str)
        b.compute(scheduler="sync")
        b.compute(scheduler="sync")
        """
    )
    assert [(f.tasks, f.tasks_repeated) for f in done.forces] == [(2, 0), (2, 2), (3, 0), (3, 3)]
    assert {(f.bytes, f.expected_bytes) for f in done.forces} == {(None, None)}
    done.check_counts()


def test_dataframes_execute_once_per_call(run: Runner) -> None:
    """A dataframe's result, length and conversion are one force each; the index of a shuffle too."""
    done = run(
        """
        import pandas as pd, dask.dataframe as dd
        d = dd.from_pandas(pd.DataFrame({"a": range(10), "b": range(10)}), npartitions=2)
        d.compute()
        d.a.sum().compute()
        dask.compute(d.a.sum(), d.b.max())
        d.set_index("b").compute()
        """
    )
    assert len(done.forces) == len(done.seen) >= 4
    assert {f.scheduler for f in done.forces} == {"threads"}


def test_expected_bytes_are_unknown_where_the_shape_is(run: Runner) -> None:
    """Unknown is null; what came back is known afterwards. What is stored comes back empty."""
    done = run_prepared(
        run, "x[x > 8].compute()\nx.store(np.zeros(10))\ndask.compute(x[x > 8], x)\nx.astype('f4').compute()"
    )
    assert [(f.expected_bytes, f.bytes) for f in done.forces] == [
        (None, 16),
        (None, 0),
        (None, 96),
        (40, 40),
    ]


def test_a_failing_task(run: Runner) -> None:
    """A force that raises is recorded, not completed, and without bytes."""
    done = run_prepared(
        run,
        """\
def block(b):
    raise KeyError("no")
y = x.map_blocks(block, dtype=float, meta=np.array(()))
y.compute()
""",
        fails=KeyError,
    )
    (force,) = done.forces
    assert (force.completed, force.bytes, force.tasks) == (False, None, TASKS + 2)
    assert [f.end and f.end.error for f in done.data.forces] == ["KeyError"]
    assert (done.data.ended, done.data.end and done.data.end.exception) == ("exception", "KeyError")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_failing_scheduler(run: Runner, error: type[BaseException]) -> None:
    """An exception of the scheduler itself, an interrupt included, passes through unchanged."""

    def scheduler(dsk: Any, keys: Any, **options: Any) -> Any:
        raise error("no")

    done = run_prepared(run, "x.compute(scheduler=scheduler)", scheduler=scheduler, fails=error)
    assert [(f.completed, f.scheduler) for f in done.forces] == [(False, "custom")]
    assert [f.end and f.end.error for f in done.data.forces] == [error.__name__]
    assert type(done.error) is error


# Executions inside tasks


NESTED = """\
z = da.ones(4, chunks=2)
def block(b):
    return b + float(z.sum())  #!
y = x.map_blocks(block, dtype=float, meta=np.array(()))
y.compute({how})
"""


@pytest.mark.parametrize("how", ["", "scheduler='sync'", "scheduler=hands_on"])
def test_nested_forces(run: Runner, how: str) -> None:
    """A force in a task has that force as parent, and its tasks are its own."""
    done = run_prepared(run, NESTED.format(how=how), hands_on=hands_on)
    assert [f.parent for f in done.forces] == [None, 1, 1]
    assert [f.tasks for f in done.forces] == [TASKS + 2, 5, 5]
    assert sorted(f.tasks_repeated for f in done.forces) == [0, 0, 5]
    assert {f.site.line for f in done.forces[1:] if f.site} == {done.line("#!")}
    assert {f.user_site.inherited for f in done.forces if f.user_site} == {False}
    assert len(done.seen) == 3


def test_deeply_nested_forces(run: Runner) -> None:
    """Each level has the next outer one as parent."""
    done = run_prepared(
        run,
        """\
def innermost(b):
    return b + int(da.ones(2, chunks=2).sum())
def middle(b):
    return b + float(da.ones(2, chunks=2).map_blocks(innermost, dtype=float, meta=np.array(())).sum())
x[:5].map_blocks(middle, dtype=float, meta=np.array(())).compute()
""",
    )
    assert [(f.trigger, f.parent) for f in done.forces] == [
        ("compute", None),
        ("__float__", 1),
        ("__int__", 2),
    ]
    assert [f.tasks for f in done.forces] == done.seen.tasks


def test_self_seconds_are_without_nested_ones(run: Runner) -> None:
    """On one thread the seconds of all forces add up to the forced seconds, none counted twice."""
    done = run_prepared(run, NESTED.format(how="scheduler='sync'"))
    outer, *inner = done.forces
    assert outer.seconds is not None
    assert outer.self_seconds is not None
    assert outer.seconds - outer.self_seconds == pytest.approx(sum(f.seconds or 0.0 for f in inner), abs=1e-5)
    assert sum(f.self_seconds or 0.0 for f in done.forces) == pytest.approx(
        done.data.forced_seconds, abs=1e-5
    )
    assert done.data.forced_seconds <= done.data.seconds


OWN_POOL = """\
z = da.ones(4, chunks=2)
pool = ThreadPoolExecutor(1, thread_name_prefix="mine")
{warm}
def job():
    return float(z.sum())  #!
def block(b):
    return b + pool.submit(job).result()
y = x.map_blocks(block, dtype=float, meta=np.array(()))
y.compute()
pool.shutdown()
"""


@pytest.mark.parametrize("warm", ["", "pool.submit(int).result()"])
def test_nested_forces_in_a_pool_of_the_program_s(run: Runner, warm: str) -> None:
    """A task that lets its own pool compute has nested forces all the same, new threads or old."""
    done = run_prepared(run, OWN_POOL.format(warm=warm), ThreadPoolExecutor=ThreadPoolExecutor)
    assert len(done.seen) == 3
    assert [f.tasks for f in done.forces] == [TASKS + 2, 5, 5]
    assert {f.thread for f in done.forces[1:]} == {"mine_0"}
    assert [f.parent for f in done.forces] == [None, 1, 1]


def test_nested_forces_in_a_thread_started_by_a_task(run: Runner) -> None:
    """The same with a thread."""
    done = run_prepared(
        run,
        """\
import threading
z = da.ones(4, chunks=2)
def block(b):
    thread = threading.Thread(target=lambda: z.sum().compute(), name="mine")
    thread.start()
    thread.join()
    return b
x[:5].map_blocks(block, dtype=float, meta=np.array(())).compute()
""",
    )
    assert len(done.seen) == 2
    assert [(f.parent, f.tasks) for f in done.forces] == [(None, 3), (1, 5)]


def test_a_task_without_a_user_frame_inherits_the_user_site(run: Runner) -> None:
    """`da.linspace`-like functions of dask force inside tasks: the user's line is the outer force's."""
    done = run_prepared(
        run,
        """\
s = x.sum()
w = dask.delayed(dask.array.Array.compute)(dask.delayed(lambda: s)())
w.compute()  #!
""",
    )
    nested = [f for f in done.forces if f.parent is not None]
    assert len(done.forces) == len(done.seen) == 2
    (force,) = nested
    assert force.site is None
    assert force.user_site is not None
    assert (force.user_site.line, force.user_site.inherited) == (done.line("#!"), True)
    assert (force.entry, force.trigger) == (None, "compute")


# Threads and tasks of asyncio


def test_threads_started_inside(run: Runner) -> None:
    """A thread started in the block is watched; its force has its name."""
    done = run_prepared(
        run,
        """\
import threading
def work():
    x.compute()  #!
thread = threading.Thread(target=work, name="worker of mine")
thread.start()
thread.join()
""",
    )
    assert done.where() == [("compute", done.line("#!"), "x.compute()")]
    assert [(f.thread, f.parent, f.scheduler) for f in done.forces] == [("worker of mine", None, "threads")]
    done.check_counts()


def test_executor_jobs(run: Runner) -> None:
    """Jobs submitted and mapped in the block are watched, in a pool made before it, too."""
    with ThreadPoolExecutor(1, thread_name_prefix="old") as pool:
        pool.submit(int).result()
        done = run_prepared(
            run,
            """\
def job(n):
    return (x + n).compute()  #!
pool.submit(job, 1).result()
list(pool.map(job, [2, 3]))
""",
            pool=pool,
        )
    assert done.where() == [("compute", done.line("#!"), "(x + n).compute()")] * 3
    assert {f.thread for f in done.forces} == {"old_0"}
    done.check_counts()
    assert done.data.blind_spots == {}


def test_asyncio(run: Runner) -> None:
    """Tasks, `to_thread` and executor jobs of an event loop inside the block."""
    done = run_prepared(
        run,
        """\
import asyncio
def work():
    return x.compute()  #!
async def task():
    return work()
async def main():
    await asyncio.to_thread(work)
    await asyncio.gather(task(), asyncio.create_task(task()))
    await asyncio.get_running_loop().run_in_executor(None, work)
asyncio.run(main())
""",
    )
    assert done.where() == [("compute", done.line("#!"), "x.compute()")] * 4
    done.check_counts()
    assert done.data.blind_spots == {}


def test_a_trace_in_one_task_of_a_loop() -> None:
    """Of two asyncio tasks at once only the traced one's forces are in its trace."""
    x, y = da.ones(4, chunks=2), da.zeros(6, chunks=2)
    entered, finished = asyncio.Event(), asyncio.Event()

    async def traced() -> lazyscope.Trace:
        with lazyscope.trace() as trace:
            entered.set()
            await finished.wait()
            x.compute()
        return trace

    async def other() -> None:
        await entered.wait()
        y.compute()
        finished.set()

    async def main() -> lazyscope.Trace:
        trace, _ = await asyncio.gather(traced(), other())
        return trace

    trace = asyncio.run(main())
    assert [f.tasks for f in trace.forces] == [2]
    assert trace.data.blind_spots == {OUTSIDE: 1}


def test_threads_started_before_are_blind_spots(witness: Witness) -> None:
    """Their forces are counted, and nothing of them is recorded."""
    x = da.ones(4, chunks=2)
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        for _ in range(3):
            x.compute()
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with lazyscope.trace() as trace:
        go.set()
        done.wait()
        x.sum().compute()
    thread.join()
    assert len(witness) == 4
    assert [f.tasks for f in trace.forces] == [5]
    assert trace.forces[0].tasks_repeated == 0
    assert trace.data.blind_spots == {OUTSIDE: 3}


def test_two_traces_in_two_threads(witness: Witness) -> None:
    """Each has its own forces, and counts the other's as blind spots."""
    x = da.ones(4, chunks=2)
    both = threading.Barrier(2)
    traces: dict[int, lazyscope.Trace] = {}

    def work(number: int) -> None:
        both.wait()
        with lazyscope.trace() as trace:
            both.wait()
            for _ in range(number):
                x.compute()
            both.wait()
        traces[number] = trace

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(witness) == 3
    assert {n: len(t.forces) for n, t in traces.items()} == {1: 1, 2: 2}
    assert {n: t.data.blind_spots for n, t in traces.items()} == {1: {OUTSIDE: 2}, 2: {OUTSIDE: 1}}


def test_traces_in_traces(witness: Witness) -> None:
    """The outer trace has the forces of the inner one too, each counted from 1; histories are separate."""
    x = da.ones(4, chunks=2)
    with lazyscope.trace() as outer:
        x.compute()
        with lazyscope.trace() as inner:
            x.compute()
        x.compute()
    x.compute()
    assert len(witness) == 4
    assert [(f.id, f.tasks_repeated) for f in outer.forces] == [(1, 0), (2, 2), (3, 2)]
    assert [(f.id, f.tasks_repeated) for f in inner.forces] == [(1, 0)]


def test_overlapping_traces() -> None:
    """Traces that are closed in another order than opened keep what happened while they were open."""
    x = da.ones(4, chunks=2)
    first, second = lazyscope.trace(), lazyscope.trace()
    one = first.__enter__()
    x.compute()
    two = second.__enter__()
    x.compute()
    first.__exit__(None, None, None)
    x.compute()
    second.__exit__(None, None, None)
    x.compute()
    assert (len(one.forces), len(two.forces)) == (2, 2)


def test_a_trace_left_by_a_generator() -> None:
    """A generator that holds a trace records its own body's forces until it is closed."""
    x = da.ones(4, chunks=2)
    traces = []

    def steps() -> Iterator[int]:
        with lazyscope.trace() as trace:
            traces.append(trace)
            for n in range(5):
                (x + n).compute()
                yield n

    for n in steps():
        if n == 2:
            break
    assert len(traces[0].forces) == 3


# Time


def test_seconds(run: Runner) -> None:
    """Seconds are at least what the tasks slept and at most what a clock around the call says."""
    done = run_prepared(
        run,
        """\
import time
def block(b):
    time.sleep(0.05)
    return b
y = x.map_blocks(block, dtype=float, meta=np.array(()))
took = []
for scheduler in ("sync", "threads"):
    began = time.perf_counter()
    y.compute(scheduler=scheduler, num_workers=2)
    took.append(time.perf_counter() - began)
""",
    )
    sync, threads = done.forces
    for force, clock in zip(done.forces, done.names["took"], strict=True):
        assert force.seconds is not None
        assert force.task_seconds is not None
        assert 0.05 <= force.seconds <= clock
        assert force.self_seconds == force.seconds
        assert force.task_seconds >= 0.1
        assert force.started + force.seconds <= done.data.seconds + 1e-3
    assert sync.seconds is not None
    assert 0.1 <= (sync.task_seconds or 0.0) <= sync.seconds
    assert (threads.task_seconds or 0.0) <= 2 * (threads.seconds or 0.0)


# Other processes

MODULE = """\
import os
import time

def block(b, folder=None):
    with open(os.path.join(folder, f"{os.getpid()}-{time.monotonic_ns()}"), "x"):
        pass
    return b * 2
"""


def test_processes_run_functions_of_modules(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks really run elsewhere, once each; what they are is known, what happens inside is not."""
    (tmp_path / "blocks_in_a_module.py").write_text(MODULE)
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    done = run_prepared(
        run,
        """\
from blocks_in_a_module import block
y = x.map_blocks(block, folder=folder, dtype=float, meta=np.array(()))
z = y.compute(scheduler="processes", num_workers=1)
w = y.compute(scheduler="processes", num_workers=1)
""",
        folder=str(runs),
    )
    files = [path.name for path in runs.iterdir()]
    assert len(files) == 4
    assert str(os.getpid()) not in {name.partition("-")[0] for name in files}
    assert done.names["z"].tolist() == [2 * n for n in range(1, 11)]
    assert [(f.tasks, f.tasks_repeated, f.bytes) for f in done.forces] == [(6, 0, 80), (6, 6, 80)]
    assert done.data.blind_spots == {ELSEWHERE: 2}
    done.check_counts()


# Clusters


@pytest.fixture(scope="module")
def threaded_client() -> Iterator[distributed.Client]:
    with dask.config.set({"distributed.worker.memory.terminate": False}):
        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
        )
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client


@pytest.fixture(scope="module")
def process_client() -> Iterator[distributed.Client]:
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with cluster, distributed.Client(cluster, set_as_default=False) as client:
        yield client


ON_A_CLUSTER = """\
a, b, c, d, e, f, g = (da.arange(10., chunks=5) + n for n in range(7))
with client.as_current():
    a.compute()  #!
    a.sum().compute()  #!
    p = b.persist()  #!
    distributed.wait(p)
    float(p.sum())  #!
    client.compute(c).result()  #!
    client.gather(client.compute([d, d + 1]))  #!
    client.get(dict(e.__dask_graph__()), e.__dask_keys__())  #!
    dask.compute(f, f + 1)  #!
    q = dask.persist(g)  #!
    r = client.persist(g + 1)  #!
    client.submit(sum, [1, 2]).result()
    client.gather(client.map(str, [1, 2]))
"""


@pytest.mark.parametrize("kind", ["threaded_client", "process_client"])
def test_a_distributed_client(run: Runner, request: pytest.FixtureRequest, kind: str) -> None:
    """Whatever hands a graph to the cluster is one force, when it is submitted; futures are none."""
    done = run(ON_A_CLUSTER, client=request.getfixturevalue(kind), distributed=distributed)
    assert [(f.tasks, f.tasks_repeated) for f in done.forces] == [
        (4, 0),
        (7, 4),
        (4, 2),
        (3, 0),
        (4, 2),
        (6, 2),
        (4, 2),
        (6, 2),
        (4, 2),
        (6, 4),
    ]
    assert [line for _, line, _ in done.where()] == done.lines()
    assert {f.scheduler for f in done.forces} == {"distributed"}
    assert {f.parent for f in done.forces} == {None}
    assert done.data.blind_spots == {CLUSTER: 10}
    assert [done.forces[i].bytes for i in (0, 1, 3, 7)] == [80, 8, 8, 160]
    assert [trigger for trigger, _, _ in done.where()] == [
        "compute", "compute", "persist", "__float__", "compute", "compute", "other", "compute", "persist",
        "persist",
    ]  # fmt: skip


def test_a_cluster_that_nobody_uses(run: Runner, threaded_client: distributed.Client) -> None:
    """A client that exists and is not the default leaves the schedulers alone."""
    done = run_prepared(run, "x.compute(scheduler='sync')")
    assert [f.scheduler for f in done.forces] == ["sync"]
    assert done.data.blind_spots == {}


def test_a_worker_client_s_tasks_are_not_watched(run: Runner, threaded_client: distributed.Client) -> None:
    """Tasks of a cluster in this process run outside the traced context: counted, not recorded."""
    done = run_prepared(
        run,
        """\
def block(b):
    return b + float(da.ones(2, chunks=2).sum().compute(scheduler="sync"))
y = client.compute(x.map_blocks(block, dtype=float, meta=np.array(()))).result()
""",
        client=threaded_client,
    )
    assert [f.scheduler for f in done.forces] == ["distributed"]
    assert len(done.seen) == 2
    assert done.data.blind_spots[CLUSTER] == 1
    assert done.data.blind_spots.get(OUTSIDE) == 2


def test_results_do_not_depend_on_being_traced(run: Runner) -> None:
    """Values, types and keys are the same inside a trace as outside."""
    text = "k = x.__dask_keys__()\nv = [x.compute(), x.sum().compute(), float(x.sum()), x.persist()]"
    done = run_prepared(run, text)
    names: dict[str, Any] = {"da": da}
    exec(compile(PREPARATION + text, "<untraced>", "exec"), names)
    assert done.names["k"] == names["k"]
    assert [type(v) for v in done.names["v"]] == [type(v) for v in names["v"]]
    assert all(
        np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(done.names["v"], names["v"], strict=True)
    )


def test_every_thread_is_named(run: Runner) -> None:
    """Forces of many threads at once: one each, none lost."""
    count = 8
    barrier = threading.Barrier(count)
    done = run_prepared(
        run,
        """\
import threading
def work(n):
    barrier.wait()
    (x + n).compute()
threads = [threading.Thread(target=work, args=(n,), name=f"number {n}") for n in range(count)]
for t in threads:
    t.start()
for t in threads:
    t.join()
""",
        barrier=barrier,
        count=count,
    )
    assert len(done.seen) == count
    assert sorted(f.thread for f in done.forces) == [f"number {n}" for n in range(count)]
    assert sorted(f.tasks for f in done.forces) == [6] * count
    assert sorted(f.id for f in done.forces) == list(range(1, count + 1))
    assert sum(f.tasks_repeated for f in done.forces) == TASKS * (count - 1)


def test_a_clock_of_one_s_own() -> None:
    """A force of nothing takes almost none of the trace's seconds; times lie inside the block."""
    before, began = time.time(), time.perf_counter()
    with lazyscope.trace() as trace:
        da.ones(2, chunks=2).compute()
    after, ended = time.time(), time.perf_counter()
    (force,) = trace.forces
    assert before <= trace.data.header.started <= after
    assert force.started >= 0.0
    assert force.seconds is not None
    assert force.started + force.seconds <= trace.data.seconds + 1e-3
    assert trace.data.seconds <= ended - began + 1e-3
