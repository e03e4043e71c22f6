"""The trace file: its format, and how it is read back and recovered.

The format, version 1
---------------------
A file begins with the 16 bytes of `MAGIC`. Then follow frames, one after the other to the end::

    length  4 bytes, little-endian: how many bytes the payload has
    crc     4 bytes, little-endian: `zlib.crc32` of the payload
    payload MessagePack: an array of records

A record is an array whose first element is a one-letter tag and whose other elements are the fields of
the class with that tag in `lazyscope.model.events`, in the order of their definition. The first record
of the first frame is a `Header`. Tables are built by counting: the n-th `Text` of a file has number n,
from 0, and so for `File`, `Code`, `Position`, `Stack`, `Layout` and `Layer`.

A frame is written by one ``write(2)`` (`lazyscope.model.journal_file`), so what a killed process leaves
behind is whole but for its last frame, which a reader drops. Nothing in a journal is ever executed:
MessagePack has no code, and a reader accepts only the fields' own types.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from lazyscope.errors import TraceFileError
from lazyscope.model.events import AnyRecord, Header

FORMAT_VERSION = 1
MAGIC = b"lazyscope trace\n"

REMEDY = "give another name with -o, or --overwrite"

FRAME = struct.Struct("<II")
"""Length and checksum of a payload, before it."""

_LARGEST_FRAME = 1 << 30
"""Bytes: a length beyond is damage. Frames are written at every force."""

_decoder = msgspec.msgpack.Decoder(list[AnyRecord])
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError)
"""What decoding raises for bytes that are no records."""


class Reading(NamedTuple):
    """What could be read of a journal."""

    records: list[AnyRecord]
    lost: int
    """Bytes at the end that could not be read: a frame cut short, or damage."""


def read_records(content: bytes, *, name: str = "trace") -> Reading:
    """Every whole frame of a journal, in order, up to the first that is cut or damaged.

    Raises
    ------
    TraceFileError
        If `content` is no trace, has another version, is damaged before its header, or ends there.
    """
    if not content.startswith(MAGIC):
        raise TraceFileError(_foreign(content, name))
    records, offset = read_frames(content, len(MAGIC), name=name)
    if not records and _waits_for_more(content, offset):
        raise TraceFileError(
            f"{name} is not recorded yet: the program is about to begin, or ended before its first "
            "record was written; wait for it, or run it again"
        )
    if not records or not isinstance(records[0], Header):
        raise TraceFileError(f"{name} is damaged at its beginning: record it again")
    _check_version(records[0].version, name)
    return Reading(records, len(content) - offset)


def _waits_for_more(content: bytes, offset: int) -> bool:
    """Whether the content ends within a frame, as while the program is writing it."""
    rest = len(content) - offset
    if rest < FRAME.size:
        return True
    length, _ = FRAME.unpack_from(content, offset)
    is_cut: bool = rest - FRAME.size < length <= _LARGEST_FRAME
    return is_cut


def read_frames(content: bytes, offset: int, *, name: str = "trace") -> tuple[list[AnyRecord], int]:
    """The records of the whole frames from `offset` on, and where the first begins that is not whole.

    Raises
    ------
    TraceFileError
        If what stands there was written by a newer version.
    """
    records: list[AnyRecord] = []
    while offset + FRAME.size <= len(content):
        length, crc = FRAME.unpack_from(content, offset)
        payload = memoryview(content)[offset + FRAME.size : offset + FRAME.size + length]
        if len(payload) < length or zlib.crc32(payload) != crc:
            break
        try:
            records += _decoder.decode(payload)
        except _UNREADABLE:
            _reject_other_version(payload, name)
            break
        offset += FRAME.size + length
    return records, offset


def read_file(path: Path) -> Reading:
    """As `read_records`, from a file.

    Raises
    ------
    TraceFileError
        If the file is missing, unreadable or not a trace.
    """
    return read_records(read_content(path), name=str(path))


def read_content(path: Path) -> bytes:
    """The bytes of a file that may be a trace: of a device or a pipe, which may have no end, none.

    Raises
    ------
    TraceFileError
        If the file is missing, unreadable, no file of its own, or does not begin as a trace does.
    """
    try:
        # Opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise TraceFileError(f"{path} is no file: give a .lazy file that `lazyscope run` wrote")
            begin = file.read(len(MAGIC))
            if begin != MAGIC:
                raise TraceFileError(_foreign(begin, str(path)))
            return begin + file.read()
    except FileNotFoundError:
        raise TraceFileError(f"no trace at {path}: record one with `lazyscope run SCRIPT`") from None
    except (OSError, ValueError, MemoryError, OverflowError) as error:
        raise TraceFileError(f"cannot read {path}: {_why_not(error)}") from None


def _why_not(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "its name cannot be that of a file" if isinstance(error, ValueError) else "it is too large"


def _foreign(content: bytes, name: str) -> str:
    if not content:
        return f"{name} is empty: record a trace with `lazyscope run SCRIPT`"
    if MAGIC.startswith(content):
        return f"{name} is cut off before its first record: run the program again"
    return f"{name} is not a lazyscope trace: give a .lazy file that `lazyscope run` wrote"


def _reject_other_version(payload: memoryview, name: str) -> None:
    """A frame of a newer format is no damage: say so if its header can be made out."""
    try:
        first = msgspec.msgpack.decode(payload)[0]
    except (*_UNREADABLE, IndexError, TypeError, KeyError):
        return
    if isinstance(first, list) and len(first) > 1 and first[0] == "H" and isinstance(first[1], int):
        _check_version(first[1], name)


def _check_version(version: int, name: str) -> None:
    if version > FORMAT_VERSION:
        raise TraceFileError(
            f"{name} was written by a newer lazyscope (format {version}, this one reads "
            f"{FORMAT_VERSION}): upgrade with `pip install -U lazyscope`"
        ) from None
