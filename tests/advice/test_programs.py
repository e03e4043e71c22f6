"""What the headers of the programs say is true, so that advice can be judged by it."""

import re
from importlib.metadata import version

import pytest
from program_files import HERE, Measured, Program, measured, programs

PROGRAMS = list(programs(HERE / "programs"))
every_program = pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
every_problem = pytest.mark.parametrize(
    "program",
    [program for program in PROGRAMS if program.is_problem],
    ids=[program.name for program in PROGRAMS if program.is_problem],
)


@pytest.fixture(scope="session")
def runs():
    """Measurements of programs as they are, so that each is run once."""
    return {}


_OF_SCIPY = re.compile(r"^(import|from) (scipy|sklearn)\b", re.MULTILINE)


@pytest.fixture
def as_it_is(program, runs, tmp_path) -> Measured:
    """The program as it is, measured."""
    if _OF_SCIPY.search(program.text) and not version("scipy").startswith("1.18."):
        pytest.skip("the header has the figures of SciPy 1.18")
    if program.name not in runs:
        runs[program.name] = measured(program.text, tmp_path / "as_it_is", program.environment)
    return runs[program.name]


@every_program
def test_the_truth_of_the_header_is_measured(program: Program, as_it_is):
    """Executions, blocks made and the exception are those of the header."""
    found = {"executions": as_it_is.executions, "blocks": as_it_is.blocks, "raises": as_it_is.error}

    assert found == program.header["truth"]


@every_problem
def test_the_fix_by_hand_does_what_the_header_says(program: Program, as_it_is, tmp_path):
    """It executes what the header says, raises nothing and prints what the program printed."""
    after = measured(program.by_hand(), tmp_path, program.environment)

    best = program.header["best"]
    assert (after.error, after.executions, after.blocks) == (None, best["executions"], best["blocks"])
    assert as_it_is.error or after.stdout == as_it_is.stdout


@every_problem
def test_the_fix_by_hand_is_better(program: Program):
    """A problem is one: it crashes, or blocks are made or graphs executed that need not be."""
    truth, best = program.header["truth"], program.header["best"]

    assert truth["raises"] or best["blocks"] < truth["blocks"] or best["executions"] < truth["executions"]


def test_every_kind_of_wrong_advice_has_programs():
    """Each of the sixteen kinds is met in three programs at least."""
    kinds = [kind for program in PROGRAMS for kind in program.header["kind"]]

    assert [kind for kind in range(1, 17) if kinds.count(kind) < 3] == []


def test_there_are_controls():
    """A profiler that always finds something is as bad as one that never does."""
    assert sum(not program.is_problem for program in PROGRAMS) >= 12
