"""What plain names are bound to where an event happens, looked up once for each place.

Names of the statement of the site are looked up there; in frames of the user's all names that their code
uses. Only what `kinds` tells of a value is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple

from lazyscope.capture.callsite import Sighting, frames_of
from lazyscope.capture.kinds import Description, describe
from lazyscope.capture.local_names import MISSING, local_values
from lazyscope.capture.names_in_code import names_near
from lazyscope.capture.own_failures import survived
from lazyscope.capture.recorder import SIGHTINGS, Recorder
from lazyscope.capture.session import Session

MOST = 64
"""Names that are kept of one place."""

LOOKED_UP = 256
"""Names that are looked up for one place, to keep the best of them."""

USER_FRAMES = 4
"""Frames of the user's that are looked at, the innermost ones."""


class _Bound(NamedTuple):
    """One name with what it is bound to."""

    name: str
    scope: str
    in_statement: bool
    value: Description


_Place = tuple[CodeType, int, list[_Bound]]


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
    for frame, instruction, is_user in _of_interest(session, sighting, frames):
        code = frame.f_code
        if (id(code), instruction) not in recorder.bound:
            near = names_near(code, instruction)
            found.append((code, instruction, _bound(frame, near, everything=is_user)))
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
) -> Iterator[tuple[FrameType, int, bool]]:
    """The frames of the site and of the user, with whether they are the user's."""
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
            yield frame, reached, is_user
        number += 1


# Names of a frame


def _bound(frame: FrameType, near: tuple[str, ...], *, everything: bool) -> list[_Bound]:
    """What names of a frame are bound to: those near the instruction, or all that its code uses."""
    names = dict.fromkeys(near, True)
    if everything:
        for used in _used(frame):
            names.setdefault(used, False)
    found = []
    for name, scope, value in _values(frame, [name for name in names if _is_variable(name)][:LOOKED_UP]):
        found.append(_Bound(name, scope, names[name], describe(value)))
    if len(found) > MOST:
        found.sort(key=_rank)
        del found[MOST:]
    return found


def _is_variable(name: str) -> bool:
    return name.isidentifier() and not name.startswith("__")


def _rank(bound: _Bound) -> int:
    if bound.in_statement or bound.value.arrays:
        return 0
    return 2 if bound.value.kind in ("function", "class", "other") else 1


def _used(frame: FrameType) -> Iterator[str]:
    """Names of variables that the code of a frame uses, and those of the function it is a part of."""
    within: FrameType | None = frame
    while within is not None:
        code = within.f_code
        yield from (*code.co_varnames, *code.co_cellvars, *code.co_freevars, *code.co_names)
        within = _around(within, code)


def _around(frame: FrameType, code: CodeType) -> FrameType | None:
    """The frame whose code has the code of this one in it: a comprehension, before Python 3.12, or lambda."""
    outer = frame.f_back
    if outer is None or not code.co_name.startswith("<") or code.co_name == "<module>":
        return None
    return outer if any(constant is code for constant in outer.f_code.co_consts) else None


def _values(frame: FrameType, names: list[str]) -> Iterator[tuple[str, str, Any]]:
    """Names, where they are bound, and their values: as Python looks them up, without builtins."""
    module, missing = frame.f_globals, names
    within: FrameType | None = frame
    while within is not None:
        code = within.f_code
        is_module = not code.co_flags & CO_OPTIMIZED and within.f_locals is module
        values = {} if is_module else local_values(within, missing)
        for name, value in values.items():
            is_free = within is not frame or name in code.co_freevars
            yield name, "free" if is_free else "local", value
        missing = [name for name in missing if name not in values]
        within = _around(within, code)
    for name in missing:
        value = module.get(name, MISSING)
        if value is not MISSING:
            yield name, "global", value


# Rows of the trace


_Row = tuple[Any, ...]
_NAME, _WHAT = 2, 4
"""Where a row has the name, and from where on what that is bound to."""


def _rows(recorder: Recorder, found: list[_Place], written: list[tuple[int, _Row]]) -> list[_Row]:
    """Rows for what is new; with the identity of the code object they are put into `written` too."""
    for code, instruction, bound in found:
        position = recorder.position((code, instruction))
        known = recorder.names.get(id(code), {})
        met = set()
        for one in bound:
            row = _row(recorder, position, one)
            met.add(row[_NAME])
            if one.in_statement or known.get(row[_NAME]) != row[_WHAT:]:
                written.append((id(code), row))
        gone = known.keys() - met if len(bound) < MOST else ()
        written += [(id(code), ("V", position, name, False, *_UNBOUND)) for name in gone]
    return [row for _, row in written]


_UNBOUND = ("unbound",)


def _row(recorder: Recorder, position: int | None, bound: _Bound) -> _Row:
    value = bound.value
    dtype, chunks, shape = value.dtype, value.chunks, value.shape
    return (
        "V", position, recorder.text(bound.name), bound.in_statement, value.kind, bound.scope,
        recorder.optional_text(value.type), [recorder.text(array) for array in value.arrays],
        None if dtype is None else recorder.dtype(dtype),
        None if chunks is None else recorder.layout(chunks),
        None if shape is None else list(shape), value.length, value.elements,
    )  # fmt: skip
