"""The samples: they print the same when recorded, and what is recorded of them is what happened.

What happened is seen without lazyscope: by a witness below all its sensors, by counting what the samples'
own functions are run for, and by a file system that notes what is read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lazyscope

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "samples" / "README.md").read_text()
SAMPLES = sorted(path.name for path in (ROOT / "samples").glob("*.py"))
OWN_MODULES = [Path(lazyscope.__file__).parents[1], ROOT / "tests" / "integration"]
NOTICE = re.compile(r"lazyscope: [\d,]+ forces, trace in trace\.lazy\n")


# Running them


def python(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in a directory; it must end well."""
    environment = {name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, OWN_MODULES))
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def told(runner: str, program: Path, *arguments: str | Path, cwd: Path) -> Any:
    """What a runner writes to told.json while it runs a sample.

    It imports dask, and so SciPy, before the sample can ask for array API support: that is done for it.
    """
    asks = "SCIPY_ARRAY_API" in (cwd / program).read_text()
    python("-c", runner, program, *arguments, cwd=cwd, **({"SCIPY_ARRAY_API": "1"} if asks else {}))
    return json.loads((cwd / "told.json").read_text())


class Sample:
    """A copy of a sample and what came of running it in a directory of its own; each is run once."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.program = Path("samples") / name
        for part in ("samples", "tmp"):
            (directory / part).mkdir(parents=True)
        shutil.copy(ROOT / "samples" / name, directory / self.program)
        self.lines = (directory / self.program).read_text().splitlines()

    @cached_property
    def plain(self) -> subprocess.CompletedProcess[str]:
        return python(self.program, cwd=self.directory, TMPDIR=str(self.directory / "tmp"))

    @cached_property
    def traced(self) -> subprocess.CompletedProcess[str]:
        arguments = ("-m", "lazyscope", "run", "-o", "trace.lazy", self.program)
        return python(*arguments, cwd=self.directory, TMPDIR=str(self.directory / "tmp"))

    @cached_property
    def trace(self) -> lazyscope.Trace:
        assert self.traced
        return lazyscope.load(self.directory / "trace.lazy")

    @cached_property
    def shown(self) -> str:
        """What `lazyscope show` prints when nothing has to be left out."""
        assert self.traced
        show = ("-m", "lazyscope", "show", "trace.lazy")
        return python(*show, cwd=self.directory, COLUMNS="80", LINES="100").stdout

    @cached_property
    def witnessed(self) -> list[dict[str, Any]]:
        return told(WITNESS, self.program, cwd=self.directory)

    def line(self, statement: str) -> int:
        """The number of the one line that holds some text."""
        (number,) = [number for number, line in enumerate(self.lines, 1) if statement in line]
        return number


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Sample]:
    """A sample by its name."""
    return cache(lambda name: Sample(name, tmp_path_factory.mktemp(name)))


WITNESS = """
import json, runpy, sys
from pathlib import Path
from witness import Witness

sys.argv[:] = sys.argv[1:]
witness = Witness()
witness.watch()
runpy.run_path(sys.argv[0], run_name="__main__")
witness.stop()
assert "lazyscope" not in sys.modules
executions = zip(witness, witness.tasks, witness.repeated, strict=True)
told = [
    {"line": seen.line_in(sys.argv[0]), "tasks": tasks, "repeated": repeated}
    for seen, tasks, repeated in executions
]
Path("told.json").write_text(json.dumps(told))
"""
"""Runs a program and tells of each execution the program's line and the tasks asked for."""

BLOCKS = """
import functools, importlib, json, sys
from pathlib import Path

program, function = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(program.parent))
module = importlib.import_module(program.stem)
original, runs = getattr(module, function), []

@functools.wraps(original)
def counting(block_id):
    runs.append(block_id)
    return original(block_id)

setattr(module, function, counting)
module.main()
Path("told.json").write_text(json.dumps(runs))
"""
"""Runs a program and tells for which blocks a function of it was run."""

READS = """
import json, runpy, sys
from pathlib import Path
import dask.local, fsspec
from test_partition_reads import CountingFsspec, opened, parquet_read

for protocol in ("file", "local"):
    fsspec.register_implementation(protocol, CountingFsspec, clobber=True)
original, begun = dask.local.start_state_from_dask, []

def start_state_from_dask(*args, **kwargs):
    begun.append(len(opened))
    return original(*args, **kwargs)

dask.local.start_state_from_dask = start_state_from_dask
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
ended = [*begun[1:], len(opened)]
reads = [list(filter(None, map(parquet_read, opened[a:b]))) for a, b in zip(begun, ended)]
Path("told.json").write_text(json.dumps([[group for _, groups in r for group in groups] for r in reads]))
"""
"""Runs a program and tells of each execution which row groups it took from the disk."""

MONTH = """
import sys
sys.path.insert(0, "samples")
from taxi_ttest import make_up_month

make_up_month(sys.argv[1])
"""
"""Writes the month of taxi trips that the sample makes for itself to a file."""


# Recorded or not


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_prints_the_same_when_it_is_recorded(sample, name):
    """The same result to stdout, and nothing on stderr but where the trace is."""
    plain, traced = sample(name).plain, sample(name).traced
    assert plain.stdout != ""
    assert plain.stderr == ""
    assert traced.stdout == plain.stdout
    assert NOTICE.fullmatch(traced.stderr)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_leaves_nothing_behind(sample, name):
    """Files of its own are elsewhere than where it was started, and gone when it has ended."""
    directory = sample(name).directory
    assert sample(name).traced
    assert sample(name).plain
    left = {str(path.relative_to(directory)) for path in directory.rglob("*")}
    assert left - {"told.json"} == {"samples", f"samples/{name}", "tmp", "trace.lazy"}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_knows_nothing_of_lazyscope(name):
    """It is what a user would have written anyway."""
    assert "lazyscope" not in (ROOT / "samples" / name).read_text()


# What forces


class Forced(NamedTuple):
    """Forces in a row that a statement of a sample led to in the same way."""

    expression: str
    """What the user's line holds of it."""
    trigger: str
    entry: str | None = None
    times: int = 1


TRANSFORM = "sklearn.preprocessing.MinMaxScaler"
WELCH_SEGMENTS = 8 * 2**15 // (4096 // 2) - 1

FORCED = {
    "image_filter.py": [
        Forced("ndimage.gaussian_filter(grey, sigma=2)", "__array__", "scipy.ndimage.gaussian_filter"),
        Forced("ndimage.median_filter(smooth, size=5)", "__array__", "scipy.ndimage.median_filter"),
        Forced("ndimage.label(bright)", "__array__", "scipy.ndimage.label"),
        Forced(
            "ndimage.sum_labels(bright, parts, da.arange(1, count + 1))",
            "__array__",
            "scipy.ndimage.sum_labels",
            times=3,
        ),
        Forced("int(sizes.max())", "__int__"),
        Forced("int(sizes.min())", "__int__"),
    ],
    "labels.py": [
        Forced("(noon > 25).any()", "__array__", "xarray.DataArray.__bool__"),
        Forced("float(noon.max())", "__array__", "xarray.DataArray.__float__"),
        Forced("float(regions.sel(region=region))", "__array__", "xarray.DataArray.__float__", times=3),
        Forced("frost.any()", "__array__", "xarray.DataArray.__bool__"),
        Forced("frost.compute()", "compute", "xarray.DataArray.compute"),
        Forced("float(frosty.mean())", "__array__", "xarray.DataArray.__float__"),
    ],
    "own_code.py": [
        Forced("float(anomaly.std())", "__float__"),
        Forced("abs(anomaly).max() > 100", "__bool__"),
        Forced("kept.compute_chunk_sizes()", "compute_chunk_sizes"),
        Forced("anomaly.max().compute()", "compute"),
    ],
    "scaler.py": [
        Forced("scaler.fit_transform(cells)", "__bool__", f"{TRANSFORM}.fit_transform", times=4),
        Forced("scaler.inverse_transform(scaled)", "__bool__", f"{TRANSFORM}.inverse_transform"),
        Forced("int(spread.argmax())", "__int__"),
        Forced("float(spread[widest])", "__float__"),
        Forced("float(abs(restored - cells).max())", "__float__"),
    ],
    "spectrum.py": [
        Forced("signal.detrend(recording)", "__array__", "scipy.signal.detrend"),
        # The whole signal once, then every segment: one detrends it, one stores its transform.
        Forced(
            "signal.welch(level, fs=RATE, nperseg=4096)",
            "__array__",
            "scipy.signal.welch",
            times=1 + 2 * WELCH_SEGMENTS,
        ),
        Forced("int(spectrum[band].argmax())", "__int__", times=2),
    ],
    "taxi_ttest.py": [
        Forced("alone.compute_chunk_sizes()", "compute_chunk_sizes"),
        Forced("several.compute_chunk_sizes()", "compute_chunk_sizes"),
        Forced("float(alone.mean())", "__float__"),
        Forced("float(several.mean())", "__float__"),
        Forced("float(result.statistic)", "__float__"),
        Forced("float(result.pvalue)", "__float__"),
    ],
}
"""Every force of each sample, in order. (What k-means does is in tests/test_readme.py.)"""


def test_every_sample_has_its_forces_written_down():
    """A new sample is described here, too."""
    assert sorted([*FORCED, "kmeans.py"]) == SAMPLES


@pytest.mark.parametrize("name", FORCED)
def test_the_lines_and_expressions_that_force(sample, name):
    """Each force with the user's line and expression, its trigger and the library function in between."""
    program = str(sample(name).program)
    recorded = [
        (force.user_site.file, force.user_site.line, force.user_site.expression, force.trigger, force.entry)
        for force in sample(name).trace.forces
    ]
    expected = [
        (program, sample(name).line(forced.expression), forced.expression, forced.trigger, forced.entry)
        for forced in FORCED[name]
    ]
    assert [(*key, len(list(group))) for key, group in groupby(recorded)] == [
        (*key, forced.times) for key, forced in zip(expected, FORCED[name], strict=True)
    ]


DISTRIBUTIONS = {"scipy": "scipy", "sklearn": "scikit-learn", "xarray": "xarray"}


@pytest.mark.parametrize("name", FORCED)
def test_forces_without_a_library_in_between_are_at_the_user_s_line(sample, name):
    """The site is the user's line where the user's code forced, else a library's."""
    for force in sample(name).trace.forces:
        if force.entry is None:
            assert force.site == force.user_site
        else:
            library = DISTRIBUTIONS[force.entry.partition(".")[0]]
            assert force.site.distribution == f"{library} {version(library)}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_force_is_an_execution_that_a_witness_saw(sample, name):
    """As many as the untraced program runs, at the same lines, for as many tasks, as many of them again."""
    recorded = [
        {"line": force.user_site.line, "tasks": force.tasks, "repeated": force.tasks_repeated}
        for force in sample(name).trace.forces
    ]
    assert recorded == sample(name).witnessed


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_was_missed_or_went_wrong(sample, name):
    """Every force came back, nothing raised, and nothing is said to have been out of sight."""
    trace = sample(name).trace
    assert trace.data.ended == "ok"
    assert all(force.completed and force.tasks_exact for force in trace.forces)
    assert all(force.scheduler == "threads" for force in trace.forces)
    assert trace.failures == []
    assert trace.data.blind_spots == {}


UNKNOWN = {
    "own_code.py": ["anomaly[abs(anomaly) < 100]"],
    "taxi_ttest.py": [
        "trips[trips.passenger_count == 1].fare_amount.to_dask_array()",
        "trips[trips.passenger_count > 1].fare_amount.to_dask_array()",
    ],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_where_shapes_became_unknown(sample, name):
    """Where rows are chosen by their values, and nowhere else."""
    sites = [shape.user_site for shape in sample(name).trace.unknown_shapes]
    unknown = [(site.line, site.expression) for site in sites]
    assert unknown == [(sample(name).line(text), text) for text in UNKNOWN.get(name, [])]


# What is made and read


def source_tasks(trace: lazyscope.Trace, operation: str) -> list[tuple[int, int]]:
    """Tasks asked for of the layers of an operation and those asked for again, force by force."""
    data = trace.data
    return [
        (wanted.tasks, wanted.repeated)
        for force in data.forces
        for wanted in force.begin.wanted
        if data.texts[data.layers[wanted.layer].operation] == operation
    ]


@pytest.mark.parametrize(
    ("name", "function"),
    [("labels.py", "read_station"), ("own_code.py", "load_block"), ("spectrum.py", "record_block")],
)
def test_blocks_are_made_as_often_as_is_recorded(sample, name, function):
    """The function that makes them is run for every task, and again for every repeated one."""
    wanted = source_tasks(sample(name).trace, function)
    runs = told(BLOCKS, sample(name).program, function, cwd=sample(name).directory)
    assert sum(tasks for tasks, _ in wanted) == len(runs)
    assert sum(repeated for _, repeated in wanted) == len(runs) - len(set(map(tuple, runs)))


@pytest.fixture(scope="module")
def month(sample, tmp_path_factory) -> Path:
    """A month of taxi trips, made up by the sample."""
    path = tmp_path_factory.mktemp("month") / "month.parquet"
    python("-c", MONTH, path, cwd=sample("taxi_ttest.py").directory)
    return path


def test_row_groups_are_read_as_often_as_is_recorded(sample, month):
    """By what came from the disk in an untraced run, force by force; again is what an earlier force read."""
    taxi = sample("taxi_ttest.py")
    reads: list[list[int]] = told(READS, taxi.program, month, cwd=taxi.directory)
    again = [sum(group in set().union(*reads[:n]) for group in groups) for n, groups in enumerate(reads)]
    forces = taxi.trace.forces
    assert [force.partition_reads for force in forces] == [len(groups) for groups in reads]
    assert [force.partition_reads_repeated for force in forces] == again
    # Two columns are tested: the sizes and the means read one of them each, the results both.
    assert [len(groups) for groups in reads] == [12, 12, 12, 12, 24, 24]


def test_the_readme_s_fix_reads_every_row_group_once_for_each_array(sample, tmp_path):
    """Both arrays are persisted before their sizes are asked for, in a copy of the sample."""
    line, fix = "    alone.compute_chunk_sizes()\n", "alone, several = dask.persist(alone, several)"
    assert f"With `{fix}` before the sizes it makes 24, none of them again." in " ".join(README.split())
    taxi = sample("taxi_ttest.py")
    source = (taxi.directory / taxi.program).read_text()
    assert source.count(line) == 1
    fixed = tmp_path / "fixed.py"
    fixed.write_text("import dask\n" + source.replace(line, f"    {fix}\n{line}"))
    done = python("-m", "lazyscope", "run", "-o", "trace.lazy", fixed, cwd=tmp_path)
    assert done.stdout == taxi.plain.stdout
    forces = lazyscope.load(tmp_path / "trace.lazy").forces
    assert forces[0].trigger == "persist"
    assert [force.partition_reads for force in forces] == [24, 0, 0, 0, 0, 0, 0]
    assert sum(force.partition_reads_repeated for force in forces) == 0


def test_a_month_in_another_file_is_read_instead(sample, month, tmp_path):
    """As published: with the fee for congestion that came in 2025, and all rows in one group."""
    table = pq.read_table(month)
    fee = pa.array([0.75] * table.num_rows)
    file = tmp_path / "yellow_tripdata_2025-01.parquet"
    pq.write_table(table.append_column("cbd_congestion_fee", fee), file)
    taxi = sample("taxi_ttest.py")
    run = ("-m", "lazyscope", "run", "-o", tmp_path / "trace.lazy", taxi.program, file)
    assert python(taxi.program, file, cwd=taxi.directory).stdout == taxi.plain.stdout
    assert python(*run, cwd=taxi.directory).stdout == taxi.plain.stdout
    forces = lazyscope.load(tmp_path / "trace.lazy").forces
    assert [force.partition_reads for force in forces] == [1, 1, 1, 1, 2, 2]


def test_the_made_up_month_has_the_columns_of_a_real_one(month):
    """Names, order and types of the files from February 2023 to December 2024, several row groups, nulls."""
    schema = pq.read_schema(month)
    assert [f"{field.name}: {field.type}" for field in schema] == [
        "VendorID: int32",
        "tpep_pickup_datetime: timestamp[us]",
        "tpep_dropoff_datetime: timestamp[us]",
        "passenger_count: int64",
        "trip_distance: double",
        "RatecodeID: int64",
        "store_and_fwd_flag: large_string",
        "PULocationID: int32",
        "DOLocationID: int32",
        "payment_type: int64",
        "fare_amount: double",
        "extra: double",
        "mta_tax: double",
        "tip_amount: double",
        "tolls_amount: double",
        "improvement_surcharge: double",
        "total_amount: double",
        "congestion_surcharge: double",
        "Airport_fee: double",
    ]
    assert schema.metadata is None
    footer = pq.read_metadata(month)
    assert (footer.num_rows, footer.num_row_groups) == (120_000, 12)
    trips = pq.read_table(month)
    nulls = {name for name in trips.column_names if trips[name].null_count}
    assert nulls == {
        "passenger_count",
        "RatecodeID",
        "store_and_fwd_flag",
        "congestion_surcharge",
        "Airport_fee",
    }
    assert trips["passenger_count"].to_pandas().dtype == "float64"


def test_the_test_of_the_fares_is_right(sample, month):
    """The sample prints what pandas and SciPy say of the same rows without dask."""
    from scipy.stats import ttest_ind

    trips = pq.read_table(month).to_pandas()
    trips = trips[trips.fare_amount > 0]
    alone = trips.fare_amount[trips.passenger_count == 1].to_numpy()
    several = trips.fare_amount[trips.passenger_count > 1].to_numpy()
    result = ttest_ind(several, alone, equal_var=False)
    assert sample("taxi_ttest.py").plain.stdout.splitlines() == [
        f"one passenger:      {len(alone):9,} trips, mean fare ${alone.mean():.2f}",
        f"several passengers: {len(several):9,} trips, mean fare ${several.mean():.2f}",
        f"t = {result.statistic:.2f}, p = {result.pvalue:.1e}",
    ]
    assert 1e-20 < result.pvalue < 1e-3


# What samples/README.md says


class Block(NamedTuple):
    """A command and its output, quoted in the README."""

    command: str
    output: list[str]


def blocks() -> list[Block]:
    quoted = re.findall(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", README, re.MULTILINE)
    return [Block(command, output.splitlines()) for command, output in quoted]


def block(command: str) -> list[str]:
    (output,) = [found.output for found in blocks() if found.command == command]
    return output


def skip_unless_of_the_versions_quoted() -> None:
    """Figures and lines of libraries are those of the versions that the README names."""
    (named,) = re.findall(r"^Recorded with (.*)\.$", README, re.MULTILINE)
    names = {"SciPy": "scipy", "scikit-learn": "scikit-learn", "xarray": "xarray", "dask": "dask"}
    quoted = dict(re.findall(r"(SciPy|scikit-learn|xarray|dask) (\d+\.\d+)", named))
    assert quoted.keys() == names.keys()
    for name, number in quoted.items():
        if not version(names[name]).startswith(f"{number}."):
            pytest.skip(f"samples/README.md gives the figures of {name} {number}")


def test_the_readme_quotes_every_sample():
    """What it prints, and what `lazyscope show` says of it."""
    stems = [Path(name).stem for name in SAMPLES]
    assert sorted(found.command for found in blocks()) == sorted(
        [f"python samples/{stem}.py" for stem in stems]
        + [f"lazyscope show lazyscope-{stem}-1.lazy" for stem in stems]
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_the_readme_quotes_what_a_sample_prints(sample, name):
    """Word for word."""
    if name == "kmeans.py":
        skip_unless_of_the_versions_quoted()
    assert block(f"python samples/{name}") == sample(name).plain.stdout.splitlines()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_readme_quotes_what_is_shown_of_a_sample(sample, name):
    """Every quoted line is shown, but for seconds and shares; what is left out is marked by dots."""
    skip_unless_of_the_versions_quoted()
    quoted = block(f"lazyscope show lazyscope-{Path(name).stem}-1.lazy")
    headline, lines = divided(quoted)
    shown_headline, shown_lines = divided(sample(name).shown.splitlines())
    assert headline == shown_headline
    assert [line for line in lines if line != "..." and line not in shown_lines] == []
    assert ("..." in lines) == (len(lines) < len(shown_lines))


def divided(lines: Iterable[str]) -> tuple[str, list[str]]:
    """The sentences of a summary and the lines below them, without what differs from run to run."""
    text = "\n".join(lines)
    headline, _, rest = text.partition("\n\n")
    headline = re.sub(r"(\d+ min )?[\d.,]+ m?s\b|[<>]?\d+ %", "#", " ".join(headline.split()))
    rows = [re.sub(r"^ *[\d.,]+ +<?\d+ % +", "", line) for line in rest.splitlines() if line]
    return headline, [" ".join(_without_figures(row).split()) for row in rows]


def _without_figures(row: str) -> str:
    """A line of the summary without seconds, and without the order and severity that come of them."""
    row = re.sub(r"^F\d+ (high|medium|low|info) ", "F# ", row)
    row = re.sub(r"\bF\d+\b", "F#", row)
    # How much of a title there is room for depends on the seconds beside it.
    row = re.sub(r"^(F# +LZ\d+ +.{20}).*", r"\1", row)
    return re.sub(r"[\d.,]+ m?s\b", "#", row)


Figures = Callable[[lazyscope.Trace], tuple[int, ...]]


def in_libraries(trace: lazyscope.Trace) -> int:
    return sum(force.entry is not None for force in trace.forces)


def told_of_taxi(trace: lazyscope.Trace) -> tuple[int, ...]:
    forces = trace.forces
    reads = sum(force.partition_reads for force in forces)
    return len(forces), reads, sum(force.partition_reads_repeated for force in forces)


def told_of_kmeans(trace: lazyscope.Trace) -> tuple[int, ...]:
    return in_libraries(trace), len(trace.forces)


def told_of_image(trace: lazyscope.Trace) -> tuple[int, ...]:
    (again,) = [force for force in trace.forces if force.tasks_repeated]
    assert again.entry == "scipy.ndimage.sum_labels"
    return in_libraries(trace), again.tasks_repeated, again.tasks


def told_of_welch(trace: lazyscope.Trace) -> tuple[int, ...]:
    return sum(force.entry == "scipy.signal.welch" for force in trace.forces), len(trace.forces)


def told_of_scaler(trace: lazyscope.Trace) -> tuple[int, ...]:
    forces = trace.forces
    repeated, tasks = sum(force.tasks_repeated for force in forces), sum(force.tasks for force in forces)
    return in_libraries(trace), repeated, tasks


def told_of_mask(trace: lazyscope.Trace) -> tuple[int, ...]:
    (mask,) = [force for force in trace.forces if force.trigger == "compute"]
    return mask.tasks_repeated, mask.tasks


def made(function: str) -> Figures:
    """How often a sample's function makes blocks, and how often again."""

    def figures(trace: lazyscope.Trace) -> tuple[int, ...]:
        return tuple(map(sum, zip(*source_tasks(trace, function), strict=True)))

    return figures


MADE = r"made (\d+) times, (\d+) of them again"

CLAIMS: list[tuple[str, str, Figures]] = [
    ("taxi_ttest.py", r"(\d+) forces make (\d+) partition reads, (\d+) of them again", told_of_taxi),
    ("kmeans.py", r"leads to (\d+) of the (\d+) forces", told_of_kmeans),
    ("image_filter.py", r"(\d+) forces lie in SciPy.* (\d+) of its (\d+) tasks again", told_of_image),
    ("spectrum.py", r"(\d+) of the (\d+) forces are in `welch`", told_of_welch),
    ("spectrum.py", MADE, made("record_block")),
    ("scaler.py", r"(\d+) forces lie in scikit-learn.* (\d+) of (\d+) tasks again", told_of_scaler),
    ("labels.py", MADE, made("read_station")),
    ("labels.py", r"(\d+) of its (\d+) tasks are repeated", told_of_mask),
    ("own_code.py", MADE, made("load_block")),
]


@pytest.mark.parametrize(("name", "claim", "figures"), CLAIMS)
def test_the_readme_s_sentences_have_the_right_figures(sample, name, claim, figures):
    """Those of the paragraph above a sample's output."""
    skip_unless_of_the_versions_quoted()
    section = README.partition(f"## {name}\n")[2].partition("\n## ")[0]
    (claimed,) = re.findall(claim, " ".join(section.split()))
    assert tuple(map(int, claimed)) == figures(sample(name).trace)
