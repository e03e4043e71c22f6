"""What dask's configuration decides: the array back end and the scheduler."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lazyscope.report.doctor.checks import Check, Remedy, Status
from lazyscope.report.doctor.shell import Shell, shown

QUERY_PLANNING, SCHEDULER = "array.query-planning", "scheduler"
SCHEDULERS = ("sync", "synchronous", "single-threaded", "threads", "threading")
WORKERS = ("processes", "multiprocessing", "distributed", "dask.distributed")
_BACK_END = "array back end"
_MALFORMED = re.compile(r"config file at (['\"])(?P<file>.+?)\1 is malformed")


@dataclass(frozen=True)
class Source:
    """Something that sets an option: a file of the configuration, or an environment variable."""

    name: str
    value: object
    variable: bool = False


@dataclass(frozen=True)
class Setting:
    """What an option of dask's configuration is, and what sets it."""

    value: object = None
    sources: Sequence[Source] = ()
    """Later ones win."""

    @property
    def source(self) -> Source | None:
        """Where the value comes from, if one of the known places explains it."""
        last = self.sources[-1] if self.sources else None
        return last if last is not None and last.value == self.value else None


def array_backend(setting: Setting, shell: Shell) -> Check:
    """Whether dask arrays are graphs, on which libraries run, or expressions."""
    if setting.value is None:
        return Check(_BACK_END, Status.OK, f"graphs, the default ({QUERY_PLANNING} is not set)")
    where = f"{QUERY_PLANNING} is {_value(setting.value)}{_set_by(setting, shell)}"
    if setting.value is False:
        return Check(_BACK_END, Status.OK, f"graphs ({where})")
    if setting.value is True:
        text = f"expressions ({where}): they lack __array__, __bool__ and more, no SciPy function takes them"
    else:
        text = f"none ({where}): `import dask.array` raises TypeError, it must be true, false or null"
    return Check(_BACK_END, Status.PROBLEM, text, _undo(setting, "DASK_ARRAY__QUERY_PLANNING=False", shell))


def scheduler(setting: Setting, shell: Shell) -> Check:
    """Which scheduler runs the forces of programs that do not name one."""
    value = setting.value
    if not value:
        text = "not set: threads, or the cluster of an active Client"
        return Check(SCHEDULER, Status.OK, text)
    where = f"{_value(value)}{_set_by(setting, shell)}"
    name = value.lower() if isinstance(value, str) else None
    if name in SCHEDULERS:
        return Check(SCHEDULER, Status.OK, where)
    if name in WORKERS:
        client = "" if "process" in str(name) else "needs an active Client, and "
        text = f"{where}: {client}what tasks force inside the workers is not seen"
        return Check(SCHEDULER, Status.NOTE, text)
    text = f"{where}: dask has none of that name, every compute raises ValueError"
    return Check(SCHEDULER, Status.PROBLEM, text, _undo(setting, "DASK_SCHEDULER=threads", shell))


def unreadable(error: BaseException, shell: Shell) -> Check:
    """What keeps dask from being imported."""
    message = shell.without_home(f"{type(error).__name__}: {str(error).strip()}".partition("\n")[0])
    text = f"`import dask` fails: {message.rstrip(':')}"
    return Check("dask", Status.PROBLEM, text, (_importable(error, shell),))


def _importable(error: BaseException, shell: Shell) -> Remedy:
    malformed = _MALFORMED.search(str(error))
    if malformed is not None:
        file = malformed["file"]
        return Remedy(f"mv {shell.path(file)} {shell.path(file + '.off')}", "or mend the file")
    if isinstance(error, ImportError):
        return Remedy(shell.install("dask[array]"), "adds what is missing")
    return Remedy(f'{shell.python} -c "import dask"', "shows all of it")


def _undo(setting: Setting, instead: str, shell: Shell) -> tuple[Remedy, ...]:
    """How to be rid of a value: an empty environment still leaves what files say."""
    source = setting.source
    if source is not None and source.variable and len(setting.sources) == 1:
        return (Remedy(f"unset {source.name}"),)
    overruled = f"overrules {shell.short(source.name)}" if source and not source.variable else ""
    return (Remedy(f"export {instead}", overruled),)


def _set_by(setting: Setting, shell: Shell) -> str:
    return f", set by {shell.short(setting.source.name)}" if setting.source is not None else ""


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else shown(str(value))
