"""`compare_with_numpy`: the same function on dask arrays and on NumPy arrays."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import array_api_compat.dask.array as dask_namespace
import dask.array as da
import numpy as np
import pytest
from array_api_compat import array_namespace, is_dask_array

import lazyscope
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model.trace import load

Result = namedtuple("Result", "statistic pvalue")


def arange() -> Any:
    return da.arange(6.0, chunks=2)


def only(function: Any, *args: Any, **kwargs: Any) -> Any:
    """The single difference that a comparison finds."""
    (found,) = lazyscope.compare_with_numpy(function, *args, **kwargs).differences
    return found


class TestResults:
    """What is compared, and what counts as equal."""

    def test_lazy_results_in_containers_agree(self) -> None:
        def everything(x: Any, *, more: dict[str, Any]) -> Any:
            return {"a": [x.sum(), (x + more["y"],)], "b": Result(x.mean(), None), "c": "text"}

        found = lazyscope.compare_with_numpy(everything, arange(), more={"y": arange()})
        assert found.equal
        assert found.differences == found.findings == ()
        assert str(found).endswith("dask and NumPy agree")

    @pytest.mark.parametrize(
        ("on_dask", "path", "kind"),
        [
            (lambda x: Result(x.sum() + 1, 2), ".statistic", "values"),
            (lambda x: Result(x.sum().astype("float32"), 2), ".statistic", "dtype"),
            (lambda x: Result(x[:1], 2), ".statistic", "shape"),
            (lambda x: Result(x.sum(), None), ".pvalue", "structure"),
            (lambda x: (x.sum(), 2), "", "structure"),
        ],
    )
    def test_every_kind_of_difference_has_its_path(self, on_dask: Any, path: str, kind: str) -> None:
        def function(x: Any) -> Any:
            return on_dask(x) if is_dask_array(x) else Result(x.sum(), 2)

        found = only(function, arange())
        assert (found.path, found.kind) == (path, kind)

    def test_objects_and_dataclasses_are_compared_by_what_they_hold(self) -> None:
        @dataclass
        class Inner:
            value: Any

        class Outer:
            def __init__(self, x: Any) -> None:
                self.inner = [Inner(x * (2 if is_dask_array(x) else 1))]
                self._hidden = object()

        found = only(Outer, arange())
        assert (found.path, found.kind, found.largest_absolute) == (".inner[0].value", "values", 5.0)
        assert found.largest_relative == 1.0

    def test_other_keys_are_another_structure(self) -> None:
        def function(x: Any) -> Any:
            return {"dask": 1} if is_dask_array(x) else {"numpy": 1}

        assert only(function, arange()).kind == "structure"

    def test_rounding_of_sums_by_chunks_is_no_difference(self) -> None:
        x = da.random.default_rng(0).normal(size=100_000, chunks=1_000)
        assert lazyscope.compare_with_numpy(lambda x: (x.mean(), x.std(), (x**3).sum()), x).equal

    def test_tolerances_are_those_that_were_given(self) -> None:
        def function(x: Any) -> Any:
            return x + 0.01 if is_dask_array(x) else x

        assert not lazyscope.compare_with_numpy(function, arange()).equal
        assert lazyscope.compare_with_numpy(function, arange(), atol=0.02).equal
        assert not lazyscope.compare_with_numpy(function, arange(), rtol=0.02, atol=0).equal

    def test_nan_agrees_with_nan_unless_it_should_not(self) -> None:
        def function(x: Any) -> Any:
            return x * np.nan

        assert lazyscope.compare_with_numpy(function, arange()).equal
        assert not lazyscope.compare_with_numpy(function, arange(), equal_nan=False).equal

    def test_an_unknown_length_is_compared_when_it_is_computed(self) -> None:
        assert lazyscope.compare_with_numpy(lambda x: x[x > 2], arange()).equal

    def test_a_namespace_among_the_arguments_is_exchanged_too(self) -> None:
        def function(x: Any, xp: Any) -> Any:
            assert array_namespace(x) is xp
            return xp.sum(x)

        assert lazyscope.compare_with_numpy(function, arange(), dask_namespace).equal


class TestExceptionsAndWarnings:
    """One call may raise or warn where the other does not."""

    def test_an_exception_on_dask_alone(self) -> None:
        def function(x: Any) -> Any:
            return len(x[x > 1])

        comparison = lazyscope.compare_with_numpy(function, arange())
        (found,) = comparison.differences
        assert found.kind == "exception"
        assert "no exception" in found.numpy
        assert any(failure.escaped for failure in comparison.trace.data.failures)

    def test_an_exception_of_a_task_counts_as_the_function_s(self) -> None:
        def refuse(block: Any) -> Any:
            raise ZeroDivisionError("no")

        def function(x: Any) -> Any:
            return x.map_blocks(refuse, dtype=float, meta=np.empty(0)) if is_dask_array(x) else x

        assert "ZeroDivisionError: no" in only(function, arange()).dask

    def test_the_same_exception_on_both_is_none(self) -> None:
        def function(x: Any) -> Any:
            raise KeyError(type(x).__name__)

        comparison = lazyscope.compare_with_numpy(function, arange())
        assert comparison.equal
        assert not any(failure.escaped for failure in comparison.trace.data.failures)

    def test_a_warning_that_only_numpy_gives_is_told_but_not_unequal(self) -> None:
        def function(x: Any) -> Any:
            if not is_dask_array(x):
                warnings.warn("careful", RuntimeWarning, stacklevel=1)
            return x

        comparison = lazyscope.compare_with_numpy(function, arange())
        assert comparison.equal
        (found,) = comparison.differences
        assert (found.kind, "careful" in found.numpy) == ("warnings", True)
        (finding,) = comparison.findings
        assert finding.severity == "info"

    def test_warnings_of_the_first_call_are_shown(self) -> None:
        def function(x: Any) -> Any:
            warnings.warn("twice", RuntimeWarning, stacklevel=1)
            return x

        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            lazyscope.compare_with_numpy(function, arange())
        assert [str(one.message) for one in shown] == ["twice"]


class TestWhatIsRecorded:
    """Only what the function does on dask arrays."""

    def test_forces_of_the_comparison_itself_are_nobody_s(self) -> None:
        def function(x: Any) -> Any:
            return x + float(x.sum())

        with lazyscope.trace() as outer:
            comparison = lazyscope.compare_with_numpy(function, arange())
        assert [force.trigger for force in comparison.trace.forces] == ["__float__"]
        assert [force.trigger for force in outer.forces] == ["__float__"]
        assert not outer.data.blind_spots

    def test_what_the_second_call_does_with_dask_is_not_recorded(self) -> None:
        def function(x: Any) -> Any:
            return da.asarray(x).sum().compute()

        assert len(lazyscope.compare_with_numpy(function, arange()).trace.forces) == 1

    def test_recording_goes_on_afterwards(self) -> None:
        with lazyscope.trace() as outer:
            lazyscope.compare_with_numpy(lambda x: x, arange())
            arange().sum().compute()
        assert len(outer.forces) == 1

    def test_arguments_stay_as_they_are(self) -> None:
        data = np.arange(4.0)
        x, y = da.from_array(data, chunks=4), np.zeros(4)

        def function(x: Any, y: Any) -> Any:
            if isinstance(x, np.ndarray):
                x += 1
                y += 1
            return 0

        assert lazyscope.compare_with_numpy(function, x, y).equal
        assert data.tolist() == [0, 1, 2, 3]
        assert y.tolist() == [0] * 4

    def test_no_values_of_arrays_get_into_the_trace(self) -> None:
        def function(x: Any) -> Any:
            return x + 123456.75 * is_dask_array(x)

        comparison = lazyscope.compare_with_numpy(function, arange() + 0.125)
        (record,) = comparison.trace.data.differences
        assert "123456" in comparison.differences[0].dask
        assert "12345" not in record.found + record.expected

    def test_the_saved_trace_has_the_finding_at_the_line_of_the_call(self, tmp_path: Path) -> None:
        def function(x: Any) -> Any:
            return x.sum() + is_dask_array(x)

        comparison = lazyscope.compare_with_numpy(function, arange())
        comparison.trace.save(tmp_path / "t.lazy")
        (found,) = diagnose(load(tmp_path / "t.lazy")).findings
        assert (found.code, found.severity) == ("LZ505", "high")
        assert [one.code for one in comparison.findings] == ["LZ505"]
        assert found.user_site is not None
        trace = comparison.trace.data
        line = trace.positions[found.user_site].line
        source = Path(__file__).read_text().splitlines()[line - 1]
        assert "compare_with_numpy(function, arange())" in source


def test_another_dtype_is_medium() -> None:
    def function(x: Any) -> Any:
        return x.astype("float32") if is_dask_array(x) else x

    (found,) = lazyscope.compare_with_numpy(function, arange()).findings
    assert found.severity == "medium"


def test_run_ends_with_1_where_results_differ(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "import dask.array as da\n"
        "import lazyscope\n"
        "def f(x): return x + 1.0 * isinstance(x, da.Array) * int(sys.argv[1])\n"
        "lazyscope.compare_with_numpy(f, da.ones(4))\n"
    )
    for argument, status in (("1", 1), ("0", 0)):
        command = [sys.executable, "-m", "lazyscope", "run", "-o", f"{argument}.lazy", program.name, argument]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        assert ("1 comparison with NumPy differs" in done.stderr) == bool(status)


def test_importing_lazyscope_does_not_load_it() -> None:
    code = "import sys, lazyscope; print('lazyscope.comparison' in sys.modules, 'dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"
