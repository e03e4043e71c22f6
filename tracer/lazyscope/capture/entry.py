"""The public library function that the user's line reached, by its public import path.

Libraries define functions in private modules and wrap them. What a frame knows is its code object, so
the functions and classes that public modules hold are unwrapped and compared with that. Wrappers made by
one decorator share their code; their closures tell them apart.

Nothing here runs code of the program: no attribute of a value is looked up but those that the interpreter
itself implements, and values are compared by identity only. Nothing of the program is kept: answers are
found again by ids, and hold weak references to the code object and class they are about.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from inspect import CO_OPTIMIZED, CO_VARARGS
from itertools import repeat
from types import CodeType, FrameType, FunctionType, GetSetDescriptorType, ModuleType
from typing import Any, NamedTuple

from lazyscope.capture.local_names import MISSING as _MISSING
from lazyscope.capture.local_names import local_values
from lazyscope.capture.own_failures import let_through
from lazyscope.capture.roles import Roles

_members_of_module: Callable[[object], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__
"""``vars`` of a module; a lazily imported one would be imported by asking for its ``__dict__``."""
_members_of_class: Callable[[object], Mapping[str, Any]] = vars(type)["__dict__"].__get__
_bases_of_class: Callable[[object], tuple[type, ...]] = vars(type)["__mro__"].__get__
_qualname_of_class: Callable[[object], str] = vars(type)["__qualname__"].__get__

_WRAPT = ("wrapped", "instance", "args", "kwargs")
"""Arguments of the functions that wrapt calls around another."""
_COUNTERS = frozenset((int, float))
_DEEPEST_WRAPPING = 16
_MOST_REMEMBERED = 10_000

Locals = Mapping[str, Any]
Pick = Callable[[Any], Any]
"""What is looked for inside a value, None if it is not there."""


class _Answer(NamedTuple):
    """What a code object is called, for one class of receiver and one closure."""

    code: weakref.ref[CodeType]
    cls: weakref.ref[type]
    path: str | None
    """None for a wrapper, which stands for another function."""
    modules: int
    """How many modules were loaded: with more, a public path may be found. 0 if that was found."""
    name: str = ""
    held: tuple[str, ...] = ()
    """Public paths of the objects whose method `name` goes by theirs (``scipy.stats.norm.fit``)."""


_answers: dict[tuple[int, ...], _Answer] = {}
_roles = Roles()


def entry_of(frames: Sequence[FrameType]) -> str | None:
    """Public import path of the library function that was called, None without one.

    The first frame counts that is no wrapper: a wrapper's frame is passed over unless the wrapper itself
    is what a public module holds, when it goes by that name. Functions are named by the shortest import
    path without a part that starts with ``_``, methods by the class of ``self`` (for a class of the
    user's, its first installed base), methods of an object that a public module holds under a shorter
    path by that (``scipy.stats.norm.fit``). What has no public path is named by module and qualified
    name. Never raises.

    Parameters
    ----------
    frames : sequence of frames
        Frames of libraries between the user's line and the site, outermost first.
    """
    fallback = None
    for frame in frames:
        code = frame.f_code
        if not _runs_function(code):
            continue
        try:
            path = _path(frame, code)
        except Exception as error:
            let_through(error)
            path = None
        if path:
            return path
        fallback = fallback or _plain(frame, code)
    return fallback


def _runs_function(code: CodeType) -> bool:
    """Whether it is a function's, not that of a module, a class body or a comprehension."""
    named = not code.co_name.startswith("<") or code.co_name == "<lambda>"
    return named and bool(code.co_flags & CO_OPTIMIZED)


def _plain(frame: FrameType, code: CodeType) -> str:
    return f"{_module_of(frame)}.{code.co_qualname}".removeprefix(".")


def _module_of(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    return name if type(name) is str else ""


def _path(frame: FrameType, code: CodeType) -> str | None:
    values = _peek(frame, code) if "." in code.co_qualname else {}
    receiver = _receiver(code, values) if values else _MISSING
    if code.co_name == "__ua_function__":
        return _dispatched(receiver)
    cls = _class_of(receiver)
    answer = _remembered(code, cls, values) or _remember(_find(frame, code, receiver, values), values)
    held = next((path for path in answer.held if _value_at(path) is receiver), None)
    if held:
        return held if answer.name == "__call__" else f"{held}.{answer.name}"
    return answer.path


def _remembered(code: CodeType, cls: type, values: Locals) -> _Answer | None:
    answer = _answers.get((id(code), id(cls), *_cells(code, values)))
    if answer is None or answer.code() is not code or answer.cls() is not cls:
        return None
    return answer if answer.modules in (0, len(sys.modules)) else None


def _remember(answer: _Answer, values: Locals) -> _Answer:
    if len(_answers) > _MOST_REMEMBERED:
        _answers.clear()
    code, cls = answer.code(), answer.cls()
    if code is not None:
        _answers[id(code), id(cls), *_cells(code, values)] = answer
    return answer


def _cells(code: CodeType, values: Locals) -> tuple[int, ...]:
    """Ids of what the closure holds, except numbers: those may count its calls."""
    held = map(values.get, code.co_freevars, repeat(_MISSING))
    return tuple([0 if type(value) in _COUNTERS else id(value) for value in held])


def _find(frame: FrameType, code: CodeType, receiver: Any, values: Locals) -> _Answer:
    cls = _class_of(receiver)
    path: str | None = None
    held: tuple[str, ...] = ()
    public, name = False, code.co_name
    if code.co_varnames[:4] == _WRAPT or _module_of(frame).startswith("wrapt."):
        pass
    elif code.co_name == "__call__" and _static(receiver, "__wrapped__") is not _MISSING:
        held = _paths_of_instances(cls)
    elif method := _method(cls, code, values):
        owner, name = method
        owner_path, public = _class_path(owner)
        path = f"{owner_path}.{name}"
        held = _shorter_names(cls, owner_path, public) if cls is owner and cls is not receiver else ()
    elif "." in code.co_qualname and "<locals>" not in code.co_qualname:
        path, public = _method_by_qualname(frame, code)
    else:
        path, public = _function(frame, code, values)
    seen = 0 if public else len(sys.modules)
    return _Answer(weakref.ref(code), weakref.ref(cls), path, seen, name, held)


def _function(frame: FrameType, code: CodeType, values: Locals) -> tuple[str | None, bool]:
    module, path = _module_of(frame), None
    if _scanned(code) is None:
        for name in _names(code, values):
            path = path or _path_by_name(name, module, lambda value: _function_in(value, code, values))
    path = path or _path_by_closure(code, _cells(code, values), module)
    if path:
        return path, True
    wrapper = "<locals>" in code.co_qualname or code.co_name == "<lambda>"
    return None if wrapper else _plain(frame, code), False


Closures = dict[tuple[int, ...], str | None]

_scans: dict[int, tuple[weakref.ref[CodeType], int, Closures]] = {}
"""Public paths of all the functions that run a code object, by what their closures hold, as of the time
when a number of modules were loaded. Many wrappers share their code, some are made for every call."""


def _scanned(code: CodeType) -> Closures | None:
    about, modules, found = _scans.get(id(code), (None, 0, {}))
    return found if about is not None and about() is code and modules == len(sys.modules) else None


def _path_by_closure(code: CodeType, cells: tuple[int, ...], module: str) -> str | None:
    found = _scanned(code)
    if found is None:
        if len(_scans) > _MOST_REMEMBERED:
            _scans.clear()
        found = _scan(code, module)
        _scans[id(code)] = (weakref.ref(code), len(sys.modules), found)
    return found.get(cells)


def _scan(code: CodeType, module: str) -> Closures:
    found: dict[tuple[int, ...], list[tuple[str, Any]]] = {}
    for path, value in _public_members(module):
        for step in _unwrapped(value):
            if type(step) is FunctionType and step.__code__ is code:
                found.setdefault(_contents(step), []).append((path, step))
    return {cells: _shortest(paths, module) for cells, paths in found.items()}


def _names(code: CodeType, values: Locals) -> list[str]:
    """Names the function may go by: its own and, for a wrapper, those of the functions it holds."""
    held = [value.__name__ for value in values.values() if type(value) is FunctionType]
    return [code.co_name, *held]


_dispatched_paths: dict[tuple[str, str], str] = {}


def _dispatched(function: Any) -> str | None:
    """A function of uarray's, such as `scipy.fft.fft`: its frame is only that of the back end."""
    name, module = _static(function, "__name__"), _static(function, "__module__")
    if type(name) is not str or type(module) is not str:
        return None
    path = _dispatched_paths.get((module, name))
    if path is None or _value_at(path) is not function:
        path = _path_by_name(name, module, lambda value: _same(value, function))
        _dispatched_paths[module, name] = path or ""
    return path


def _method(cls: type, code: CodeType, values: Locals) -> tuple[type, str] | None:
    """The class to name it by and its name, if a function that runs `code` is a method of `cls`."""
    for base in _bases_of_class(cls):
        members = _members_of_class(base)
        for name in _names(code, values):
            if name in members and _function_in(members[name], code, values):
                return _library_heir(cls, base), name
    return None


def _library_heir(cls: type, base: type) -> type:
    """The first class of `cls`'s bases, itself included, that is a library's and inherits from `base`."""
    for heir in _bases_of_class(cls):
        if any(kin is base for kin in _bases_of_class(heir)) and _is_library(heir, base):
            return heir
    return base


def _is_library(cls: type, base: type) -> bool:
    module = _module_of_class(cls)
    if module.partition(".")[0] == _module_of_class(base).partition(".")[0]:
        return True
    members = _members_of_loaded(module)
    file = members.get("__file__")
    return type(file) is str and _roles.of(file, members) != "user"


def _module_of_class(cls: type) -> str:
    name = _members_of_class(cls).get("__module__")
    return name if type(name) is str else ""


def _method_by_qualname(frame: FrameType, code: CodeType) -> tuple[str, bool]:
    """A static method, or one whose ``self`` is not to be had."""
    head, *rest = code.co_qualname.split(".")
    cls, value = None, frame.f_globals.get(head)
    for name in rest:
        if not _is_a(value, type):
            return _plain(frame, code), False
        cls, value = value, _members_of_class(value).get(name)
    if cls is None or not _function_in(value, code, {}):
        return _plain(frame, code), False
    path, public = _class_path(cls)
    return f"{path}.{rest[-1]}", public


def _class_path(cls: type) -> tuple[str, bool]:
    """Import path of a class, and whether that is public."""
    qualname, module = _qualname_of_class(cls), _module_of_class(cls)
    head, _, nested = qualname.partition(".")
    outer = _members_of_loaded(module).get(head) if nested else None
    if outer is not None and _is_a(outer, type) and outer is not cls:
        path, public = _class_path(outer)
        return f"{path}.{nested}", public
    found = _path_by_name(head, module, lambda value: _same(value, cls))
    if not found:
        found = _shortest([(path, _same(value, cls)) for path, value in _public_members(module)], module)
    return found or f"{module}.{qualname}", found is not None


def _shorter_names(cls: type, path: str, public: bool) -> tuple[str, ...]:
    """Paths of instances of a class that its own package does not export, as in `scipy.stats.norm`."""
    if public and _module_of_class(cls).startswith(path.rpartition(".")[0]):
        return ()
    return tuple(p for p in _paths_of_instances(cls) if not public or p.count(".") < path.count("."))


def _paths_of_instances(cls: type) -> tuple[str, ...]:
    module = _module_of_class(cls)
    paths = [path for path, value in _public_members(module) if type(value) is cls]
    return tuple(sorted(paths, key=_rank(module)))


def _path_by_name(name: str, module: str, pick: Pick) -> str | None:
    """Shortest public path ending in `name` to what `pick` finds; `module` is where it was defined."""
    if name.startswith(("_", "<")):
        return None
    modules = _public_modules(module)
    found = [(f"{public}.{name}", pick(members[name])) for public, members in modules if name in members]
    return _shortest(found, module) or _lazily_exported(name, module)


def _lazily_exported(name: str, module: str) -> str | None:
    """Path of a name that a package imports from its submodule `module` when asked for it (PEP 562)."""
    found = []
    for public, members in _public_modules(module):
        exported = members.get("__all__") if "__getattr__" in members and name not in members else None
        if module.startswith(f"{public}.") and (type(exported) is list or type(exported) is tuple):
            found += [f"{public}.{name}" for entry in exported if type(entry) is str and entry == name]
    return min(found, key=_rank(module), default=None)


def _shortest(found: list[tuple[str, Any]], module: str) -> str | None:
    """The shortest of the paths, if all that lead to something lead to the same."""
    found = [(path, picked) for path, picked in found if picked is not None]
    if len({id(picked) for _, picked in found}) > 1:
        return None
    return min((path for path, _ in found), key=_rank(module), default=None)


def _same(value: Any, wanted: Any) -> Any:
    return wanted if value is wanted else None


def _function_in(value: Any, code: CodeType, values: Locals) -> FunctionType | None:
    """`value` or what it wraps, if that runs `code` in the closure that `values` were read from."""
    for step in _unwrapped(value):
        if type(step) is FunctionType and step.__code__ is code:
            alike = "<locals>" not in code.co_qualname or _contents(step) == _cells(code, values)
            return step if alike else None
    return None


def _contents(function: FunctionType) -> tuple[int, ...]:
    contents = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not assigned yet
            contents[name] = cell.cell_contents
    return _cells(function.__code__, contents)


def _unwrapped(value: Any) -> Iterator[Any]:
    """`value` and, one after the other, what it wraps; each of a property's functions."""
    if type(value) is property:
        for function in (value.fget, value.fset, value.fdel):
            yield from _unwrapped(function)
        return
    for _ in range(_DEEPEST_WRAPPING):
        yield value
        if type(value) is staticmethod or type(value) is classmethod:
            value = value.__func__
        elif type(value) is functools.cached_property:
            value = value.func
        else:
            value = _static(value, "__wrapped__")
        if value is _MISSING:
            return


def _static(value: Any, name: str) -> Any:
    """Attribute in an instance's dict, or one that its type implements in C; runs no Python code."""
    if type(value) is FunctionType:
        # Its __name__ and __module__ are C attributes.
        return value.__dict__.get(name, _MISSING) if name == "__wrapped__" else getattr(value, name)
    members = _c_attribute(value, "__dict__")
    if type(members) is dict and name in members:
        return members[name]
    # wrapt's wrappers answer for what they wrap; its lazy ones would run something to do so.
    return _c_attribute(value, name) if type(value).__name__ == "FunctionWrapper" else _MISSING


def _c_attribute(value: Any, name: str) -> Any:
    for base in _bases_of_class(type(value)):
        found = _members_of_class(base).get(name)
        if found is not None:
            return found.__get__(value) if type(found) is GetSetDescriptorType else _MISSING
    return _MISSING


def _is_a(value: Any, cls: type) -> bool:
    """`isinstance` that does not ask `value` for its ``__class__``; `cls` has no metaclass of its own."""
    return issubclass(type(value), cls)


def _class_of(receiver: Any) -> type:
    """The class itself where the receiver is one, as in a class method."""
    cls: type = receiver if _is_a(receiver, type) else type(receiver)
    return cls


def _value_at(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return _members_of_loaded(module).get(name, _MISSING)


def _members_of_loaded(module: str) -> dict[str, Any]:
    loaded = sys.modules.get(module)
    return _members_of_module(loaded) if _is_a(loaded, ModuleType) else {}


def _public_modules(module: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The loaded public modules of the top-level package that `module` belongs to."""
    top = module.partition(".")[0]
    for name, loaded in list(sys.modules.items()):
        below = name.startswith(top) and f"{name}.".startswith(f"{top}.")
        if below and "._" not in f".{name}" and _is_a(loaded, ModuleType):
            yield name, _members_of_module(loaded)


def _public_members(module: str) -> Iterator[tuple[str, Any]]:
    for public, members in _public_modules(module):
        for name, value in list(members.items()):
            if type(name) is str and not name.startswith("_"):
                yield f"{public}.{name}", value


def _rank(module: str) -> Callable[[str], tuple[int, int, str]]:
    """Shorter paths first, then those closest to `module`, then in alphabetical order."""
    home = module.split(".")

    def rank(path: str) -> tuple[int, int, str]:
        parts = path.split(".")
        shared = 0
        while shared < min(len(home), len(parts) - 1) and home[shared] == parts[shared]:
            shared += 1
        return len(parts), -shared, path

    return rank


def _first_argument(code: CodeType) -> tuple[str, ...]:
    """Name of the first positional argument, or of the tuple that takes them all."""
    if code.co_argcount:
        return code.co_varnames[:1]
    if code.co_flags & CO_VARARGS:
        return code.co_varnames[code.co_kwonlyargcount : code.co_kwonlyargcount + 1]
    return ()


def _receiver(code: CodeType, values: Locals) -> Any:
    value: Any = next((values.get(name, _MISSING) for name in _first_argument(code)), _MISSING)
    if code.co_argcount or value is _MISSING:
        return value
    return value[0] if type(value) is tuple and value else _MISSING


def _peek(frame: FrameType, code: CodeType) -> dict[str, Any]:
    """The first argument and what the closure holds; nothing where reading could be noticed."""
    names = _first_argument(code) + code.co_freevars
    return local_values(frame, names)
