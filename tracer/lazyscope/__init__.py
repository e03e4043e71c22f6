"""lazyscope: what makes a dask array compute, who did it, and what it cost.

>>> import lazyscope
>>> with lazyscope.trace() as t:      # doctest: +SKIP
...     pipeline(x)
>>> t.show()                          # doctest: +SKIP
"""

from __future__ import annotations

from lazyscope._version import __version__
from lazyscope.api import Trace, load, namespace, trace
from lazyscope.errors import LazyscopeError, TraceFileError

__all__ = ["LazyscopeError", "Trace", "TraceFileError", "__version__", "load", "namespace", "trace"]
