"""The records of a trace, one class per kind.

A journal is a sequence of these records in the order of time. Everything that recurs (texts, files,
code objects, positions, stacks, array layouts, layers) is written once, when first seen, and referred
to by its number: the first record of a table has number 0, the next 1, and so on. Numbers refer
backwards only, so every prefix of a journal can be read.

Records are arrays on disk (`array_like`), so a field may be appended with a default and old readers
ignore it; a field is never removed, reordered or given another meaning without a new
`journal.FORMAT_VERSION`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Record(msgspec.Struct, array_like=True, frozen=True, tag_field="record", tag=True, gc=False):
    """Base of all records: written as ``[tag, field, ...]``.

    Records refer to each other by number, so no cycle can form and the garbage collector need not look.
    """


class Header(Record, frozen=True, tag="H", kw_only=True):
    """The first record of every journal."""

    version: int
    """`journal.FORMAT_VERSION` of the writer."""
    lazyscope: str
    started: float
    """Seconds since the epoch when recording began; every other time is relative to it."""
    argv: list[str]
    """The program and its arguments; secrets already replaced by ``***``."""
    versions: dict[str, str]
    """Version of Python and of each distribution that matters, by its import name."""
    array_api_set: bool = False
    """Whether ``run --array-api`` switched SciPy's array API support on."""
    memory_limit: int | None = None
    """Bytes this process may use: the smallest of physical memory and the cgroup's limits."""
    process: str = "main"
    """``main``; ``forked`` or ``spawned`` in the journal of a child."""
    write_error: int = 0
    """Number of the operating system's error after which nothing more could be written; 0 without one. It is
    written over the 0 when that happens, and is below 128, so that the header keeps its length."""


class Text(Record, frozen=True, tag="T"):
    """A string that other records refer to: a name, an operation, a dtype, a thread."""

    text: str


class File(Record, frozen=True, tag="F"):
    """A source file that a frame lies in."""

    path: str
    """As shown: relative to its site directory or to the working directory, else with ``~``."""
    role: str
    """``user``, ``library``, ``array`` (the array layer) or ``tool`` (lazyscope, pytest, IPython)."""
    distribution: str | None = None
    """``scipy 1.18.1`` for a file of an installed distribution."""
    source: bytes | None = None
    """The file's text, UTF-8 deflated by zlib; None where it cannot be had or follows as `Source`."""


class Source(Record, frozen=True, tag="O"):
    """The text of a file met earlier. Libraries' texts are long, and written when there is time."""

    file: int
    text: bytes
    """UTF-8 deflated by zlib."""


class Code(Record, frozen=True, tag="K"):
    """A code object: a function, a class body or a module."""

    file: int
    function: str
    """The qualified name, ``<module>`` for a module."""
    first_line: int


class Position(Record, frozen=True, tag="P"):
    """One instruction of a code object, as the compiler placed it.

    Lines count from 1. Columns are UTF-8 byte offsets from 0, as CPython gives them; -1 is unknown.
    """

    code: int
    line: int
    end_line: int
    column: int
    end_column: int
    opcode: str = ""
    """Name of the instruction, e.g. ``CALL`` or ``POP_JUMP_IF_FALSE``; not specialised."""
    before: tuple[int, int, int, int] | None = None
    """(line, end_line, column, end_column) of the last step of making the value that this one used: the
    nearest earlier instruction that lies elsewhere in the source or loads a variable."""


class Stack(Record, frozen=True, tag="S"):
    """The frames that led to an event, outermost first, without those of the array layer and tools."""

    positions: list[int]


class Layout(Record, frozen=True, tag="L"):
    """Shape and chunks of an array, summarised."""

    shape: list[int | None]
    """None for a dimension of unknown length."""
    numblocks: list[int]
    chunk: list[int | None]
    """The largest chunk along each dimension."""


class Layer(Record, frozen=True, tag="Y"):
    """A group of tasks whose keys share a name: as a rule one layer of a HighLevelGraph."""

    name: int
    """Text: the name all its keys begin with."""
    operation: int
    """Text: the name without its token, ``mean_agg-aggregate``."""
    tasks: int
    """Real tasks when the layer is wanted whole: no literals, aliases or finalisers."""
    reads: list[int]
    """Layers it depends on. May lack layers that were never wanted."""
    blocks: list[int] | None = None
    """Grid of the keys, ``[10, 1]``; None where keys are not on a grid."""
    chunk: list[int | None] | None = None
    """Shape of its largest chunk, if an array."""
    chunk_bytes: int | None = None
    """Bytes of its largest chunk, if an array with known chunks."""
    source: bool = False
    """Whether it depends on no other task: what it does is reading or creating data."""


class Call(Record, frozen=True, tag="C"):
    """One array-API operation by traced code, written when it has returned or raised."""

    at: float
    """Seconds since the start of the trace when it began."""
    operation: int
    """Text: ``dask.array.mean``, ``Array.__add__``, ``numpy.median`` (through NEP 18)."""
    site: int
    """Position of the caller."""
    user_site: int | None
    """Position of the innermost user frame; None without one."""
    inputs: list[int]
    """Texts: names of the dask arrays among the arguments."""
    outputs: list[tuple[int, int, int]]
    """(name, dtype, layout) of each dask array that came back: Text, Text, Layout."""
    thread: int
    """Text: name of the thread."""
    force: int | None = None
    """The force in whose tasks it ran."""
    answer: bool | None = None
    """For ``is_lazy_array`` and ``is_dask_array``: what the library was told."""
    via: str | None = None
    """``constructor`` where only the new array was seen, not the function that made it."""
    seconds: float = 0.0


class Wanted(msgspec.Struct, array_like=True, frozen=True):
    """What a force asks of one layer."""

    layer: int
    tasks: int
    """Real tasks asked for."""
    repeated: int
    """Of these, asked for by an earlier force too."""
    blocks: bytes | None = None
    """Bit set of the blocks wanted (bit i of byte i // 8, least significant first); None for all."""
    last: int | None = None
    """The latest earlier force that asked for some of the repeated ones."""


class ForceBegin(Record, frozen=True, tag="B", kw_only=True):
    """A graph is about to be handed to a scheduler. Written before that happens."""

    id: int
    """Forces count from 1."""
    parent: int | None
    at: float
    trigger: str
    site: int | None
    user_site: int | None
    inherited: bool
    """Whether `user_site` is the parent's."""
    entry: int | None
    """Text: the public library function the user's line reached."""
    stack: int | None
    scheduler: str
    thread: int
    wanted: list[Wanted]
    tasks: int
    tasks_repeated: int
    tasks_exact: bool
    results: list[int]
    """Texts: names of the collections asked for."""
    expected_bytes: int | None = None
    largest_chunk_bytes: int | None = None
    resident_bytes: int | None = None
    free_bytes: int | None = None
    """What the process could still take; read only when the result is large, else None."""
    partition_reads: int = 0
    partition_reads_repeated: int = 0
    allowed: str | None = None
    """The reason given to ``lazyscope.allow``."""
    inferring: bool = False
    """Whether dask was running a function of the program on empty arrays to learn what it returns."""


class ForceEnd(Record, frozen=True, tag="E", kw_only=True):
    """A scheduler has come back, with results or an exception."""

    id: int
    completed: bool
    seconds: float
    task_seconds: float | None = None
    bytes: int | None = None
    peak_bytes: int | None = None
    """Highest resident size of the process, where this force raised it; else None."""
    error: str | None = None
    """Type of the exception, e.g. ``ValueError``."""
    partition_reads: int | None = None
    """As found in the graph that was executed; None where the begin record's number stands."""
    partition_reads_repeated: int | None = None


class UnknownShape(Record, frozen=True, tag="U", kw_only=True):
    """An array whose shape became unknown although those it was made from were known."""

    at: float
    operation: str
    array: int
    """Text: name of the array."""
    site: int | None
    user_site: int | None
    entry: int | None
    stack: int | None
    thread: int
    force: int | None = None


class Failure(Record, frozen=True, tag="X", kw_only=True):
    """An exception that passed through a recorded call or left the traced block."""

    at: float
    type: str
    message: str
    """Cut at 500 characters."""
    escaped: bool
    site: int | None
    user_site: int | None
    entry: int | None
    stack: int | None
    thread: int
    operation: int | None = None
    """Text: the recorded call it passed through."""
    force: int | None = None
    id: int = 0
    """Failures count from 1. A second record with the same id replaces the first: it escaped."""


class Warned(Record, frozen=True, tag="W", kw_only=True):
    """A warning that was displayed or collected while the trace was open."""

    at: float
    category: str
    message: str
    """Cut at 500 characters."""
    site: int | None
    user_site: int | None
    thread: int
    force: int | None = None


class BlindSpot(Record, frozen=True, tag="Z"):
    """Something that happened and could not be seen. The last record of a text holds its count."""

    text: str
    count: int = 1


class Switch(Record, frozen=True, tag="N"):
    """A setting of a library that decides whether it stays lazy, as the library took it."""

    name: str
    """``SCIPY_ARRAY_API`` or ``array_api_dispatch``."""
    on: bool


class Difference(Record, frozen=True, tag="D", kw_only=True):
    """A function gave another result on dask arrays than on NumPy's, as `compare_with_numpy` found."""

    at: float
    began: float
    """When the function was called with dask arrays."""
    ended: float
    """When that call had come back, and its results had been computed."""
    function: str
    """Qualified name of the function that was called."""
    path: str
    """Which part of the result: ``[0].statistic``; empty for all of it."""
    difference: str
    """``values``, ``dtype``, ``shape``, ``structure``, ``exception`` or ``warnings``."""
    found: str
    """What came of dask arrays, in words; like `expected` without values of arrays."""
    expected: str
    """What came of NumPy arrays."""
    largest_absolute: float | None = None
    """Largest distance of two values that differ; None where there is none."""
    largest_relative: float | None = None
    """The same as a part of NumPy's value."""
    site: int | None = None
    """Position of the call of `compare_with_numpy`."""
    user_site: int | None = None


class Binding(Record, frozen=True, tag="V"):
    """What a plain name was bound to when something first happened at a place.

    That is a force, a failure, or a shape that became unknown. Of values only names, shapes and dtypes are
    kept. In code of the user's, a name that does not stand in the lines of the place is left out if the place
    recorded before it in the same code object found it bound to the same.
    """

    position: int
    """Position of the frame that the name was looked up in: the site's, or one of the user's."""
    name: int
    """Text: the variable."""
    in_statement: bool
    """Whether the name stands in the lines of the instruction, as far as bytecode tells."""
    kind: str
    """``dask array``, ``numpy array``, ``data array`` and ``dataset`` (of xarray), ``dask dataframe``,
    ``dask series``, ``dataframe`` and ``series`` (of pandas), ``delayed``, ``list``, ``tuple``, ``dict``,
    ``number``, ``bool``, ``text``, ``none``, ``function``, ``class``, ``module`` or ``other``; ``unbound``
    for what an earlier place of the code knew."""
    scope: str = "local"
    """``local``, ``free`` (of a function around) or ``global``."""
    type: int | None = None
    """Text: import path of a function, class or module; of other values, of the class, unless it is plain."""
    arrays: list[int] = []
    """Texts: names of the dask arrays that it is or holds, as far as they were looked at."""
    dtype: int | None = None
    """Text: of an array."""
    layout: int | None = None
    """Layout: of a dask array."""
    shape: list[int] | None = None
    """Of a NumPy array."""
    count: int | None = None
    """How many elements a list, tuple or dict has."""
    elements: str | None = None
    """Kind of its elements, of a dict's values, if they are all alike as far as they were looked at."""


class Capability(Record, frozen=True, tag="A"):
    """What a library declares of a function of its own on dask arrays (SciPy's ``xp_capabilities``)."""

    entry: int
    """Text: its import path, as in other records."""
    dask: str
    """``supported``; ``converts`` where it is declared to compute, and to work on NumPy arrays inside; or
    ``unsupported``."""
    lazy: bool | None
    """Whether it is declared to compute nothing; None where nothing is said of that."""
    source: str
    """The part of the declaration that says so: ``skip_backends: dask.array (no rankdata)``."""


class End(Record, frozen=True, tag="Q", kw_only=True):
    """The last record of a trace that was closed."""

    seconds: float
    ended: str
    """``ok`` or ``exception``; a journal without this record was ``killed``."""
    exception: str | None = None
    status: int | None = None
    """Exit status of the program, for ``run``."""


AnyRecord: TypeAlias = (
    Header
    | Text
    | File
    | Source
    | Code
    | Position
    | Stack
    | Layout
    | Layer
    | Call
    | ForceBegin
    | ForceEnd
    | UnknownShape
    | Failure
    | Warned
    | BlindSpot
    | Switch
    | Difference
    | Binding
    | Capability
    | End
)
