"""Forces that are explained by what they asked for: read again, one by one, in tasks, too large."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from example_programs import above_info, diagnosed, recorded

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.edit import Edit
from trace_builder import TraceBuilder

Diagnose = Callable[[str], Diagnosis]


@pytest.fixture
def diagnosis_of(tmp_path: Path) -> Diagnose:
    """Runs a program and diagnoses it; twice in one test is fine."""
    number = iter(range(9))

    def run(text: str) -> Diagnosis:
        folder = tmp_path / str(next(number))
        folder.mkdir()
        return diagnosed(_PRELUDE + textwrap.dedent(text), folder)

    return run


_PRELUDE = """
import dask
import dask.array as da
import numpy as np

def load(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=50)

def data():
    return da.map_blocks(load, chunks=((50,) * 4,), dtype=float, meta=np.empty(0))
"""


def only(diagnosis: Diagnosis, code: str) -> Finding:
    """The one finding of a code."""
    (found,) = [found for found in diagnosis.findings if found.code == code]
    return found


def codes(diagnosis: Diagnosis) -> set[str]:
    return {found.code for found in diagnosis.findings}


def techniques(found: Finding) -> list[str]:
    return [fix.technique for fix in found.fixes]


def with_lines(text: str, edit: Edit) -> str:
    """A program after a fix."""
    lines = text.splitlines()
    for change in reversed(edit.changes):
        lines[change.line - 1 : change.end_line] = change.new
    return "\n".join(lines) + "\n"


# LZ110


KMEANS = """
import os

os.environ["SCIPY_ARRAY_API"] = "1"

import dask.array as da
import numpy as np
from scipy.cluster.vq import kmeans


def load(block_id=None):
    return np.random.default_rng(block_id[0]).normal(size=(10, 2)) + 4.0 * (block_id[0] % 2)


obs = da.map_blocks(load, chunks=((10,) * 4, (2,)), dtype=float, meta=np.empty((0, 0)))
codebook, distortion = kmeans(obs, da.from_array(np.array([[0.0, 0.0], [4.0, 4.0]])))
""".lstrip("\n")


def test_the_line_that_holds_what_kmeans_reads_saves_what_it_promises(tmp_path: Path) -> None:
    before = recorded(KMEANS, tmp_path)
    found = only(diagnose(before), "LZ110")
    fix = found.fixes[0]
    assert fix.technique == "persist"
    assert fix.edit is not None
    assert fix.edit.main.new == ("obs = obs.persist()",)
    assert fix.estimate.tasks_repeated is not None

    mended = tmp_path / "mended"
    mended.mkdir()
    after = recorded(with_lines(KMEANS, fix.edit), mended)

    least, most = fix.estimate.tasks_repeated
    saved = sum(f.begin.tasks_repeated for f in before.forces) - sum(
        f.begin.tasks_repeated for f in after.forces
    )
    assert 0 < least <= saved <= most
    assert "LZ110" not in codes(diagnose(after))


def test_what_kmeans_reads_is_counted(tmp_path: Path) -> None:
    trace = recorded(KMEANS, tmp_path)
    loads = [
        (wanted.tasks, wanted.repeated)
        for force in trace.forces
        for wanted in force.begin.wanted
        if trace.texts[trace.layers[wanted.layer].operation] == "load"
    ]
    why = only(diagnose(trace), "LZ110").why
    tasks, again = sum(n for n, _ in loads), sum(n for _, n in loads)
    assert f"`obs` is computed {len(loads)} times by `kmeans(obs, " in why
    assert f"{tasks} tasks, {again} of them again" in why


def test_an_array_that_lines_far_apart_read_is_held_where_it_is_made(diagnosis_of: Diagnose) -> None:
    diagnosis = diagnosis_of(
        """
        def report():
            waves = data() + 1.5
            largest = waves.max().compute()
            return (waves / largest).mean().compute()

        report()
        """
    )
    fix = only(diagnosis, "LZ110").fixes[0]
    assert fix.edit is not None
    assert fix.edit.main.new == ("    waves = waves.persist()",)


def test_an_array_that_a_function_made_has_the_name_of_what_that_returned(diagnosis_of: Diagnose) -> None:
    diagnosis = diagnosis_of(
        """
        waves = data()
        shifted = waves - waves.mean()
        largest = shifted.max().compute()
        print((waves / largest).mean().compute())
        """
    )
    fix = only(diagnosis, "LZ110").fixes[0]
    assert fix.edit is not None
    assert fix.edit.main.new == ("waves = waves.persist()",)
    assert fix.edit.main.line == _PRELUDE.lstrip("\n").count("\n") + 3


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            "x = data().persist()\nm = x.max().compute()\nprint((x / m).sum().compute())", id="held"
        ),
        pytest.param("x = data()\nprint(x.sum().compute())", id="read once"),
        pytest.param(
            "x = data()\nprint(x[:50].sum().compute())\ny = x[100:]\nprint(y.sum().compute())", id="parts"
        ),
        pytest.param(
            "print(data().sum().compute())\nprint(da.ones(8, chunks=4).sum().compute())", id="others"
        ),
        pytest.param("x = data()\nm, s = dask.compute(x.mean(), x.std())", id="together"),
    ],
)
def test_what_is_read_once_is_not_reported(diagnosis_of: Diagnose, program: str) -> None:
    assert not above_info(diagnosis_of(program))


PARQUET = """
import tempfile

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

path = tempfile.mkdtemp() + "/fares.parquet"
fares = pd.DataFrame({"fare": np.arange(60.0), "riders": np.arange(60) % 3})
fares.to_parquet(path, row_group_size=20)
trips = dd.read_parquet(path, split_row_groups=True)
"""


def test_partitions_that_sizes_and_values_read_are_found(tmp_path: Path) -> None:
    program = """
    alone = trips[trips.riders == 1].fare.to_dask_array()
    shared = trips[trips.riders > 1].fare.to_dask_array()
    alone.compute_chunk_sizes()
    shared.compute_chunk_sizes()
    print(float(alone.mean() - shared.mean()))
    """
    found = only(diagnosed(PARQUET + textwrap.dedent(program), tmp_path), "LZ110")
    assert "read partitions of files 12 times, 9 of these again: 3 partitions would do" in found.why
    assert found.fixes[0].edit is not None
    assert found.fixes[0].edit.main.new == ("alone, shared = dask.persist(alone, shared)",)


def test_partitions_that_questions_read_are_found(tmp_path: Path) -> None:
    program = """
    print(trips.fare.mean().compute())
    print(trips.riders.max().compute())
    """
    diagnosis = diagnosed(PARQUET + textwrap.dedent(program), tmp_path)
    assert (
        only(diagnosis, "LZ110")
        .fixes[0]
        .summary.startswith("`trips = trips.persist()` after `trips = dd.read_parquet(")
    )
    assert techniques(only(diagnosis, "LZ111"))[0] == "batch-compute"


def test_partitions_that_are_read_once_are_no_finding(tmp_path: Path) -> None:
    program = "dask.compute(trips.fare.mean(), trips.fare.max())\n"
    assert not above_info(diagnosed(PARQUET + program, tmp_path))


# LZ111


def test_results_on_several_lines_could_be_one(diagnosis_of: Diagnose) -> None:
    found = only(
        diagnosis_of(
            """
            x = data()
            mean = x.mean().compute()
            spread = float(x.std())
            print(mean, spread)
            """
        ),
        "LZ111",
    )
    assert found.fixes[0].summary.startswith("`mean, x_std = dask.compute(x.mean(), x.std())`")
    assert techniques(found)[:2] == ["batch-compute", "persist"]
    assert found.cost.tasks_repeated == 4


def test_a_loop_of_results_could_be_one(diagnosis_of: Diagnose) -> None:
    found = only(
        diagnosis_of("x = data() + 1\nfor q in (1, 2, 3, 4):\n    print((x**q).mean().compute())"), "LZ111"
    )
    assert len(found.forces) == 4
    assert "`computed = iter(dask.compute(*[(x**q).mean() for q in (1, 2, 3, 4)]))`" in found.fixes[0].summary


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("x = data()\nm = float(x.mean())\nprint(float(((x - m) ** 2).mean()))", id="depends"),
        pytest.param(
            "x = data()\nm = x.max().compute()\ny = x / m\nprint(y.sum().compute())", id="through y"
        ),
        pytest.param(
            "def mean(x, n):\n    return float((x + n).mean())\n\nx = data()\nprint(mean(x, 1), mean(x, 2))",
            id="a function called twice",
        ),
        pytest.param(
            "a, b = data(), da.ones(9, chunks=3)\nprint(a.sum().compute(), b.sum().compute())", id="nothing"
        ),
    ],
)
def test_results_that_depend_on_each_other_or_share_nothing_stay(
    diagnosis_of: Diagnose, program: str
) -> None:
    assert "LZ111" not in codes(diagnosis_of(program))


# LZ109


def test_sizes_of_what_is_used_again_are_named_with_their_origin(diagnosis_of: Diagnose) -> None:
    found = only(
        diagnosis_of(
            """
            x = data()
            chosen = x[x > 0]
            chosen.compute_chunk_sizes()
            print(chosen.reshape(-1, 1).mean(axis=0).compute())
            """
        ),
        "LZ109",
    )
    assert "since `x[x > 0]`" in found.why
    assert techniques(found) == ["persist", "where"]
    assert found.fixes[0].edit is not None
    assert found.fixes[0].edit.main.new == ("chosen = chosen.persist()",)
    assert "da.where(x > 0, x, np.nan)" in found.fixes[1].summary


def test_sizes_that_are_wanted_themselves_are_fine(diagnosis_of: Diagnose) -> None:
    diagnosis = diagnosis_of(
        "x = data()\nchosen = x[x > 0]\nchosen.compute_chunk_sizes()\nprint(len(chosen))"
    )
    assert only(diagnosis, "LZ109").severity == "info"


# LZ112, LZ113


def test_a_function_that_is_tried_on_nothing_forces(diagnosis_of: Diagnose) -> None:
    found = only(
        diagnosis_of("x = data()\ntop = x.max()\ny = x.map_blocks(lambda b: b / float(top))\nprint(y.shape)"),
        "LZ112",
    )
    assert "to learn what it returns" in found.why
    assert techniques(found)[:3] == ["pass-as-argument", "compute-once", "choose-parameter"]
    assert "x.map_blocks(lambda b, top: b / float(top), top)" in found.fixes[0].summary


@pytest.mark.parametrize(
    ("caught", "name"),
    [
        ("def scale(block):\n    return block / float(top)", "top"),
        ("def scale(block, top=top):\n    return block / top.compute()", "top"),
        ("def scale(block):\n    largest = np.asarray(top)\n    return block / largest", "top"),
    ],
)
def test_what_a_block_function_catches_is_handed_to_it(
    diagnosis_of: Diagnose, caught: str, name: str
) -> None:
    program = f"x = data()\ntop = x.max()\n{caught}\n"
    call = "y = x.map_blocks(scale, dtype=float, meta=np.empty(0))\nprint(y.sum().compute())"
    found = only(diagnosis_of(program + call), "LZ113")
    assert len(found.forces) == 4
    assert set(techniques(found)) == {"pass-as-argument", "compute-once", "persist"}
    handed = next(fix for fix in found.fixes if fix.technique == "pass-as-argument")
    assert (f"x.map_blocks(scale, {name}, dtype" in handed.summary) == ("top=top" not in caught)
    computed = next(fix for fix in found.fixes if fix.technique == "compute-once")
    assert computed.edit is not None
    assert computed.edit.changes[0].new == ("top = top.compute()",)


def test_a_task_that_makes_its_own_arrays_is_left_alone(diagnosis_of: Diagnose) -> None:
    diagnosis = diagnosis_of(
        """
        @dask.delayed
        def count():
            return da.ones(9, chunks=3).sum().compute()

        print(count().compute())
        """
    )
    assert "LZ113" not in codes(diagnosis)


# LZ114


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("x.persist()", "x = x.persist()"),
        ("dask.persist(x)", "x = dask.persist(x)"),
        ("x.compute()", "x = x.compute()"),
    ],
)
def test_what_is_thrown_away_is_kept(diagnosis_of: Diagnose, line: str, instead: str) -> None:
    found = only(diagnosis_of(f"x = data() + 1\n{line}\nprint(x.sum().compute())"), "LZ114")
    assert found.fixes[0].summary == f"`{instead}`"
    assert found.fixes[0].edit is not None
    assert found.fixes[0].edit.main.new == (instead,)


@pytest.mark.parametrize(
    "program",
    [
        "y = data().persist()\nprint(y.sum().compute())",
        "data().sum().compute()",
        "target = np.empty(200)\nda.store(data(), target, compute=False).compute()",
        "dask.delayed(print)('done').compute()",
        "dask.delayed(print)('done').persist()",
    ],
)
def test_what_is_kept_or_done_for_its_effect_is_not_reported(diagnosis_of: Diagnose, program: str) -> None:
    assert "LZ114" not in codes(diagnosis_of(program))


# LZ115


@pytest.mark.parametrize(
    ("program", "first"),
    [
        ("from scipy.stats import ttest_ind\nttest_ind(x, x + 1)", "enable-dispatch"),
        ("from scipy.stats import spearmanr\nspearmanr(x, x + 1)", None),
        ("from scipy.ndimage import gaussian_filter\ngaussian_filter(x, 1)", None),
        ("from scipy.cluster.vq import kmeans\nkmeans(x.reshape(-1, 2), 2)", None),
        (
            "from sklearn.preprocessing import MinMaxScaler\nMinMaxScaler().fit(x.reshape(-1, 2))",
            "compute-once",
        ),
        ("from sklearn.svm import LinearSVR\nLinearSVR().fit(x.reshape(-1, 2), np.ones(100))", None),
    ],
)
def test_dispatch_is_advised_where_it_helps(
    diagnosis_of: Diagnose, monkeypatch: pytest.MonkeyPatch, program: str, first: str | None
) -> None:
    monkeypatch.delenv("SCIPY_ARRAY_API", raising=False)
    diagnosis = diagnosis_of("x = data()\n" + program)
    found = [found for found in diagnosis.findings if found.code == "LZ115"]
    assert [one.fixes[0].technique for one in found[:1]] == ([] if first is None else [first])


def test_dispatch_is_not_advised_where_it_is_on(
    diagnosis_of: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    program = "x = data()\nfrom scipy.cluster.vq import whiten\nwhiten(x.reshape(-1, 2))"
    assert "LZ115" not in codes(diagnosis_of(program))


# LZ118


def _too_large(**begin: object) -> Diagnosis:
    build = TraceBuilder("big.py", memory_limit=16_000_000_000)
    build.source("big.py", "heights = everything.compute()\nprint(heights)")
    build.begin(build.at("big.py", "everything.compute()"), "compute", tasks=2_000, **begin)
    return diagnose(build.trace())


def test_a_result_larger_than_what_was_free_is_named_with_both_sizes() -> None:
    found = only(_too_large(expected_bytes=80_000_000_000, free_bytes=12_000_000_000), "LZ118")
    assert "needs 80 GB" in found.why
    assert "12 GB were free" in found.why
    assert found.severity == "high"
    assert techniques(found) == ["reorder", "native-function", "map-blocks"]


def test_a_killed_program_wanted_more_than_its_limit() -> None:
    found = only(_too_large(expected_bytes=20_000_000_000), "LZ118")
    assert "the process may use 16 GB" in found.why


def test_a_chunk_that_does_not_fit_is_to_be_smaller() -> None:
    sizes = {"expected_bytes": 80_000_000_000, "free_bytes": 4_000_000_000}
    found = only(_too_large(**sizes, largest_chunk_bytes=8_000_000_000), "LZ118")
    assert techniques(found)[1] == "rechunk"


def test_what_fits_is_not_reported() -> None:
    assert "LZ118" not in codes(_too_large(expected_bytes=8_000_000_000, free_bytes=12_000_000_000))


# LZ108, LZ119, LZ120, LZ121


@pytest.mark.parametrize(
    "asked",
    [
        "data().sum().compute()",
        "data().persist()[0]",
        "da.store(data(), np.empty(200))",
        "da.to_npy_stack(__import__('tempfile').mkdtemp(), data())",
        "xr.DataArray(data()).compute()",
        "xr.DataArray(data()).load()",
        "xr.DataArray(data()).to_numpy()",
    ],
)
def test_what_the_program_asks_for_is_no_problem(diagnosis_of: Diagnose, asked: str) -> None:
    diagnosis = diagnosis_of(f"import xarray as xr\nresult = {asked}")
    assert codes(diagnosis) == {"LZ119"}
    assert not above_info(diagnosis)


def test_a_library_that_computes_by_itself_is_named(diagnosis_of: Diagnose) -> None:
    found = only(
        diagnosis_of(
            """
            import xarray as xr

            one, two = (xr.Dataset({"depth": ("place", data() + n)}) for n in (0, 1))
            xr.concat([one, two], "day", data_vars="different", coords="minimal", compat="equals")
            """
        ),
        "LZ108",
    )
    assert "`concat` calls `datasets[0].variables[k].load()` at concat.py:" in found.why
    assert "compute-once" in techniques(found)


DATAFRAME = """
import dask.dataframe as dd
import pandas as pd

# dask keeps the divisions that it computed: other tests must not have asked for those of this table.
trips = dd.from_pandas(pd.DataFrame({"place": [30, 10, 20, 40], "fare": [9.0, 5.0, 7.0, 6.0]}), npartitions=2)
"""


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("trips.set_index('place').divisions", "choose-parameter"),
        ("trips.repartition(partition_size='1kB').npartitions", "choose-parameter"),
        ("for row in trips.itertuples():\n    print(row)", "map-blocks"),
    ],
)
def test_functions_that_compute_on_their_own_say_what_they_need(
    tmp_path: Path, line: str, first: str
) -> None:
    found = only(diagnosed(f"{DATAFRAME}\n{line}\n", tmp_path), "LZ120")
    assert found.fixes[0].technique == first


@pytest.mark.parametrize("line", ["print(trips.head())", "trips.to_csv('trips-*.csv')", "print(len(trips))"])
def test_what_shows_or_keeps_dataframes_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not above_info(diagnosed(f"{DATAFRAME}\n{line}\n", tmp_path))


def test_a_force_that_is_allowed_says_why(diagnosis_of: Diagnose) -> None:
    program = "import lazyscope\nwith lazyscope.allow('the size decides'):\n    n = int(data().max())"
    found = only(diagnosis_of(program), "LZ121")
    assert found.severity == "info"
    assert "the size decides" in found.why


def test_arrays_that_tasks_hold_are_no_closure(tmp_path: Path) -> None:
    """Lazy bounds of ``da.linspace`` are computed in its tasks; no code of the program runs there."""
    text = """
    import dask.array as da

    x = da.arange(12, chunks=4) + 1
    edges = da.linspace(x.min(), x.max(), 5)
    print(edges.compute())
    """
    found = only(diagnosed(text, tmp_path), "LZ113")
    assert "`edges.compute()` hold a dask array as an argument" in found.why
    assert [fix.technique for fix in found.fixes] == ["compute-once", "keep-0d"]


def test_what_a_loop_reads_again_is_held_before_the_loop(tmp_path: Path) -> None:
    """Not by a line in the loop, although each turn calls a library."""
    text = """
    import dask.array as da
    import xarray as xr

    t = xr.DataArray(da.arange(2400, chunks=1200).reshape(4, 600) % 7 + 1.0, dims=("t", "x"))
    hot = []
    for i in range(4):
        if float(t.isel(t=i).max()) > 1.5:
            hot.append(i)
    """
    found = only(diagnosed(text, tmp_path), "LZ110")
    replacement = found.fixes[0].edit
    assert replacement is not None
    assert (replacement.main.line, replacement.main.new) == (5, ("t = t.persist()",))
