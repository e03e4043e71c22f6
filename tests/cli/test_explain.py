"""`lazyscope explain`: pages of the catalogue."""

from __future__ import annotations

import textwrap

import pytest
from click.testing import CliRunner, Result

from lazyscope.catalogue import entries
from lazyscope.catalogue.entries import Entry
from lazyscope.cli.main import main


def explain(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["explain", *arguments])


@pytest.mark.parametrize("entry", entries.all_entries(), ids=lambda entry: entry.code)
def test_a_page_has_the_text_and_both_programs(entry: Entry) -> None:
    """Whatever the case of the code; nothing is wider than a page."""
    result = explain(entry.code.lower())
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{entry.code}  {entry.title}\n")
    for program in (entry.example, entry.repaired):
        assert textwrap.indent(textwrap.dedent(program).strip("\n"), "    ") in result.stdout
    text, _, programs = result.stdout.partition("\nExample\n")
    assert max(map(len, text.splitlines())) <= 80
    assert max(map(len, programs.splitlines())) <= 100


def test_without_a_code_all_are_listed() -> None:
    """By group."""
    listed = explain().stdout
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("    LZ")] == [
        entry.code for entry in entries.all_entries()
    ]


def test_an_unknown_code_is_one_line() -> None:
    """It says which there are."""
    result = explain("LZ999")
    assert result.exit_code == 2
    assert result.stderr.startswith("lazyscope: LZ999 is no code of the catalogue; there are LZ1")
    assert result.stderr.count("\n") == 1
