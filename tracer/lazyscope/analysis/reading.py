"""What the source at a recorded position means: how a value was used there, and in what surroundings.

`read` looks at the statement and the expression that `source.locate` finds, and at the function around
them. It knows nothing of values: what it cannot tell from the text it calls unknown.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from lazyscope.analysis.source import found_at, locate
from lazyscope.analysis.syntax.arms import Arm
from lazyscope.analysis.syntax.branches import Branch, later_branches, read_branch
from lazyscope.analysis.syntax.calls import (
    Callee,
    Insertion,
    WrittenCall,
    call_in,
    insertion_before,
    passed_to,
    targets_for,
    written_call,
)
from lazyscope.analysis.syntax.conditions import Combination, Laziness, combination_of
from lazyscope.analysis.syntax.functions import Function, function_of
from lazyscope.analysis.syntax.guards import Guard, guards_of
from lazyscope.analysis.syntax.lengths import AskedLength, lengths_asked
from lazyscope.analysis.syntax.loops import Loop, loops_of
from lazyscope.analysis.syntax.masks import Subscript, selections, subscript
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import words
from lazyscope.analysis.syntax.updates import Update, related_updates, updates_in
from lazyscope.analysis.syntax.uses import (
    Outcome,
    Role,
    converted_in,
    outcome_of,
    role_of,
    tests_around,
)
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Reading:
    """What the source at a position says. Texts are as written, on one line."""

    expression: str | None
    """What was converted, as `locate` gives it; None where that cannot be found."""
    role: Role
    outcome: Outcome
    converted: tuple[str, ...]
    """What in the expression may be the value that was converted: the operand of a test, the receiver of a
    method, the arguments of a call that are no literals. Of a call that takes several arrays, each."""
    names: tuple[str, ...]
    """Variables that the expression reads; modules, namespaces and functions are none."""
    paths: tuple[str, ...]
    """The same with their attributes: ``result.statistic``."""
    outer_names: tuple[str, ...]
    """Of `names`, those that a function takes from around it: from a function outside or the module."""
    targets: tuple[str, ...]
    """What the statement assigns the expression, or what holds it, to."""
    passed_to: tuple[Callee, ...]
    """Functions that the value is handed to: the calls around it, then later calls that get the target."""
    call: WrittenCall | None
    """The expression, if it is a call. It is what converted only if `role` is argument or method."""
    subscript: Subscript | None
    """The expression, if it is ``base[index]``."""
    updates: tuple[Update, ...]
    """What the statement changes elements of."""
    related_updates: tuple[Update, ...]
    """Updates of the same arrays by other statements of the function."""
    selections: tuple[Subscript, ...]
    """What the statement reads or changes through boolean masks."""
    combination: Combination | None
    """The outermost ``and`` or ``or`` that the expression is part of."""
    test: Branch | None
    """The innermost test that the expression is part of."""
    later_tests: tuple[Branch, ...]
    """Tests of the function that ask the variable which the value is assigned to."""
    lengths: tuple[AskedLength, ...]
    """Comparisons of the length of the value."""
    guards: tuple[Guard, ...]
    """Conditions on the way to the expression, outermost first."""
    loops: tuple[Loop, ...]
    """Loops of the function around the expression, outermost first."""
    function: Function | None
    """None in a module or class body."""
    statement: str
    """Kind of the statement: ``If``, ``Assign``, a class of `ast`."""
    line: int
    """First line of the statement."""
    end_line: int
    code: str
    """That line, stripped."""
    indent: str
    insertion: Insertion
    """Where a statement that should run before this one can be put."""

    @property
    def lengths_asked(self) -> tuple[str, ...]:
        """Comparisons of the length of the value, as written: ``u.shape[0] < k``."""
        return tuple(asked.text for asked in self.lengths)


@dataclass(frozen=True)
class Definition:
    """An assignment that a variable has its value from."""

    name: str
    """The variable that is assigned; another than asked for where ``a = b`` was followed."""
    value: str
    line: int
    part: int | None
    """Which element of the value it is, where that is unpacked."""
    certain: bool
    """Whether no branch or loop can have given it another value."""


def read(trace: TraceData, position: int) -> Reading | None:
    """Read the source at a position.

    Parameters
    ----------
    trace
        The trace; what was read is kept with it.
    position
        Number of a `model.events.Position`.

    Returns
    -------
    Reading or None
        None where the statement cannot be found: without source, or in a file edited since.
    """
    known: dict[int, Reading | None] = vars(trace).setdefault("_readings", {})
    if position not in known:
        place = _place(trace, position)
        known[position] = _read(place, locate(trace, position).expression) if place else None
    return known[position]


def call_at(trace: TraceData, position: int) -> WrittenCall | None:
    """Describe the call at a position, as where the user's line reached a library."""
    place = _place(trace, position)
    node = call_in(place) if place else None
    return written_call(place, node) if place and node else None


def assigned_before(trace: TraceData, position: int, name: str) -> Definition | None:
    """Find what a variable was assigned from before a position, in the same function.

    ``a = b`` is followed a few steps. None for parameters, and where the last assignment is no simple
    one, like ``for`` and ``+=``.
    """
    place = _place(trace, position)
    found = place.definition(name) if place else None
    if place is None or found is None or found[0].value is None:
        return None
    binding, certain = found
    for _ in range(_MOST_STEPS):
        value = binding.value
        further = place.definition(value.id, binding.statement) if isinstance(value, ast.Name) else None
        if further is None or further[0].value is None:
            break
        binding, certain = further[0], certain and further[1]
    assert binding.value is not None
    line = binding.statement.lineno
    return Definition(binding.name, place.text(binding.value), line, binding.part, certain)


_MOST_STEPS = 5


def _place(trace: TraceData, position: int) -> Place | None:
    found = found_at(trace, position)
    return Place(found, trace.positions[position].opcode) if found else None


def _read(place: Place, expression: str | None) -> Reading:
    node, statement, role = place.expression, place.statement, role_of(place)
    code = place.found.line(statement.lineno)
    targets = targets_for(place, node)
    names = place.names(node) if node else []
    updates = tuple(updates_in(place, statement))
    return Reading(
        expression=expression,
        role=role,
        outcome=outcome_of(place),
        converted=tuple(place.text(part) for part in converted_in(place, role)),
        names=tuple(names),
        paths=tuple(place.paths(node)) if node else (),
        outer_names=tuple(name for name in names if _is_outer(place, name)),
        targets=targets,
        passed_to=passed_to(place, targets),
        call=written_call(place, node) if isinstance(node, ast.Call) else None,
        subscript=subscript(place, node) if isinstance(node, ast.Subscript) else None,
        updates=updates,
        related_updates=tuple(related_updates(place, updates)),
        selections=tuple(selections(place, statement, lambda kind: kind == "mask")),
        combination=combination_of(place),
        test=next((read_branch(place, *found, node) for found in tests_around(place)), None),
        later_tests=tuple(later_branches(place, targets)),
        lengths=tuple(lengths_asked(place, targets)),
        guards=guards_of(place),
        loops=loops_of(place),
        function=function_of(place),
        statement=type(statement).__name__,
        line=statement.lineno,
        end_line=statement.end_lineno or statement.lineno,
        code=code.strip(),
        indent=code[: len(code) - len(code.lstrip())],
        insertion=insertion_before(place),
    )


def _is_outer(place: Place, name: str) -> bool:
    in_module = place.scope.owner is place.found.module
    return not in_module and not place.scope.binds(name) and name not in place.inner


# What a diagnosis asks

_TELLING = ("raises", "warns", "raises or warns")


def _only_tells(arm: Arm | None) -> bool:
    return arm is not None and arm.does in _TELLING


def _does_nothing(arm: Arm | None) -> bool:
    return arm is None or arm.does == "nothing"


def tells_only(test: Branch) -> bool:
    """Whether a test decides on nothing but an exception or a warning."""
    arms = (test.body, test.otherwise)
    return any(map(_only_tells, arms)) and all(_only_tells(arm) or _does_nothing(arm) for arm in arms)


def only_raises_or_warns(reading: Reading) -> bool:
    """Whether the test that the expression is part of decides on nothing but an exception or a warning."""
    return reading.test is not None and tells_only(reading.test)


_CHECKING = re.compile(r"_*(.*_)?(check|assert|validate|ensure|verify|valid)(_.*|s)?")


def is_value_check(reading: Reading) -> bool:
    """Whether the value is only looked at to refuse or to warn.

    That is a test which `tells_only`; one with an arm that only raises, as no value that is fit gets
    there; one that returns early where the rest of the block only raises or warns, or where a function
    that is named after checking returns nothing; and a value whose variable only such tests ask.
    """
    tests = [reading.test] if reading.test else list(reading.later_tests)
    return bool(tests) and all(_checks(reading, test) for test in tests)


def _checks(reading: Reading, test: Branch) -> bool:
    if tells_only(test) or "raises" in (test.body.does, test.otherwise and test.otherwise.does):
        return True
    if test.body.does != "returns" or not _does_nothing(test.otherwise):
        return False
    function = reading.function
    checking = function is not None and _CHECKING.fullmatch(function.name) is not None
    procedure = function is not None and not function.returns_value
    return _only_tells(test.following) or (checking and procedure)


def in_loop(reading: Reading) -> bool:
    """Whether it is reached again and again within one call of its function."""
    return bool(reading.loops)


_SCALARS = words("bool float int complex round operator.index operator.truth")
_SCALAR_METHODS = words("item __bool__ __float__ __int__ __complex__ __index__ __round__")


def is_scalar_conversion(reading: Reading) -> bool:
    """Whether the expression makes a Python number of an array: ``float(x)``, ``x.item()``."""
    call = _converting(reading)
    if call is None:
        return False
    resolved = (call.resolved or "").removeprefix("builtins.")
    return call.name in _SCALAR_METHODS if call.receiver else resolved in _SCALARS


_ARRAYS = words(
    "asarray array asanyarray ascontiguousarray asfortranarray asarray_chkfinite require atleast_1d "
    "atleast_2d atleast_3d fromiter copy _asarray"
)


def is_numpy_conversion(reading: Reading) -> bool:
    """Whether the expression makes a NumPy array of whatever it gets: ``np.asarray(x)``."""
    call = _converting(reading)
    if call is None:
        return False
    if call.name == "__array__" or ("xp", "np") in call.keywords:
        return call.name == "__array__" or call.name.endswith("asarray")
    return call.name in _ARRAYS and is_numpy_function(reading)


def is_numpy_function(reading: Reading) -> bool:
    """Whether the expression calls a function of NumPy, or of the compat layer's NumPy namespace."""
    call = _converting(reading)
    module = (call.resolved or "").split(".")[:-1] if call else []
    return bool({"numpy", "np_compat"}.intersection(module)) and module[0] not in ("jax", "cupy")


def _converting(reading: Reading) -> WrittenCall | None:
    """The call that converted its arguments."""
    return reading.call if reading.role in ("argument", "method") else None


def laziness(reading: Reading) -> Laziness | None:
    """Which arrays get to the expression, if any condition on the way asks that."""
    found = [guard.laziness for guard in reading.guards if guard.laziness]
    return found[-1] if found else None
