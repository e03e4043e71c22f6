"""What importing lazyscope loads, and what it costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "textual", "graphviz", "jinja2", "libcst", "scipy", "distributed", "dask", "numpy", "pandas", "rich",
    "click", "pygments",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that are loaded after a statement in a fresh interpreter."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_lazyscope_loads_nothing_heavy():
    """Reading a trace must not pay for dask, and `import lazyscope` for nothing it does not use."""
    assert loaded_by("import lazyscope").isdisjoint(HEAVY)


def test_opening_a_trace_imports_nothing_for_the_program():
    """A program sets options before it imports dask.array or SciPy: a trace must not be first."""
    opened = "import lazyscope\nwith lazyscope.trace():\n    pass"
    assert loaded_by(opened).isdisjoint({"dask", "numpy", "scipy", "distributed", "pandas"})


def test_reading_a_trace_needs_no_dask(tmp_path):
    """`show` and `report` work where dask is not installed."""
    path = tmp_path / "t.lazy"
    written = loaded_by(f"import lazyscope\nwith lazyscope.trace({str(path)!r}):\n    pass")
    assert "dask" not in written
    read = loaded_by(
        f"import lazyscope\nt = lazyscope.load({str(path)!r})\nassert t.forces == [] and t.calls == []"
    )
    assert read.isdisjoint({"dask", "numpy", "scipy"})
