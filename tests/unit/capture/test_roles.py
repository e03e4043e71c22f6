"""Whose file a frame lies in, how it is shown, and where its text comes from."""

from __future__ import annotations

import dataclasses
import json
import linecache
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from lazyscope.capture import roles as roles_module
from lazyscope.capture import wrapping
from lazyscope.capture.roles import Roles

NO_GLOBALS: dict[str, object] = {}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory of the user's."""
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def site_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site directory of a virtual environment that is on the path."""
    directory = tmp_path / "env" / "lib" / "python3.13" / "site-packages"
    directory.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(directory))
    return directory


def write(path: Path, text: str = "x = 1\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def distribution(site: Path, name: str, version: str, *, project: Path | None = None, **files: str) -> Path:
    """Metadata of an installed distribution; with `project`, of an editable one."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n")
    for file, text in files.items():
        write(info / file.replace("_txt", ".txt"), text)
    if project:
        origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
        write(info / "direct_url.json", json.dumps(origin))
    return info


def role(filename: str, module: str = "__main__", **options: object) -> str:
    return Roles(**options).of(filename, {"__name__": module})  # type: ignore[arg-type]


class TestRoleOfAFile:
    def test_a_script_is_the_users(self, project: Path) -> None:
        assert role(write(project / "run.py")) == "user"

    @pytest.mark.parametrize(
        ("inside", "expected"),
        [
            ("dask/array/core.py", "array"),
            ("distributed/client.py", "array"),
            ("numpy/linalg/_linalg.py", "array"),
            ("toolz/itertoolz.py", "array"),
            ("tlz/__init__.py", "array"),
            ("array_api_compat/dask/array/_aliases.py", "array"),
            ("array_api_extra/testing.py", "array"),
            ("scipy/_lib/array_api_compat/dask/array/fft.py", "array"),
            ("scipy/_external/array_api_extra/_lib/_at.py", "array"),
            ("sklearn/externals/array_api_compat/common/_helpers.py", "array"),
            ("scipy/_lib/_array_api.py", "library"),
            ("xarray/compat/dask_array_ops.py", "library"),
            ("xgboost/dask/__init__.py", "library"),
            ("torch/distributed/elastic.py", "library"),
            ("jax/numpy/linalg.py", "library"),
            ("six.py", "library"),
            ("numpydoc/docscrape.py", "library"),
            ("pytest/__init__.py", "tool"),
            ("_pytest/python.py", "tool"),
            ("pluggy/_callers.py", "tool"),
            ("xdist/remote.py", "tool"),
            ("pytest_cov/plugin.py", "tool"),
            ("pytest_timeout.py", "tool"),
            ("hypothesis/core.py", "tool"),
            ("_hypothesis_pytestplugin.py", "tool"),
            ("IPython/core/interactiveshell.py", "tool"),
            ("ipykernel/ipkernel.py", "tool"),
        ],
    )
    def test_its_package_below_a_site_directory_decides(self, inside: str, expected: str) -> None:
        assert role(f"/opt/env/lib/python3.13/site-packages/{inside}") == expected
        assert role(f"/usr/lib/python3/dist-packages/{inside}") == expected

    @pytest.mark.parametrize(
        ("filename", "expected"),
        [
            (r"C:\Users\ada\env\Lib\site-packages\scipy\fft\_basic.py", "library"),
            (r"C:\Users\ada\env\Lib\site-packages\dask\base.py", "array"),
            (r"C:\Users\ada\work\run.py", "user"),
        ],
    )
    def test_windows_separators_are_understood(self, filename: str, expected: str) -> None:
        assert role(filename) == expected

    def test_installed_packages_have_their_roles(self) -> None:
        import dask.array.core
        import numpy
        import pluggy

        found = Roles()
        modules = [dask.array.core, numpy, pluggy, pytest, json, os]
        verdicts = [found.of(str(module.__file__), vars(module)) for module in modules]
        assert verdicts == ["array", "array", "tool", "tool", "array", "array"]

    def test_scipys_copy_of_the_compat_layer_is_the_array_layer(self) -> None:
        helpers = pytest.importorskip("scipy._lib._array_api")
        compat = helpers.is_dask.__wrapped__
        assert role(helpers.__file__, helpers.__name__) == "library"
        assert role(compat.__code__.co_filename, compat.__module__) == "array"

    def test_frozen_modules_are_the_standard_librarys(self) -> None:
        assert role("<frozen importlib._bootstrap>", "importlib._bootstrap") == "array"
        assert role("<frozen runpy>", "runpy") == "array"

    def test_the_zipped_standard_library_is_the_array_layers(self) -> None:
        home = os.path.dirname(os.path.dirname(os.__file__))
        archive = f"{home}/python{sys.version_info.major}{sys.version_info.minor}.zip"
        assert role(f"{archive}/json/decoder.py") == "array"

    def test_lazyscope_is_a_tool_but_its_samples_are_the_users(self) -> None:
        own = Path(wrapping.OWN_DIRECTORY)
        assert role(str(own / "capture" / "roles.py")) == "tool"
        assert role(str(own / "samples" / "glacier.py")) == "user"

    def test_a_packages_name_in_the_users_path_does_not_matter(self, project: Path) -> None:
        for inside in ("dask/report.py", "numpy_tricks.py", "pytest_demo.py", "array_api_compat/try.py"):
            assert role(write(project / inside)) == "user"

    def test_the_users_module_may_be_called_like_the_array_layers(self, project: Path) -> None:
        assert role(write(project / "cytoolz" / "fast.py"), "cytoolz.fast") == "user"

    def test_a_checkout_of_dask_on_the_path_is_the_array_layer(self, project: Path) -> None:
        import dask.base  # noqa: F401

        assert role(write(project / "src" / "dask" / "array" / "core.py"), "dask.array.core") == "array"

    def test_the_users_own_copy_of_the_compat_layer_is_the_array_layer(self, project: Path) -> None:
        file = write(project / "mine" / "array_api_compat" / "numpy" / "_aliases.py")
        assert role(file, "mine.array_api_compat.numpy._aliases") == "array"

    def test_a_link_into_a_site_directory_is_followed(self, project: Path, site_directory: Path) -> None:
        write(site_directory / "zoo" / "keeper.py")
        (project / "linked").symlink_to(site_directory / "zoo")
        assert role(str(project / "linked" / "keeper.py")) == "library"

    def test_a_file_that_is_gone_belongs_to_the_module_it_ran_in(self, project: Path) -> None:
        gone = str(project / "generated.py")
        import dask.base

        assert role(gone) == "user"
        assert Roles().of(gone, vars(dask.base)) == "array"

    def test_packages_installed_into_a_folder_on_the_path_are_libraries(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`pip install --target`, as in a cloud function: dependencies beside the user's handler."""
        distribution(project, "zoo", "1.0", RECORD="zoo/__init__.py,,\nzoo/keeper.py,,\n")
        write(project / "zoo" / "__init__.py")
        monkeypatch.syspath_prepend(str(project))
        found = Roles()
        assert found.of(write(project / "zoo" / "keeper.py"), NO_GLOBALS) == "library"
        assert found.of(write(project / "handler.py"), NO_GLOBALS) == "user"
        assert found.describe(str(project / "zoo" / "keeper.py")) == ("zoo/keeper.py", "zoo 1.0")


class TestOptions:
    def test_the_program_is_the_users_wherever_it_lies(self, site_directory: Path) -> None:
        program = write(site_directory / "zoo" / "cli.py")
        assert role(program) == "library"
        assert role(program, program=program) == "user"
        assert role(write(site_directory / "zoo" / "keeper.py"), program=program) == "library"

    def test_a_linked_program_is_the_users_under_both_names(
        self, project: Path, site_directory: Path
    ) -> None:
        target = write(site_directory / "zoo" / "cli.py")
        (project / "zoo.py").symlink_to(target)
        found = Roles(program=str(project / "zoo.py"))
        assert found.of(target, NO_GLOBALS) == found.of(str(project / "zoo.py"), NO_GLOBALS) == "user"

    def test_the_package_of_run_m_is_the_users(self, site_directory: Path) -> None:
        file = write(site_directory / "zoo" / "keeper.py")
        assert role(file, program_package="zoo") == "user"
        assert role(write(site_directory / "zoom" / "lens.py"), program_package="zoo") == "library"

    @pytest.mark.parametrize(
        ("package", "inside", "expected"),
        [
            ("dask", "dask/base.py", "array"),
            ("pytest", "pytest/__main__.py", "tool"),
            ("zoo", "zoo/_lib/array_api_compat/common.py", "array"),
        ],
    )
    def test_run_m_does_not_take_in_the_array_layer_or_tools(
        self, package: str, inside: str, expected: str
    ) -> None:
        assert role(f"/env/site-packages/{inside}", program_package=package) == expected

    @pytest.mark.parametrize(
        ("named", "inside", "expected"),
        [
            ("scipy", "scipy/fft/_basic.py", "user"),
            ("scipy", "scipy/_lib/array_api_compat/common.py", "array"),
            ("scipy", "sklearn/base.py", "library"),
            ("scipy.cluster", "scipy/cluster/vq.py", "user"),
            ("scipy.cluster", "scipy/fft/_basic.py", "library"),
            ("scipy.cluster.vq", "scipy/cluster/vq.py", "user"),
            ("six", "six.py", "user"),
            ("dask", "dask/array/core.py", "user"),
            ("dask", "numpy/linalg.py", "array"),
            ("dask.array", "dask/array/core.py", "user"),
            ("dask.array", "dask/base.py", "array"),
            ("array_api_compat", "array_api_compat/common.py", "user"),
            ("array_api_compat", "scipy/_lib/array_api_compat/common.py", "user"),
            ("scipy._lib.array_api_compat", "scipy/_lib/array_api_compat/common.py", "user"),
            ("scipy._lib.array_api_compat", "sklearn/externals/array_api_compat/common.py", "array"),
            ("hypothesis", "hypothesis/core.py", "user"),
        ],
    )
    def test_as_makes_the_named_packages_the_users(self, named: str, inside: str, expected: str) -> None:
        assert role(f"/env/lib/site-packages/{inside}", user_packages=[named]) == expected

    def test_a_module_of_the_standard_library_can_be_named(self) -> None:
        import statistics

        found = Roles(user_packages=["statistics"])
        assert found.of(str(statistics.__file__), NO_GLOBALS) == "user"
        assert found.of(str(json.__file__), NO_GLOBALS) == "array"


class TestGeneratedCode:
    def test_a_dataclass_method_belongs_to_the_module_of_its_class(self) -> None:
        import dask.base

        source = "import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int\n"
        for module_globals, expected in (
            (vars(dask.base), "array"),
            (vars(pytest), "tool"),
            ({"__name__": "__main__"}, "user"),
        ):
            namespace = dict(module_globals)
            exec(source, namespace)
            equal = namespace["Point"].__eq__
            assert equal.__code__.co_filename == "<string>"
            assert Roles().of(equal.__code__.co_filename, module_globals) == expected

    def test_this_modules_dataclass_is_the_users(self) -> None:
        point = dataclasses.make_dataclass("Point", ["x"])
        assert Roles().of(point.__eq__.__code__.co_filename, globals()) == "user"

    @pytest.mark.parametrize("filename", ["<string>", "<stdin>", "<lambdifygenerated-1>", "<python-input-0>"])
    def test_text_run_by_the_user_is_the_users(self, filename: str) -> None:
        found = Roles()
        assert found.of(filename, NO_GLOBALS) == "user"
        assert found.of(filename, {"__name__": "__main__", "__file__": "/env/bin/pytest"}) == "user"
        assert found.of(filename, {"__builtins__": {}}) == "user"

    def test_names_that_many_share_are_decided_each_time(self) -> None:
        import dask.base

        found = Roles()
        assert found.of("<decorator-gen-12>", vars(dask.base)) == "array"
        assert found.of("<decorator-gen-12>", globals()) == "user"
        assert found.of("<__array_function__ internals>", {"__name__": "numpy"}) == "array"

    def test_without_a_module_what_was_decided_before_holds(self) -> None:
        found = Roles()
        library = {"__name__": "zoo.keeper", "__file__": "/env/site-packages/zoo/keeper.py"}
        assert found.of("<attrs generated eq zoo.Animal>", library) == "library"
        assert found.of("<attrs generated eq zoo.Animal>", NO_GLOBALS) == "library"
        found.of("<string>", library)
        found.of("<string>", {"__name__": "__main__"})
        assert found.of("<string>", NO_GLOBALS) == "user"

    def test_a_notebooks_cells_are_the_users(self) -> None:
        assert role("<ipython-input-3-8a1b2c>") == "user"
        assert role("/tmp/ipykernel_812/1234567.py") == "user"


class TestEditableInstalls:
    def test_setuptools_finder_names_the_packages(self, project: Path, site_directory: Path) -> None:
        """A flat project: only the packages the finder maps are the library's."""
        keeper, script = write(project / "zoo" / "keeper.py"), write(project / "scripts" / "feed.py")
        nested = write(project / "python" / "cage.py")
        write(
            site_directory / "__editable___my_zoo_0_3_finder.py",
            "from __future__ import annotations\n"
            f"MAPPING: dict[str, str] = {{'zoo': {str(project / 'zoo')!r}, 'zoo.cage': "
            f"{str(project / 'python')!r}, 'lone': {str(project / 'lone.py')!r}}}\n"
            "NAMESPACES: dict[str, list[str]] = {}\n",
        )
        write(
            site_directory / "__editable__.my_zoo-0.3.pth",
            "import __editable___my_zoo_0_3_finder; __editable___my_zoo_0_3_finder.install()\n",
        )
        distribution(site_directory, "my-zoo", "0.3", project=project)
        found = Roles()
        assert found.of(keeper, NO_GLOBALS) == "library"
        assert found.of(script, NO_GLOBALS) == "user"
        assert found.of(write(project / "tests" / "test_zoo.py"), NO_GLOBALS) == "user"
        assert found.describe(keeper) == ("zoo/keeper.py", "my-zoo 0.3")
        assert found.describe(nested) == ("zoo/cage/cage.py", "my-zoo 0.3")
        assert found.describe(write(project / "lone.py")) == ("lone.py", "my-zoo 0.3")
        assert found.describe(script) == ("scripts/feed.py", None)

    def test_top_level_txt_names_the_packages_below_a_path_entry(
        self, project: Path, site_directory: Path
    ) -> None:
        write(site_directory / "__editable__.my_zoo-0.3.pth", str(project))
        distribution(site_directory, "my-zoo", "0.3", project=project, top_level_txt="zoo\naviary\n")
        for inside, expected in (
            ("zoo/keeper.py", "library"),
            ("aviary.py", "library"),
            ("zookeeping/rota.py", "user"),
            ("run.py", "user"),
        ):
            assert role(write(project / inside)) == expected

    def test_a_source_folder_is_wholly_the_librarys(self, project: Path, site_directory: Path) -> None:
        keeper = write(project / "src" / "zoo" / "keeper.py")
        write(project / "src" / "zoo" / "__init__.py")
        write(site_directory / "_my_zoo.pth", str(project / "src"))
        distribution(site_directory, "my-zoo", "0.3", project=project)
        assert role(keeper) == "library"
        assert role(write(project / "examples" / "tour.py")) == "user"
        assert Roles().describe(keeper) == ("zoo/keeper.py", "my-zoo 0.3")

    def test_in_a_flat_project_the_package_named_like_the_distribution_counts(
        self, project: Path, site_directory: Path
    ) -> None:
        for package in ("my_zoo", "notes"):
            write(project / package / "__init__.py")
        write(site_directory / "my_zoo.pth", str(project))
        distribution(site_directory, "my-zoo", "0.3", project=project)
        assert role(write(project / "my_zoo" / "keeper.py")) == "library"
        assert role(write(project / "notes" / "keeper.py")) == "user"

    def test_else_every_package_that_is_not_conventionally_something_else(
        self, project: Path, site_directory: Path
    ) -> None:
        for package in ("zoo", "tests", "benchmarks", "docs"):
            write(project / package / "__init__.py")
        write(site_directory / "my_zoo.pth", str(project))
        distribution(site_directory, "my-zoo", "0.3", project=project)
        roles = {
            name: role(write(project / name / "x.py")) for name in ("zoo", "tests", "benchmarks", "docs")
        }
        assert roles == {"zoo": "library", "tests": "user", "benchmarks": "user", "docs": "user"}

    def test_a_develop_install_is_found_by_the_projects_own_metadata(
        self, project: Path, site_directory: Path
    ) -> None:
        write(project / "my_zoo.egg-info" / "top_level.txt", "zoo\n")
        write(project / "my_zoo.egg-info" / "PKG-INFO", "Metadata-Version: 2.1\nName: my-zoo\nVersion: 0.2\n")
        write(site_directory / "easy-install.pth", str(project))
        keeper = write(project / "zoo" / "keeper.py")
        assert role(keeper) == "library"
        assert role(write(project / "setup.py")) == "user"
        assert Roles().describe(keeper) == ("zoo/keeper.py", "my-zoo 0.2")

    def test_meson_python_and_editables_hooks_are_read(self, project: Path, site_directory: Path) -> None:
        keeper, eagle = write(project / "zoo" / "keeper.py"), write(project / "lib" / "aviary" / "eagle.py")
        write(
            site_directory / "_my_zoo_editable_loader.py",
            "def install(*a): ...\n"
            f"install('my-zoo', {{'zoo'}}, {str(project / 'build')!r}, ['ninja'], False)\n",
        )
        write(site_directory / "my-zoo-editable.pth", "import _my_zoo_editable_loader\n")
        distribution(site_directory, "my-zoo", "0.3", project=project)
        write(
            site_directory / "_editable_impl_aviary.py",
            f"F.map_module('aviary', {str(project / 'lib' / 'aviary' / '__init__.py')!r})\n",
        )
        write(site_directory / "_aviary.pth", "import _editable_impl_aviary\n")
        distribution(site_directory, "aviary", "2.0", project=project)
        found = Roles()
        assert found.describe(keeper) == ("zoo/keeper.py", "my-zoo 0.3")
        assert found.describe(eagle) == ("aviary/eagle.py", "aviary 2.0")
        assert found.of(keeper, NO_GLOBALS) == found.of(eagle, NO_GLOBALS) == "library"

    def test_an_editable_install_of_the_array_layer_is_the_array_layer(
        self, project: Path, site_directory: Path
    ) -> None:
        write(site_directory / "__editable__.dask-2026.9.pth", str(project))
        distribution(site_directory, "dask", "2026.9", project=project, top_level_txt="dask\n")
        core = write(project / "dask" / "array" / "core.py")
        assert role(core) == "array"
        assert role(core, user_packages=["dask"]) == "user"

    def test_a_path_entry_without_a_distribution_is_the_users(
        self, project: Path, site_directory: Path
    ) -> None:
        write(site_directory / "mine.pth", f"# my things\n\n{project}\n")
        assert role(write(project / "zoo" / "keeper.py")) == "user"

    def test_a_damaged_hook_leaves_the_file_the_users(self, project: Path, site_directory: Path) -> None:
        write(site_directory / "__editable___zoo_finder.py", "MAPPING = {'zoo': \n")
        write(site_directory / "__editable__.zoo-1.pth", "import __editable___zoo_finder\n")
        assert role(write(project / "zoo" / "keeper.py")) == "user"


class TestDisplay:
    def test_below_a_site_directory_the_path_inside_it(self) -> None:
        path, _ = Roles().describe("/home/ada/.venv/lib/python3.13/site-packages/zoo/_lib/keeper.py")
        assert path == "zoo/_lib/keeper.py"

    def test_windows_paths_are_shown_posix_style(self) -> None:
        path, _ = Roles().describe(r"C:\env\Lib\site-packages\zoo\keeper.py")
        assert path == "zoo/keeper.py"
        assert Roles().describe(r"D:\work\run.py") == ("D:/work/run.py", None)

    def test_below_the_standard_library_the_path_inside_it(self) -> None:
        import concurrent.futures.thread
        import threading

        found = Roles()
        assert found.describe(threading.__file__) == ("threading.py", None)
        assert found.describe(concurrent.futures.thread.__file__) == ("concurrent/futures/thread.py", None)

    def test_below_the_working_directory_relative_to_where_the_trace_started(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = Roles()
        file = write(project / "steps" / "one.py")
        monkeypatch.chdir("/")
        assert found.describe(file) == ("steps/one.py", None)
        assert found.describe("steps/one.py") == ("steps/one.py", None)

    def test_elsewhere_absolute_with_the_home_directory_as_a_tilde(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "ada"))
        found = Roles()
        assert found.describe(write(tmp_path / "ada" / "x.py")) == ("~/x.py", None)
        outside = write(tmp_path / "data" / "x.py")
        assert found.describe(outside) == (outside, None)

    def test_started_above_the_home_directory_the_users_name_is_not_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "ada"))
        monkeypatch.chdir(tmp_path)
        assert Roles().describe(write(tmp_path / "ada" / "x.py")) == ("~/x.py", None)

    def test_cells_of_a_notebook_by_their_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Compiler:
            _filename_map = {"/tmp/ipykernel_812/1234567.py": 7}  # noqa: RUF012

        class Shell:
            compile = Compiler()

        class IPython:
            get_ipython = staticmethod(lambda: Shell())

        monkeypatch.setitem(sys.modules, "IPython", IPython)
        found = Roles()
        assert found.describe("<ipython-input-12-8a1b2c>") == ("<cell 12>", None)
        assert found.describe("/tmp/ipykernel_812/1234567.py") == ("<cell 7>", None)
        assert found.describe("/tmp/ipykernel_812/7654321.py") == ("<cell ?>", None)

    def test_generated_text_by_its_name(self) -> None:
        assert Roles().describe("<string>") == ("<string>", None)
        assert Roles().describe("<stdin>") == ("<stdin>", None)

    def test_members_of_an_archive_below_its_name(self, project: Path, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "zoo.zip", "w") as archive:
            archive.writestr("cage/eagle.py", "x = 1\n")
        assert Roles().describe(f"{tmp_path}/zoo.zip/cage/eagle.py") == ("zoo.zip/cage/eagle.py", None)

    def test_a_deleted_working_directory_does_no_harm(self, project: Path) -> None:
        project.rmdir()
        assert Roles().describe("/data/run.py") == ("/data/run.py", None)


class TestDistribution:
    def test_found_by_name_or_by_what_it_lists(self, site_directory: Path) -> None:
        distribution(site_directory, "scikit-zoo", "1.2.3", RECORD="skzoo/__init__.py,sha256=x,12\n")
        distribution(site_directory, "keeper", "4.5", RECORD="keeper/__init__.py,,\nrota.py,,\n")
        write(site_directory / "skzoo" / "__init__.py")
        write(site_directory / "keeper" / "__init__.py")
        write(site_directory / "rota.py")
        found = Roles()
        assert found.describe(str(site_directory / "skzoo/_base.py")) == (
            "skzoo/_base.py",
            "scikit-zoo 1.2.3",
        )
        assert found.describe(str(site_directory / "keeper/x.py"))[1] == "keeper 4.5"
        assert found.describe(str(site_directory / "rota.py"))[1] == "keeper 4.5"
        assert found.describe(str(site_directory / "stray.py")) == ("stray.py", None)

    def test_a_namespace_package_is_told_apart_by_file(self, site_directory: Path) -> None:
        for part in ("cats", "dogs"):
            distribution(site_directory, f"zoo-{part}", "1.0", RECORD=f"zoo/{part}/feed.py,,\n")
            write(site_directory / "zoo" / part / "feed.py")
        distributions = [
            Roles().describe(str(site_directory / f"zoo/{p}/feed.py"))[1] for p in ("cats", "dogs")
        ]
        assert distributions == ["zoo-cats 1.0", "zoo-dogs 1.0"]

    def test_one_installed_during_the_program_is_found(self, site_directory: Path) -> None:
        file = write(site_directory / "zoo" / "__init__.py")
        found = Roles()
        assert found.describe(file)[1] is None
        distribution(site_directory, "zoo", "1.0", RECORD="zoo/__init__.py,,\n")
        os.utime(site_directory, (1, 1))
        assert found.describe(file)[1] == "zoo 1.0"

    def test_users_files_have_none(self, site_directory: Path) -> None:
        distribution(site_directory, "zoo", "1.0", RECORD="zoo/__init__.py,,\n")
        file = write(site_directory / "zoo" / "__init__.py")
        assert Roles(program_package="zoo").describe(file) == ("zoo/__init__.py", None)

    def test_real_distributions(self) -> None:
        from importlib.metadata import version

        import dask.array.core

        found = Roles()
        assert found.describe(dask.array.core.__file__) == ("dask/array/core.py", f"dask {version('dask')}")
        sklearn = pytest.importorskip("sklearn.base")
        expected = ("sklearn/base.py", f"scikit-learn {version('scikit-learn')}")
        assert found.describe(sklearn.__file__) == expected


class TestSource:
    def test_of_a_file_with_its_encoding(self, project: Path) -> None:
        (project / "run.py").write_bytes("# coding: latin-1\nx = 'ä'\n".encode("latin-1"))
        assert Roles().source(str(project / "run.py")) == "# coding: latin-1\nx = 'ä'\n"

    def test_a_relative_name_is_looked_up_where_the_trace_started(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project / "run.py", "x = 1\n")
        found = Roles()
        monkeypatch.chdir("/")
        assert found.source("run.py") == "x = 1\n"

    def test_a_changed_file_is_read_again(self, project: Path) -> None:
        file = write(project / "run.py", "x = 1\n")
        found = Roles()
        assert found.source(file) == "x = 1\n"
        write(project / "run.py", "x = 1000\n")
        assert found.source(file) == "x = 1000\n"

    def test_of_an_archives_member_once_its_module_was_seen(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with zipfile.ZipFile(tmp_path / "zoo.zip", "w") as archive:
            archive.writestr("zipped_eagle.py", "def soar():\n    return 1\n")
        monkeypatch.syspath_prepend(str(tmp_path / "zoo.zip"))
        import zipped_eagle  # type: ignore[import-not-found]

        found, filename = Roles(), zipped_eagle.soar.__code__.co_filename
        assert found.of(filename, vars(zipped_eagle)) == "user"
        assert found.source(filename) == "def soar():\n    return 1\n"

    def test_of_text_registered_in_linecache(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(linecache.cache, "<ipython-input-1-ab>", (8, None, ["x = 1\n"], "<cell>"))
        assert Roles().source("<ipython-input-1-ab>") == "x = 1\n"

    @pytest.mark.parametrize("name", ["<attrs generated init nowhere>", "/nowhere/at/all.py", "\0", ""])
    def test_none_where_there_is_none(self, name: str) -> None:
        assert Roles().source(name) is None

    def test_another_modules_loader_does_not_answer(self) -> None:
        """A worker's ``__main__`` is not the client's script that a function was pickled from."""
        assert Roles().source("/client/script.py", vars(json)) is None

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
    def test_a_pipe_is_not_read(self, project: Path) -> None:
        os.mkfifo(project / "pipe.py")
        assert Roles().source(str(project / "pipe.py")) is None

    def test_a_binary_file_gives_none(self, project: Path) -> None:
        (project / "run.py").write_bytes(b"\x00\xff\xfe\x81")
        assert Roles().source(str(project / "run.py")) is None


class TestRobustness:
    @pytest.mark.parametrize("filename", ["", "\0", "<", "<>", "~", "a" * 10_000, "/", "\\", "\udcff.py"])
    def test_strange_names_are_the_users_and_raise_nothing(self, filename: str) -> None:
        found = Roles()
        assert found.of(filename, {"__name__": 3, "__file__": b"x"}) == "user"
        assert isinstance(found.describe(filename)[0], str)
        found.source(filename)

    def test_an_error_inside_leaves_the_file_the_users(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(path: str) -> None:
            raise OSError("stale file handle")

        monkeypatch.setattr(roles_module, "_find", broken)
        assert Roles().of("/env/site-packages/zoo.py", NO_GLOBALS) == "user"

    def test_a_verdict_is_looked_up_once(self, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
        found, file = Roles(), write(project / "run.py")
        assert found.of(file, NO_GLOBALS) == "user"
        monkeypatch.setattr(roles_module, "_find", None)
        assert found.of(file, NO_GLOBALS) == "user"
        assert found.of(file, NO_GLOBALS) != "array"
        assert found.verdicts[file] == "user"

    def test_importing_the_module_loads_nothing_heavy(self) -> None:
        # The module and what it imports of the package, without the package's own public names.
        program = (
            "import sys, types; package = types.ModuleType('lazyscope'); "
            f"package.__path__ = [{wrapping.OWN_DIRECTORY!r}]; sys.modules['lazyscope'] = package; "
            "import lazyscope.capture.roles; print(*sys.modules)"
        )
        loaded = subprocess.run(
            [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()
        assert not {"importlib.metadata", "dask", "numpy", "email", "zipfile", "inspect"} & set(loaded)

    def test_no_globals_are_kept(self) -> None:
        import gc

        class Marked(dict):  # type: ignore[type-arg]
            pass

        found = Roles()
        found.of("<string>", Marked(__name__="zoo", __file__="/env/site-packages/zoo.py"))
        found.of("/gone/away.py", Marked(__name__="zoo", __file__="/gone/away.py"))
        gc.collect()
        assert not [thing for thing in gc.get_objects() if type(thing) is Marked]


def test_a_librarys_file_that_is_taken_as_the_users_is_the_librarys_no_more() -> None:
    """The recorder asks the sets alone."""
    roles, file = Roles(), msgspec.__file__
    assert roles.of(file, {}) == "library"
    assert file in roles.libraries
    roles.take_as_user([file])
    assert (file in roles.libraries, file in roles.others, file in roles.users) == (False, False, True)
