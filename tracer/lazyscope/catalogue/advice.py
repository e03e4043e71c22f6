"""Advice that several kinds of finding have in common: what the caller of a library can do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lazyscope import figures
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.bindings import is_bound_at
from lazyscope.analysis.evidence import ForceEvidence, Placed
from lazyscope.analysis.holdings import holdings
from lazyscope.analysis.provenance import dependencies
from lazyscope.analysis.reading import Reading, assigned_before
from lazyscope.analysis.savings import if_persisted
from lazyscope.analysis.source import SourceSite
from lazyscope.analysis.syntax.calls import Insertion, WrittenCall
from lazyscope.fixes.compute_once import compute_in_call
from lazyscope.fixes.edit import Edit, one_change
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.persist import persist
from lazyscope.fixes.placement import file_at
from lazyscope.fixes.words import SKETCHES
from lazyscope.model.trace import Force, TraceData

CHEAP_SECONDS = 0.01
"""Below this much for one force, leaving it is among the fixes."""

_LOOKED_AT = 12
"""Forces of a call whose dependencies are looked at for its arguments."""

_CODE_CELLS = 60


# Words


def short(code: str, limit: int = _CODE_CELLS) -> str:
    """Code on one line, cut where it is long."""
    line = " ".join(code.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def names(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def times(number: int) -> str:
    """``once``, ``twice``, ``6 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{figures.count(number)} times")


def held(size: int | None) -> str:
    """What something that stays in memory costs."""
    return _held(size, "in memory")


def held_as_numpy(size: int | None) -> str:
    """What an array costs that is computed once and no longer lazy."""
    return f"{_held(size, 'in memory, as NumPy')}; what follows is no longer lazy"


def _held(size: int | None, how: str) -> str:
    return f"holds it {how}; its size is not known" if size is None else f"holds {figures.size(size)} {how}"


def line_of(site: SourceSite | None) -> str:
    """``vq.py:143``."""
    return "a line that is not known" if site is None else f"{site.file.rpartition('/')[2]}:{site.line}"


# Lines for the user's file


def lines_before(trace: TraceData, position: int, insertion: Insertion, *lines: str) -> Edit:
    """New lines before a statement of the file that a position lies in."""
    new = tuple(insertion.indent + line for line in lines)
    return one_change(file_at(trace, position), insertion.line, insertion.line - 1, new)


def changed_line(trace: TraceData, position: int, site: SourceSite | None, old: str, new: str) -> Edit | None:
    """The line of a position with one text in place of another; None unless that stands there just once."""
    if site is None or site.line < 1:
        return None
    file = file_at(trace, position)
    lines = trace.source_lines(file)
    if site.line > len(lines) or lines[site.line - 1].count(old) != 1:
        return None
    return one_change(file, site.line, site.line, (lines[site.line - 1].replace(old, new),))


# The arguments of the user's call


def lazy_arguments(evidence: Placed) -> tuple[Array, ...]:
    """The dask arrays that the user's call hands over, as far as forces of that call depend on them.

    Those that have a name in the user's code come first.
    """
    known: dict[int | None, tuple[Array, ...]] = vars(evidence.trace).setdefault("_lazy_arguments", {})
    if evidence.user_site not in known:
        known[evidence.user_site] = _lazy_arguments(evidence)
    return known[evidence.user_site]


def _lazy_arguments(evidence: Placed) -> tuple[Array, ...]:
    trace, call = evidence.trace, evidence.user_call
    handed = call.argument_names if call else ()
    found: dict[int, Array] = {}
    for force in _forces_from(trace, evidence.user_site)[:_LOOKED_AT]:
        for array in dependencies(trace, force.id).arrays:
            if array.at_user:
                found.setdefault(array.text, array)
    return tuple(
        sorted(found.values(), key=lambda array: (array.variable not in handed, array.variable is None))
    )


def _forces_from(trace: TraceData, user_site: int | None) -> list[Force]:
    known: dict[int | None, list[Force]] | None = vars(trace).get("_forces_by_user_site")
    if known is None:
        known = vars(trace)["_forces_by_user_site"] = {}
        for force in trace.forces:
            known.setdefault(force.begin.user_site, []).append(force)
    return known.get(user_site, [])


def argument_names(evidence: Placed) -> tuple[str, ...]:
    """Names in the user's code of the dask arrays that are handed over, as far as the call mentions them.

    If none is known: the first argument, if that is a variable which nothing shows to be a number.
    """
    call = evidence.user_call
    if call is None:
        return ()
    handed = _handed_names(call)
    trace, line = evidence.trace, evidence.user_site
    arrays = [array for array in lazy_arguments(evidence) if is_in_scope(trace, array, line)]
    variables = [array.variable for array in arrays if array.variable]
    behind = _variables_behind(evidence)
    unpacked = _unpacked(evidence, [name for name in handed if name not in (*variables, *behind)])
    known = [name for name in handed if name in variables or name in behind or name in unpacked]
    if _made_in_call(evidence):
        return tuple(known) if _cover(evidence, known) else _all_mentioned(evidence, call)
    if not known:
        known = [name for name in variables if mentions(call, name)]
    return tuple(dict.fromkeys(known)) or _first_variable(evidence, call, handed)


def _variables_behind(evidence: Placed) -> tuple[str, ...]:
    """Variables that the user's line can use, of the arrays with which all began that it forced."""
    trace, site = evidence.trace, evidence.user_site
    forces = _forces_from(trace, site)[:_LOOKED_AT]
    arrays = [array for force in forces for array in dependencies(trace, force.id).beginnings]
    found = [array.variable for array in arrays if array.variable and is_in_scope(trace, array, site)]
    return tuple(dict.fromkeys(found))


def _own_beginnings(evidence: Placed) -> list[Array]:
    """The arrays of the user's with which began what the first force computed."""
    if not isinstance(evidence, ForceEvidence):
        return []
    return [array for array in evidence.dependencies.beginnings if array.at_user]


def _cover(evidence: Placed, known: Sequence[str]) -> bool:
    """Whether the first force began with nothing but arrays of these variables."""
    began = _own_beginnings(evidence)
    return bool(began) and all(array.variable in known for array in began)


_PART_OR_DASK = re.compile(r"\[|\b(da|dask)\.")


def _all_mentioned(evidence: Placed, call: WrittenCall) -> tuple[str, ...]:
    """The variables from which the user's line makes what it hands over; none unless all have a name.

    None of them where it takes a part only, or calls dask: with NumPy arrays that gives dask arrays again.
    """
    if any(_PART_OR_DASK.search(text) for text in (*call.positional, *(text for _, text in call.keywords))):
        return ()
    began = _own_beginnings(evidence)
    named = [array.variable for array in began if is_in_scope(evidence.trace, array, evidence.user_site)]
    found = [name for name in named if name is not None and mentions(call, name)]
    return tuple(dict.fromkeys(found)) if len(found) == len(began) else ()


def _first_variable(evidence: Placed, call: WrittenCall, handed: tuple[str, ...]) -> tuple[str, ...]:
    if evidence.user_site is None or not handed or call.positional[:1] != handed[:1]:
        return ()
    made = assigned_before(evidence.trace, evidence.user_site, handed[0])
    return () if made is not None and _LITERAL.match(made.value) else handed[:1]


_LITERAL = re.compile(r"""[-+]?[\d.]|["'\[]|None|True|False|(np|numpy)\.""")


def _made_in_call(evidence: Placed) -> bool:
    """Whether what was forced is an argument that the user's line made, without a name."""
    trace, site = evidence.trace, evidence.user_site
    if site is None or not isinstance(evidence, ForceEvidence):
        return False
    call = evidence.user_call
    written = (*call.positional, *(text for _, text in call.keywords)) if call else ()
    if all(text.isidentifier() or _LITERAL.match(text) for text in written):
        return False
    own = [array for array in evidence.dependencies.arrays if array.at_user]
    return bool(own) and all(
        array.position is not None
        and array.variable is None
        and trace.positions[array.position].code == trace.positions[site].code
        and trace.positions[array.position].line in range(*_lines_of(trace, site))
        for array in own
    )


def _lines_of(trace: TraceData, position: int) -> tuple[int, int]:
    place = trace.positions[position]
    return place.line, max(place.end_line or place.line, place.line) + 1


def mentions(call: WrittenCall, name: str) -> bool:
    """Whether a variable stands in the arguments of a call, or in what it is a method of."""
    texts = [*call.positional, *(text for _, text in call.keywords), call.receiver or ""]
    return any(re.search(rf"(?<![\w.]){re.escape(name)}\b", text) for text in texts)


def _unpacked(evidence: Placed, candidates: Sequence[str]) -> list[str]:
    """Variables that got their value with others, where a dask array that is handed over was made."""
    trace, site = evidence.trace, evidence.user_site
    if site is None or not candidates:
        return []
    code = trace.positions[site].code
    found_from = [dependencies(trace, one.id) for one in _forces_from(trace, site)[:_LOOKED_AT]]
    arrays = [array for one in found_from for array in (*one.arrays, *one.beginnings)]
    made = {array.position for array in arrays if array.position is not None and not array.variable}
    lines = {trace.positions[n].line for n in made if n != site and trace.positions[n].code == code}
    found = [(name, assigned_before(trace, site, name)) for name in candidates] if lines else []
    made_there = [(name, one) for name, one in found if one is not None and one.line in lines]
    together = [one.line for _, one in made_there]
    return [name for name, one in made_there if one.part is not None or together.count(one.line) > 1]


def _handed_names(call: WrittenCall) -> tuple[str, ...]:
    """The arguments of a call that are plain variables, without those that are spread."""
    spread = {text.lstrip("*") for text in call.positional if text.startswith("*")}
    spread |= {text for name, text in call.keywords if name == "**"}
    return tuple(name for name in call.argument_names if name not in spread)


def is_in_scope(trace: TraceData, array: Array, position: int | None) -> bool:
    """Whether a line can use the variable of an array: its function assigned it, or the module did.

    That of an array from before the trace, if it was bound to it there.
    """
    if position is None:
        return False
    if array.position is None:
        return array.variable is not None and is_bound_at(trace, array.text, array.variable, position)
    own, there = trace.positions[array.position].code, trace.positions[position].code
    return own == there or (
        trace.codes[own].file == trace.codes[there].file and trace.codes[own].function == "<module>"
    )


def call_text(evidence: Placed) -> str:
    """The user's call as written, shortened: ``kmeans(obs, guess)``."""
    call = evidence.user_call
    if call is None:
        return evidence.function
    named = [f"**{text}" if name == "**" else f"{name}={text}" for name, text in call.keywords]
    given = [*call.positional, *named]
    return short(f"{call.function.rpartition('.')[2]}({', '.join(given)})", 48)


# What the caller can do


def compute_before(evidence: Placed) -> Fix:
    """Compute the arguments once and call the library with NumPy arrays."""
    return compute_in_call(evidence, lazy_arguments(evidence))


def persist_before(evidence: ForceEvidence) -> Fix | None:
    """Hold in memory what these forces and others read again; None if nothing is that can be held."""
    own = set(evidence.ids)
    for one in holdings(evidence.trace):
        if own.intersection(one.forces):
            saving = if_persisted(evidence.trace, one.layers)
            if saving.tasks[1] > 0:
                return persist(evidence.trace, one.held, saving)
    return None


def persist_lines(variables: Iterable[str]) -> tuple[str, ...]:
    """Statements that hold arrays in memory; together, so that what they share is computed once."""
    found = tuple(dict.fromkeys(variables))
    if len(found) > 1:
        return (f"{', '.join(found)} = dask.persist({', '.join(found)})",)
    return tuple(f"{name} = {name}.persist()" for name in found)


_SWITCHES_OFF = {
    "check_finite": "False",
    "validate": "False",
    "check_valid": "False",
    "check_input": "False",
    "ensure_all_finite": "False",
    "force_all_finite": "False",
}
"""Parameters that turn a value check off, and the value that does."""


def without_check(evidence: Placed) -> Fix | None:
    """Turn the check off by the parameter that the called function has for it; None if it has none."""
    call, where = evidence.user_call, evidence.user_where
    if call is None or evidence.user_site is None:
        return None
    if evidence.where is not None and (evidence.where.distribution or "").startswith("scikit-learn "):
        return Fix(
            "remove-check",
            f"`with sklearn.config_context(assume_finite=True):` around `{call_text(evidence)}`",
            "NaN and infinity are not refused any more: they go into the result",
        )
    option = next(filter(None, map(_switch_of, entry_readings(evidence))), None)
    if option is None or any(name == option for name, _ in call.keywords):
        return None
    argument = f"{option}={_SWITCHES_OFF[option]}"
    return Fix(
        "remove-check",
        f"pass `{argument}` to `{call_text(evidence)}`",
        "values that the check would refuse are not refused any more: they go into the result",
        edit=_with_argument(evidence, call, where, argument),
    )


def entry_readings(evidence: Placed) -> list[Reading]:
    """What the source says in the function that the user called, and further in."""
    name = evidence.function
    found = [r for r in evidence.library_readings if r.function is not None and r.function.name == name]
    return found or list(evidence.library_readings[:1])


def _switch_of(reading: Reading) -> str | None:
    parameters = reading.function.parameters if reading.function else ()
    return next((parameter.name for parameter in parameters if parameter.name in _SWITCHES_OFF), None)


def _with_argument(
    evidence: Placed, call: WrittenCall, where: SourceSite | None, argument: str
) -> Edit | None:
    """The user's line with one more argument, if the whole call stands on it."""
    if (
        where is None
        or evidence.user_site is None
        or where.end_line != where.line
        or where.end_column is None
    ):
        return None
    file = file_at(evidence.trace, evidence.user_site)
    line = evidence.trace.source_lines(file)[where.line - 1]
    end = where.end_column - 1
    if line[end : end + 1] != ")":
        return None
    comma = ", " if call.positional or call.keywords else ""
    return one_change(
        file, where.line, where.line, (line[:end].rstrip(" ,") + comma + argument + line[end:],)
    )


def leave_it(evidence: ForceEvidence) -> Fix | None:
    """Not to mend what costs next to nothing; None if it costs more."""
    if evidence.self_seconds > CHEAP_SECONDS * len(evidence.forces) or evidence.tasks_repeated > 100:
        return None
    seconds = figures.duration(evidence.self_seconds)
    return Fix(
        "none", f"leave it: {times(len(evidence.forces))} in this run, {seconds} in all", "nothing changes"
    )


def caller_fixes(evidence: ForceEvidence) -> list[Fix]:
    """What the caller of a library that forces can do: hold what is read again, or compute first.

    Computing the whole array is worth it only where the library wants all its values: not where it asks for
    a number or two of it.
    """
    if evidence.at_user or evidence.user_call is None or _has_no_room(evidence):
        return []
    computed = compute_before(evidence) if _wants_whole(evidence) else None
    if computed is not None and not forces_again(evidence):
        computed = without_edit(computed)
    held_first = persist_before(evidence)
    return [fix for fix in (held_first, computed) if fix is not None]


def forces_again(evidence: ForceEvidence) -> bool:
    """Whether the call executes graphs more than once, so that computing its arguments helps."""
    return len(_forces_from(evidence.trace, evidence.user_site)) > 1


def without_edit(fix: Fix) -> Fix:
    """The same as a sketch: where an edit would not make anything better."""
    return replace(fix, edit=None, summary=fix.sketch or SKETCHES[fix.technique])


def _wants_whole(evidence: ForceEvidence) -> bool:
    """Whether the forces of the call brought back as much as the arrays that it was given."""
    size = sum(array.bytes or 0 for array in lazy_arguments(evidence))
    forces = _forces_from(evidence.trace, evidence.user_site)
    back = [force.end.bytes for force in forces if force.end is not None and force.end.bytes is not None]
    return not size or sum(back) >= size / 2


def _has_no_room(evidence: ForceEvidence) -> bool:
    """Whether a force of the same call wanted more memory than was free: then nothing can be held before."""
    begins = [force.begin for force in _forces_from(evidence.trace, evidence.user_site)]
    wanted = [(begin.expected_bytes, begin.free_bytes) for begin in begins]
    return any(size is not None and free is not None and size > free for size, free in wanted)


def author(evidence: Placed) -> Audience:
    """Whom a change of the code that forced is for."""
    return "caller" if evidence.at_user else "library"
