"""The summary of a trace on one screen."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import sample_traces
from golden_files import assert_golden
from lazyscope.report import terminal
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]
SCREENS = [(80, 24), (100, 40)]


def render(build: TraceBuilder, width: int = 80, height: int = 24) -> str:
    """The summary without colours."""
    return terminal.render(build.trace(), width, height)


def rows(text: str) -> list[list[str]]:
    """The figures of every row of the table: seconds, share, and the counts where there are any.

    Less than 1 % is 0 % rounded, and counts as that.
    """
    figures = re.compile(r" *≥?(-?[\d,.]+) +(-?\d+) %(?: +(\d+) +≤?([\d,]+) +≤?([\d,]+))?(?:  |$)")
    found = [figures.match(line.replace("<1 %", " 0 %")) for line in text.splitlines()]
    return [[(group or "0").replace(",", "") for group in match.groups()] for match in found if match]


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = y[y > 0]\n")
    build.source("library.py", "def f(x):\n    return bool(x.any())\n", role="library")
    return build


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_summaries_are_those_reviewed(name: str, width: int, height: int) -> None:
    """To the letter."""
    assert_golden(f"{name}-{width}.txt", render(getattr(sample_traces, name)(), width, height))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("width", "height"), [*SCREENS, (120, 40), (80, 60)])
def test_a_summary_fits_its_screen_and_leaves_a_line_to_the_prompt(
    name: str, width: int, height: int
) -> None:
    """Not a column too wide, not a line too long."""
    lines = render(getattr(sample_traces, name)(), width, height).splitlines()
    assert len(lines) < height
    assert max(cell_len(line) for line in lines) <= width
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_rows_add_up_to_the_last(name: str, width: int, height: int) -> None:
    """As they are shown, whatever is folded: seconds, per cent, forces, tasks, repeated tasks."""
    *parts, total = rows(render(getattr(sample_traces, name)(), width, height))
    for part, whole in zip(zip(*parts, strict=True), total, strict=True):
        assert sum(map(float, part)) == pytest.approx(float(whole), abs=1e-9)
    assert total[1] == "100"


def test_a_program_that_forced_nothing_needs_no_table(build: TraceBuilder) -> None:
    """One sentence is enough."""
    build.call("dask.array.mean", build.at("program.py", "f(x)"))
    text = render(build.wait(2).end())
    assert text == (
        "program.py ended normally after 2.00 s. Nothing was forced: 1 call recorded, no\ngraph executed.\n"
    )


def test_an_exception_is_told_first(build: TraceBuilder) -> None:
    """Its type in the headline, its message and its lines below."""
    user, library = build.at("program.py", "f(x)"), build.at("library.py", "x.any()")
    build.failure("KeyError", "'x'", user, escaped=False)
    build.failure("ValueError", "no", library, user_site=user)
    text = render(build.wait(1).end("exception", "ValueError"))
    assert text.startswith("program.py ended with ValueError after 1.00 s.")
    assert re.search(r"^exception      ValueError: no +escaped$", text, re.MULTILINE)
    assert "\n               library.py:2  return bool(«x.any()»)\n" in text
    assert "\n               from program.py:2  y = f(x)\n" in text
    assert re.search(r"^ +KeyError: 'x' +handled$", text, re.MULTILINE)


def test_a_handled_exception_comes_after_one_that_escaped_and_equal_ones_are_counted(
    build: TraceBuilder,
) -> None:
    """A retry loop is one line."""
    for _ in range(3):
        build.failure("ValueError", "no", build.at("program.py", "f(x)"), escaped=False)
    assert re.search(r"ValueError: no +handled × 3$", render(build.end()), re.MULTILINE)


def test_a_shape_that_did_no_harm_is_not_mentioned(build: TraceBuilder) -> None:
    """What is fine is not reported."""
    build.unknown_shape("Array.__getitem__", build.at("program.py", "y[y > 0]", opcode="BINARY_SUBSCR"))
    assert "y[y > 0]" not in render(build.end())


def test_a_killed_program_leads_with_the_force_that_was_running(build: TraceBuilder) -> None:
    """Where, what it wanted, and what there was."""
    lines = render(sample_traces.killed(), height=30).splitlines()
    assert lines[:9] == [
        "samples/kmeans.py was killed, or still runs, 46.4 s in: force 2 was running.",
        "  samples/kmeans.py:2  codebook, distortion = kmeans(obs, guess)",
        "  scipy/cluster/vq/_vq_impl.py:7  np_obs = «np.asarray(obs)»",
        "  by __array__ in scipy.cluster.vq.kmeans",
        "  It wanted 80 GB; 12.3 GB were free. The process held 1.23 GB of 16 GB. Its",
        "  largest chunk has 80 MB. It needed 2,000 tasks, of which 1,000 had already",
        "  been computed.",
        "  for astype-8d3f0a: float64 (1,000,000,000, 10)",
        "",
    ]


def test_what_a_killed_force_wanted_may_be_unknown(build: TraceBuilder) -> None:
    """Unknown is said, never 0."""
    build.begin(
        build.at("program.py", "f(x)"), "compute", results=("x", "y", "z"), tasks_exact=False, tasks=9
    )
    text = render(build, height=40)
    assert "It wanted a result of unknown size. It needed at most 9 tasks, of which none" in text
    assert "\n  for x\n  for y\n  and 1 more result\n" in text


def test_a_program_killed_between_forces_says_so(build: TraceBuilder) -> None:
    """No force is to blame."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=2)
    assert render(build).startswith("program.py was killed, or still runs, 2.00 s in: no force was running.")


def test_a_force_in_the_users_own_line_stands_with_it(build: TraceBuilder) -> None:
    """One line of code, one line of figures."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=2, tasks=3)
    assert render(build.end()).splitlines()[5:8] == [
        "seconds  share  forces  tasks  repeated",
        "program.py:2  y = «f(x)»",
        "   2.00  100 %       1      3         0  compute",
    ]


def test_forces_that_raised_or_did_not_come_back_are_marked(build: TraceBuilder) -> None:
    """Before the trigger."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1, error="ValueError")
    build.force(line, "compute", seconds=1)
    build.force(build.at("program.py", "y[y > 0]"), "persist", seconds=1, error="ValueError")
    text = render(build.end())
    assert "  1 raised, compute\n" in text
    assert "  raised, persist\n" in text


def test_a_line_of_nobody_and_an_inherited_one_say_so(build: TraceBuilder) -> None:
    """Nothing is attributed to whoever stands above."""
    build.force(None, "compute", seconds=3)
    library = build.at("library.py", "x.any()")
    build.force(library, "__bool__", user_site=build.at("program.py", "f(x)"), inherited=True, seconds=1)
    lines = render(build.end(), 100, 40).splitlines()
    table = lines[lines.index("seconds  share  forces  tasks  repeated") :]
    assert table[1] == "no line of the user's"
    assert table[2].endswith("  F1, compute, line unknown")
    assert re.fullmatch(r"program.py:2  y = f\(x\) +\(inherited\)", table[3])


def test_partition_reads_are_told(build: TraceBuilder) -> None:
    """For dask.dataframe the unit is a partition read."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1, partition_reads=12, partition_reads_repeated=5)
    assert "5 of 12 partition reads had been made before." in render(build.end()).replace("\n", " ")


def test_without_time_shares_are_unknown(build: TraceBuilder) -> None:
    """And no division by zero."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=0)
    assert "   0.00    ? %       1      1         0  compute\n" in render(build.end())


def test_in_colour_the_text_is_the_same_without_guillemets() -> None:
    """Colour marks what guillemets mark without it."""
    build = sample_traces.kmeans()
    colored = terminal.render(build.trace(), 100, 40, color=True)
    assert "\x1b[1;33mnp.asarray(obs)\x1b[0m" in colored
    bare = re.sub(r"\x1b\[[\d;]*m", "", colored)
    assert bare == render(build, 100, 40).replace("«", "").replace("»", "")


@pytest.mark.parametrize("name", SAMPLES)
def test_an_old_encoding_gets_ascii(name: str) -> None:
    """Nothing that could not be written."""
    text = terminal.render(getattr(sample_traces, name)().trace(), ascii_only=True)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_no_color_is_respected_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal too: then guillemets mark."""
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    Console(file=file, width=80, height=24, force_terminal=True).print(
        terminal.show(sample_traces.kmeans().trace())
    )
    assert "«diff > thresh»" in file.getvalue()
    assert "\x1b[3" not in file.getvalue()


def test_printed_it_is_what_was_rendered() -> None:
    """`show` and `render` are one."""
    console = Console(file=io.StringIO(), width=80, height=24, color_system=None)
    with console.capture() as capture:
        console.print(terminal.show(sample_traces.crowded().trace()))
    assert capture.get() == render(sample_traces.crowded())


texts = st.text(max_size=40) | st.sampled_from(
    [
        "[/b]",
        "[bold]",
        "[link=x]y[/link]",
        "\x1b[2J",
        "\x1b]0;t\x07",
        "a\rb",
        "\u202e",
        "{x}",
        "%s",
        "é" * 300,
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(texts, min_size=8, max_size=8), st.integers(20, 140), st.integers(5, 60), st.booleans())
def test_any_text_passes_through_harmlessly(names: list[str], width: int, height: int, color: bool) -> None:
    """No markup error, no control characters, no line too wide, whatever a program is made of."""
    argv, path, source, trigger, entry, message, spot, operation = names
    path, entry = f"user{path}", f"lib{entry}"
    build = TraceBuilder(argv)
    build.source(path, "f(x) " + source.replace("\n", " ").replace("\r", " "))
    build.missing(entry)
    user, library = build.at(path, "f(x)"), build.at(entry, 3, function=operation)
    build.force(user, trigger, seconds=1)
    build.force(library, trigger, user_site=user, entry=entry, seconds=1)
    build.unknown_shape(operation, library, user_site=user)
    build.failure(entry, message, library)
    build.blind_spot(spot)
    build.begin(library, trigger, user_site=user, entry=entry, results=(message,))
    text = terminal.render(build.trace(), width, height, color=color)
    bare = re.sub(r"\x1b\[[\d;]*m", "", text) if color else text
    assert bare.replace("\n", "").isprintable()
    assert max(cell_len(line) for line in bare.splitlines()) <= width


def test_forces_that_are_allowed_are_told_apart_and_carry_the_reason():
    """At the same line as others, and shown harmlessly."""
    build = TraceBuilder("pipeline.py")
    build.source("pipeline.py", "total = float(x.sum())")
    at = build.at("pipeline.py", "float(x.sum())")
    build.force(at, "__float__", seconds=1.0, tasks=5, allowed="small [/b]")
    build.force(at, "__float__", seconds=2.0, tasks=7)
    lines = [" ".join(line.split()) for line in render(build.end()).splitlines()]
    assert "1.00 33 % 1 5 0 __float__, allowed: small [/b]" in lines
    assert "2.00 67 % 1 7 0 __float__" in lines


def test_numbers_that_are_upper_bounds_say_so(build: TraceBuilder) -> None:
    """A force too large to look into, in which nothing can have run before."""
    build.force(build.at("program.py", "f(x)"), "compute", seconds=1.0, tasks=300_000, tasks_exact=False)
    text = terminal.render(build.end().trace(), 120, 24).replace("\n", " ")
    assert "None of at most 300,000 tasks had already been computed." in text
