"""Files that are imported instead of the modules that dask, NumPy, SciPy and lazyscope need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import Shell

_STDLIB = """
    argparse array ast asyncio base64 binascii bisect bz2 calendar cmath collections colorsys concurrent
    configparser contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime decimal
    difflib dis email enum fcntl filecmp fileinput fnmatch fractions ftplib functools gettext glob grp
    gzip hashlib heapq hmac html http importlib inspect ipaddress json keyword linecache locale logging
    lzma math mimetypes mmap multiprocessing numbers opcode operator pathlib pickle pkgutil platform
    pprint pydoc pyexpat queue quopri random re reprlib resource secrets select selectors shlex shutil
    signal socket socketserver ssl statistics string stringprep struct subprocess sysconfig tarfile
    tempfile textwrap threading timeit token tokenize traceback types typing unicodedata unittest urllib
    uuid warnings weakref xml zipfile zlib zoneinfo
"""
STDLIB = frozenset(_STDLIB.split())
"""What dask, NumPy, SciPy, scikit-learn, xarray, pandas and lazyscope import of the standard library.

Without what is built in or frozen, which no file shadows. Everything else, as ``test`` or ``trace``, is the
user's to name a file after.
"""

_PACKAGES = """
    array_api_compat array_api_extra click cloudpickle dask dateutil distributed fsspec
    importlib_metadata jinja2 joblib lazyscope lazyscope_tui locket markdown_it mdurl msgpack msgspec
    narwhals numpy packaging pandas partd psutil pyarrow pygments rich scipy six sklearn
    sortedcontainers tblib threadpoolctl tlz toolz tornado typing_extensions xarray yaml zict
"""
PACKAGES = frozenset(_PACKAGES.split())
"""What these and what they need are imported as, where it is installed."""

_HERE = "this directory"


@dataclass(frozen=True)
class Shadow:
    """A module of this directory that has the name of one that is needed."""

    name: str
    file: str
    """The file, or the directory of the package with a slash."""
    instead_of: str | None = None
    """Where the other one is; None for the standard library's."""


def modules(files: Iterable[str], packages: Iterable[str], suffixes: Iterable[str]) -> dict[str, str]:
    """By name, what Python would import from a directory.

    Parameters
    ----------
    files : iterable of str
        Names of the files in the directory.
    packages : iterable of str
        Names of the directories in it that have an ``__init__``; others do not shadow anything.
    suffixes : iterable of str
        How the names of modules end, those first that are preferred.
    """
    names = list(files)
    found = {package: f"{package}/" for package in packages}
    for suffix in suffixes:
        for name in names:
            if name.endswith(suffix):
                found.setdefault(name.removesuffix(suffix), name)
    return found


def check_names(shadows: Iterable[Shadow], taken: Set[str], shell: Shell) -> list[Check]:
    """One line for each module in the way, or one that says there is none.

    Parameters
    ----------
    shadows : iterable of Shadow
        What is in the way.
    taken : set of str
        The names of all files in the directory, of which a new name must be none.
    shell : Shell
        How paths are written.
    """
    found = [_in_the_way(shadow, taken, shell) for shadow in shadows]
    return found or [Check(_HERE, Status.OK, "no file shadows what dask, SciPy and others import")]


def no_directory() -> Check:
    """What is said where there is nothing to look at."""
    return Check(_HERE, Status.NOTE, "it is gone, or not to be read")


def _in_the_way(shadow: Shadow, taken: Set[str], shell: Shell) -> Check:
    other = f"Python's own {shadow.name}"
    if shadow.instead_of is not None:
        other = f"the {shadow.name} in {shell.short(shadow.instead_of)}"
    text = f"a script in this directory imports it instead of {other}"
    remedy = Remedy(f"mv {shadow.file.rstrip('/')} {_another_name(shadow, taken)}")
    return Check(shadow.file, Status.PROBLEM, text, (remedy,))


def _another_name(shadow: Shadow, taken: Set[str]) -> str:
    new = f"my_{shadow.file.rstrip('/')}"
    while new in taken:
        new = f"my_{new}"
    return new


def needed(found: Mapping[str, str]) -> list[str]:
    """Those of the modules in a directory whose names are needed elsewhere."""
    return sorted(set(found) & (STDLIB | PACKAGES))
