"""How `lazyscope doctor` says what it found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lazyscope.report.doctor.checks import Check, Group, Remedy, Status, verdict
from lazyscope.report.doctor.render import render, render_json
from lazyscope.report.doctor.shell import Shell, shown

RIGHT = Check("dask", Status.OK, "2026.8.0")
NOTE = Check("xarray", Status.NOTE, "not installed")
WARNING = Check("SCIPY_ARRAY_API", Status.WARNING, "not set: SciPy converts dask arrays to NumPy")
PROBLEM = Check(
    "numpy",
    Status.PROBLEM,
    "1.26.4, but lazyscope needs >=2.0",
    (Remedy("pip install numpy", "in this environment"), Remedy("conda install numpy")),
)


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        ([RIGHT, NOTE], "Everything is in place."),
        ([WARNING, RIGHT], "1 thing to mend: SCIPY_ARRAY_API."),
        ([WARNING, RIGHT, PROBLEM, PROBLEM], "2 things to mend: numpy, SCIPY_ARRAY_API."),
    ],
)
def test_the_verdict_counts_and_names_what_is_to_be_mended(checks: list[Check], sentence: str) -> None:
    """The worst first, each name once."""
    assert verdict([Group("a", checks[:1]), Group("b", checks[1:])]) == sentence


def test_one_line_for_a_fact_and_below_it_what_to_type() -> None:
    """Marks that need no colour; groups with nothing in them are left out."""
    assert render(
        [Group("versions", [RIGHT, NOTE, PROBLEM]), Group("empty", []), Group("SciPy", [WARNING])]
    ) == (
        "2 things to mend: numpy, SCIPY_ARRAY_API.\n"
        "\n"
        "versions\n"
        "ok  dask                2026.8.0\n"
        "-   xarray              not installed\n"
        "x   numpy               1.26.4, but lazyscope needs >=2.0\n"
        "      type  pip install numpy    (in this environment)\n"
        "      or    conda install numpy\n"
        "\n"
        "SciPy\n"
        "!   SCIPY_ARRAY_API     not set: SciPy converts dask arrays to NumPy\n"
    )


def test_a_long_fact_goes_on_below_itself() -> None:
    """Broken at spaces; a command never is."""
    command = "a-command " * 9
    found = render(
        [Group("g", [Check("name", Status.WARNING, "word " * 14 + "word", (Remedy(command, "when"),))])], 60
    )
    assert found == (
        "1 thing to mend: name.\n"
        "\n"
        "g\n"
        "!   name                word word word word word word word\n"
        "                        word word word word word word word\n"
        "                        word\n"
        f"      type  {command}\n"
        "            (when)\n"
    )


def test_a_narrow_screen_or_a_long_name_has_the_fact_below_the_name() -> None:
    """There is no room beside it."""
    assert "ok  dask\n    2026.8.0\n" in render([Group("g", [RIGHT])], 40)
    long = Check("a_module_with_a_long_name.py", Status.OK, "fact")
    assert "ok  a_module_with_a_long_name.py\n                        fact\n" in render([Group("g", [long])])


def test_colours_are_escapes_only_where_they_are_wanted() -> None:
    """The same text without them."""
    colored = render([Group("g", [PROBLEM])], color=True)
    assert "\x1b[1;31mx   \x1b[0mnumpy" in colored
    assert "\x1b" not in render([Group("g", [PROBLEM])])


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 100), st.booleans())
def test_any_text_is_shown_harmlessly(name: str, text: str, width: int, ascii_only: bool) -> None:
    """No escape, no markup, no line of its own."""
    check = Check(name, Status.PROBLEM, text, (Remedy(text, name),))
    found = render([Group("g", [check])], width, ascii_only=ascii_only)
    assert all(line.isprintable() for line in found.split("\n"))
    assert not ascii_only or found.isascii()
    assert json.loads(render_json([Group("g", [check])]))["checks"][0]["text"] == text


def test_lines_have_their_width() -> None:
    """Wide characters count twice, and a path without a space is broken anywhere."""
    checks = [Check("名前", Status.OK, "配列 " * 40), Check("numpy", Status.OK, "in " + "/path" * 40)]
    found = render([Group("g", checks)])
    assert max(map(cell_len, found.splitlines())) == 80
    assert found.replace("\n" + " " * 24, "").endswith("numpy               in" + "/path" * 40 + "\n")


def test_the_home_directory_is_a_tilde() -> None:
    """In facts and in commands, where it must not be quoted."""
    shell = Shell("/home/ada")
    assert shell.short("/home/ada/x y") == "~/x y"
    assert shell.short("/home/adam") == "/home/adam"
    assert shell.path("/home/ada/x y") == "~/'x y'"
    assert shell.path("/opt/it's") == "'/opt/it'\"'\"'s'"
    assert shell.without_home("at '/home/ada/.x' and /home/ada/y") == "at '~/.x' and ~/y"
    assert Shell("/").short("/etc") == "/etc"


def test_requirements_are_quoted_for_a_shell() -> None:
    """``>`` would write a file."""
    assert Shell("/r").install("dask[array]>=2026.3", upgrade=True) == (
        "python -m pip install --upgrade 'dask[array]>=2026.3'"
    )
    assert (
        Shell("/r", "~/v/bin/python", uv=True).install("dask")
        == "uv pip install --python ~/v/bin/python dask"
    )
    assert Shell("/r").editable("/r/a b") == "python -m pip install -e ~/'a b'"


def test_a_value_is_cut_and_the_cut_announced() -> None:
    """A variable may hold a megabyte."""
    assert shown("x" * 40) == "'" + "x" * 40 + "'"
    assert shown("x" * 1061) == "'" + "x" * 40 + "'... (1,061 characters)"
