"""`%%lazyscope` in IPython and in a kernel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="needs IPython")

import lazyscope
from notebook_runs import run_cells

ARRAYS = """
import dask.array as da
import numpy as np

runs = []

def block(values):
    runs.append(len(runs))
    return values + 1.0

x = da.from_array(np.arange(6.0), chunks=2).map_blocks(block, dtype=float)
runs.clear()
"""
"""A dask array of three blocks that count their executions."""


def test_the_cell_runs_as_without_the_magic(tmp_path: Path) -> None:
    """Its output, its variables, and its value, which is Out[n] and `_` too."""
    plain, traced, last = run_cells(
        "a = 20\nprint('said')\na + 1", "%%lazyscope\na = 30\nprint('said')\na + 1", "_, a", cwd=tmp_path
    )
    assert (plain.stdout, traced.stdout) == ("said\nOut[2]: 21\n", "said\nOut[3]: 31\n")
    assert last.value == "(31, 30)"


@pytest.mark.parametrize(
    ("cell", "shown"), [("1 + 1;", ""), ("1 + 1  # a comment;", "Out[2]: 2\n"), ("b = 2", "")]
)
def test_a_value_is_shown_by_the_rules_of_ipython(cell: str, shown: str, tmp_path: Path) -> None:
    """A semicolon hides it; an assignment has none."""
    (traced,) = run_cells(f"%%lazyscope\n{cell}", cwd=tmp_path)
    assert traced.stdout == shown


def test_the_trace_is_shown_below_and_kept(tmp_path: Path) -> None:
    """As `_lazyscope`, or under the name given; the sums are in the first sentence."""
    _, first, named, kept = run_cells(
        ARRAYS,
        "%%lazyscope\nfloat(x.sum())",
        "%%lazyscope t\ntotal = x.sum()",
        "repr(_lazyscope), repr(t)",
        cwd=tmp_path,
    )
    assert "1 force took" in first.html
    assert first.shown[-1]["text/plain"] == "<lazyscope trace, ok: 1 forces, 2 calls>"
    assert "Nothing was forced: 1 call recorded, no graph executed." in named.html
    assert kept.value == repr(
        ("<lazyscope trace, ok: 1 forces, 2 calls>", "<lazyscope trace, ok: 0 forces, 1 calls>")
    )


def test_showing_computes_nothing(tmp_path: Path) -> None:
    """Neither the trace, open or ended, nor its findings, as HTML or as text: each block ran once."""
    cells = run_cells(
        ARRAYS,
        "%%lazyscope t\nfor n in (0, 1):\n    if (x > n).any():\n        pass\ninside = t._repr_html_()",
        "len(runs)",
        "shown = [t._repr_html_(), repr(t), *[(f._repr_html_(), repr(f)) for f in t.findings]]",
        "len(runs), len(t.findings) > 0, 'is being recorded' in inside",
        cwd=tmp_path,
    )
    assert cells[2].value == "6"
    assert cells[4].value == "(6, True, True)"


def test_lines_are_counted_as_the_cell_is_shown(tmp_path: Path) -> None:
    """The magic is line 1; the file is that of the cell's number."""
    _, _, told = run_cells(
        ARRAYS,
        "%%lazyscope\n\n# why\ndef ask(a):\n    return bool((a > 0).any())\n\nask(x)",
        "s = _lazyscope.forces[0].user_site\n[(s.file, s.line, s.code, s.function)]",
        cwd=tmp_path,
    )
    assert told.value == repr([("<cell 3>", 5, "return bool((a > 0).any())", "ask")])


def test_an_exception_passes_and_the_trace_is_kept(tmp_path: Path) -> None:
    """The cell fails as it would; the traceback names the line, and no frame of lazyscope."""
    _, failed, kept = run_cells(
        ARRAYS, "%%lazyscope t\ntotal = float(x.sum())\nruns[99]", "repr(t)", cwd=tmp_path
    )
    assert failed.error == "IndexError"
    assert "ended with IndexError" in failed.html
    assert "----> 3 runs[99]" in failed.stdout
    assert "notebook.py" not in failed.stdout
    assert kept.value == repr("<lazyscope trace, exception: 1 forces, 2 calls>")


def test_a_syntax_error_is_that_of_the_cell(tmp_path: Path) -> None:
    """Nothing runs, and no trace begins."""
    failed, kept = run_cells("%%lazyscope\nprint('no')\nx = = 1", "'_lazyscope' in globals()", cwd=tmp_path)
    assert failed.error == "SyntaxError"
    assert "x = = 1" in failed.stdout
    assert "no\n" not in failed.stdout.splitlines()[0]
    assert kept.value == "False"


def test_a_file_is_written_while_the_cell_runs(tmp_path: Path) -> None:
    """It is replaced only if asked, and only if it is a trace."""
    (tmp_path / "notes.txt").write_text("precious")
    _, _, again, _, other = run_cells(
        ARRAYS,
        "%%lazyscope -o t.lazy\nx.sum().compute()",
        "%%lazyscope -o t.lazy\n1",
        "%%lazyscope -o t.lazy --overwrite\nx.sum().compute(), x.max().compute()",
        "%%lazyscope -o notes.txt --overwrite\n1",
        cwd=tmp_path,
    )
    assert again.stderr == "UsageError: t.lazy exists and would be lost: give another path\n"
    assert len(lazyscope.load(tmp_path / "t.lazy").forces) == 2
    assert other.stderr == "UsageError: notes.txt is no trace and would be lost: give another path\n"
    assert (tmp_path / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("a-b", "1", "'a-b' is no name for a trace: `%%lazyscope NAME` binds it to a variable"),
        ("for", "1", "'for' is no name for a trace: `%%lazyscope NAME` binds it to a variable"),
        ("a b", "1", "unrecognized arguments: b"),
        ("'", "1", "%%lazyscope ': No closing quotation"),
        (
            "",
            "import asyncio\nawait asyncio.sleep(0)",
            "a cell that awaits at its top level cannot be run by %%lazyscope: "
            "write `with lazyscope.trace() as t:` in the cell",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(line: str, cell: str, said: str, tmp_path: Path) -> None:
    """Nothing of the cell runs."""
    (done,) = run_cells(f"%%lazyscope {line}\nprint('ran')\n{cell}", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", f"UsageError: {said}\n")


def test_the_extension_can_be_unloaded(tmp_path: Path) -> None:
    """The magic is gone then."""
    _, gone = run_cells("%unload_ext lazyscope", "%%lazyscope\n1", cwd=tmp_path)
    assert "%%lazyscope` not found" in gone.stderr


def test_a_kernel_shows_it(tmp_path: Path) -> None:
    """In a notebook file: HTML, the number of the cell, and an error that stops the run."""
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    cells = [
        "%load_ext lazyscope",
        ARRAYS,
        "%%lazyscope t\nif (x > 0).any():\n    print('yes')\nx.shape",
        "[(f.user_site.file, f.user_site.line) for f in t.forces], len(runs)",
        "%%lazyscope\nraise KeyError('k')",
        "never = 1",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="KeyError"):
        client.execute()
    kinds = [output.output_type for output in notebook.cells[2].outputs]
    assert kinds == ["stream", "execute_result", "display_data"]
    assert "1 force took" in notebook.cells[2].outputs[2].data["text/html"]
    assert notebook.cells[3].outputs[0].data["text/plain"] == "([('<cell 3>', 2)], 3)"
    assert notebook.cells[5].outputs == []
    assert re.search(r"line 2", "\n".join(notebook.cells[4].outputs[-1].traceback))
