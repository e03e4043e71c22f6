"""Edits of files: what is written where, and what is refused."""

from __future__ import annotations

import ast

import pytest

from lazyscope.analysis.source import source_file
from lazyscope.fixes.check import objections
from lazyscope.fixes.diff import unified_diff
from lazyscope.fixes.edit import Draft, one_change
from lazyscope.model.trace import TraceData
from trace_builder import TraceBuilder

PROGRAM = '''"""A program."""
from __future__ import annotations

import dask.array as da

x = da.ones((4, 4),  # é
            chunks=2)
y = (
    x.sum()
)


def spread(x, xp):
    low = x.min()
    return x.max() - low


def plain(x):
    return x
'''


@pytest.fixture
def trace() -> TraceData:
    build = TraceBuilder("program.py")
    build.source("program.py", PROGRAM)
    build.force(build.at("program.py", "x.sum()"), "compute", seconds=0.1)
    return build.end().trace()


def tree_of(trace: TraceData) -> ast.Module:
    tree = source_file(trace, file_of(trace)).tree
    assert tree is not None
    return tree


def file_of(trace: TraceData) -> int:
    return next(number for number, file in enumerate(trace.files) if file.path.endswith("program.py"))


def edited(draft: Draft) -> str:
    edit = draft.edit()
    assert edit is not None
    return "\n".join(edit.lines(draft.trace, file_of(draft.trace)))


def test_everything_else_stays_as_it_is_written(trace: TraceData) -> None:
    """Comments, line breaks and characters of several bytes included."""
    draft, file = Draft(trace), file_of(trace)
    total = tree_of(trace).body[4]
    assert isinstance(total, ast.Assign)
    draft.append(file, total.value, ".compute()")
    assert edited(draft) == PROGRAM.rstrip("\n").replace("x.sum()", "x.sum().compute()")


def test_a_statement_goes_after_all_lines_of_another(trace: TraceData) -> None:
    draft, file = Draft(trace), file_of(trace)
    draft.insert_after(file, tree_of(trace).body[3], "x = x.persist()")
    assert "            chunks=2)\nx = x.persist()\ny = (" in edited(draft)


def test_a_statement_has_the_indent_of_the_one_before_which_it_goes(trace: TraceData) -> None:
    draft, file = Draft(trace), file_of(trace)
    function = tree_of(trace).body[5]
    assert isinstance(function, ast.FunctionDef)
    draft.insert_before(file, function.body[1], "x = x + 1")
    assert "    low = x.min()\n    x = x + 1\n    return" in edited(draft)


def test_an_import_goes_below_the_text_and_the_imports_of_the_future(trace: TraceData) -> None:
    draft, file = Draft(trace), file_of(trace)
    assert draft.import_of(file, "dask.array") == "da"
    assert draft.import_of(file, "dask") == "dask"
    draft.import_of(file, "dask")
    assert edited(draft).startswith(
        '"""A program."""\nfrom __future__ import annotations\n\nimport dask\nimport dask.array as da\n'
    )


def test_no_import_takes_a_name_that_the_program_has(trace: TraceData) -> None:
    """`x` is an array there."""
    draft, file = Draft(trace), file_of(trace)
    draft.import_of(file, "x")
    assert draft.edit() is None


def test_places_that_overlap_make_no_edit(trace: TraceData) -> None:
    draft, file = Draft(trace), file_of(trace)
    total = tree_of(trace).body[4]
    assert isinstance(total, ast.Assign)
    draft.replace(file, total, "y = 1")
    draft.replace(file, total.value, "2")
    assert draft.edit() is None


def test_the_diff_can_be_applied_by_patch(trace: TraceData) -> None:
    edit = one_change(file_of(trace), 14, 14, ("    low = x.min(axis=0)",))
    assert unified_diff(trace, edit).splitlines()[:3] == [
        "--- a/program.py",
        "+++ b/program.py",
        "@@ -11,7 +11,7 @@",
    ]


@pytest.mark.parametrize(
    ("line", "new", "problem"),
    [
        (8, "y = ((", "the changed file does not parse"),
        (14, "    low = dask.compute(x)", "`dask` is not bound there"),
        (14, "    low = later", "`later` is not bound there"),
        (14, "    low = low - 1", "`low` is not bound there"),
        (19, "    return f(x, ...)", "an argument is left open"),
        (19, "    x = ...", "a value is left open"),
        (14, "    low = x.compute()", "`x.compute` in a function that takes NumPy arrays as well"),
        (14, "    low = da.min(x)", "`da.min` in a function that takes NumPy arrays as well"),
        (19, "    return x.persist()", "`x` is not known to be a dask array"),
    ],
)
def test_an_edit_that_does_not_hold_is_refused(trace: TraceData, line: int, new: str, problem: str) -> None:
    found = objections(trace, one_change(file_of(trace), line, line, (new,)))
    assert problem in found


def test_what_comes_after_a_return_is_refused(trace: TraceData) -> None:
    edit = one_change(file_of(trace), 20, 19, ("    x = 1",))
    assert objections(trace, edit) == ["line 20 is never reached"]


@pytest.mark.parametrize(
    "new",
    [
        "    low = [one for one in x]",
        "    low = (lambda part: part + 1)(x)",
        "    low = max(x, key=len)",
        "    low = spread(x, xp)",
        "    low = (found := x) + found",
    ],
)
def test_names_of_comprehensions_functions_and_python_itself_are_bound(trace: TraceData, new: str) -> None:
    assert objections(trace, one_change(file_of(trace), 14, 14, (new,))) == []
