"""What is known of an exception beyond its text: the arrays that it was about, and what its caller can do."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from lazyscope.analysis.arrays import in_bytes, itemsize, variable_at
from lazyscope.analysis.evidence import FailureEvidence, Placed
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.syntax.calls import WrittenCall
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import call_text, mentions, names, short
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Shaped:
    """A dask array as some call took or made it."""

    dtype: str
    layout: events.Layout

    @property
    def ndim(self) -> int:
        return len(self.layout.shape)

    @property
    def bytes(self) -> int | None:
        """Of the whole; None where a length is unknown."""
        return self._size(self.layout.shape)

    def chunk_bytes(self, whole: Iterable[int]) -> int | None:
        """Of a chunk once these axes are in one chunk each."""
        lengths = list(self.layout.chunk)
        for axis in whole:
            lengths[axis] = self.layout.shape[axis]
        return self._size(lengths)

    def _size(self, lengths: Iterable[int | None]) -> int | None:
        known = [length for length in lengths if length is not None]
        if len(known) < self.ndim:
            return None
        one = itemsize(self.dtype)
        return None if one is None else in_bytes(one, known)


# What failed


def told_again(evidence: FailureEvidence) -> bool:
    """Whether a library caught the exception, tried another way and failed with the same words."""
    if evidence.escaped or evidence.at_user or evidence.user_site is None:
        return False
    place = place_of(evidence.trace, evidence.user_site)
    return any(
        other.escaped
        and (other.type, other.message, other.entry)
        == (evidence.type, evidence.message, evidence.failures[0].entry)
        and other.user_site is not None
        and place_of(evidence.trace, other.user_site) == place
        for other in evidence.trace.failures
    )


def failing_call(trace: TraceData, failure: events.Failure) -> int | None:
    """Index of the recorded call that an exception passed through."""
    if failure.operation is None or failure.site is None:
        return None
    known: dict[tuple[int, int, int], list[int]] | None = vars(trace).get("_calls_by_place")
    if known is None:
        known = vars(trace)["_calls_by_place"] = {}
        for number, call in enumerate(trace.calls):
            known.setdefault((call.site, call.thread, call.operation), []).append(number)
    same = known.get((failure.site, failure.thread, failure.operation), [])
    index = bisect_right(same, failure.at, key=lambda number: trace.calls[number].at)
    return same[index - 1] if index else None


def arrays_taken(evidence: FailureEvidence) -> tuple[Shaped, ...]:
    """The dask arrays that the failing call took, as far as it is recorded who made them."""
    trace = evidence.trace
    number = failing_call(trace, evidence.failures[0])
    if number is None:
        return ()
    found = (_made(trace, name, maker) for name, maker in lineage(trace).inputs[number])
    return tuple(shaped for shaped in found if shaped is not None)


def _made(trace: TraceData, name: int, maker: int | None) -> Shaped | None:
    for output, dtype, layout in () if maker is None else trace.calls[maker].outputs:
        if output == name:
            return Shaped(trace.texts[dtype], trace.layouts[layout])
    return None


# What it is called in the user's code


def user_variables(evidence: FailureEvidence) -> dict[str, Shaped]:
    """Variables that the user's function or module assigned dask arrays to, each with the latest array."""
    trace, position = evidence.trace, evidence.user_site
    known: dict[int, dict[str, Shaped]] | None = vars(trace).get("_user_variables")
    if known is None:
        known = vars(trace)["_user_variables"] = _variables_by_code(trace)
    if position is None:
        return {}
    here = trace.positions[position].code
    modules = [
        number
        for number in known
        if trace.codes[number].file == trace.codes[here].file and trace.codes[number].function == "<module>"
    ]
    found: dict[str, Shaped] = {}
    for number in (*modules, here):
        found |= known.get(number, {})
    return found


def _variables_by_code(trace: TraceData) -> dict[int, dict[str, Shaped]]:
    found: dict[int, dict[str, Shaped]] = {}
    for call in trace.calls:
        name = variable_at(trace, call.site) if call.site == call.user_site and call.outputs else None
        if name is not None:
            _, dtype, layout = call.outputs[0]
            shaped = Shaped(trace.texts[dtype], trace.layouts[layout])
            found.setdefault(trace.positions[call.site].code, {})[name] = shaped
    return found


def written_call(evidence: FailureEvidence) -> WrittenCall | None:
    """The call in the user's line that failed."""
    if not evidence.at_user:
        return evidence.user_call
    return evidence.reading.call if evidence.reading else None


def handed(evidence: FailureEvidence) -> tuple[str, ...]:
    """Variables that the user's line hands to what failed, in their order."""
    call = written_call(evidence)
    reading = evidence.reading if evidence.at_user else None
    if call is None:
        return reading.names if reading else ()
    inside = reading.names if reading else ()
    return tuple(dict.fromkeys((*call.argument_names, *inside)))


def lazy_names(evidence: FailureEvidence) -> tuple[str, ...]:
    """Of these, the dask arrays; else those that the call mentions; else the first variable."""
    given, known = handed(evidence), user_variables(evidence)
    call = written_call(evidence)
    mentioned = [name for name in known if mentions(call, name)] if call is not None else []
    return tuple(name for name in given if name in known) or tuple(mentioned) or given[:1]


def failing_name(evidence: FailureEvidence) -> tuple[str | None, Shaped | None]:
    """The user's variable that the failing call was about, and what it was."""
    found = lazy_names(evidence)
    taken = arrays_taken(evidence)
    known = user_variables(evidence)
    for name in found:
        if name in known and (not taken or known[name].layout in [one.layout for one in taken]):
            return name, known[name]
    first = found[0] if found else None
    return first, known.get(first or "", taken[0] if taken else None)


def written(evidence: FailureEvidence) -> str:
    """What the user wrote, shortened, for sentences."""
    if not evidence.at_user:
        return call_text(evidence)
    return short(evidence.expression, 48)


_XP = re.compile(r"\bxp\b")
_DA = re.compile(r"\bimport dask\.array as da\b")


def namespace(evidence: FailureEvidence) -> str:
    """What the code at the site calls its array namespace: ``xp`` or ``da``."""
    trace = evidence.trace
    if evidence.site is None:
        return "xp"
    return namespace_at(trace, evidence.site, evidence.reading)


def namespace_at(trace: TraceData, position: int, reading: Reading | None) -> str:
    """What the code at a position calls its array namespace."""
    lines = trace.source_lines(trace.codes[trace.positions[position].code].file)
    line = trace.positions[position].line
    first = reading.function.line if reading and reading.function else 1
    around = "\n".join(lines[max(first - 1, 0) : line + 1])
    if _XP.search(around):
        return "xp"
    return "da" if any(_DA.search(text) for text in lines) else "xp"


# What can be done


def wrap_eagerly(evidence: FailureEvidence, function: str, audience: Audience) -> Fix:
    """Run the NumPy function on the whole array, but later."""
    what = "it" if function == "the library" else f"`{function}`"
    return Fix(
        "lazy-apply",
        f"wrap {what} with `lazy_apply` of array-api-extra: it runs on the whole array, but only when the "
        "result is computed",
        "the array is put into one chunk, which must fit in memory; shape and dtype must be known beforehand",
        audience=audience,
    )


_LAZY_TWINS = {
    "StandardScaler": "dask_ml.preprocessing.StandardScaler",
    "MinMaxScaler": "dask_ml.preprocessing.MinMaxScaler",
    "RobustScaler": "dask_ml.preprocessing.RobustScaler",
    "QuantileTransformer": "dask_ml.preprocessing.QuantileTransformer",
    "PolynomialFeatures": "dask_ml.preprocessing.PolynomialFeatures",
    "LabelEncoder": "dask_ml.preprocessing.LabelEncoder",
    "PCA": "dask_ml.decomposition.PCA",
    "TruncatedSVD": "dask_ml.decomposition.TruncatedSVD",
    "IncrementalPCA": "dask_ml.decomposition.IncrementalPCA",
    "KMeans": "dask_ml.cluster.KMeans",
    "LinearRegression": "dask_ml.linear_model.LinearRegression",
    "LogisticRegression": "dask_ml.linear_model.LogisticRegression",
    "train_test_split": "dask_ml.model_selection.train_test_split",
    "accuracy_score": "dask_ml.metrics.accuracy_score",
    "mean_squared_error": "dask_ml.metrics.mean_squared_error",
    "mean_absolute_error": "dask_ml.metrics.mean_absolute_error",
    "r2_score": "dask_ml.metrics.r2_score",
    "log_loss": "dask_ml.metrics.log_loss",
    "pairwise_distances": "dask_ml.metrics.pairwise_distances",
    "euclidean_distances": "dask_ml.metrics.euclidean_distances",
}
"""Functions and classes of scikit-learn, and what does the same with dask arrays."""

_NDIMAGE = {
    name: f"dask_image.ndfilters.{name}"
    for name in sorted(
        words(
            "gaussian_filter gaussian_laplace gaussian_gradient_magnitude convolve correlate laplace "
            "generic_filter maximum_filter median_filter minimum_filter percentile_filter rank_filter "
            "uniform_filter prewitt sobel "
        )
    )
} | {
    name: f"dask_image.{module}.{name}"
    for module, all_of_it in {
        "ndmeasure": "label center_of_mass find_objects histogram labeled_comprehension maximum "
        "maximum_position mean median minimum minimum_position standard_deviation sum_labels variance",
        "ndmorph": "binary_closing binary_dilation binary_erosion binary_opening",
        "ndinterp": "affine_transform map_coordinates rotate spline_filter spline_filter1d",
        "ndfourier": "fourier_gaussian fourier_shift fourier_uniform",
    }.items()
    for name in all_of_it.split()
}
"""The same for ``scipy.ndimage``."""


def lazy_twin(evidence: Placed) -> Fix | None:
    """The function that does the same with dask arrays, where a package has it."""
    entry = evidence.entry or ""
    parts = entry.split(".")
    twins = _LAZY_TWINS if parts[0] == "sklearn" else _NDIMAGE if "ndimage" in parts else {}
    found = next((twins[part] for part in parts if part in twins), None)
    if found is None:
        return None
    name = found.rpartition(".")[2]
    return Fix(
        "native-function",
        f"`{found}` instead of `{name}`: it works on the chunks of a dask array",
        f"needs the package {found.partition('.')[0].replace('_', '-')}; "
        "not all of its parameters are the same",
    )


def for_caller(evidence: FailureEvidence) -> list[Fix]:
    """What helps whoever calls a library that fails on a dask array."""
    if evidence.at_user:
        return []
    twin = lazy_twin(evidence)
    return [compute_first(evidence), *([twin] if twin else [])]


def listed(words: Iterable[str]) -> str:
    """Code words for a sentence: ```a` and `b```."""
    found = [f"`{word}`" for word in words]
    return names(found) if found else "the arrays"
