"""Show traces with random damage in every way there is: none may end in a traceback, or take much.

The mutations are those of ``faults/mutations.py`` in the shared folder (``../shared`` or
``LAZYSCOPE_SHARED``), applied to the traces of ``tests/golden/traces``. Each is made of (base, kind,
seed), so that one can be made again.

    python tests/faults/mutated_traces.py 3000            3,000 mutations, and all that are made by hand
    python tests/faults/mutated_traces.py 0               only those made by hand
    python tests/faults/mutated_traces.py 2 fields 71     one: base, kind, seed
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

# Beside the tests' own folder, also where this is run as a program.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shared_folder import SHARED

TRACES = Path(__file__).resolve().parents[1] / "golden" / "traces"


def shared_mutations() -> Path | None:
    """The module of mutations, where there is one."""
    path = SHARED / "faults" / "mutations.py"
    return path if path.exists() else None


@cache
def _mutations() -> ModuleType:
    path = shared_mutations()
    assert path is not None
    os.environ["TRACES"] = str(TRACES)
    spec = importlib.util.spec_from_file_location("mutations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(base: int, kind: str, seed: int) -> bytes:
    """The bytes of a mutated trace."""
    mutated: bytes = _mutations().mutate(base, kind, seed)
    return mutated


def cases(count: int) -> list[list[Any]]:
    """The first so many mutations: all kinds in turn, of every base."""
    kinds, bases = _mutations().KINDS, len(list(TRACES.glob("*.lazy")))
    return [["mutation", n // len(kinds) % bases, kinds[n % len(kinds)], n] for n in range(count)]


def main(arguments: list[str]) -> int:
    """Show traces and say what came of it; 1 if anything went wrong."""
    import hostile_traces
    import trials

    if len(arguments) == 3:
        base, kind, seed = arguments
        chosen = [["mutation", int(base), kind, int(seed)]]
    else:
        chosen = [["hostile", name] for name in hostile_traces.TRACES] + cases(int(arguments[0]))

    def tell(outcome: trials.Outcome) -> None:
        for fault in outcome.faults:
            print(f"{outcome.name}: {fault.strip().splitlines()[-1]}", file=sys.stderr, flush=True)

    outcomes = trials.outcomes_of(chosen, told=tell)
    print(trials.summary(outcomes))
    return int(any(outcome.faults for outcome in outcomes))


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    sys.exit(main(sys.argv[1:]))
