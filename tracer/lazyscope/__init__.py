"""lazyscope: what makes a dask array compute, who did it, and what it cost.

>>> import lazyscope
>>> with lazyscope.trace() as t:      # doctest: +SKIP
...     pipeline(x)
>>> t.show()                          # doctest: +SKIP
"""

from __future__ import annotations

from lazyscope._version import __version__
from lazyscope.api import allow, namespace, trace
from lazyscope.errors import ForceBudgetExceeded, LazyscopeError, TraceFileError
from lazyscope.traces import Trace, load

__all__ = [
    "ForceBudgetExceeded",
    "LazyscopeError",
    "Trace",
    "TraceFileError",
    "__version__",
    "allow",
    "load",
    "namespace",
    "trace",
]
