"""What plain names are bound to where an event happens, looked up once for each place.

Names of the statement of the site are looked up there; in the innermost frame of the user's all names that
its code uses, and in those around it, of these, what may hold arrays. Only what `kinds` tells of a value is
kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, TracebackType
from typing import Any, Literal, TypeAlias

from lazyscope.capture.callsite import Sighting, frames_of
from lazyscope.capture.kinds import Description, describe, kind_of
from lazyscope.capture.local_names import MISSING, local_values
from lazyscope.capture.names_in_code import names_near, names_used
from lazyscope.capture.own_failures import survived
from lazyscope.capture.recorder import SIGHTINGS, Recorder
from lazyscope.capture.session import Session

MOST = 64
"""Names that are kept of one place."""

LOOKED_UP = 256
"""Names that are looked up for one place, to keep the best of them."""

USER_FRAMES = 4
"""Frames of the user's that are looked at, the innermost ones."""


_Which: TypeAlias = Literal["near", "arrays", "all"]
"""Names of a frame: of the lines of the instruction; with what else its code uses that may hold an array, or
is a module; all that its code uses."""

_Bound: TypeAlias = tuple[str, str, bool, Description]
"""A name, its scope, whether it stands in the lines of the instruction, and what it is bound to."""

_Place: TypeAlias = tuple[CodeType, int, list[_Bound]]


def note(session: Session, sighting: Sighting, frame: FrameType) -> None:
    """Record what the names at the places of a sighting are bound to, those of `frame` and outwards."""
    places = sighting.places
    if session.recorder.looked_at.get(id(places)) is not places:
        _guarded_look(session, sighting, _outwards(frame))


def note_passed(session: Session, sighting: Sighting, traceback: TracebackType | None) -> None:
    """The same for frames that an exception passed through."""
    _guarded_look(session, sighting, frames_of(traceback))


def _outwards(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    while frame is not None:
        yield frame, frame.f_lasti
        frame = frame.f_back


def _guarded_look(session: Session, sighting: Sighting, frames: Iterable[tuple[FrameType, int]]) -> None:
    try:
        _look(session, sighting, frames)
    except BaseException as error:
        survived(error)


def _look(session: Session, sighting: Sighting, frames: Iterable[tuple[FrameType, int]]) -> None:
    recorder = session.recorder
    found = []
    for frame, instruction, which in _of_interest(session, sighting, frames):
        code = frame.f_code
        if (id(code), instruction) not in recorder.bound:
            found.append((code, instruction, _bound(frame, names_near(code, instruction), which)))
    written: list[tuple[int, _Row]] = []
    if found and not recorder.note(lambda recorder: _rows(recorder, found, written)):
        return
    for identity, row in written:
        known = recorder.names.setdefault(identity, {})
        if row[_WHAT:] == _UNBOUND:
            del known[row[_NAME]]
        else:
            known[row[_NAME]] = row[_WHAT:]
    # The recorder keeps the code objects.
    recorder.bound.update([(id(code), instruction) for code, instruction, _ in found])
    if len(recorder.looked_at) >= SIGHTINGS:
        recorder.looked_at.clear()
    recorder.looked_at[id(sighting.places)] = sighting.places


def _of_interest(
    session: Session, sighting: Sighting, frames: Iterable[tuple[FrameType, int]]
) -> Iterator[tuple[FrameType, int, _Which]]:
    """The frames of the site and of the user, with the names that are of interest there."""
    places = sighting.places
    number = users = 0
    for frame, reached in frames:
        if number == len(places) or users == USER_FRAMES:
            return
        code, instruction = places[number]
        if frame.f_code is not code or reached != instruction:
            continue
        is_user = session.roles.of(code.co_filename, frame.f_globals) == "user"
        users += is_user
        if number == 0 or is_user:
            yield frame, reached, "near" if not is_user else "all" if users == 1 else "arrays"
        number += 1


# Names of a frame


def _bound(frame: FrameType, near: tuple[str, ...], which: _Which) -> list[_Bound]:
    """What names of a frame are bound to: those near the instruction, and which others that its code uses."""
    found: list[_Bound] = []
    for name, scope, value in _values(frame, _names(frame, near, which)):
        in_statement = name in near
        if which != "arrays" or in_statement or kind_of(type(value))[0] in _WORTH_A_LOOK:
            found.append((name, scope, in_statement, describe(value)))
    if len(found) > MOST:
        found.sort(key=_rank)
        del found[MOST:]
    return found


_WORTH_A_LOOK = frozenset(
    {
        "dask array", "data array", "dataset", "dask dataframe", "dask series", "delayed", "list", "tuple",
        "dict", "module",
    }
)  # fmt: skip
"""Kinds that are looked for in frames further out: what may hold arrays, and what names are reached by."""


def _rank(bound: _Bound) -> int:
    _, _, in_statement, value = bound
    if in_statement or value.arrays:
        return 0
    return 2 if value.kind in ("function", "class", "other") else 1


def _names(frame: FrameType, near: tuple[str, ...], which: _Which) -> list[str]:
    """Names to look up, each once; those of the function that a frame's code is a part of, too."""
    if which == "near":
        return [*near]
    code = frame.f_code
    names = dict.fromkeys((*near, *names_used(code)))
    outer = _around(frame, code)
    while outer is not None:
        names.update(dict.fromkeys(names_used(outer.f_code)))
        outer = _around(outer, outer.f_code)
    return [*names][:LOOKED_UP]


def _around(frame: FrameType, code: CodeType) -> FrameType | None:
    """The frame whose code has the code of this one in it: a comprehension, before Python 3.12, or lambda."""
    if not code.co_name.startswith("<") or code.co_name == "<module>":
        return None
    outer = frame.f_back
    held = outer is not None and any(constant is code for constant in outer.f_code.co_consts)
    return outer if held else None


def _values(frame: FrameType, names: list[str]) -> list[tuple[str, str, Any]]:
    """Names, where they are bound, and their values: as Python looks them up, without builtins."""
    module = frame.f_globals
    found: list[tuple[str, str, Any]] = []
    within: FrameType | None = frame
    while within is not None and names:
        code = within.f_code
        if code.co_flags & CO_OPTIMIZED or within.f_locals is not module:
            values = local_values(within, names)
            is_free = within is not frame
            free = code.co_freevars
            for name, value in values.items():
                found.append((name, "free" if is_free or name in free else "local", value))
            if values:
                names = [name for name in names if name not in values]
        within = _around(within, code)
    for name in names:
        value = module.get(name, MISSING)
        if value is not MISSING:
            found.append((name, "global", value))
    return found


# Rows of the trace


_Row: TypeAlias = tuple[Any, ...]
_NAME, _WHAT = 2, 4
"""Where a row has the name, and from where on what that is bound to."""


def _rows(recorder: Recorder, found: list[_Place], written: list[tuple[int, _Row]]) -> list[_Row]:
    """Rows for what is new; with the identity of the code object they are put into `written` too."""
    text = recorder.text
    for code, instruction, bound in found:
        position, identity, met = recorder.position((code, instruction)), id(code), set()
        known = recorder.names.get(identity, {})
        for name, scope, in_statement, value in bound:
            row = _row(recorder, position, text(name), scope, in_statement, value)
            met.add(row[_NAME])
            if in_statement or known.get(row[_NAME]) != row[_WHAT:]:
                written.append((identity, row))
        gone = known.keys() - met if len(bound) < MOST else ()
        written += [(identity, ("V", position, name, False, *_UNBOUND)) for name in gone]
    return [row for _, row in written]


_UNBOUND = ("unbound",)


def _row(
    recorder: Recorder, position: int | None, name: int, scope: str, in_statement: bool, value: Description
) -> _Row:
    kind, path, arrays, dtype, chunks, shape, length, elements = value
    return (
        "V", position, name, in_statement, kind, scope,
        None if path is None else recorder.text(path),
        [recorder.text(array) for array in arrays] if arrays else [],
        None if dtype is None else recorder.dtype(dtype),
        None if chunks is None else recorder.layout(chunks),
        None if shape is None else list(shape), length, elements,
    )  # fmt: skip
