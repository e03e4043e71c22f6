"""Writing what was made from a trace to a file, and losing nothing by it."""

from __future__ import annotations

from pathlib import Path

from lazyscope.errors import LazyscopeError
from lazyscope.whole_files import write_whole


def write_file(file: Path, content: str | bytes, *, overwrite: bool, source: Path) -> None:
    """Write `content`, which was made from `source`, to `file`.

    Raises
    ------
    LazyscopeError
        If the file exists and is not to be overwritten, is the source itself, or cannot be written.
    """
    try:
        if overwrite and file.exists() and file.samefile(source):
            raise LazyscopeError(f"{file} is the trace itself: give another name with -o")
        whole = content.encode() if isinstance(content, str) else content
        write_whole(file, whole, overwrite=overwrite)
    except FileExistsError:
        raise LazyscopeError(
            f"{file} exists and would be lost: give another name with -o, or --overwrite"
        ) from None
    except OSError as error:
        raise LazyscopeError(f"cannot write {file}: {error.strerror}; give another name with -o") from None
