"""The first screen: what is wrong and how to mend it, without a key pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from explored import NARROW, WIDE, explored, pressed, said, shown
from textual.app import App

import sample_traces
from lazyscope_tui import editing
from recorded_samples import path_of
from trace_builder import TraceBuilder

KMEANS = path_of("kmeans")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_first_screen_names_the_worst_problem_and_its_fix(size: tuple[int, int]) -> None:
    """No key is pressed."""
    async with explored(KMEANS, size) as pilot:
        screen = shown(pilot)
        assert "F1 ● low LZ110  `pixels` is computed again and again" in screen
        assert "→ Fix: `pixels = pixels.persist()` after `pixels = da.from_array(photograph," in screen
        assert "42 forces took 0.115 s" in screen


async def test_findings_are_in_the_order_of_their_cost() -> None:
    """As in every report, what follows another is marked."""
    async with explored(KMEANS) as pilot:
        rows = [line.split()[0].lstrip("▸") for line in shown(pilot).splitlines()[3:9] if line.strip("▸ ")]
        assert pilot.app.session.diagnosis.findings[0].id == "F1"
        assert "F2  ● low    LZ106" in shown(pilot)
        assert len(rows) == 6


async def test_moving_shows_another_finding() -> None:
    """The cursor and what is beside it go together, with arrows and letters."""
    async with explored(KMEANS) as pilot:
        assert "F1a ○ info LZ404" in await pressed(pilot, "down")
        assert "F2 ● low LZ106" in await pressed(pilot, "j")
        assert "F1a ○ info LZ404" in await pressed(pilot, "k")
        assert "F3 ○ info LZ119" in await pressed(pilot, "end")
        assert "F1 ● low LZ110" in await pressed(pilot, "home")
        await pressed(pilot, "pagedown")
        assert pilot.app.session.selected == "F2d"
        await pressed(pilot, "pageup", "up")
        assert pilot.app.session.selected == "F1"


async def test_search_and_filters_combine() -> None:
    """Words and fields must all be met; Esc brings everything back."""
    async with explored(KMEANS) as pilot:
        screen = await pressed(pilot, "slash", *"code:LZ103 whole", "enter")
        assert "4 findings" in screen
        assert "F1  ●" not in screen
        screen = await pressed(pilot, "slash", *" line:_vq_impl.py:259", "enter")
        assert "1 finding" in screen
        assert "F2b ● low LZ103" in screen
        screen = await pressed(pilot, "slash", *"zzz", "enter")
        assert "No finding has all of this." in screen
        assert "F1  ● low" in await pressed(pilot, "escape")


async def test_y_copies_the_lines_of_the_fix_and_says_so() -> None:
    """The replacement, not the sentence."""
    async with explored(KMEANS) as pilot:
        notice = await said(pilot, "y")
        assert pilot.app.clipboard == "    pixels = pixels.persist()\n"
        assert "copied 1 line of fix 1 of F1: persist" in notice


async def test_n_chooses_the_fix_that_y_copies() -> None:
    """And round again after the last."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, *["down"] * 4)
        copied = []
        for _ in range(len(pilot.app.session.finding("F2b").fixes) + 1):
            await pressed(pilot, "y", "n")
            copied.append(pilot.app.clipboard)
        assert copied[0] == copied[-1] == "    pixels = pixels.persist()\n"
        computed = "kmeans(*dask.compute(pixels, da.from_array(greys)))"
        assert copied[1] == f"    palette, distortion = {computed}\n"


async def test_x_marks_as_allowed_with_a_reason() -> None:
    """The finding is sorted last, and the line to put around is copied."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "x", *"measured it", "enter")
        assert pilot.app.clipboard == "with lazyscope.allow('measured it'):"
        screen = await pressed(pilot, "end")
        assert "allowed here: measured it" in screen
        assert pilot.app.session.selected == "F1"


async def test_x_left_changes_nothing() -> None:
    """Esc calls it off."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "x", *"no", "escape")
        assert pilot.app.session.allowed == {}


async def test_o_opens_the_line_in_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the user's line, by the file where it is now."""
    opened: list[list[str]] = []
    monkeypatch.setenv("EDITOR", "vim -R")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setattr(editing, "_run", lambda screen, words: opened.append(words))
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "o")
    assert opened == [["vim", "-R", "+42", str(Path("samples/kmeans.py").absolute())]]


async def test_o_without_an_editor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and what to type."""
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    async with explored(KMEANS) as pilot:
        assert "no editor is set" in await said(pilot, "o")


async def test_r_c_and_back_and_forward() -> None:
    """To the forces of the finding, to its line in the calls, and back and forward again."""
    async with explored(KMEANS) as pilot:
        screen = await pressed(pilot, "down", "down", "r")
        assert "finding:f2" in screen.lower()
        assert "9 forces" in screen
        assert "F2 ● low LZ106" in await pressed(pilot, "left_square_bracket")
        assert "9 forces" in await pressed(pilot, "right_square_bracket")
        assert "F2 ● low LZ106" in await pressed(pilot, "alt+left")
        assert "▾ _kmeans" in await pressed(pilot, "c")


async def test_space_scrolls_what_is_said() -> None:
    """To the end, then to the start."""
    async with explored(KMEANS) as pilot:
        await pressed(pilot, *["down"] * 4)
        details, positions = pilot.app.screen.query_one("#details"), [0.0]
        seen = ""
        while len(positions) < 9 and (positions[-1] or len(positions) == 1):
            seen += await pressed(pilot, "space")
            positions.append(details.scroll_y)
        assert positions[-1] == 0 < positions[1] < max(positions)
        assert "fixes, the best first" in seen
        assert "Insert before line 40 of samples/kmeans.py" in seen


async def test_clean_run_gets_a_sentence() -> None:
    """What is expected is said to be so."""
    async with explored(sample_traces.clean().trace()) as pilot:
        assert "Nothing to mend: what was forced is what the program asked for." in shown(pilot)


async def test_run_without_forces_gets_a_sentence() -> None:
    """No empty table."""
    async with explored(TraceBuilder("lazy.py").end().trace()) as pilot:
        assert "It stayed lazy all the time: no graph was executed" in shown(pilot)


async def test_click_chooses_a_finding() -> None:
    """The mouse does what the arrows do."""
    async with explored(KMEANS) as pilot:
        await pilot.click("#rows", offset=(10, 2))
        await pilot.pause()
        assert pilot.app.session.selected == "F2"


async def test_clicked_tab_opens_its_screen() -> None:
    """As its number does."""
    async with explored(KMEANS) as pilot:
        await pilot.click("TitleBar", offset=(28, 0))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert "trigger" in shown(pilot).splitlines()[1]


async def test_theme_is_switched() -> None:
    """Between light and dark."""
    async with explored(KMEANS) as pilot:
        assert pilot.app.current_theme.dark
        await pressed(pilot, "ctrl+t")
        assert not pilot.app.current_theme.dark
        await pressed(pilot, "ctrl+t")
        assert pilot.app.current_theme.dark


async def test_q_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once."""
    left: list[bool] = []
    monkeypatch.setattr(App, "exit", lambda self, *arguments: left.append(True))
    async with explored(KMEANS) as pilot:
        await pressed(pilot, "q")
    assert left


async def test_program_is_named_by_the_end_of_its_path() -> None:
    """And by the first of its arguments, whatever they hold."""
    script = "/a/very/long/path/to/where/it/was/installed/pipeline.py"
    build = TraceBuilder(script, "--year", "[/b]", *["more"] * 20)
    build.source("p.py", "x + 1")
    build.call("Array.__add__", build.at("p.py", "x + 1"))
    async with explored(build.end().trace()) as pilot:
        assert "installed/pipeline.py --year [/b]" in shown(pilot)
