"""Traces in which every text tries to do something to the terminal that it is shown on."""

from __future__ import annotations

import re
import zlib
from typing import Any

from lazyscope.model import events, journal, journal_file
from lazyscope.text.harmless import harmless

HOSTILE = "\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b\x00\udce9"
"""Writes the clipboard, turns all red by an escape and by a C1 control, writes from right to left, hides
something, ends a string of C, and cannot be encoded."""

_MEANT = {"role", "trigger", "opcode", "scheduler", "via", "ended", "difference", "process", "operation"}
"""Fields whose values mean something to lazyscope: where they are left alone more is shown of the rest."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def made_hostile(content: bytes, *, everywhere: bool) -> bytes:
    """The trace with something hostile at the end of every text.

    Parameters
    ----------
    content : bytes
        A journal.
    everywhere : bool
        Whether also where lazyscope knows all values there are, so that it meets an unknown one.
    """
    records = journal.read_records(content).records
    changed = [_changed(record, everywhere) for record in records]
    return journal.MAGIC + journal_file.encode_frame(changed)


def _changed(record: events.Record, everywhere: bool) -> events.Record:
    # A trace whose end is no end is refused.
    left = {"ended"} if everywhere else _MEANT
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    if isinstance(record, events.File | events.Source):
        field = "source" if isinstance(record, events.File) else "text"
        fields[field] = _hostile_source(fields[field])
    if isinstance(record, events.File) and not everywhere:
        # Where a file is of an unknown kind no line is the user's.
        fields["path"] = record.path.replace(".py", f"{HOSTILE}.py")
        left = left | {"path"}
    return type(record)(**{name: one if name in left else _with_end(one) for name, one in fields.items()})


def _with_end(value: Any) -> Any:
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, list | tuple):
        return type(value)(map(_with_end, value))
    if isinstance(value, dict):
        return {_with_end(name): _with_end(one) for name, one in value.items()}
    return value


def _hostile_source(packed: bytes | None) -> bytes | None:
    """The same program with a hostile comment behind each line where there can be one."""
    if packed is None:
        return None
    text = zlib.decompress(packed).decode()
    comment = f"  # {HOSTILE}".replace("\x00", "")
    lines = [line + ("" if line.endswith("\\") else comment) for line in text.split("\n")]
    return zlib.compress("\n".join(lines).encode("utf-8", "surrogatepass"))


def active(text: str, *, colour: bool = False) -> list[str]:
    """Lines of a text that do something to a terminal, other than to colour where that is asked for."""
    shown = _COLOUR.sub("", text) if colour else text
    return sorted({line for line in shown.split("\n") if harmless(line) != line})
