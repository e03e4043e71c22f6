"""Names of findings that stay when lines move: for comparing runs, for budgets and for SARIF."""

from __future__ import annotations

import hashlib
from collections import Counter

from lazyscope.analysis.source import locate, statement_of
from lazyscope.model.trace import TraceData


class Fingerprints:
    """Gives every finding of a trace a fingerprint; ask in the order of time."""

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self._equals: Counter[tuple[str, ...]] = Counter()

    def of(self, code: str, site: int | None) -> str:
        """16 hex digits of code, distribution or file, function, statement, and ordinal among equals.

        The distribution counts without its version: an upgrade alone makes no finding a new one.
        """
        parts = (code, *self._place(site))
        ordinal = self._equals[parts]
        self._equals[parts] += 1
        text = "\0".join([*parts, str(ordinal)])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _place(self, site: int | None) -> tuple[str, str, str]:
        if site is None:
            return "", "", ""
        where, statement = locate(self._trace, site), statement_of(self._trace, site)
        whose = where.distribution.split(" ")[0] if where.distribution else where.file
        return whose, where.function, statement.text if statement else where.code
