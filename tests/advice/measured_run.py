"""Runs a script as `__main__` and counts what dask executes for it.

python tests/advice/measured_run.py OUT.json SCRIPT

OUT.json gets `executions` (graphs handed to dask's local schedulers), `tasks` (of those graphs, after
optimisation), `blocks` (calls of the script's own functions by tasks, which is how often its blocks are
read or made) and `error` (the type of the exception that ended the script, or null). What the script prints
is its own. Knows nothing of lazyscope, so that it can judge it.
"""

import dataclasses
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import dask
import dask.local

TASKS = os.path.join(os.path.dirname(dask.__file__), "_task_spec.py")


@dataclasses.dataclass
class Counts:
    """What a script executed so far."""

    executions: int = 0
    tasks: int = 0
    blocks: int = 0
    error: str | None = None


def count_executions(counts: Counts, lock: threading.Lock) -> None:
    """Count each graph that a local scheduler starts; all of them begin with `start_state_from_dask`."""
    start: Callable[..., Any] = dask.local.start_state_from_dask

    def counted(*args: Any, **kwargs: Any) -> Any:
        state = start(*args, **kwargs)
        with lock:
            counts.executions += 1
            counts.tasks += len(state["ready"]) + len(state["waiting"])
        return state

    dask.local.start_state_from_dask = counted


def called_by_a_task(frame: FrameType, script: str) -> bool:
    """Whether a task called this function of the script, and not another function of the script."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_filename != script:
        if caller.f_code.co_filename == TASKS:
            return True
        caller = caller.f_back
    return False


def count_blocks(counts: Counts, lock: threading.Lock, script: str) -> None:
    """Count calls of the script's functions by tasks, in whatever thread."""

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == script and called_by_a_task(frame, script):
            with lock:
                counts.blocks += 1

    threading.setprofile(profile)
    sys.setprofile(profile)


def run(script: str) -> str | None:
    """Run the script; the type of the exception that ended it."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit:
        return None
    except BaseException as error:
        traceback.print_exc()
        return type(error).__name__
    return None


def main(out: str, script: str) -> None:
    """Run and count, and write the counts."""
    script = os.path.abspath(script)
    counts, lock = Counts(), threading.Lock()
    sys.argv = [script]
    sys.path[0] = os.path.dirname(script)
    count_executions(counts, lock)
    count_blocks(counts, lock, script)
    counts.error = run(script)
    sys.setprofile(None)
    sys.stdout.flush()
    Path(out).write_text(json.dumps(dataclasses.asdict(counts)))


if __name__ == "__main__":
    main(*sys.argv[1:])
