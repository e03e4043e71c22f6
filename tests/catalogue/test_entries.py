"""Every entry of the catalogue: its example has the finding and no other, its repaired example has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_programs import above_info, diagnosed

from lazyscope.catalogue import entries
from lazyscope.catalogue.entries import Entry

ENTRIES = entries.all_entries()

every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.code for entry in ENTRIES])


@every_entry
def test_the_example_has_this_finding_and_no_other(entry: Entry, tmp_path: Path) -> None:
    diagnosis = diagnosed(entry.example, tmp_path)
    own = [found for found in diagnosis.findings if found.code == entry.code]
    assert own, [found.code for found in diagnosis.findings]
    others = [
        found
        for found in above_info(diagnosis)
        if found.code != entry.code and found.follows not in {one.id for one in own}
    ]
    assert not others, [(found.code, found.why) for found in others]
    assert all(found.fixes for found in own)
    assert not diagnosis.broken


@every_entry
def test_the_repaired_example_has_it_no_more(entry: Entry, tmp_path: Path) -> None:
    diagnosis = diagnosed(entry.repaired, tmp_path)
    assert entry.code not in [found.code for found in diagnosis.findings]
    assert not diagnosis.broken
    assert not above_info(diagnosis), [(found.code, found.why) for found in above_info(diagnosis)]


@every_entry
def test_the_page_says_when_it_occurs_and_what_to_do(entry: Entry) -> None:
    assert "When it occurs\n" in entry.page
    assert "\nFixes\n" in entry.page
    assert entry.title[0].isupper()
    assert not entry.title.endswith(".")
    compile(entry.example, "example", "exec")
    compile(entry.repaired, "repaired", "exec")


def test_codes_are_unique_and_modules_are_named_after_them() -> None:
    codes = [entry.code for entry in ENTRIES]
    assert len(set(codes)) == len(codes)
    folder = Path(entries.__file__).parent
    assert sorted(path.name[:5].upper() for path in folder.glob("lz*.py")) == codes
