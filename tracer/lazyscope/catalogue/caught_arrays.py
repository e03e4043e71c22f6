"""Dask arrays caught in functions that dask runs on blocks: which, and what to do about them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from lazyscope.analysis.arrays import Array
from lazyscope.analysis.blocks import HandedOver, handed_over
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.provenance import dependencies
from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.savings import if_persisted
from lazyscope.analysis.syntax.terms import path_of, targets_of
from lazyscope.catalogue.advice import held, names
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import Draft, Edit, one_change
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.pass_as_argument import as_argument
from lazyscope.fixes.persist import estimate_of
from lazyscope.fixes.placement import file_at
from lazyscope.fixes.written import written_at
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Caught:
    """What a function that dask runs takes from around it."""

    evidence: ForceEvidence

    @cached_property
    def reading(self) -> Reading | None:
        """Of the line in the function: the user's where the user wrote it."""
        if self.evidence.at_user or self.evidence.begin.inherited:
            return self.evidence.reading
        return self.evidence.user_reading

    @property
    def position(self) -> int | None:
        if self.evidence.at_user or self.evidence.begin.inherited:
            return self.evidence.site
        return self.evidence.user_site

    @cached_property
    def function(self) -> HandedOver | None:
        """The function around that line."""
        return None if self.position is None else handed_over(self.evidence.trace, self.position)

    @property
    def function_name(self) -> str:
        """For sentences."""
        if self.function is None:
            return "the function"
        return "the lambda" if self.function.name == "<lambda>" else f"`{self.function.name}`"

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """The nearest arrays behind the forces that were made outside of the task."""
        trace, force = self.evidence.trace, self.evidence.forces[0]
        made = lineage(trace)
        pending = list(made.asked.get(force.id, ()))
        found: dict[int, int | None] = {}
        seen: set[tuple[int, int | None]] = set()
        while pending and len(seen) < _FARTHEST:
            name, maker = pending.pop()
            if (name, maker) in seen:
                continue
            seen.add((name, maker))
            if maker is not None and self._made_inside(maker):
                pending += made.inputs[maker]
            elif maker is not None or name in made.layers:
                found[name] = maker
        nearest = {array.text: array for array in dependencies(trace, force.id).arrays}
        described = [nearest[name] for name in found if name in nearest]
        return tuple(described) or tuple(nearest.values() if found else ())

    def _made_inside(self, maker: int) -> bool:
        """Whether a call ran in the function: in a task, or while dask tried it on nothing."""
        call = self.evidence.trace.calls[maker]
        if self.evidence.nested:
            return call.force == self.evidence.begin.parent
        own = self.reading.function if self.reading else None
        site = read(self.evidence.trace, call.site)
        inside = site.function if site else None
        return own is not None and inside is not None and (own.name, own.line) == (inside.name, inside.line)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Variables of the function by which it reaches them."""
        reading = self.reading
        if reading is None:
            return ()
        known = [array.variable for array in self.arrays if array.variable in reading.names]
        if known:
            return tuple(dict.fromkeys(name for name in known if name))
        return reading.outer_names

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of `names` that the user's line outside assigned, so that they can be held there."""
        return tuple(array.variable for array in self._named)

    @cached_property
    def _named(self) -> list[_Named]:
        found = {
            array.variable: _Named(array.variable, array)
            for array in self.arrays
            if array.variable is not None and array.variable in self.names
        }
        return list(found.values())

    # Fixes

    def as_argument(self) -> Fix:
        """Hand the arrays to the function as arguments."""
        shown = names([f"`{name}`" for name in self.names]) if self.names else "the dask array"
        sketch = f"give {self.function_name} {shown} as an argument, by the call that runs it on the blocks"
        price = (
            "each argument must have as many blocks as the array, or one, along the axes that they share"
            if self.function is None or not self.function.delayed
            else "the values travel with the graph, not with the function"
        )
        trace, edit = self.evidence.trace, None
        if self.position is not None:
            edit = as_argument(trace, self.position, self.names)
        if edit is None or objections(trace, edit):
            return Fix("pass-as-argument", sketch, price, sketch=sketch)
        return Fix("pass-as-argument", told(self.evidence, edit), price, edit=edit, sketch=sketch)

    def computed_before(self) -> Fix | None:
        """Compute the arrays once, outside."""
        return self._before("compute-once", "compute", "as NumPy; it is no longer lazy from there on")

    def persisted_before(self) -> Fix | None:
        """Hold the arrays in memory, outside; every block still asks, but for what is there."""
        return self._before("persist", "persist", "every block still asks for it, which is quick then")

    def _before(self, technique: str, method: str, loses: str) -> Fix | None:
        if not self._named:
            return None
        sizes = [one.array.bytes for one in self._named]
        size = None if None in sizes else sum(one for one in sizes if one is not None)
        price = f"{held(size)}, {loses}" if method == "compute" else f"{held(size)}; {loses}"
        edit = self._edit(method)
        shown = names([f"`{name}`" for name in self.variables])
        done = "compute" if method == "compute" else "hold"
        sketch = f"{done} {shown} once, before the blocks are worked on"
        return Fix(
            "compute-once" if technique == "compute-once" else "persist",
            told(self.evidence, edit) if edit is not None else sketch,
            price,
            estimate=self._estimate(),
            edit=edit,
            sketch=sketch,
        )

    def _estimate(self) -> Estimate:
        layers = [one.array.layer for one in self._named if one.array.layer is not None]
        return estimate_of(if_persisted(self.evidence.trace, layers)) if layers else Estimate()

    def _edit(self, method: str) -> Edit | None:
        """A line after the assignment of the one variable; what reads it later is adapted."""
        if len(self._named) != 1 or self._named[0].array.position is None:
            return None
        trace, name = self.evidence.trace, self._named[0].variable
        written = written_at(trace, self._named[0].array.position)
        if written is None or not isinstance(written.statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return None
        targets = targets_of(written.statement)
        if [path_of(target) for target in targets] != [(name,)]:
            return None
        draft = Draft(trace)
        draft.insert_after(written.file, written.statement, f"{name} = {name}.{method}()")
        if method == "compute" and not Consumers(draft, written.file).adapt_name(
            written.owner, written.statement, name
        ):
            return None
        return draft.edit()


@dataclass(frozen=True)
class _Named:
    variable: str
    array: Array


_FARTHEST = 64


def after_assignment(trace: TraceData, position: int, *lines: str) -> Edit | None:
    """New lines after the assignment at a position; None unless that stands on lines of its own."""
    reading = read(trace, position)
    if reading is None or reading.statement not in ("Assign", "AnnAssign", "AugAssign"):
        return None
    file = file_at(trace, position)
    source = trace.source_lines(file)
    last = source[reading.end_line - 1] if reading.end_line <= len(source) else ";"
    starts = reading.code.startswith(tuple(reading.targets)) if reading.targets else False
    if not starts or ";" in last or last.rstrip().endswith("\\"):
        return None
    new = tuple(reading.indent + line for line in lines)
    return one_change(file, reading.end_line + 1, reading.end_line, new)
