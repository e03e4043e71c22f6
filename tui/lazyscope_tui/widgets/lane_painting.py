"""Lanes of the timeline as characters: pairs of a character and the name of its look, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from rich.cells import get_character_cell_size

from lazyscope.model.trace import Force
from lazyscope_tui.time_strips import Lane, Places, Row, Stretches
from lazyscope_tui.time_window import Window, ticks
from lazyscope_tui.widgets.page import text

Cells: TypeAlias = list[tuple[str, str]]

NEW, SOME, MOST = "█", "▓", "╱"
"""How a force is drawn: nothing of it had run before, some of it, more than half."""
BEGIN, END, SEVERAL = "▏", "▕", "░"
"""Of a line or function; several of them in one column."""
_DENSITY = " ▁▂▃▄▅▆▇█"
_TICK = 12
"""Columns between times on the axis, at least."""
_LABEL = 6
"""Columns from which on a force says what it is."""
_NAME = 3
"""Columns from which on a line or function has its name, or its beginning."""
_APART = 6
"""Columns between calls from which on they say what they are."""


def axis(window: Window) -> list[str]:
    """Times, as far as there is room for all of one."""
    row = [" "] * window.columns
    for time, label in ticks(window, _TICK):
        column = window.column(time)
        if column >= 0 and column + 1 + len(label) <= window.columns:
            row[column : column + 1 + len(label)] = f"╷{label}"
    return row


# Calls


def per_column(lane: Lane, window: Window) -> list[int]:
    """Calls of each column."""
    return [lane.calls_between(window.time(n), window.time(n + 1)) for n in range(window.columns)]


def call_cells(
    lane: Lane, window: Window, part: int, high: int, most: int, named: Mapping[int, str]
) -> Cells:
    """A column's calls as a bar; where calls are few, what they did stands beside them.

    Parameters
    ----------
    lane
        Whose calls.
    window
        What is seen.
    part, high
        Which of so many rows.
    most
        Calls of the column that has the highest bar.
    named
        What calls are named, by Text.
    """
    top = len(_DENSITY) - 1
    below = top * (high - 1 - part)
    counts = per_column(lane, window)
    levels = [-(-count * top * high // max(most, 1)) - below for count in counts]
    cells = [(_DENSITY[min(max(level, 0), top)], "calls") for level in levels]
    if part == high - 1 and sum(counts) * _APART <= window.columns:
        _name_calls(cells, lane, window, counts, named)
    return cells


def _name_calls(
    cells: Cells, lane: Lane, window: Window, counts: Sequence[int], named: Mapping[int, str]
) -> None:
    before = lane.calls_between(-1.0, window.start)
    columns = [column for column, count in enumerate(counts) if count]
    for column, after in zip(columns, [*columns[1:], window.columns], strict=True):
        words = named[lane.operations[before]]
        before += counts[column]
        if counts[column] == 1 and after - column > len(words) + 1:
            _write(cells, column + 1, after, words, "calls")


# Lines and functions


def place_cells(places: Places, window: Window, look: str) -> Cells:
    """Stretches with their names at their beginnings."""
    cells = [(" ", "")] * window.columns
    for column, last, among in _pieces(places, window):
        if len(among) > 1:
            cells[column] = SEVERAL, "axis"
        else:
            _write_place(cells, places, among.start, window, (column, last), look)
    return cells


def _write_place(
    cells: Cells, places: Places, index: int, window: Window, columns: tuple[int, int], look: str
) -> None:
    start, stop = columns
    begins = window.column(places.starts[index]) >= start
    ends = stop - start > 1 and window.column(places.ends[index]) < window.columns
    cells[start:stop] = [(" ", look)] * (stop - start)
    if begins:
        cells[start] = BEGIN, look
    if ends:
        cells[stop - 1] = END, look
    if stop - start - begins - ends >= _NAME:
        _write(cells, start + begins, stop - ends, places.words[index], look)
    else:
        # Beside it, where nothing else is.
        following = places.starts[index + 1] if index + 1 < len(places.starts) else window.end
        room = min(window.column(following), window.columns) - 1
        if room - stop >= _NAME:
            _write(cells, stop, room, places.words[index], "axis")


# Forces


def force_cells(row: Row, window: Window, part: int, high: int, selected: Force | None) -> Cells:
    """Column by column what ran then; bars that are wide enough say what they are."""
    cells = [(" ", "")] * window.columns
    for column, last, among in _pieces(row, window):
        chosen = selected is not None and any(row.forces[n] is selected for n in among[:64])
        character, look = _pattern(row.share_repeated(among))
        if chosen:
            look = f"{look} chosen"
        cells[column:last] = [(character, look)] * (last - column)
        if last - column > 1:
            if _begins_in(row, among.stop, window, last):
                # A narrow end, to tell it from the next.
                cells[last - 1] = END if character == MOST else "▌", look
            if part == (high - 1) // 2 and last - column >= _LABEL:
                _write_force(cells, row.forces[among.start], column, last, chosen)
    return cells


def _pattern(share: float) -> tuple[str, str]:
    """How something is drawn of which so much had run before."""
    if share <= 0:
        return NEW, "new"
    return (SOME, "some") if share <= 0.5 else (MOST, "most")


def _write_force(cells: Cells, force: Force, start: int, stop: int, chosen: bool) -> None:
    """What a bar is, at its beginning."""
    words = f" {force.id} {force.begin.trigger} "
    _write(cells, start, stop - 1, words, "label selected" if chosen else "label")


# Columns


def _write(cells: Cells, start: int, stop: int, words: str, look: str) -> None:
    """Write from a column on, as much as there is room for."""
    seen = text(words).truncate(max(stop - start, 0), ellipsis=True).plain
    for place, character in enumerate(_spread(seen), start):
        if place < stop:
            cells[place] = character, look


def _spread(words: str) -> Iterator[str]:
    """What stands in each cell; nothing behind a wide character."""
    for character in words:
        width = get_character_cell_size(character)
        yield from (character, *[""] * (width - 1)) if width else ()


def _pieces(row: Stretches, window: Window) -> Iterator[tuple[int, int, range]]:
    """Columns that are drawn as one, the column after them, and which stretches these are."""
    column = 0
    while column < window.columns:
        among = row.among(window.time(column), window.time(column + 1))
        if among:
            last = _last_column(row, among, window, column)
            yield column, last, among
            column = last
        else:
            # Nothing until the next one begins.
            after = row.starts[among.start] if among.start < len(row.starts) else window.end
            column = max(min(window.column(after), window.columns), column + 1)


def _last_column(row: Stretches, among: range, window: Window, column: int) -> int:
    """The column after what is drawn as one: the rest of what is alone in this column."""
    if len(among) > 1:
        return column + 1
    end = window.column(row.ends[among.start])
    # A column that it shares with the next one is drawn as such.
    whole = end if _begins_in(row, among.stop, window, end) else end + 1
    return max(min(whole, window.columns), column + 1)


def _begins_in(row: Stretches, index: int, window: Window, column: int) -> bool:
    """Whether one begins in a column."""
    return index < len(row.starts) and window.column(row.starts[index]) == column
