"""lazyscope: what makes a dask array compute, who did it, and what it cost.

>>> import lazyscope
>>> with lazyscope.trace() as t:      # doctest: +SKIP
...     pipeline(x)
>>> t.show()                          # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazyscope._version import __version__
from lazyscope.api import allow, namespace, trace
from lazyscope.errors import ForceBudgetExceeded, LazyscopeError, TraceFileError
from lazyscope.traces import Trace, load

if TYPE_CHECKING:
    from lazyscope.comparison import Comparison, compare_with_numpy

__all__ = [
    "Comparison",
    "ForceBudgetExceeded",
    "LazyscopeError",
    "Trace",
    "TraceFileError",
    "__version__",
    "allow",
    "compare_with_numpy",
    "load",
    "namespace",
    "trace",
]


def __getattr__(name: str) -> Any:
    """Load what few programs use when it is asked for."""
    if name in ("Comparison", "compare_with_numpy"):
        from lazyscope import comparison

        return getattr(comparison, name)
    if name in ("load_ipython_extension", "unload_ipython_extension"):
        # IPython asks for them: `%load_ext lazyscope`.
        from lazyscope import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
