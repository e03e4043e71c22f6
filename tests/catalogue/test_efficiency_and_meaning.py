"""LZ401 to LZ404 and LZ501 to LZ505 on programs other than their examples, and on near misses."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from example_programs import diagnosed

from lazyscope.catalogue.finding import Finding


def findings(text: str, folder: Path, code: str) -> list[Finding]:
    """Those of one code."""
    return [found for found in diagnosed(text, folder).findings if found.code == code]


def only(text: str, folder: Path, code: str) -> Finding:
    """The single finding of a code."""
    (found,) = findings(text, folder, code)
    return found


def program(*lines: str) -> str:
    """A program on a dask array ``x`` of six numbers in three chunks."""
    return "\n".join(
        (
            "import dask.array as da",
            "import numpy as np",
            "import array_api_compat.dask.array as xp",
            "import array_api_extra as xpx",
            "from array_api_compat import is_dask_array, is_lazy_array",
            "x = da.arange(6.0, chunks=2)",
            *lines,
        )
    )


def function(*lines: str) -> str:
    """A program that calls a function of ``x`` with this body."""
    return program("def f(x):", *(f"    {line}" for line in lines), "f(x)")


class TestOneChunk:
    """LZ401."""

    def test_a_source_in_one_chunk_is_to_be_made_in_several(self, tmp_path: Path) -> None:
        found = only(
            "import dask.array as da\nbig = da.ones(15_000_000, chunks=-1)\nprint(big.sum().compute())",
            tmp_path,
            "LZ401",
        )
        assert "`big` is one chunk of 120 MB" in found.why
        assert found.fixes[0].technique == "rechunk"
        assert "chunks=(7_500_000,)" in found.fixes[0].summary

    def test_sorting_brings_all_blocks_together(self, tmp_path: Path) -> None:
        text = "x = da.ones(13_000_000, chunks=1_300_000)\nprint(xp.sort(x)[0].compute())"
        found = only(program(*text.split("\n")), tmp_path, "LZ401")
        assert "made of 10 blocks" in found.why
        assert "`xp.sort(x)`" in found.why

    @pytest.mark.parametrize("chunks", ["1_000_000", "7_500_000"])
    def test_several_chunks_are_fine(self, tmp_path: Path, chunks: str) -> None:
        text = f"import dask.array as da\nprint(da.ones(15_000_000, chunks={chunks}).sum().compute())"
        assert not findings(text, tmp_path, "LZ401")

    def test_a_large_chunk_that_nobody_asks_for_is_none(self, tmp_path: Path) -> None:
        text = "import dask.array as da\nbig = da.ones(15_000_000, chunks=-1)\nprint(big[:10].shape)"
        assert not findings(text, tmp_path, "LZ401")


class TestSmallChunks:
    """LZ402."""

    def test_the_fix_has_numbers(self, tmp_path: Path) -> None:
        text = "import dask.array as da\nx = da.ones((4000, 30), chunks=(2, 30))\nprint(x.sum().compute())"
        found = only(text, tmp_path, "LZ402")
        assert "2,000 chunks of 480 B" in found.why
        assert "chunks=(500, 30)" in found.fixes[0].summary
        assert found.at_stake > 0

    def test_slow_tasks_are_not_overhead(self, tmp_path: Path) -> None:
        text = (
            "import time\nimport dask\nimport dask.array as da\nimport numpy as np\n"
            "def slow(block):\n    time.sleep(0.003)\n    return block\n"
            "x = da.ones(1100, chunks=1).map_blocks(slow, dtype=float, meta=np.empty(0))\n"
            "dask.config.set(scheduler='sync')\n"
            "x.compute()"
        )
        by_the_clock = diagnosed(text, tmp_path, clock=nullcontext).findings
        assert "LZ402" not in [found.code for found in by_the_clock]
        (tmp_path / "again").mkdir()
        assert findings(text, tmp_path / "again", "LZ402")

    def test_a_thousand_chunks_are_no_crumbs(self, tmp_path: Path) -> None:
        text = "import dask.array as da\nprint(da.ones(1000, chunks=1).sum().compute())"
        assert not findings(text, tmp_path, "LZ402")


class TestRechunk:
    """LZ403."""

    def test_chunks_that_do_not_fit(self, tmp_path: Path) -> None:
        text = (
            "import dask.array as da\n"
            "rows = da.ones((600, 30), chunks=(20, 30))\n"
            "columns = da.ones((600, 30), chunks=(600, 1))\n"
            "print((rows + columns).sum().compute())"
        )
        found = only(text, tmp_path, "LZ403")
        assert "`rows` with 30 chunks of (20, 30)" in found.why
        assert "`columns` with 30 chunks of (600, 1)" in found.why
        assert found.fixes[0].technique == "rechunk"
        assert found.user_site is not None

    def test_an_explicit_rechunk_through_pieces(self, tmp_path: Path) -> None:
        text = (
            "import dask\nimport dask.array as da\n"
            "dask.config.set({'array.chunk-size': '2kiB'})\n"
            "rows = da.ones((120, 120), chunks=(1, 120))\n"
            "print(rows.rechunk((120, 1), block_size_limit=2000).sum().compute())"
        )
        found = only(text, tmp_path, "LZ403")
        assert "`rows.rechunk((120, 1), block_size_limit=2000)`" in found.why
        assert "chunks=(120, 1)" in found.fixes[0].summary

    @pytest.mark.parametrize(
        "line",
        ["x = da.ones(100_000, chunks=100).rechunk(1000)", "x = da.ones(100_000, chunks=-1).rechunk(100)"],
    )
    def test_cutting_or_merging_alone_is_fine(self, tmp_path: Path, line: str) -> None:
        assert not findings(f"import dask.array as da\n{line}\nx.sum().compute()", tmp_path, "LZ403")


class TestSameConversion:
    """LZ404."""

    def test_three_conversions_of_one_result(self, tmp_path: Path) -> None:
        text = program(
            "class Kept: pass",
            "kept = Kept()",
            "kept.total = (x * 2).sum()",
            "def a(): return np.asarray(kept.total)",
            "print(a() + a() + float(kept.total))",
        )
        found = only(text, tmp_path, "LZ404")
        assert found.occurrences == 3
        assert "3 times in all" in found.why
        assert found.fixes[0].technique == "compute-once"

    def test_two_times_are_not_several(self, tmp_path: Path) -> None:
        text = program("print(float(x.sum()), float(x.sum()))")
        assert not findings(text, tmp_path, "LZ404")

    def test_different_results_are_not_the_same(self, tmp_path: Path) -> None:
        text = program("print(float(x.sum()), float(x.max()), float(x.min()))")
        assert not findings(text, tmp_path, "LZ404")


class TestCheckSkipped:
    """LZ501."""

    def test_a_guard_kept_in_a_variable(self, tmp_path: Path) -> None:
        text = function(
            "lazy = is_lazy_array(x)",
            "bad = xp.any(x < 0)",
            "if not lazy and bad:",
            "    x = x - xp.min(x)",
            "return x",
        )
        found = only(text, tmp_path, "LZ501")
        assert found.severity == "info"
        assert [fix.technique for fix in found.fixes] == ["guard-lazy", "where"]
        # The body may not be right for any values: it is left to the author.
        assert found.fixes[0].is_sketch

    def test_a_python_condition_stays_in_front(self, tmp_path: Path) -> None:
        text = function(
            "policy = 'omit'",
            "if policy == 'omit' and not is_lazy_array(x) and xp.any(x > 3):",
            "    x = xp.where(x > 3, 0.0, x)",
            "return x",
        )
        found = only(text, tmp_path, "LZ501")
        assert "`if policy == 'omit' and (is_lazy_array(x) or xp.any(x > 3)):`" in found.fixes[0].summary
        replacement = found.fixes[0].edit
        assert replacement is not None
        assert replacement.main.new == ("    if policy == 'omit' and (is_lazy_array(x) or xp.any(x > 3)):",)

    def test_a_body_that_needs_a_mask_is_not_replaced_blindly(self, tmp_path: Path) -> None:
        text = function(
            "y = x * 1",
            "if not is_dask_array(x) and xp.any(x > 3):",
            "    rows = x > 3",
            "    y[rows] = 0.0",
            "return y",
        )
        found = only(text, tmp_path, "LZ501")
        assert found.fixes[0].edit is None
        assert "with `where` and the full mask" in found.fixes[1].summary

    @pytest.mark.parametrize(
        "lines",
        [
            ("if not is_lazy_array(x) and xp.any(x < 0):", "    raise ValueError('negative')"),
            ("if not is_lazy_array(x) and xp.any(x < 0):", "    import warnings; warnings.warn('negative')"),
            ("if is_lazy_array(x) or xp.any(x < 0):", "    x = xp.where(x < 0, 0.0, x)"),
            (
                "if not is_lazy_array(x) and xp.all(x > 0):",
                "    x = xp.log(x)",
                "else:",
                "    x = xp.where(x > 0, xp.log(x), 0.0)",
            ),
            ("if not is_lazy_array(x) and xp.all(x == 0):", "    return x", "x = x / 2"),
            ("if not is_lazy_array(x):", "    x = np.ascontiguousarray(x)"),
            ("lazy = is_lazy_array(x)", "if not lazy and xp.any(x > 9):", "    x = x - 1",
             "if lazy:", "    x = xp.where(x > 9, x - 1, x)"),
            ("found = False", "if not is_lazy_array(x) and xp.any(x > 9):", "    found = True"),
        ],
    )  # fmt: skip
    def test_what_is_right_is_not_reported(self, tmp_path: Path, lines: tuple[str, ...]) -> None:
        assert not findings(function(*lines, "return x"), tmp_path, "LZ501")


class TestUnknownComparison:
    """LZ502."""

    @pytest.mark.parametrize(
        ("lines", "counted"),
        [
            (("return xp.unique_values(x).shape[0] < 6",), "xpx.nunique(x)"),
            (("u = xp.unique_values(x)", "return u.size == 6"), "xpx.nunique(x)"),
            (("n = xp.unique_values(x).shape[0]", "return n > 2"), "xpx.nunique(x)"),
            (("u = xp.unique_values(x)", "k = u.shape[0]", "if k >= 3: x = -x"), "xpx.nunique(x)"),
            (("m = x > 2", "y = x[m]", "return y.shape[0] == 0"), "da.sum(m)"),
            (("i = da.flatnonzero(x > 2)", "return i.shape[0] != 0"), "da.count_nonzero(x > 2)"),
        ],
    )
    def test_a_count_stays_lazy(self, tmp_path: Path, lines: tuple[str, ...], counted: str) -> None:
        found = only(function(*lines), tmp_path, "LZ502")
        assert found.severity == "info"
        assert [fix.technique for fix in found.fixes] == ["native-function", "compute-chunk-sizes"]
        assert found.fixes[0].summary == f"`{counted}` instead of the length"
        assert found.fixes[0].edit is not None
        assert [line for change in found.fixes[0].edit.changes for line in change.new if counted in line]
        assert (" True for whatever data" in found.why) == ("!=" in lines[-1])

    def test_the_line_is_rewritten_where_it_has_all_names(self, tmp_path: Path) -> None:
        found = only(function("return xp.unique_values(x).shape[0] < x.shape[0]"), tmp_path, "LZ502")
        replacement = found.fixes[0].edit
        assert replacement is not None
        assert replacement.main.new == ("    return xpx.nunique(x) < x.shape[0]",)

    @pytest.mark.parametrize(
        "lines",
        [
            ("u = xp.unique_values(x).compute()", "return u.shape[0] < 6"),
            ("u = xp.unique_values(x)", "u.compute_chunk_sizes()", "return u.shape[0] < 6"),
            ("x = da.stack([x, x], axis=1)", "y = x[x[:, 0] > 2]", "return y.shape[1] == 2"),
            ("y = x[x > 2]", "return y.ndim == 1"),
            ("y = xp.where(x > 2, x, 0)", "return y.shape[0] < 3"),
        ],
    )
    def test_known_lengths_are_none(self, tmp_path: Path, lines: tuple[str, ...]) -> None:
        assert not findings(function(*lines), tmp_path, "LZ502")

    def test_what_raises_is_not_silent(self, tmp_path: Path) -> None:
        assert not findings(function("return len(xp.unique_values(x)) < 6"), tmp_path, "LZ502")


class TestLostWrite:
    """LZ503."""

    @pytest.mark.parametrize(
        ("lines", "summary"),
        [
            (("v = x[1:3]", "v[...] = 0.0", "return x.sum()"), "`x[1:3] = v` after line 9"),
            (("v = x[:2]", "v += 1", "return x.sum()"), "`x[:2] = v` after line 9"),
            (("v = x[:4]", "v[1:2] = 0.0", "return x"), "`x[:4] = v` after line 9"),
            (("x = x.reshape(3, 2)", "x.T[0] = 1.0", "return x"), "write to the array itself"),
            (("x = x.reshape(3, 2)", "x[0][1] = 1.0", "return x"), "write to the array itself"),
        ],
    )
    def test_the_base_keeps_its_values(self, tmp_path: Path, lines: tuple[str, ...], summary: str) -> None:
        found = only(function(*lines), tmp_path, "LZ503")
        assert found.severity == "info"
        assert found.fixes[0].technique == "at"
        assert summary in found.fixes[0].summary

    def test_the_changed_part_is_put_back_below(self, tmp_path: Path) -> None:
        found = only(function("v = x[1:3]", "v[0] = 5.0", "return x"), tmp_path, "LZ503")
        replacement = found.fixes[0].edit
        assert replacement is not None
        change = replacement.main
        assert (change.line, change.end_line, change.new) == (10, 9, ("    x[1:3] = v",))

    @pytest.mark.parametrize(
        "lines",
        [
            ("v = x[1:3]", "v[...] = 0.0", "return v"),
            ("v = x[1:3]", "v[...] = 0.0", "x[1:3] = v", "return x"),
            ("v = x[x > 2]", "v += 1", "return v.sum() + x.sum()"),
            ("v = x[[0, 1]]", "v[...] = 0.0", "return x"),
            ("v = x[1:3].copy()", "v[...] = 0.0", "return x"),
            ("v = x[1:3] * 1", "v[...] = 0.0", "return x"),
            ("v = x", "v[1:3] = 0.0", "return x"),
            ("x[1:3] = 0.0", "return x"),
            ("v = x[1:3]", "v[...] = 0.0", "x = v", "return x"),
            ("v = x[0]", "v += 1", "return x"),
        ],
    )
    def test_nothing_is_lost(self, tmp_path: Path, lines: tuple[str, ...]) -> None:
        assert not findings(function(*lines), tmp_path, "LZ503")


class TestChunkWarning:
    """LZ504."""

    def test_an_empty_chunk_after_a_selection(self, tmp_path: Path) -> None:
        text = program(
            "import warnings",
            "warnings.simplefilter('always')",
            "def middle(block): return np.atleast_1d(block.mean())",
            "x[x > 2].map_blocks(middle, dtype=float).compute()",
        )
        found = only(text, tmp_path, "LZ504")
        assert "Mean of empty slice" in found.why
        assert found.severity == "info"

    def test_the_border_of_an_overlap(self, tmp_path: Path) -> None:
        text = program(
            "import warnings",
            "warnings.simplefilter('always')",
            "da.map_overlap(lambda b: 1 / b, x + 1, depth=1, boundary=0).compute()",
        )
        found = only(text, tmp_path, "LZ504")
        assert "boundary='reflect'" in found.fixes[0].summary

    def test_what_numpy_says_too_is_none(self, tmp_path: Path) -> None:
        text = program("import warnings", "warnings.simplefilter('always')", "da.log(x - 1).compute()")
        assert not findings(text, tmp_path, "LZ504")


class TestDiffersFromNumpy:
    """LZ505, and what it does to its causes."""

    CAUSES = (
        ("LZ501", ("if not is_lazy_array(x) and xp.any(x > 2):", "    x = x * 0.0", "return x")),
        ("LZ502", ("return xp.unique_values(x).shape[0] < 60",)),
        ("LZ503", ("v = x[1:3]", "v[...] = 0.0", "return x")),
    )

    @pytest.mark.parametrize(("code", "lines"), CAUSES)
    def test_the_likely_cause_is_named_and_as_severe(
        self, tmp_path: Path, code: str, lines: tuple[str, ...]
    ) -> None:
        body = [f"    {line}" for line in lines]
        namespace = "    xp = array_namespace(x)"
        text = program(
            "import lazyscope",
            "from array_api_compat import array_namespace",
            "def f(x):",
            namespace,
            *body,
            "lazyscope.compare_with_numpy(f, x)",
        )
        diagnosis = diagnosed(text, tmp_path)
        of = {found.code: found for found in diagnosis.findings}
        assert of[code].severity == of["LZ505"].severity == "high"
        assert "The likely cause is at program.py:" in of["LZ505"].why
        assert of["LZ505"].fixes[0].technique == of[code].fixes[0].technique

    def test_a_cause_outside_of_the_comparison_stays_info(self, tmp_path: Path) -> None:
        text = program(
            "import lazyscope",
            "def g(x): return xp.unique_values(x).shape[0] < 60",
            "g(x)",
            "lazyscope.compare_with_numpy(lambda x: x + is_dask_array(x), x)",
        )
        of = {found.code: found for found in diagnosed(text, tmp_path).findings}
        assert of["LZ502"].severity == "info"
        assert of["LZ505"].severity == "high"
        assert "likely cause" not in of["LZ505"].why

    def test_results_that_agree_are_no_finding(self, tmp_path: Path) -> None:
        text = program("import lazyscope", "lazyscope.compare_with_numpy(lambda x: x.sum(), x)")
        assert not findings(text, tmp_path, "LZ505")
