"""A function of dask computes on its own.

When it occurs
    Most functions of dask build a graph. Some need to know something of the data first, and compute it
    while they are called: ``set_index`` and ``sort_values`` the quantiles that they divide the rows by,
    ``repartition(partition_size=...)`` the size of every partition, ``categorize`` all categories;
    ``iterrows`` and ``itertuples`` bring one partition after the other; ``linspace`` and ``arange`` need
    numbers for their ends.

Fixes
    ``choose-parameter``: tell it what it would find out (``divisions=``, ``npartitions=``), if you know.
    ``persist``: hold its input before, as it is read again when the result is computed: memory.
    ``map-blocks``: for loops over rows, a function for whole partitions.
    ``reorder``: call it later, or on less.
"""

from __future__ import annotations

from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, lines_before, short
from lazyscope.catalogue.asking import called, counts_rows, shows_or_keeps
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix, Technique

CODE = "LZ120"
TITLE = "A function of dask computes on its own"

EXAMPLE = """
import dask.dataframe as dd
import pandas as pd

table = pd.DataFrame({"place": [3, 1, 2, 4], "fare": [9.0, 5.0, 7.0, 6.0]})
trips = dd.from_pandas(table, npartitions=2)
by_place = trips.set_index("place")
print(by_place.divisions)
"""

REPAIRED = """
import dask.dataframe as dd
import pandas as pd

table = pd.DataFrame({"place": [3, 1, 2, 4], "fare": [9.0, 5.0, 7.0, 6.0]})
trips = dd.from_pandas(table, npartitions=2)
by_place = trips.set_index("place", divisions=[1, 3, 4])
print(by_place.divisions)
"""


@dataclass(frozen=True)
class _Need:
    """What a function has to know, and how it can be told."""

    needs: str
    technique: Technique
    instead: str
    price: str


_DIVIDING = _Need(
    "the quantiles that divide the rows",
    "choose-parameter",
    "give `divisions=[...]`, or `sorted=True` if the rows are in order already",
    "the divisions must be right: rows outside of them are lost or misplaced",
)

_NEEDS = {
    "set_index": _DIVIDING,
    "sort_values": _Need(
        "the quantiles that divide the rows",
        "native-function",
        "`nlargest` or `nsmallest`, or `map_partitions` to sort within partitions, if that is enough",
        "the partitions are not in order among each other",
    ),
    "repartition": _Need(
        "the size of every partition",
        "choose-parameter",
        "give `npartitions=...` instead of `partition_size=...`",
        "partitions may come out uneven",
    ),
    "categorize": _Need(
        "all categories",
        "choose-parameter",
        "name them: `.astype(pd.CategoricalDtype([...]))`",
        "values that are not named become missing",
    ),
    "linspace": _Need(
        "numbers for its ends", "choose-parameter", "give ends that are known", "they must be right"
    ),
    "arange": _Need(
        "numbers for its ends", "choose-parameter", "give ends that are known", "they must be right"
    ),
    "itertuples": _Need(
        "the rows of one partition after the other",
        "map-blocks",
        "`map_partitions` with a function for a whole partition",
        "the function sees one partition, as a dataframe of pandas",
    ),
}
_NEEDS["from_map"] = _NEEDS["from_delayed"] = _Need(
    "the columns and their types",
    "choose-parameter",
    "give them as `meta=`, a dataframe without rows, so that no partition is read for them",
    "they must be right: dask takes them as they are given",
)
_LEARNING = words("from_map from_delayed")
"""Functions that read one partition to learn what it looks like: nothing is wrong with that."""

_NEEDS["iterrows"] = _NEEDS["items"] = _NEEDS["itertuples"]

_LATER = words("npartitions divisions known_divisions partitions index shape columns dtypes")
"""What may make a dataframe find out its divisions, some lines after the call that needs them."""


def match_force(evidence: ForceEvidence) -> Match | None:
    """What no word of the program asks for: a function of dask decided to."""
    if evidence.trigger != "other" and not _needs_numbers(evidence):
        return None
    if evidence.reading is None or shows_or_keeps(evidence) or counts_rows(evidence):
        return None
    if _name(evidence).startswith("get") and not _need(evidence):
        return None
    if evidence.reading.role not in ("argument", "method", "attribute", "for", "comprehension", "index"):
        return None
    learns = _name(evidence) in _LEARNING and not evidence.loop
    return Match(why=_why(evidence), fixes=tuple(_fixes(evidence)), expected=learns)


def _needs_numbers(evidence: ForceEvidence) -> bool:
    reading = evidence.reading
    if reading is None or reading.call is None or reading.role != "argument":
        return False
    return reading.call.name in ("linspace", "arange") and (reading.call.resolved or "").startswith("dask.")


def _name(evidence: ForceEvidence) -> str:
    return called(evidence.reading)


def _need(evidence: ForceEvidence) -> _Need | None:
    if _name(evidence) in _NEEDS:
        return _NEEDS[_name(evidence)]
    names = " ".join(evidence.dependencies.names)
    if "repartitionquantiles" in names:
        return _DIVIDING
    return _NEEDS["repartition"] if "totalmemoryusage" in names else None


def _why(evidence: ForceEvidence) -> str:
    need, expression = _need(evidence), f"`{short(evidence.expression)}`"
    tasks = figures.plural(evidence.tasks, "task")
    by = "" if evidence.at_user else f" in `{evidence.function}`"
    if need is None:
        return f"{expression}{by} computes on its own, {tasks}: dask has to know something of the data first."
    reading = evidence.reading
    if reading is not None and reading.role == "attribute":
        return (
            f"{expression}{by} has to know {need.needs}, which dask put off until they are needed and "
            f"computes now: {tasks}."
        )
    return (
        f"{expression}{by} has to know {need.needs} before it can build a graph: dask computes that, {tasks}."
    )


def _fixes(evidence: ForceEvidence) -> list[Fix]:
    need, fixes = _need(evidence), caller_fixes(evidence)
    if need is not None:
        fixes.append(Fix(need.technique, need.instead, need.price, audience=author(evidence)))
    if evidence.at_user:
        fixes.append(_persisted(evidence))
    left = leave_it(evidence)
    return [*fixes, *([left] if left else [])]


def _persisted(evidence: ForceEvidence) -> Fix:
    reading = evidence.reading
    assert reading is not None
    assert evidence.site is not None
    receiver = reading.call.receiver if reading.call is not None and reading.role == "method" else None
    if receiver is None or not receiver.isidentifier():
        return Fix(
            "persist",
            "hold its input in memory before, where it is computed again later",
            "holds it in memory; its size is not known",
        )
    line = f"{receiver} = {receiver}.persist()"
    replacement = lines_before(evidence.trace, evidence.site, reading.insertion, line)
    return Fix(
        "persist",
        f"`{line}` before `{short(evidence.expression)}`, as its rows are read again later",
        "holds them in memory; their size is not known",
        edit=replacement,
    )
