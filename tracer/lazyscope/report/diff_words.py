"""Two runs compared, in words and figures: what every form of ``lazyscope diff`` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope import figures
from lazyscope.catalogue.before_after import BeforeAfter, Change, Counts, Run
from lazyscope.catalogue.pairing import place
from lazyscope.model.trace import TraceData
from lazyscope.text.harmless import harmless

Tone: TypeAlias = Literal["worse", "better", ""]

_LONGEST = 60
"""Characters of a name that are shown in a sentence."""
_NOUNS = {
    "forces": "force",
    "tasks": "task",
    "tasks_repeated": "repeated task",
    "partition_reads": "partition read",
    "partition_reads_repeated": "repeated partition read",
}


# The whole


def verdict(compared: BeforeAfter) -> str:
    """The first word."""
    return {"worse": "Worse", "better": "Better", "same": "The same"}[compared.verdict]


def reasons(compared: BeforeAfter) -> str:
    """What the verdict rests on, as the rest of a sentence."""
    parts = [*_crash(compared), *_kinds(compared), *_sums(compared)]
    return "; ".join(parts or ["no finding changed, and no more work was done twice"]) + "."


def _crash(compared: BeforeAfter) -> Iterator[str]:
    if compared.crash == "new":
        yield f"{_ending(compared.after.trace)}, where it ran to its end before"
    elif compared.crash == "gone":
        yield f"it runs to its end, where it {_past(compared.before.trace)} before"


def _ending(trace: TraceData) -> str:
    if trace.write_error is not None:
        return "its recording ended early"
    return f"it ended with {_exception(trace)}" if trace.end else "it was killed, or still runs"


def _past(trace: TraceData) -> str:
    if trace.write_error is not None:
        return "was not recorded to its end"
    return f"ended with {_exception(trace)}" if trace.end else "was killed"


def _exception(trace: TraceData) -> str:
    named = (trace.end.exception if trace.end else None) or "an exception"
    return cut(named.split(":")[0])


def _kinds(compared: BeforeAfter) -> Iterator[str]:
    found = [(kind, len(compared.of(kind))) for kind in ("new", "worse", "gone", "better")]
    named = [(kind, number) for kind, number in found if number]
    if named:
        kind, number = named[0]
        texts = [f"{figures.plural(number, 'finding')} {kind}"]
        yield ", ".join(texts + [f"{number:,} {kind}" for kind, number in named[1:]])


def _sums(compared: BeforeAfter) -> Iterator[str]:
    old, new = compared.before.counts, compared.after.counts
    if compared.crash == "same":
        for name in ("tasks_repeated", "partition_reads_repeated"):
            change = getattr(new, name) - getattr(old, name)
            if change:
                yield f"{figures.plural(abs(change), _NOUNS[name])} {'more' if change > 0 else 'less'}"
    if "unexplained" in compared.more:
        more = compared.after.unexplained - compared.before.unexplained
        yield f"{figures.plural(more, 'more force')} that no finding explains"


@dataclass(frozen=True)
class Sum:
    """A row of the table of sums."""

    label: str
    before: str
    after: str
    change: str
    tone: Tone = ""


def sums(compared: BeforeAfter) -> list[Sum]:
    """Both runs as a whole, side by side; what neither has is left out."""
    rows = [_counted(compared, name, label) for name, label in _LABELS]
    times = _time(compared, "forced", "forced_seconds"), _time(compared, "in all", "seconds")
    rows += [_size(compared), *times]
    shown = [row for row in rows if row is not None]
    if compared.before.unexplained or compared.after.unexplained:
        shown.insert(1, _unexplained(compared))
    return shown


_LABELS = (
    ("forces", "forces"),
    ("tasks", "tasks"),
    ("tasks_repeated", "repeated tasks"),
    ("partition_reads", "partition reads"),
    ("partition_reads_repeated", "repeated reads"),
)


def _counted(compared: BeforeAfter, name: str, label: str) -> Sum | None:
    old, new = getattr(compared.before.counts, name), getattr(compared.after.counts, name)
    if not old and not new and name.startswith("partition"):
        return None
    bounds = [_bound(run, name) for run in (compared.before, compared.after)]
    tone: Tone = ""
    if "repeated" in name and old != new and compared.crash == "same":
        tone = "worse" if new > old else "better"
    return Sum(label, f"{bounds[0]}{old:,}", f"{bounds[1]}{new:,}", _difference(old, new), tone)


def _bound(run: Run, name: str) -> str:
    inexact = name.startswith("tasks") and not all(f.begin.tasks_exact for f in run.trace.forces)
    return "≤" if inexact else ""


def _difference(old: int, new: int) -> str:
    if old == new:
        return ""
    share = f" ({_percent(old, new)})" if old else ""
    return f"{new - old:+,}{share}"


def _percent(old: float, new: float) -> str:
    change = 100 * (new - old) / old
    if change >= 950:
        return f"{new / old:,.0f} times"
    if -100 < change < -99.5:
        return f"{max(change, -99.9):.1f} %"
    return f"{change:+.1f} %" if abs(change) < 0.95 else f"{change:+.0f} %"


def _unexplained(compared: BeforeAfter) -> Sum:
    old, new = compared.before.unexplained, compared.after.unexplained
    tone: Tone = "worse" if "unexplained" in compared.more else ""
    return Sum("no finding's", f"{old:,}", f"{new:,}", _difference(old, new), tone)


def _size(compared: BeforeAfter) -> Sum | None:
    sizes = [run.counts.bytes for run in (compared.before, compared.after)]
    if sizes == [0, 0]:
        return None
    shown = ["unknown" if size is None else figures.size(size) for size in sizes]
    old, new = sizes
    change = _percent(old, new) if old and new is not None and old != new else ""
    return Sum("came back", shown[0], shown[1], change)


def _time(compared: BeforeAfter, label: str, name: str) -> Sum:
    traces = compared.before.trace, compared.after.trace
    old, new = (getattr(trace, name) for trace in traces)
    bounds = ["" if trace.end else "≥" for trace in traces]
    shown = [bound + figures.duration(time) for bound, time in zip(bounds, (old, new), strict=True)]
    change = _percent(old, new) if old > 0 and shown[0] != shown[1] else ""
    return Sum(label, shown[0], shown[1], change)


# One finding


def ids(change: Change) -> str:
    """``F3 -> F1``: its number before and now; one where they are the same, or it has but one."""
    known = [found.id for found in (change.before, change.after) if found is not None]
    return " -> ".join(dict.fromkeys(known))


def code_of(change: Change) -> str:
    """``LZ103``, or ``LZ101 -> LZ102`` where another entry of the catalogue explains it now."""
    known = [found.code for found in (change.before, change.after) if found is not None]
    return " -> ".join(dict.fromkeys(known))


def severity_of(change: Change) -> str:
    """``low``, or ``high -> low``."""
    known = [found.severity for found in (change.before, change.after) if found is not None]
    return " -> ".join(dict.fromkeys(known))


def effect(compared: BeforeAfter, change: Change) -> str:
    """What it means in figures: ``12 forces, 77 repeated tasks less``."""
    return _of_one(compared, change) if change.before is None or change.after is None else _of_pair(change)


def _of_one(compared: BeforeAfter, change: Change) -> str:
    run = compared.before if change.before is not None else compared.after
    counts = change.counts_before or change.counts_after
    assert counts is not None
    if change.finding.failures:
        kinds = {one.type for one in run.trace.failures if one.id in change.finding.failures}
        text = ", ".join(sorted(map(cut, kinds)))
        return f"{text} no longer{_unreached(compared, change)}" if change.kind == "gone" else text
    parts = [figures.plural(number, noun) for number, noun in _amounts(change, counts)]
    if not parts:
        return _unreached(compared, change).removeprefix("; ")
    return f"{', '.join(parts)} {'less' if change.kind == 'gone' else 'more'}{_unreached(compared, change)}"


def _unreached(compared: BeforeAfter, change: Change) -> str:
    """That one of the runs may not have got so far."""
    if change.excused:
        first_seen = compared.crash == "gone"
        return "; the run before did not get so far" if first_seen else "; less is repeated in all"
    if change.kind == "gone" and compared.crash == "new":
        return " (or not reached)"
    return ""


def _amounts(change: Change, counts: Counts) -> Iterator[tuple[int, str]]:
    for name, noun in _NOUNS.items():
        number = getattr(counts, name)
        if number and (name != "forces" or change.finding.owns_forces):
            yield number, noun


def _of_pair(change: Change) -> str:
    old, new = change.counts_before, change.counts_after
    assert old is not None
    assert new is not None
    parts = []
    if change.by == "severity":
        parts.append(f"severity {severity_of(change)}")
    for name, noun in _NOUNS.items():
        one, other = getattr(old, name), getattr(new, name)
        if one != other and (name != "forces" or change.finding.owns_forces):
            parts.append(f"{noun}s {one:,} -> {other:,}")
    if change.by == "bytes" and old.bytes is not None and new.bytes is not None:
        parts.append(f"{figures.size(old.bytes)} -> {figures.size(new.bytes)} came back")
    if change.by == "seconds":
        parts.append(f"{figures.duration(old.seconds)} -> {figures.duration(new.seconds)}")
    return ", ".join(parts) + _UNDECIDED.get(change.by, "")


_UNDECIDED = {
    "moved": "; other forces have as much less",
    "mixed": "; less of it twice, but more in all",
}


def was_elsewhere(compared: BeforeAfter, change: Change) -> bool:
    """Whether the line that it is at has been written anew."""
    old, new = change.before, change.after
    if old is None or new is None:
        return False
    return place(compared.before.trace, old.site) != place(compared.after.trace, new.site)


def as_they_were(compared: BeforeAfter, *, most: int = 20) -> str:
    """A line for the findings of which nothing else is said; empty without any."""
    found = compared.of("same")
    named = ", ".join(f"{ids(change)} ({code_of(change)})" for change in found[:most])
    more = f" and {len(found) - most:,} more" if found[most:] else ""
    return f"{figures.plural(len(found), 'finding')} as before: {named}{more}" if found else ""


def cut(text: str, longest: int = _LONGEST) -> str:
    """`text` made harmless, its end replaced by an ellipsis if it is too long."""
    found = harmless(text[: longest + 1])
    return found if len(found) <= longest else f"{found[: longest - 1]}…"
