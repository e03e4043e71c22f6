"""What the terminal shows, at 80 columns, and in company of other options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from plugin_runs import Runner, Suite

MANY = """
    import dask.array as da
    import pytest

    @pytest.mark.parametrize("n", range(1, 14), ids="size-of-the-array-{}".format)
    def test_some_function_with_a_name_that_is_long(n):
        da.ones(n, chunks=1).sum().compute(scheduler="sync")

    def test_nothing():
        pass
"""


def test_the_section(suite: Suite, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, the ten dearest tests with the site that cost most, and what was left out."""
    suite(test_it=MANY)
    section = run("--lazyscope").section
    assert len(section) == 1 + 1 + 2 * 10 + 1
    assert re.fullmatch(
        r"13 forces in 13 of 14 tests: [\d.]+ m?s, \d+ tasks, none repeated within a test", section[0]
    )
    assert section[1] == "  seconds  forces     tasks  repeated"
    for name, figures in zip(section[2:-1:2], section[3:-1:2], strict=True):
        assert re.fullmatch(
            r"test_it\.py::test_some_function_with_a_name_that_is_long\[size-of-the-array-\d+\]", name
        )
        assert re.fullmatch(
            r" {4}\d\.\d{3} {7}1 {8}[ \d]\d {9}0  test_it\.py:6  da\.ones\(n, chunks=1\)\.sum\(\)…", figures
        )
        assert len(figures) == 80
    seconds = [float(line.split()[0]) for line in section[3:-1:2]]
    assert seconds == sorted(seconds, reverse=True)
    assert section[-1] == "3 more tests forced: see --lazyscope-report FILE.json"
    monkeypatch.setenv("COLUMNS", "50")
    narrow = run("--lazyscope").section
    assert max(map(len, narrow)) <= 50
    assert re.fullmatch(r"….*_with_a_name_that_is_long\[size-of-the-array-\d+\]", narrow[3])
    assert narrow[5] == "    test_it.py:6  da.ones(n, chunks=1).sum().comp…"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["-q"], True),
        (["-qq"], True),
        (["-vv"], True),
        (["--tb=no"], True),
        (["--color=yes"], True),
        (["--no-header", "-rN", "--disable-warnings", "--capture=no"], True),
        (["-p", "no:terminal"], False),
    ],
)
def test_other_options(options: list[str], shown: bool, suite: Suite, run: Runner) -> None:
    """They stay what they are."""
    suite(test_it=MANY.replace("pass", "assert False"))
    traced = run("--lazyscope-report=report.json", *options)
    assert traced.result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(traced.tests) == 14
    title = re.search(r"^(\x1b\[\d+m)?=+ lazyscope =+", traced.out, re.MULTILINE)
    assert (title is not None) == shown
    assert ("\nreport in report.json\n" in traced.out) == shown


@pytest.mark.parametrize("options", [["--lazyscope"], []])
def test_nothing_is_warned_of(options: list[str], suite: Suite, run: Runner) -> None:
    """Not of lazyscope's own import, nor of files left open, where warnings are errors."""
    suite(
        test_it=MANY,
        test_imports="""
        import lazyscope
        import lazyscope.capture.session

        def test_it():
            with lazyscope.trace():
                pass
        """,
    )
    result = run("-W", "error", *options).result
    result.assert_outcomes(passed=15)
    assert result.errlines == []


def test_names_that_would_harm_the_terminal(suite: Suite, run: Runner) -> None:
    """Of tests, files and sites."""
    suite(
        conftest="""
        import pytest

        class Text(pytest.File):
            def collect(self):
                yield Hostile.from_parent(self, name="[/b]\\x1b[2J\\u202egnp\\n\\udc80.\\u6570")

        class Hostile(pytest.Item):
            def runtest(self):
                import dask.array as da
                name = "site\\x1b]0;owned\\x07.py"
                exec(compile("\\n\\nda.ones(3).sum().compute()", name, "exec"), {"da": da})

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".txt":
                return Text.from_parent(parent, path=file_path)
        """,
    )
    Path("a.txt").touch()
    traced = run("--lazyscope-report=report.json", "-p", "no:cacheprovider")
    assert traced.section[2:4] == [
        r"a.txt::[/b]\x1b[2J\u202egnp\n\udc80.数",
        rf"{traced.section[3][:37]}  site\x1b]0;owned\x07.py:3",
    ]
    assert traced.tests[0]["nodeid"] == "a.txt::[/b]\x1b[2J\u202egnp\n\udc80.数"
