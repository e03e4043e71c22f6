"""Unknown shapes and exceptions: which code explains them, with which fixes, and what is left alone."""

from __future__ import annotations

import textwrap
from pathlib import Path

import array_api_compat.dask.array as xp_dask
import array_api_extra as xpx
import dask
import dask.array as da
import numpy as np
import pytest
from example_programs import above_info, diagnosed, recorded

from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Finding

HEAD = """
import dask
import dask.array as da
import numpy as np
import array_api_compat.dask.array as xp
import array_api_extra as xpx

x = da.arange(-6.0, 6.0, chunks=4)
m = da.arange(24.0, chunks=8).reshape(6, 4).rechunk((2, 2))
ints = da.from_array(np.array([3, 1, 3, 2, 1, 3]), chunks=2)
"""


def findings(text: str, folder: Path, head: str = HEAD) -> list[Finding]:
    inside = folder / str(len(list(folder.iterdir())))
    inside.mkdir()
    return list(diagnosed(head + textwrap.dedent(text), inside).findings)


def codes(text: str, folder: Path) -> set[str]:
    return {found.code for found in findings(text, folder)}


def the(code: str, text: str, folder: Path) -> Finding:
    found = findings(text, folder)
    own = [one for one in found if one.code == code]
    assert len(own) == 1, [(one.code, one.why) for one in found]
    return own[0]


def techniques(found: Finding) -> list[str]:
    return [fix.technique for fix in found.fixes]


# Which code


CRASHES = [
    ("LZ205", "y = da.zeros_like(x)\ny[x > 0] = da.sqrt(x[x > 0])"),
    ("LZ205", "x[x > 0] **= 2"),
    ("LZ205", "low = x < 0\nvalues = da.exp(x[low])\nvalues = values + 1\nx[low] = values"),
    ("LZ205", "rows = m[:, 0] > 3\nm[rows] = m[rows] * 2"),
    ("LZ205", "y = xpx.at(x, x > 0).set(x[x > 0] + 1)"),
    ("LZ205", "y = xpx.at(x)[x > 0].add(x[x > 0])"),
    ("LZ301", "kept = x[x > 0]\nkept[2]"),
    ("LZ301", "kept = x[x > 0]\nkept + x"),
    ("LZ301", "da.stack([x[x > 0], x[x < 0]])"),
    ("LZ301", "da.fft.fft(x[x > 0])"),
    ("LZ301", "x[x > 0].rechunk(2)"),
    ("LZ301", "x[x > 0].argmax()"),
    ("LZ301", "x[x > 0].map_overlap(np.sort, depth=1)"),
    ("LZ301", "xp.sort(x[x > 0])"),
    ("LZ301", "xp.expand_dims(x[x > 0], axis=0)"),
    ("LZ308", "len(x[x > 0])"),
    ("LZ308", "kept = x[x > 0]\nn = kept.shape[0]\nrange(n)"),
    ("LZ308", "kept = x[x > 0]\nnp.zeros(kept.shape)"),
    ("LZ308", "kept = x[x > 0]\nda.zeros(kept.shape)"),
    ("LZ308", "kept = x[x > 0]\nint(kept.size)"),
    ("LZ302", "da.fft.fft(x)"),
    ("LZ302", "da.fft.fftn(m)"),
    ("LZ302", "da.linalg.qr(m)"),
    ("LZ302", "da.linalg.svd(m)"),
    ("LZ302", "da.linalg.cholesky(da.ones((4, 4), chunks=(2, 4)))"),
    ("LZ302", "da.apply_gufunc(np.mean, '(i)->()', x)"),
    ("LZ302", "np.median(m)"),
    ("LZ302", "da.percentile(m, 50)"),
    ("LZ303", "xp.take_along_axis(x, xp.argsort(x), axis=0)"),
    ("LZ303", "da.sort(x)"),
    ("LZ303", "xp.linalg.eigh(m[:4])"),
    ("LZ303", "xp.linalg.matrix_rank(m)"),
    ("LZ303", "da.concat([x, x])"),
    ("LZ304", "xpx_ns = __import__('array_api_compat').array_namespace(x, np.ones(3))"),
    ("LZ305", "da.histogram(x, bins=3)"),
    ("LZ305", "m.reshape(4, 6)"),
    ("LZ306", "m[[0, 1], [1, 2]]"),
    ("LZ306", "m[[0, 1], [1, 2]] = 0"),
    ("LZ306", "x[np.array([[0, 1], [2, 3]])]"),
    ("LZ306", "m[:, m > 0]"),
    ("LZ306", "x.vindex[x > 0]"),
    ("LZ307", "da.map_blocks(lambda block: block.unheard_of, x)"),
    ("LZ309", "x.sort()"),
    ("LZ309", "x.sum(out=np.zeros(()))"),
    ("LZ309", "x.sum(where=x > 0)"),
    ("LZ309", "np.add.reduce(x)"),
    ("LZ309", "x.ravel(order='F')"),
    ("LZ309", "m.cumsum()"),
    ("LZ309", "x.flags"),
    ("LZ309", "memoryview(x)"),
]


@pytest.mark.parametrize(("code", "text"), CRASHES, ids=[f"{c}-{t[:40]}" for c, t in CRASHES])
def test_a_crash_has_its_code_and_is_high(code: str, text: str, tmp_path: Path) -> None:
    own = the(code, text, tmp_path)
    assert own.severity == "high"
    assert own.failures
    assert own.fixes


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("LZ201", "kept = x[x > 0]\nkept[2]"),
        ("LZ201", "kept = x[x > 0]\nhalf = kept / 2\nlen(half)"),
        ("LZ202", "kinds = da.unique(ints)\nkinds[0]"),
        ("LZ202", "kinds = xp.unique_values(ints)\nrange(kinds.shape[0])"),
        ("LZ203", "where, = da.nonzero(x > 0)\nwhere[:2]"),
        ("LZ203", "da.argwhere(x > 0).reshape(2, -1)"),
        ("LZ204", "import dask.dataframe as dd, pandas as pd\n"
                  "frame = dd.from_pandas(pd.DataFrame({'a': [1, 2, 3]}), npartitions=2)\nframe.a.values[0]"),
    ],
)  # fmt: skip
def test_the_origin_is_high_too_and_the_crash_follows_it(code: str, text: str, tmp_path: Path) -> None:
    found = findings(text, tmp_path)
    origin = next(one for one in found if one.code == code)
    crash = next(one for one in found if one.failures)
    assert origin.severity == "high"
    assert not origin.failures
    assert origin.unknown_shapes
    assert crash.follows == origin.id
    assert {"where", "compute-chunk-sizes", "native-function"} & set(techniques(origin)[:2])


# What is left alone

PLAIN = [
    "x[20]",
    "x + x[:5]",
    "x.reshape(5, 5)",
    "da.unheard_of",
    "xp.linalg.unheard_of(m)",
    "x.unheard_of",
    "raise ValueError('the shape (3,) is not the shape (4,)')",
    "raise TypeError('the option is not supported')",
    "raise RuntimeError('the lazy fox cannot jump')",
    "range(x.shape[0] / 2)",
    "range(2.5)",
    "int(float('nan'))",
    "kept = x[x > 0]\nrange(2.5)",
    "kept = x[x > 0]\nint(float('nan'))",
    "kept = x[x > 0]\nkept.sum(unheard_of=1)",
    "x.sum(unheard_of=1)",
    "def total(a, b):\n    return a\ntotal(x, where=1)",
    "float(x)",
    "m['a']",
    "[1] >= 2",
    "class Array:\n    pass\nArray().unheard_of",
    "import dask.dataframe as dd\n{}['dask']",
    "y = np.zeros(3)\ny[np.array([True, False, True])] = np.zeros(3)",
    "x.reshape(2)",
    "da.concatenate([x, m])",
    "assert False",
    "kept = x[x > 0]\nassert False",
]


@pytest.mark.parametrize("text", PLAIN)
def test_an_exception_that_laziness_has_no_part_in_is_no_finding(text: str, tmp_path: Path) -> None:
    mine = {code for code in codes(text, tmp_path) if code[2] in "23"}
    assert not mine


@pytest.mark.parametrize(
    "text",
    [
        "kept = x[x > 0]\nkept.mean()",
        "x[x > 0] = 0",
        "y = xpx.at(x, x > 0).set(0)",
        "kinds = da.unique(ints)\nkinds + 1",
        "kept = x[x > 0].persist()\nkept.compute_chunk_sizes()\nkept[2]",
    ],
)
def test_an_unknown_shape_that_did_no_harm_is_no_finding(text: str, tmp_path: Path) -> None:
    mine = {code for code in codes(text, tmp_path) if code[2] in "23"}
    assert not mine


def test_what_the_program_catches_is_low(tmp_path: Path) -> None:
    text = """
    kept = x[x > 0]
    try:
        first = kept[0]
    except ValueError:
        first = None
    """
    found = {one.code: one for one in findings(text, tmp_path)}
    assert found["LZ301"].severity == "low"
    assert found["LZ201"].severity == "low"


# The rewrites say what is true

ASSIGNMENTS = [
    "y[x > 0] = x[x > 0] * 2 + 1",
    "low = x < -2\ny[low] = xp.exp(x[low]) / 3",
    "low = x < -2\na = x[low]\nb = y[low]\ny[low] = a * a + b",
    "y[~(x > 0)] = -x[~(x > 0)]",
    "y[x > 0] *= 3",
    "y[x > 0] -= x[x > 0]",
    "positive = x > 0\nvalues = xp.log(x[positive])\ny[positive] = values",
    "y = xpx.at(y, x > 0).set(x[x > 0] ** 0.5)",
    "y = xpx.at(y)[x > 0].multiply(x[x > 0])",
    "rows = m[:, 0] > 6\nm[rows] = m[rows] * 2\ny = m",
    "columns = m[0] > 1\nm[:, columns] = m[:, columns] - 1\ny = m",
]


@pytest.mark.parametrize("text", ASSIGNMENTS)
def test_a_rewritten_masked_assignment_gives_what_numpy_gives(text: str, tmp_path: Path) -> None:
    program = "def change(x, y, m, xp):\n" + textwrap.indent(text, "    ") + "\n    return y\n"
    trace = recorded(HEAD + program + "z = change(x, x / 10, m, xp)\n", tmp_path)
    own = next(one for one in diagnose(trace).findings if one.code == "LZ205")
    edits = [fix.edit for fix in own.fixes if fix.edit is not None]
    # A mask of columns is no mask that `where` takes.
    assert edits or "m[:, columns]" in text
    x, m = np.arange(-6.0, 6.0), np.arange(24.0).reshape(6, 4)
    lazy = da.from_array(x, chunks=4), da.from_array(x / 10, chunks=4), da.from_array(m, chunks=(2, 2))
    space: dict[str, object] = {"xpx": xpx}
    exec(program, space)
    expected = space["change"](x.copy(), x / 10, m.copy(), np)  # type: ignore[operator]
    for edit in edits:
        lines = edit.lines(trace, edit.files[0])
        imports = [line for line in lines if line.startswith("from array_api_compat")]
        begin = lines.index("def change(x, y, m, xp):")
        end = lines.index("z = change(x, x / 10, m, xp)")
        exec("\n".join([*imports, *lines[begin:end]]), space)
        with np.errstate(all="ignore"):
            result = space["change"](*lazy, xp_dask)  # type: ignore[operator]
            assert isinstance(result, da.Array)
            np.testing.assert_allclose(dask.compute(result)[0], expected)
            own_result = space["change"](x.copy(), x / 10, m.copy(), np)  # type: ignore[operator]
            np.testing.assert_allclose(own_result, expected)


def test_a_formula_that_is_not_defined_everywhere_is_better_applied_to_the_selection(tmp_path: Path) -> None:
    safe = the("LZ205", "y = da.zeros_like(x)\ny[x > 0] = x[x > 0] * 2", tmp_path)
    assert techniques(safe)[:2] == ["where", "apply-where"]
    unsafe = the("LZ205", "y = da.zeros_like(x)\ny[x > 0] = 1 / x[x > 0]", tmp_path)
    assert techniques(unsafe)[:2] == ["where", "apply-where"]


def test_a_reduction_of_the_selection_is_one_of_what_the_mask_holds(tmp_path: Path) -> None:
    own = the("LZ205", "y = da.zeros_like(x)\ny[x > 0] = x[x > 0] - x[x > 0].mean()", tmp_path)
    assert "x - x.mean()" not in " ".join(fix.summary for fix in own.fixes)
    assert "da.sum(da.where(x > 0, x, 0)) / da.sum(x > 0)" in own.fixes[0].summary


def test_a_test_of_the_mask_around_it_goes_with_it(tmp_path: Path) -> None:
    text = """
    def halve(x):
        big = x > 3
        if da.any(big):
            x[big] = x[big] / 2
        return x
    y = halve(x)
    """
    own = the("LZ205", text, tmp_path)
    assert own.fixes[0].summary.endswith("instead of the `if`")


# Lines for the user's file


@pytest.mark.parametrize(
    ("code", "text", "lines"),
    [
        ("LZ302", "wave = x * 2\nda.fft.fft(wave)", ("da.fft.fft(wave.rechunk(-1))",)),
        ("LZ302", "z = m + 1\nda.fft.fft(z, axis=1)", ("da.fft.fft(z.rechunk({1: -1}), axis=1)",)),
        (
            "LZ301",
            "kept = x[x > 0]\nkept[2]",
            ("kept = x[x > 0].persist().compute_chunk_sizes()",),
        ),
    ],
)
def test_the_first_fix_has_lines_with_the_real_names(
    code: str, text: str, lines: tuple[str, ...], tmp_path: Path
) -> None:
    own = the(code, text, tmp_path)
    assert own.fixes[0].edit is not None
    replacement = own.fixes[0].edit.main
    assert replacement.new == lines
    program = (HEAD + text).strip("\n").splitlines()
    program[replacement.line - 1 : replacement.end_line] = replacement.new
    mended = findings("\n".join(program), tmp_path, "")
    assert code not in [one.code for one in mended]


@pytest.mark.parametrize("text", ["x[x > 0].rechunk(2)", "da.fft.fft(x[x > 0])", "da.stack([x[x > 0], x])"])
def test_lengths_are_learnt_of_the_array_that_has_none(text: str, tmp_path: Path) -> None:
    own = the("LZ301", text, tmp_path)
    fix = next(one for one in own.fixes if one.technique == "compute-chunk-sizes")
    assert "x[x > 0].persist().compute_chunk_sizes()" in fix.summary
    assert fix.edit is not None


def test_two_lazy_indices_are_computed(tmp_path: Path) -> None:
    text = "rows = da.from_array(np.array([0, 1]), chunks=1)\ncols = rows + 1\nm[rows, cols]"
    own = the("LZ306", text, tmp_path)
    edits = [fix.edit.main.new for fix in own.fixes if fix.edit is not None]
    assert edits == [("m, rows, cols = dask.compute(m, rows, cols)",)]


def test_names_are_not_made_up(tmp_path: Path) -> None:
    own = the("LZ302", "da.linalg.cholesky(da.ones((4, 4), chunks=(2, 4)))", tmp_path)
    assert own.fixes[0].technique == "rechunk"
    assert "da.ones((4, 4), chunks=(2, 4)).rechunk(-1)" in own.fixes[0].summary


def test_a_mixture_of_namespaces_is_converted_with_the_names_of_the_call(tmp_path: Path) -> None:
    text = """
    from array_api_compat import array_namespace

    def distance(a, b):
        return array_namespace(a, b).sum(a - b)

    from scipy.stats import pearsonr
    measured = da.arange(8.0, chunks=4)
    reference = np.arange(8.0) ** 2
    pearsonr(measured, reference)
    """
    head = "import os\nos.environ['SCIPY_ARRAY_API'] = '1'\n" + HEAD
    own = [one for one in findings(text, tmp_path, head) if one.code == "LZ304"]
    assert len(own) == 1
    assert techniques(own[0])[:2] == ["convert-input", "compute-once"]
    assert "pearsonr(measured, da.asarray(reference))" in own[0].fixes[0].summary


def test_a_library_that_tries_twice_is_told_once(tmp_path: Path) -> None:
    head = "import os\nos.environ['SCIPY_ARRAY_API'] = '1'\n" + HEAD
    found = findings("from scipy.signal import hilbert\nwave = x + 1\nhilbert(wave)", tmp_path, head)
    own = [one for one in found if one.code == "LZ302"]
    assert len(own) == 1
    assert own[0].fixes[0].technique == "rechunk"
    assert "hilbert(wave.rechunk(-1))" in own[0].fixes[0].summary


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("scipy.stats.rankdata(x)", "LZ303"),
        ("scipy.stats.describe(x, nan_policy='raise')", "LZ305"),
        ("scipy.stats.mode(x)", "LZ301"),
    ],
)
def test_crashes_in_a_library_offer_the_caller_to_compute_first(call: str, code: str, tmp_path: Path) -> None:
    head = "import os\nos.environ['SCIPY_ARRAY_API'] = '1'\nimport scipy.stats\n" + HEAD
    own = [one for one in findings(call, tmp_path, head) if one.code == code]
    assert len(own) == 1
    assert own[0].fixes[0].technique == "compute-once"
    assert own[0].fixes[0].audience == "caller"
    assert "(x.compute()" in own[0].fixes[0].summary


def test_a_guard_that_raises_for_lazy_arrays_is_seen_whatever_it_says(tmp_path: Path) -> None:
    text = """
    from array_api_compat import is_lazy_array
    def ranks(x):
        if is_lazy_array(x):
            raise NotImplementedError("no")
        return x
    ranks(x)
    """
    assert techniques(the("LZ305", text, tmp_path))[0] == "compute-once"
    eager = text.replace("if is_lazy", "if not is_lazy").replace('ranks(x)\n    """', "")
    eager = eager.replace("    ranks(x)\n", "    ranks(np.ones(3))\n")
    assert "LZ305" not in codes(eager, tmp_path)


def test_a_repaired_program_is_clean(tmp_path: Path) -> None:
    text = HEAD + "y = da.where(x > 0, da.log(da.where(x > 0, x, 1.0)), 0.0)\nz = xpx.nunique(ints)\n"
    assert not above_info(diagnosed(text, tmp_path))
