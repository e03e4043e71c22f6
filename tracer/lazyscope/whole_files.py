"""Files that are written whole or not at all: what stood there before survives a write that fails."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path


def write_whole(file: Path, content: bytes, *, overwrite: bool) -> None:
    """Write `content` to `file`, by way of a file beside it that takes its name when it is complete.

    What is no regular file, like ``/dev/null``, is written to as it is. A file that is replaced keeps its
    permissions, and a symbolic link keeps pointing to it.

    Raises
    ------
    FileExistsError
        If there is something of that name already, unless `overwrite`.
    OSError
        If it cannot be written. There is no part of it then.
    """
    target = Path(os.path.realpath(file)) if overwrite else file
    before = _status(target)
    if before is not None and not overwrite:
        raise FileExistsError(file)
    if before is not None and not stat.S_ISREG(before.st_mode):
        with target.open("wb") as stream:
            stream.write(content)
        return
    # The name itself may be as long as names can be.
    beside = target.with_name(f".{os.urandom(8).hex()}.part")
    try:
        _write_new(beside, content, mode=None if before is None else stat.S_IMODE(before.st_mode))
        _take_name(beside, target, overwrite=overwrite)
    finally:
        with suppress(OSError):
            beside.unlink()


def _status(file: Path) -> os.stat_result | None:
    """Of what has the name, be it a link to nowhere."""
    try:
        return file.lstat()
    except FileNotFoundError:
        return None


def _write_new(file: Path, content: bytes, *, mode: int | None) -> None:
    with file.open("xb") as stream:
        stream.write(content)
        if mode is not None:
            file.chmod(mode)
        # Some file systems say only now that they are full.
        stream.flush()
        os.fsync(stream.fileno())


def _take_name(beside: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        beside.replace(target)
        return
    try:
        # Unlike renaming, this fails if somebody has taken the name meanwhile.
        target.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has hard links.
        if _status(target) is not None:
            raise FileExistsError(target) from None
        beside.rename(target)
