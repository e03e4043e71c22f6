"""Readings of real traces: of the pairs in ../shared/repro, run on dask, and of the shared cases."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lazyscope
from lazyscope.analysis.reading import (
    Reading,
    assigned_before,
    call_at,
    in_loop,
    is_numpy_conversion,
    is_numpy_function,
    is_scalar_conversion,
    is_value_check,
    laziness,
    only_raises_or_warns,
    read,
)
from lazyscope.model.trace import TraceData
from shared_folder import SHARED
from source_positions import Compiled

pytestmark = pytest.mark.skipif(
    not (SHARED / "repro" / "index.json").exists(), reason="the shared pairs are not here"
)


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def traced(function: Any, *args: Any) -> TraceData:
    """The trace of a call, whatever it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with lazyscope.trace() as trace:
                function(*args)
        except (ValueError, TypeError, NotImplementedError):
            pass
    return trace.data


@dataclass
class Traced:
    """A trace of the function ``before`` of a pair."""

    data: TraceData

    def places(self) -> list[int]:
        """Positions of forces, failures, unknown shapes and questions about laziness."""
        asked = [c.site for c in self.data.calls if "is_lazy_array" in self.data.texts[c.operation]]
        sites = [f.begin.site for f in self.data.forces]
        sites += [event.site for event in (*self.data.failures, *self.data.unknown_shapes)]
        return list(dict.fromkeys(s for s in [*sites, *asked] if s is not None))

    def readings(self) -> dict[str, Reading]:
        """By the expression."""
        found = [read(self.data, place) for place in self.places()]
        return {reading.expression: reading for reading in found if reading and reading.expression}

    def defined(self, expression: str, name: str) -> str | None:
        positions = {
            reading.expression: place for place in self.places() if (reading := read(self.data, place))
        }
        found = assigned_before(self.data, positions[expression], name)
        return found and found.value


def before(name: str) -> Traced:
    da = pytest.importorskip("dask.array")
    numpy = pytest.importorskip("array_api_compat.numpy")
    pytest.importorskip("array_api_extra")
    namespace = pytest.importorskip("array_api_compat.dask.array")
    if name == "simple_binomial":
        pytest.importorskip("scipy")
    pair = module(SHARED / "repro" / f"{name}.py")
    inputs = [da.from_array(a, chunks=tuple(-(-n // 2) for n in a.shape)) for a in pair.make_inputs(numpy)]
    return Traced(traced(pair.before, *inputs, namespace))


def only(name: str) -> Reading:
    (found,) = before(name).readings().values()
    return found


def test_stack() -> None:
    found = only("alexandergovern_stack")
    assert found.call is not None
    assert (found.role, found.call.function, found.targets) == ("argument", "xp.asarray", ("means",))
    assert found.call.displayed == ("[xp.mean(s) for s in (a, b)]",)
    assert not is_numpy_conversion(found)


def test_built_in_min() -> None:
    found = only("binom_min_builtin")
    assert found.call is not None
    assert (found.role, found.call.resolved, found.converted) == ("argument", "min", ("xp.sum(p)",))
    assert found.call.positional == ("1.0", "xp.sum(p)")
    assert (found.outcome, found.passed_to[0].function) == ("argument", "xp.asarray")


def test_conversion_at_the_entrance() -> None:
    found = only("chirp_asarray")
    assert is_numpy_conversion(found)
    assert (found.converted, found.targets) == (("t",), ("t",))
    assert [c.resolved for c in found.passed_to] == ["numpy.cos"]
    assert found.function is not None
    assert "t" in [p.name for p in found.function.parameters]


def test_order_of_conditions() -> None:
    found = only("describe_reorder")
    assert found.combination is not None
    assert (found.role, found.combination.connective, found.combination.forced) == ("if", "and", 0)
    assert found.combination.cheap_after == ('policy == "omit"',)
    assert found.test is not None
    assert found.test.condition_is == "xp.isnan(xp.max(a))"
    assert found.test.body.does == "assigns"
    assert not is_value_check(found)


def test_functional_update_through_a_mask() -> None:
    found = before("ebrahimi_second").readings()
    selected, failed = found["i[tail]"], found["xpx.at(c, tail).set(1 + (7 - i[tail]) / 3)"]
    assert selected.subscript is not None
    assert (selected.role, selected.subscript.kind, selected.subscript.mask_is) == ("index", "mask", "i >= 5")
    (update,) = failed.updates
    assert (update.form, update.array, update.index, update.operator) == ("at", "c", "tail", "set")
    assert (update.value, update.gathers) == ("1 + (7 - i[tail]) / 3", ("i[tail]",))
    assert (update.array_is, failed.outcome) == ("i * 0 + 2.0", "returned")


def test_update_in_place_through_a_mask() -> None:
    found = before("eim_mask_mul")
    roles = {reading.role for place in found.places() if (reading := read(found.data, place))}
    assert roles == {"augmented assignment", "index"}
    (update,) = found.readings()["x[x < 0]"].updates
    assert (update.array, update.index, update.operator, update.value) == ("x", "x < 0", "*=", "-1")


def test_range_check() -> None:
    found = only("fdc_range_check")
    assert found.test is not None
    assert (found.test.negated, found.test.reduction) == (True, "all")
    assert found.test.mask == "p == xp.clip(p, 0.0, 1.0)"
    assert (found.test.body.does, found.test.body.exception) == ("raises", "ValueError")
    assert only_raises_or_warns(found)


def test_repair_and_warning_in_one_branch() -> None:
    found = only("hmean_negative")
    assert found.test is not None
    assert (found.test.reduction, found.test.mask, found.test.mask_is) == ("any", "bad", "a < 0")
    assert (found.test.body.does, found.test.body.warns) == ("masked update", True)
    (update,) = found.test.body.updates
    assert (update.form, update.index, update.value, update.target) == ("where", "bad", "xp.nan", "a")
    assert not is_value_check(found)


def test_choice_between_two_values() -> None:
    found = only("ks_1samp_branch")
    assert found.test is not None
    assert found.test.otherwise is not None
    assert (found.role, found.names, found.test.in_both) == ("if", ("up", "down"), ("d", "sign"))
    assert [a.value for a in found.test.body.assignments] == ["up", "1"]
    assert [a.value for a in found.test.otherwise.assignments] == ["down", "-1"]


def test_loop_over_elements() -> None:
    found = only("moment_loop")
    (loop,) = found.loops
    assert (loop.header, loop.over) == ("for i in range(order.shape[0])", "length")
    assert loop.uses_variable
    assert not loop.decides
    assert in_loop(found)
    assert found.test is not None
    assert found.test.body.does == "computes"
    assert before("moment_loop").defined("k > 1", "k") == "order[i]"


def test_warning_only() -> None:
    found = only("pearsonr_near_const")
    assert found.test is not None
    assert (found.test.text, found.test.body.does) == ("norm < 1e-13 * xp.abs(m)", "warns")
    assert only_raises_or_warns(found)
    assert laziness(found) is None


def test_check_and_repair_of_one_mask() -> None:
    found = before("put_val_to_limits_lazy").readings()
    check, repair = found["xp.all(mask)"], found["xp.any(mask)"]
    assert is_value_check(check)
    assert not is_value_check(repair)
    assert repair.test is not None
    assert repair.test.body.does == "masked update"
    assert repair.test.mask_is == "(a < 2) | (a > 8)"


def test_guard_in_the_wrong_direction() -> None:
    found = before("rankdata_lazy_nan").readings()["is_lazy_array(x)"]
    assert found.test is not None
    assert (found.test.body_for, found.test.body.does) == ("eager", "computes")
    assert found.test.otherwise is None
    assert not is_value_check(found)


def test_numpy_function_that_dask_lacks() -> None:
    found = only("rankdata_order")
    assert found.call is not None
    assert is_numpy_function(found)
    assert not is_numpy_conversion(found)
    assert (found.outcome, found.converted) == ("discarded", ("out", "j", "ranks"))
    assert (
        before("rankdata_order").defined("np.put_along_axis(out, j, ranks, axis=-1)", "j") == "xp.argsort(x)"
    )


def test_gather_apply_and_scatter() -> None:
    found = before("rel_entr_masks").readings()["p[both] * xp.log(p[both] / q[both])"]
    (update,) = found.updates
    assert (found.role, found.targets) == ("subscript assignment", ("res[both]",))
    assert (update.index_is, update.gathers) == ("(p > 0) & (q > 0)", ("p[both]", "q[both]"))
    assert update.array_is == "xp.full(p.shape, xp.inf)"
    assert [(u.index, u.value) for u in found.related_updates] == [("p == 0", "0.0")]


def test_masked_division() -> None:
    found = before("sawtooth_masks").readings()
    (update,) = found["xpx.at(y, inside).set(t[inside] / w[inside] - 1)"].updates
    assert (update.index_is, update.gathers) == ("w > 0", ("t[inside]", "w[inside]"))


def test_compiled_function() -> None:
    found = before("simple_binomial").readings()
    for expression in ("np.asarray(x)", "np.asarray(p)"):
        assert is_numpy_conversion(found[expression])
        assert "scipy.special.bdtr" in [c.resolved for c in found[expression].passed_to]


def test_gather_and_scatter_in_a_branch() -> None:
    found = before("skew_bias").readings()
    branch, scatter = found["xp.any(ok)"], found["2.0 * b / a**0.5"]
    assert branch.test is not None
    assert (branch.test.mask, branch.test.body.does) == ("ok", "masked update")
    (update,) = scatter.updates
    assert (update.array, update.index_is, update.gathers) == ("out", "x > 0", ("y[ok]", "x[ok]"))


def test_length_that_is_compared() -> None:
    assert only("valid_linkage_nunique").lengths_asked == ("xp.unique_values(z).shape[0] < 6",)


def test_complementary_masks() -> None:
    found = before("yeojohnson_var").readings()["xp.log(v[~tiny])"]
    (update,) = found.updates
    assert (update.index, update.kind, update.gathers) == ("~tiny", "mask", ("v[~tiny]",))
    assert [(u.index, u.index_is, u.value) for u in found.related_updates] == [
        ("tiny", "v < 1e-300", "-xp.inf")
    ]


# The shared cases


def case(number: str) -> Traced:
    pytest.importorskip("dask.array")
    program = module(SHARED / "cases" / f"case{number}.py")
    return Traced(traced(program.main))


def test_case_convergence_loop() -> None:
    found = case("16").readings()
    change = found["float(abs(x_new - x).max())"]
    (loop,) = change.loops
    assert is_scalar_conversion(change)
    assert (loop.kind, loop.carried, loop.decides) == ("while", ("x",), True)
    assert [test.text for test in change.later_tests] == ["change > 1e-3 and steps < 6"]
    assert found["x.compute()"].outcome == "returned"


def test_case_one_compute_per_statistic() -> None:
    found = case("18").readings()
    uses = {expression: (reading.role, reading.outcome) for expression, reading in found.items()}
    assert uses == {
        "x.mean().compute()": ("method", "element"),
        "anomaly.std().compute()": ("method", "element"),
        "max(anomaly.max(), -anomaly.min())": ("argument", "element"),
        'float(report["largest"])': ("argument", "stored"),
        "int((anomaly > 0).sum())": ("argument", "stored"),
    }
    assert {reading.insertion.line for reading in found.values()} == {
        found["x.mean().compute()"].line,
        found['float(report["largest"])'].line,
        found["int((anomaly > 0).sum())"].line,
    }


def test_case_masked_assignment() -> None:
    found = case("21").readings()
    (update,) = found["da.log(x[positive])"].updates
    assert (update.array, update.array_is, update.index_is) == ("y", "da.zeros_like(x)", "x > 0")
    assert update.gathers == ("x[positive]",)


def test_case_chunk_sizes() -> None:
    found = case("22").readings()
    sizes = found["kept.compute_chunk_sizes()"]
    assert (sizes.role, sizes.outcome, sizes.converted) == ("method", "discarded", ("kept",))
    selection = found["x[abs(x) < 2]"]
    assert selection.subscript is not None
    assert (selection.subscript.kind, selection.targets) == ("mask", ("kept",))


def test_case_closure() -> None:
    found = case("25").readings()["np.asarray(centre)"]
    assert is_numpy_conversion(found)
    assert (found.outer_names, found.outcome) == (("centre",), "operand")
    assert found.function is not None
    assert found.function.name == "subtract"


def test_case_kmeans_the_users_call_that_reached_the_library() -> None:
    text = (SHARED / "cases" / "case01.py").read_text("utf-8")
    source = Compiled(text, "case01.py")
    call = call_at(source.trace, source.at("kmeans(obs, guess)"))
    assert call is not None
    assert (call.resolved, call.argument_names) == ("scipy.cluster.vq.kmeans", ("obs", "guess"))
    assert call.targets == ("codebook, distortion",)
    assert (call.insertion.line, call.insertion.indent) == (call.line, "    ")
