"""Whose file a frame lies in, and how that file is shown.

The question is asked several times for every recorded operation, so the answer for a file is one look-up
in a dict; everything else here runs once per file. What is installed is read from the site directories
when a file that lies in none of them first needs a verdict.

Which files below an editable install are the library's
-------------------------------------------------------
Only import packages that the distribution provides; scripts, tests and examples beside them are the
user's. An import hook (setuptools, hatch, scikit-build-core, meson-python) lists what it provides in its
module beside the ``.pth`` file. For a plain ``.pth`` path, in this order: ``top_level.txt``; every package
if the path is a folder inside the project (``src``); the package named like the distribution; the packages
that setuptools would find in a flat project. A ``.pth`` path without a distribution is the user's own.
"""

from __future__ import annotations

import ast
import linecache
import os
import re
import site
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple
from urllib.parse import unquote

from lazyscope.capture.own_failures import let_through
from lazyscope.capture.wrapping import OWN_DIRECTORY

Role = Literal["user", "library", "array", "tool"]

ARRAY_PACKAGES = MappingProxyType(
    {
        "dask": "dask.base",
        "distributed": "distributed.client",
        "numpy": "numpy.linalg",
        "toolz": "toolz.itertoolz",
        "tlz": "tlz",
        "cytoolz": "cytoolz.itertoolz",
        "array_api_compat": "array_api_compat.common",
        "array_api_extra": "array_api_extra",
    }
)
"""Import packages of the array layer, each with a module that tells it from a user's of that name."""

VENDORED = frozenset({"array_api_compat", "array_api_extra"})
"""Packages of the array layer that others carry a copy of."""

TOOL_PACKAGES = frozenset(
    ("lazyscope", "lazyscope_tui", "IPython", "ipykernel", "pytest", "_pytest", "py", "pluggy", "xdist")
)
TOOL_PREFIXES = ("pytest_", "hypothesis", "_hypothesis", "execnet", "ipykernel_")
"""Beginnings of the import names of what belongs to tools: pytest's plugins, the kernel's launcher."""

NOT_LIBRARY = re.compile(
    "(bin|build|ci|conftest|dist|docs?|documentation|demos?|tests?|examples?|exercises?|noxfile|scripts?"
    "|samples?|setup|tasks|tools?|notebooks?|tutorials?|benchmarks?)$"
)
"""What setuptools' automatic discovery passes over in a flat project, and its like."""

_SITE = re.compile(r".*/(?:site|dist)-packages/")
_CELL = re.compile(r"<ipython-input-(\d+)-")
_KERNEL_CELL = re.compile(r"/ipykernel_\d+/\d+\.py$")
_DRIVE = re.compile(r"[A-Za-z]:/|//")


Version = tuple[int, int, int, int]
"""What tells one state of a file on disk from another: device, inode, time of change and size."""


class Place(NamedTuple):
    """Where an installed file was found."""

    inside: str
    """Path below the folder it is imported from, POSIX style."""
    standard: bool = False
    """Whether it is the standard library's."""
    root: str = ""
    """The folder it is imported from."""
    info: str | None = None
    """Its distribution's metadata directory, where that is known already."""


class Editable(NamedTuple):
    """An import package or module of an editable install."""

    target: str
    inside: str
    """Path that `target` has when imported: ``scipy`` or ``zoo/keeper.py``."""
    info: str | None


class Roles:
    """Tells users' files from libraries', the array layer's and tools'.

    The working directory at creation is the one that paths are shown relative to.

    Parameters
    ----------
    program : str, optional
        Absolute path of the script given to ``run``. It is the user's wherever it lies.
    program_package : str, optional
        Top-level package of the module given to ``run -m``. Its files are the user's, unless it belongs
        to the array layer or is a tool.
    user_packages : sequence of str
        Import packages (``scipy`` or ``scipy.cluster``) whose files are the user's: ``--as``. The array
        layer inside them stays what it is: ``scipy`` does not take in ``scipy._lib.array_api_compat``. A
        package or module of the array layer, or a tool, becomes the user's when it is named itself:
        ``dask``, ``dask.array``, ``array_api_compat`` (vendored copies, too), ``statistics``. lazyscope
        never does.
    """

    def __init__(
        self,
        *,
        program: str | None = None,
        program_package: str | None = None,
        user_packages: Sequence[str] = (),
    ) -> None:
        self.verdicts: dict[str, Role] = {}
        """Role by ``co_filename``, for the files asked about so far whose name alone decides."""
        self.users: set[str] = set()
        """Those of these files that are the user's."""
        self.others: set[str] = set()
        """Those that are not."""
        self.libraries: set[str] = set()
        """Those that are libraries'."""
        self._generated: dict[str, Role] = {}
        self._places: dict[str, Place | None] = {}
        self._directory = _working_directory()
        self._home = _home_directory()
        self.program_package = program_package
        self.user_packages = tuple(user_packages)
        self._named = {tuple(name.split(".")) for name in user_packages}
        if program is not None:
            self.take_as_user([program, os.path.realpath(program)])

    def of(self, filename: str, module_globals: Mapping[str, object]) -> Role:
        """Role of the file `filename`, a ``co_filename``.

        For names that many share, such as ``<string>``, the module that `module_globals` belong to
        decides; without that, what was decided for the name before. Never raises.
        """
        return self.verdicts.get(filename) or self._decide(filename, module_globals)

    def take_as_user(self, files: Iterable[str]) -> None:
        """Take files as the user's wherever they lie: test modules are, also those that are installed."""
        for filename in files:
            self._settle(filename, "user")

    def take_as_tool(self, filename: str) -> None:
        """Take a file, or what code without one is named after, as a tool's."""
        self._settle(filename, "tool")

    def _settle(self, filename: str, role: Role) -> None:
        self.verdicts[filename] = role
        (self.users if role == "user" else self.others).add(filename)
        (self.others if role == "user" else self.users).discard(filename)
        (self.libraries.add if role == "library" else self.libraries.discard)(filename)

    def describe(
        self, filename: str, module_globals: Mapping[str, object] | None = None
    ) -> tuple[str, str | None]:
        """Path as shown in reports, and distribution (``scipy 1.18.1``) if it is installed. Never raises."""
        try:
            role = self.of(filename, module_globals or {})
            place = self._place(filename)
            shown = place.inside if place else self._shown(filename)
            return shown, _distribution(place) if place and role != "user" else None
        except Exception as error:
            let_through(error)
            return _posix(filename), None

    def source(self, filename: str, module_globals: Mapping[str, object] | None = None) -> str | None:
        """Text of the file, from disk, an archive, a notebook's cells or `linecache`. Never raises."""
        try:
            return "".join(self._lines(filename, module_globals)) or None
        except Exception as error:
            let_through(error)
            return None

    def version_on_disk(self, filename: str) -> Version | None:
        """Which state of a file on disk `source` gives now; None if it gives another text. Never raises."""
        try:
            name, _ = self._name_of_text(filename)
            found = os.stat(name)  # noqa: PTH116  (a `Path` takes longer to make than this)
        except (OSError, ValueError):
            return None
        registered = linecache.cache.get(name, ())
        if not stat.S_ISREG(found.st_mode) or (len(registered) > 1 and registered[1] is None):
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def _decide(self, filename: str, module_globals: Mapping[str, object]) -> Role:
        try:
            if _is_generated(filename):
                return self._role_of_generated(filename, module_globals)
            role = self._role_of_file(filename, module_globals)
            _keep_loader(filename, module_globals)
        except Exception as error:
            let_through(error)
            role = "user"
        self._settle(filename, role)
        return role

    def _role_of_generated(self, filename: str, module_globals: Mapping[str, object]) -> Role:
        if filename.startswith("<frozen "):
            return "array"
        if not module_globals:
            return self._generated.get(filename, "user")
        role = self._role_of_module(module_globals)
        if self._generated.get(filename) != "user":
            self._generated[filename] = role
        return role

    def _role_of_module(self, module_globals: Mapping[str, object]) -> Role:
        name, file = module_globals.get("__name__"), module_globals.get("__file__")
        if not isinstance(name, str) or name in ("__main__", "__mp_main__"):
            return "user"
        if isinstance(file, str) and not _is_generated(file):
            return self.of(file, module_globals)
        top = name.partition(".")[0]
        return "array" if top in sys.stdlib_module_names or top in ARRAY_PACKAGES else "user"

    def _role_of_file(self, filename: str, module_globals: Mapping[str, object]) -> Role:
        path = self._absolute(filename)
        if path in self.verdicts:
            return self.verdicts[path]
        below = _below(path, _posix(OWN_DIRECTORY))
        if below is not None:
            return "user" if below.startswith("samples/") else "tool"
        place = self._place(filename)
        if place:
            return self._role_of_place(place)
        return self._role_elsewhere(filename, path, module_globals)

    def _role_of_place(self, place: Place) -> Role:
        parts = _module_parts(place.inside)
        layer = parts[0] if place.standard or parts[0] in ARRAY_PACKAGES else _vendored(parts)
        if layer:
            return "user" if self._is_named_layer(layer, parts) else "array"
        if any(parts[: len(name)] == name for name in self._named):
            return "user"
        if parts[0] in TOOL_PACKAGES or parts[0].startswith(TOOL_PREFIXES):
            return "tool"
        return "user" if parts[0] == self.program_package else "library"

    def _is_named_layer(self, layer: str, parts: tuple[str, ...]) -> bool:
        return any(name == (layer,) or (layer in name and parts[: len(name)] == name) for name in self._named)

    def _role_elsewhere(self, filename: str, path: str, module_globals: Mapping[str, object]) -> Role:
        module = module_globals.get("__name__")
        if isinstance(module, str) and self._is_uninstalled_layer(module.split(".")):
            return "array"
        if os.path.exists(path):
            return "user"
        # Generated code under a name of its own, or a file that is gone: its module is still known.
        file = module_globals.get("__file__")
        return self._role_of_module(module_globals) if isinstance(file, str) and file != filename else "user"

    def _is_uninstalled_layer(self, parts: list[str]) -> bool:
        layer = parts[0] if parts[0] in ARRAY_PACKAGES else _vendored(parts)
        if not layer or self._is_named_layer(layer, tuple(parts)):
            return False
        return layer != parts[0] or ARRAY_PACKAGES[layer] in sys.modules

    def _absolute(self, filename: str) -> str:
        path = _posix(filename)
        if not path.startswith("/") and not _DRIVE.match(path):
            path = f"{self._directory}/{path}"
        return _posix(os.path.normpath(path))

    def _place(self, filename: str) -> Place | None:
        if filename not in self._places:
            self._places[filename] = None if _is_generated(filename) else _find_real(self._absolute(filename))
        return self._places[filename]

    def _shown(self, filename: str) -> str:
        if cell := _cell(filename):
            return cell
        if _is_generated(filename):
            return filename
        path = self._absolute(filename)
        return _zip_member(path) or self._shortened(path)

    def _shortened(self, path: str) -> str:
        for form in (os.path.normpath, os.path.realpath):
            places = (path, self._directory, self._home)
            file, directory, home = (_posix(form(place)) if place else "" for place in places)
            # Started in "/" or "/home": relative to that, the path would tell the user's name.
            below_home = _below(file, home) if len(home) > 1 else None
            if below_home is not None and len(directory) < len(home):
                return f"~/{below_home}"
            if (below := _below(file, directory)) is not None:
                return below
            if below_home is not None:
                return f"~/{below_home}"
        return path

    def _name_of_text(self, filename: str) -> tuple[str, bool]:
        """Name that the text of a file goes by in `linecache`, and whether it is known there already."""
        known = _is_generated(filename) or filename in linecache.cache
        return filename if known else self._absolute(filename), known

    def _lines(self, filename: str, module_globals: Mapping[str, object] | None) -> list[str]:
        name, known = self._name_of_text(filename)
        try:
            # Reading a pipe or a device, such as /dev/stdin, would take the program's own input.
            if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116
                return linecache.getlines(filename) if known else []
        except OSError:
            # The loader of another file, such as a worker's __main__, would give that file's text.
            own = module_globals is not None and module_globals.get("__file__") == filename
            return linecache.getlines(filename, dict(module_globals or {}) if own else None)
        linecache.checkcache(name)
        return linecache.getlines(name)


def _keep_loader(filename: str, module_globals: Mapping[str, object]) -> None:
    """Have `linecache` keep the loader of an archive's member, which is at hand now only, for `source`."""
    if module_globals.get("__file__") == filename and not os.path.exists(filename):
        linecache.lazycache(filename, dict(module_globals))


def _is_generated(filename: str) -> bool:
    return filename.startswith("<") and filename.endswith(">")


def _posix(path: str) -> str:
    if "\\" not in path:
        return path
    windows = os.sep == "\\" or "/" not in path
    return path.replace("\\", "/") if windows else path


def _working_directory() -> str:
    try:
        return _posix(os.getcwd())
    except OSError:
        return ""


def _home_directory() -> str:
    try:
        return _posix(str(Path.home()))
    except RuntimeError:
        return ""


def _below(path: str, directory: str) -> str | None:
    """`path` relative to `directory`, None if it lies elsewhere."""
    prefix = directory.rstrip("/") + "/"
    inside = os.path.normcase(path).startswith(os.path.normcase(prefix))
    return path[len(prefix) :] if inside and directory else None


def _is_below_any(path: str, directories: tuple[str, ...]) -> bool:
    return os.path.normcase(path).startswith(_prefixes(directories))


@lru_cache(maxsize=32)
def _prefixes(directories: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(os.path.normcase(directory.rstrip("/") + "/") for directory in directories)


def _module_parts(inside: str) -> tuple[str, ...]:
    return tuple(inside.removesuffix(".py").split("/"))


def _vendored(parts: Sequence[str]) -> str | None:
    return next((part for part in parts if part in VENDORED), None)


def _cell(filename: str) -> str | None:
    if match := _CELL.match(filename):
        return f"<cell {match[1]}>"
    if not _KERNEL_CELL.search(_posix(filename)):
        return None
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython else None
    counts = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return f"<cell {counts.get(filename, '?')}>"


def _zip_member(path: str) -> str | None:
    if os.path.exists(path):
        return None
    archive = next((parent for parent in Path(path).parents if parent.exists()), None)
    if archive is None or not archive.is_file():
        return None
    return Path(path).relative_to(archive.parent).as_posix()


def _find_real(path: str) -> Place | None:
    """As `_find`, whichever of its names the file at `path` is installed under."""
    place = _find(path)
    return place or (_find(real) if (real := _posix(os.path.realpath(path))) != path else None)


def _find(path: str) -> Place | None:
    """The installed file at `path`, None if it belongs to no installation."""
    if place := _find_by_name(path):
        return place
    directories = _site_directories()
    if _is_below_any(path, directories):
        for directory in directories:
            if (below := _below(path, directory)) is not None:
                return Place(below, root=directory)
    return _in_editable(path, directories) or _in_target(path)


@lru_cache(maxsize=4096)
def _find_by_name(path: str) -> Place | None:
    """The installed file at `path` where its name alone says so."""
    if match := _SITE.match(path):
        return Place(path[match.end() :], root=match[0].rstrip("/"))
    for directory in _standard_directories():
        if (below := _below(path, directory)) is not None:
            return Place(below, standard=True, root=directory)
    return None


@cache
def _standard_directories() -> tuple[str, ...]:
    known = [os.path.dirname(os.__file__)]
    known += [path for key in ("stdlib", "platstdlib") if (path := sysconfig.get_path(key))]
    # A virtual environment's own folder of that name holds nothing but its site directory.
    known = [path for path in known if os.path.exists(os.path.join(path, "os.py"))] or known[:1]
    archive = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    known += [os.path.join(os.path.dirname(path), archive) for path in known]
    return tuple(dict.fromkeys(_posix(form) for path in known for form in (path, os.path.realpath(path))))


def _site_directories() -> tuple[str, ...]:
    return _site_directories_on(_search_path(), _working_directory())


def _search_path() -> tuple[str, ...]:
    path = sys.path
    return tuple(path if set(map(type, path)) == {str} else [e for e in path if isinstance(e, str)])


@lru_cache(maxsize=8)
def _site_directories_on(search_path: tuple[str, ...], working_directory: str) -> tuple[str, ...]:
    found = list(_configured_site_directories())
    found += [entry for entry in search_path if _SITE.match(_posix(entry) + "/")]
    return tuple(dict.fromkeys(_posix(os.path.abspath(entry)) for entry in found))


@lru_cache(maxsize=8)
def _absolute_entries(search_path: tuple[str, ...], working_directory: str) -> tuple[str, ...]:
    return tuple(_posix(os.path.abspath(entry)) for entry in search_path if entry)


@cache
def _configured_site_directories() -> tuple[str, ...]:
    found = [*site.getsitepackages(), site.getusersitepackages()]
    found += [path for key in ("purelib", "platlib") if (path := sysconfig.get_path(key))]
    return tuple(found)


def _in_editable(path: str, directories: tuple[str, ...]) -> Place | None:
    found = None
    for editable in _editables(directories):
        below = "" if path == editable.target else _below(path, editable.target)
        if below is not None and (found is None or len(editable.target) > len(found.root)):
            inside = f"{editable.inside}/{below}" if below else editable.inside
            found = Place(inside, root=editable.target, info=editable.info)
    return found


def _in_target(path: str) -> Place | None:
    """A file below an entry of ``sys.path`` that packages were installed into (``pip --target``)."""
    roots = _absolute_entries(_search_path(), _working_directory())
    cased = os.path.normcase(path)
    for root, prefix in zip(roots, _prefixes(roots), strict=True):
        if cased.startswith(prefix):
            below = path[len(prefix) :]
            if info := _owner(root, below):
                return Place(below, root=root, info=info)
    return None


def _distribution(place: Place) -> str | None:
    if place.standard:
        return None
    info = place.info or _owner(place.root, place.inside)
    return _name_and_version(info) if info else None


@cache
def _name_and_version(info: str) -> str | None:
    from importlib.metadata import Distribution  # 20 ms, needed for files of libraries only

    metadata = Distribution.at(info).metadata
    name, version = metadata["Name"], metadata["Version"]
    return f"{name} {version}" if name and version else None


def _owner(root: str, inside: str) -> str | None:
    """Metadata directory of the distribution in `root` that installed the file `inside` it."""
    return _owner_of_file(root, _changed(root), inside)


@lru_cache(maxsize=4096)
def _owner_of_file(root: str, changed: int, inside: str) -> str | None:
    top = inside.split("/")[0]
    package = Path(root, top)
    whole = package.is_file() or (package / "__init__.py").exists()
    return _owner_of(root, changed, top if whole else inside)


@cache
def _owner_of(root: str, changed: int, entry: str) -> str | None:
    infos = _infos(root, changed)
    likely = _normal(entry.split("/")[0].removesuffix(".py"))
    likeliest_first = sorted(infos, key=lambda info: likely != _normal(_stem(info)[0]))
    return next((info for info in likeliest_first if _installed(info, entry)), None)


def _installed(info: str, entry: str) -> bool:
    for name in ("RECORD", "top_level.txt"):
        text = "\n" + _read(os.path.join(info, name))
        if len(text) > 1:
            listed = (f"\n{entry}/", f"\n{entry},", f"\n{entry.removesuffix('.py')}\n")
            return any(mark in text for mark in listed)
    return _normal(_stem(info)[0]) == _normal(entry)


def _changed(root: str) -> int:
    """When something was last installed into `root`: a notebook may do so at any time."""
    try:
        return os.stat(root).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


@cache
def _infos(root: str, changed: int) -> tuple[str, ...]:
    endings = (".dist-info", ".egg-info")
    return tuple(os.path.join(root, name) for name in _names(root) if name.endswith(endings))


def _names(directory: str) -> list[str]:
    try:
        return sorted(path.name for path in Path(directory).iterdir())
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _stem(info: str) -> tuple[str, str]:
    """Name and ``name-version`` of a metadata directory."""
    stem = Path(info).stem
    return stem.split("-")[0], stem


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=8)
def _editables(directories: tuple[str, ...]) -> tuple[Editable, ...]:
    # Cached for good: Python itself reads .pth files only when it starts.
    found: list[Editable] = []
    for directory in directories:
        for name in _names(directory):
            if name.endswith(".pth"):
                found += _in_pth(directory, name.removesuffix(".pth"))
    return tuple(found)


def _in_pth(directory: str, stem: str) -> Iterator[Editable]:
    for line in _read(os.path.join(directory, stem + ".pth")).splitlines():
        if hook := re.match(r"import\s+(\w+)", line):
            if "editable" in line:
                yield from _in_hook(directory, stem, os.path.join(directory, hook[1] + ".py"))
        elif line.strip() and not line.startswith("#"):
            root = os.path.abspath(os.path.join(directory, line.strip()))
            if os.path.isdir(root):
                yield from _in_root(directory, stem, root)


def _in_hook(directory: str, stem: str, path: str) -> Iterator[Editable]:
    """What the module of an import hook says it provides, read without running it."""
    info = _info_of(directory, stem)
    try:
        statements = ast.parse(_read(path)).body
    except (SyntaxError, ValueError):
        return
    data = (part for part in statements if isinstance(part, (ast.Assign, ast.AnnAssign, ast.Expr)))
    for node in chain.from_iterable(map(ast.walk, data)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                yield from _mapped(key, value, info)
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            yield from _mapped(node.args[0], node.args[1], info)
            yield from _named_by_meson(node.args[1], info)


def _mapped(key: ast.expr | None, value: ast.expr, info: str | None) -> Iterator[Editable]:
    if not isinstance(key, ast.Constant) or not isinstance(value, ast.Constant):
        return
    name, target = key.value, value.value
    if isinstance(name, str) and isinstance(target, str) and Path(target).is_absolute():
        target = _posix(target).removesuffix("/__init__.py")
        ending = ".py" if target.endswith(".py") else ""
        for form in dict.fromkeys((target, _posix(os.path.realpath(target)))):
            yield Editable(form, name.replace(".", "/") + ending, info)


def _named_by_meson(names: ast.expr, info: str | None) -> Iterator[Editable]:
    project = _project(info)
    if not project or not isinstance(names, (ast.Set, ast.List, ast.Tuple)):
        return
    constants = {str(name.value) for name in names.elts if isinstance(name, ast.Constant)}
    for root in (project, os.path.join(project, "src")):
        yield from _members(root, constants, info)


def _in_root(directory: str, stem: str, root: str) -> Iterator[Editable]:
    eggs = [os.path.join(root, name) for name in _names(root) if name.endswith(".egg-info")]
    info = _info_of(directory, stem) or next(iter(eggs), None)
    if info:
        yield from _members(root, _import_names(root, info, eggs), info)


def _import_names(root: str, info: str, eggs: list[str]) -> set[str]:
    for metadata in (info, *eggs):
        if names := _read(os.path.join(metadata, "top_level.txt")).split():
            return set(names)
    candidates = {name.removesuffix(".py") for name in _names(root) if _is_importable(root, name)}
    project = _project(info)
    if project and os.path.realpath(root) != os.path.realpath(project):
        return candidates
    alike = {name for name in candidates if _normal(name) == _normal(_stem(info)[0])}
    return alike or {name for name in candidates if not NOT_LIBRARY.match(name)}


def _is_importable(root: str, name: str) -> bool:
    return name.endswith(".py") or os.path.exists(os.path.join(root, name, "__init__.py"))


def _members(root: str, names: set[str], info: str | None) -> Iterator[Editable]:
    for name in sorted(names):
        for entry in (name, name + ".py"):
            target = os.path.join(root, entry)
            for form in dict.fromkeys((_posix(target), _posix(os.path.realpath(target)))):
                yield Editable(form, entry, info)


def _info_of(directory: str, stem: str) -> str | None:
    """Metadata directory of the distribution that a ``.pth`` file was written for."""
    stem = re.sub(r"^(__editable__\.|_editable_(impl|skbc)_|_+)|(\.|-|_)editable$", "", stem)
    infos = _infos(directory, _changed(directory))
    return next((info for info in infos if _normal(stem) in map(_normal, _stem(info))), None)


def _project(info: str | None) -> str | None:
    """Directory of the project an editable distribution was installed from."""
    match = re.search(r'"url"\s*:\s*"file://([^"]*)"', _read(os.path.join(info or "", "direct_url.json")))
    if not match:
        return None
    path = unquote(match[1])
    return path.lstrip("/") if os.name == "nt" else path
