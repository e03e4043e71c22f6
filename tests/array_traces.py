"""Traces of arrays that are made from one another, without running a program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from lazyscope.model import events
from trace_builder import SAME, TraceBuilder


class ArrayTraceBuilder(TraceBuilder):
    """A trace in the making with calls that know their inputs, and forces that know their layers.

    A call takes no time, and the next one begins a millisecond later.
    """

    def made(
        self,
        operation: str,
        site: int,
        *outputs: str,
        takes: Iterable[str] = (),
        user_site: int | None = SAME,
        shape: tuple[int | None, ...] = (20,),
        numblocks: tuple[int, ...] = (4,),
        seconds: float = 0.0,
        thread: str = "MainThread",
        via: str | None = None,
    ) -> None:
        """Add a call with the arrays that it takes and returns, by name."""
        layout = self._number(events.Layout(list(shape), list(numblocks), list(shape)))
        dtype = self.text("float64")
        self._records.append(
            events.Call(
                self.now, self.text(operation), site, site if user_site == SAME else user_site,
                [self.text(name) for name in takes],
                [(self.text(name), dtype, layout) for name in outputs],
                self.text(thread), via=via, seconds=seconds,
            )
        )  # fmt: skip
        self.wait(0.001)

    def tasks(
        self,
        name: str,
        *reads: int,
        tasks: int = 4,
        blocks: tuple[int, ...] | None = None,
        chunk_bytes: int | None = 40,
    ) -> int:
        """Add a layer of an array."""
        grid = list(blocks) if blocks is not None else [tasks]
        return self._number(
            events.Layer(
                self.text(name), self.text(name.partition("-")[0]), tasks, list(reads), grid, [5],
                chunk_bytes, source=not reads,
            )
        )  # fmt: skip

    def begin(self, site: int | None, trigger: str, *, way: tuple[int, ...] = (), **fields: Any) -> int:
        """As `TraceBuilder.begin`, with the positions that led to the site, outermost first."""
        stack = self._number(events.Stack(list(way))) if way else None
        number = super().begin(site, trigger, **fields)
        self._records[-1] = msgspec.structs.replace(self._records[-1], stack=stack)
        return number

    def asking(
        self,
        site: int,
        result: str,
        *wanted: tuple[int, int, int] | tuple[int, int, int, int],
        trigger: str = "compute",
        seconds: float = 1.0,
        **fields: Any,
    ) -> int:
        """Add a force for an array: (layer, tasks, repeated), and the bit set of blocks where not all."""
        asked = [
            events.Wanted(one[0], one[1], one[2], one[3].to_bytes(4, "little") if len(one) == 4 else None)
            for one in wanted
        ]
        return self.force(
            site, trigger, seconds=seconds, results=(result,), wanted=asked,
            tasks=sum(one.tasks for one in asked), repeated=sum(one.repeated for one in asked), **fields,
        )  # fmt: skip

    def shape_became_unknown(self, array: str, site: int, *, after: float = 0.0) -> None:
        """Add the origin of an unknown shape, inside the call that comes next."""
        self._records.append(
            events.UnknownShape(
                at=self.now + after, operation="__getitem__", array=self.text(array), site=site,
                user_site=site, entry=None, stack=None, thread=self.text("MainThread"),
            )
        )  # fmt: skip

    def failed(self, message: str, site: int | None, operation: str | None = None) -> int:
        """Add an exception that passed through the last call, or through none."""
        self._failures += 1
        self._records.append(
            events.Failure(
                at=self.now, type="ValueError", message=message, escaped=False, site=site, user_site=site,
                entry=None, stack=None, thread=self.text("MainThread"),
                operation=None if operation is None else self.text(operation), id=self._failures,
            )
        )  # fmt: skip
        return self._failures
