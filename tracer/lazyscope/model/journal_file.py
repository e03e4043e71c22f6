"""Where a recording goes: a file on disk that only lazyscope writes to, or memory.

The program runs in the same process and may close every descriptor, as daemons do, and open files of its
own, which then get the number of ours. So before anything is written or cut, the descriptor is compared
with the file that was opened (device and inode), and the file with the size it had after the last write. A
file that is opened anew must also begin as ours does: the inode of a removed file is soon another file's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from lazyscope.errors import TraceFileError
from lazyscope.model.events import AnyRecord, Header
from lazyscope.model.journal import FRAME, MAGIC, REMEDY

_NONE = -1
"""Instead of the number of a descriptor that is closed: the number may soon be another file's."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[AnyRecord])


def encode_frame(records: Iterable[Any]) -> bytes:
    """One frame holding `records`, ready to be appended.

    Parameters
    ----------
    records : iterable of Record or tuple
        A tuple is a record as it is on disk: its tag, then its fields.
    """
    records = records if isinstance(records, list) else list(records)
    try:
        payload = _encoder.encode(records)
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError):
        payload = _encoder.encode([_encodable(record) for record in records])
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


_LARGEST = 2**63 - 1
"""The largest number that every reader of MessagePack knows."""


def _encodable(value: Any) -> Any:
    """The same value as it can be written.

    Lone surrogates, such as those of undecodable file names, are spelled out. A number that is too large (a
    graph can have more tasks than 64 bits count) is the largest one. A record keeps its place, so that the
    numbers of those after it hold.
    """
    kind = type(value)
    if issubclass(kind, msgspec.Struct):
        tag = kind.__struct_config__.tag
        fields = [_encodable(getattr(value, name)) for name in kind.__struct_fields__]
        return fields if tag is None else [tag, *fields]
    if kind is bool or value is None or kind is float or kind is bytes:
        return value
    if issubclass(kind, str):
        return str.__str__(value).encode("utf-8", "backslashreplace").decode()
    if issubclass(kind, int):
        return max(-_LARGEST, min(int(value), _LARGEST))
    if issubclass(kind, list | tuple):
        return [_encodable(item) for item in value]
    if issubclass(kind, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if issubclass(kind, float):
        return float(value)
    return f"<{kind.__name__}>"


class JournalFile:
    """A journal on disk that frames are appended to.

    Parameters
    ----------
    path : Path
        Must not exist unless `overwrite`.
    overwrite : bool
        Whether an existing file is replaced.
    remedy : str
        What to do where there is a file already, as the one who asked can do it.

    Raises
    ------
    TraceFileError
        If the file exists or cannot be created.
    """

    begun = True

    def __init__(self, path: Path, *, overwrite: bool = False, remedy: str = REMEDY) -> None:
        # Readable, too: what was written can be read back even when the program has removed the file.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        flags |= os.O_TRUNC if overwrite else os.O_EXCL
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except FileExistsError:
            raise TraceFileError(f"{path} exists and would be lost: {remedy}") from None
        except OSError as error:
            raise _cannot_write(path, error, remedy) from None
        opened = os.fstat(self._descriptor)
        self._identity = _identity(opened)
        self._has_size = stat.S_ISREG(opened.st_mode)
        self._size = 0
        self._head = b""
        self._closed = False
        self._left: bytes | None = None
        # The program may change its working directory, or remove one that the path leads through.
        self.path = path.absolute()
        self._place = Path(os.path.realpath(path.parent), path.name)
        try:
            self.append(MAGIC)
        except OSError as error:
            self.close()
            if not overwrite:
                with contextlib.suppress(OSError):
                    self._place.unlink()
            raise _cannot_write(path, error, remedy) from None

    @property
    def exists(self) -> bool:
        """Whether what was written is still at `path`."""
        try:
            os.close(self._opened_again(os.O_RDONLY))
        except OSError:
            return False
        return True

    def append(self, frame: bytes) -> None:
        """Hand the whole frame to the operating system; no fsync, so it survives the process only.

        Raises
        ------
        OSError
            If there is no room for all of it, or the file is no longer ours. Nothing of it is in the file
            then, so the file ends with the frame before.
        """
        if self._closed:
            # A thread may still be in the middle of an event when its trace is closed.
            return
        descriptor, size = self._own()
        if self._has_size and size != self._size:
            # Two writers, or somebody has cut it: frames that follow could not be read.
            raise OSError(errno.ESTALE, "it was changed by another program")
        view = memoryview(frame)
        try:
            while view:
                view = view[os.write(descriptor, view) :]
        except BaseException:
            # An interrupt may come after the write and before its result.
            self._cut()
            raise
        self._size += len(frame)
        if len(self._head) < _HEAD:
            self._head = (self._head + frame)[:_HEAD]

    def _own(self) -> tuple[int, int]:
        """A descriptor of the file that was opened, opened anew where the program has closed it; its size."""
        with contextlib.suppress(OSError):
            found = os.fstat(self._descriptor)
            if _identity(found) == self._identity:
                return self._descriptor, found.st_size
        # Whatever has that number now is not ours to close.
        self._descriptor = _NONE
        self._descriptor = self._opened_again(os.O_RDWR | os.O_APPEND)
        return self._descriptor, os.fstat(self._descriptor).st_size

    def _opened_again(self, flags: int) -> int:
        """A new descriptor of the file at `path`, if that is still the one that was written to.

        Raises
        ------
        OSError
            If it is gone, or another file stands in its place.
        """
        # What another file in its place may be (a FIFO, a device) must not be waited for.
        flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._place, flags)
        if self._is_ours(descriptor):
            return descriptor
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "it was removed or replaced")

    def _is_ours(self, descriptor: int) -> bool:
        found = os.fstat(descriptor)
        if _identity(found) != self._identity:
            return False
        if not self._has_size:
            return True
        if found.st_size < self._size:
            return False
        return os.pread(descriptor, len(self._head), 0) == self._head

    def _cut(self) -> None:
        """Take away what stands behind the last whole frame, so that all before it can be read."""
        with contextlib.suppress(OSError):
            descriptor, size = self._own()
            if size > self._size:
                os.ftruncate(descriptor, self._size)

    def mark_ended(self, error: OSError) -> None:
        """Note in the header that recording has ended here, since nothing more could be written.

        The header is written over in its place, which needs no room on the disk. Where that fails, too, the
        trace looks like that of a killed program.
        """
        with contextlib.suppress(OSError, msgspec.MsgspecError, RecursionError, LookupError):
            # A descriptor that appends writes to the end, whatever place is named.
            descriptor = self._opened_again(os.O_RDWR)
            try:
                frame = _marked(os.pread(descriptor, self._size, 0), error)
                os.pwrite(descriptor, frame, len(MAGIC))
                self._head = os.pread(descriptor, len(self._head), 0)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Let go of the file; keep in memory what was written if the program has removed it."""
        if not self.exists:
            with contextlib.suppress(OSError):
                self._left = self.content()
        with contextlib.suppress(OSError):
            if _identity(os.fstat(self._descriptor)) == self._identity:
                os.close(self._descriptor)
        self._descriptor = _NONE
        self._closed = True

    def content(self) -> bytes:
        """The bytes written so far.

        Raises
        ------
        OSError
            If the program has removed the file and closed its descriptor.
        """
        if self._left is not None:
            return self._left
        if self.exists:
            return self._place.read_bytes()[: self._size]
        descriptor, size = self._own()
        return os.pread(descriptor, min(size, self._size), 0)


_HEAD = 256
"""Bytes at the beginning of a file by which it is known again: the header tells when it was begun."""

_Identity: TypeAlias = tuple[int, int]


def _identity(found: os.stat_result) -> _Identity:
    """What tells a file from every other on this machine: device and inode."""
    return found.st_dev, found.st_ino


def _marked(content: bytes, error: OSError) -> bytes:
    """The first frame of a journal, its header saying with which error recording ended; as long as it was.

    Raises
    ------
    LookupError
        If there is no header, or it would not fit where it stands.
    """
    length, _ = FRAME.unpack_from(content, len(MAGIC))
    start = len(MAGIC) + FRAME.size
    records = _decoder.decode(content[start : start + length])
    header = records[0]
    if not isinstance(header, Header):
        raise LookupError("no header")
    # Numbers below 128 take one byte, as the 0 does that stands there.
    number = min(error.errno or errno.EIO, 127)
    records[0] = msgspec.structs.replace(header, write_error=number)
    frame = encode_frame(records)
    if len(frame) != FRAME.size + length:
        raise LookupError("the header does not fit")
    return frame


def _cannot_write(path: Path, error: OSError, remedy: str) -> TraceFileError:
    return TraceFileError(f"cannot write {path}: {error.strerror}; {remedy.partition(',')[0]}")


class JournalMemory:
    """A journal kept in memory: the same frames, no file."""

    path = None
    begun = True
    exists = True

    def __init__(self) -> None:
        self._frames: list[bytes] = [MAGIC]

    def append(self, frame: bytes) -> None:
        self._frames.append(frame)

    def mark_ended(self, error: OSError) -> None:
        """Memory has no errors of writing."""

    def close(self) -> None:
        """Nothing to release; the frames stay readable."""

    def content(self) -> bytes:
        """The bytes a file of the same trace would have."""
        return b"".join(self._frames)


class DeferredJournal:
    """A journal on disk that is created with the first frame, or kept nowhere without a path."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: JournalFile | JournalMemory | None = None

    @property
    def begun(self) -> bool:
        """Whether anything has been written."""
        return self._file is not None

    @property
    def exists(self) -> bool:
        """Whether what was written is still where it was written to."""
        return self._file is None or self._file.exists

    def append(self, frame: bytes) -> None:
        if self._file is None:
            self._file = JournalFile(self.path, overwrite=True) if self.path else JournalMemory()
        self._file.append(frame)

    def mark_ended(self, error: OSError) -> None:
        if self._file is not None:
            self._file.mark_ended(error)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def content(self) -> bytes:
        """The bytes written so far: none before the first frame."""
        return MAGIC if self._file is None else self._file.content()


Journal: TypeAlias = JournalFile | JournalMemory | DeferredJournal
