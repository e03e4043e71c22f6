"""``lazyscope diff`` in a terminal: one screen that says what became of every finding."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from lazyscope import figures
from lazyscope.catalogue.before_after import BeforeAfter, Change, Run
from lazyscope.report import diff_notes, diff_words
from lazyscope.report.findings_list import fix_lines
from lazyscope.report.headline import how_it_ended
from lazyscope.report.screen import ALARM, MARK, QUIET, STRONG, Screen, Section, arrange, printed
from lazyscope.report.snippets import excerpt, place, place_and_code
from lazyscope.report.without_source import without_code
from lazyscope.text.harmless import harmless

_LABEL = 8
_STYLES = {"new": ALARM, "worse": ALARM, "gone": "bold green", "better": "green", "same": QUIET}
_TONES = {"worse": ALARM, "better": "green", "": ""}


def render(
    compared: BeforeAfter,
    width: int = 80,
    height: int = 24,
    *,
    color: bool = False,
    ascii_only: bool = False,
    source: bool = True,
) -> str:
    """The comparison as text.

    Parameters
    ----------
    compared : BeforeAfter
        Two runs.
    width, height : int
        The screen, in cells. The last line is left to the prompt.
    color : bool
        Whether to colour by escape sequences.
    ascii_only : bool
        Whether other characters than ASCII are written out.
    source : bool
        Whether lines of source text are shown; if not, there are places only.
    """
    screen = Screen(width, height, color, ascii_only)
    drawing = _Drawing(compared, screen, source)
    return printed(drawing.lines(), width, color=color, no_wrap=True, overflow="crop")


def render_for_stdout(compared: BeforeAfter, *, source: bool = True) -> str:
    """The comparison as text that fits standard output: its size, its colours and its encoding."""
    console = Console()
    return render(
        compared,
        console.width,
        console.height,
        color=bool(console.color_system) and not console.no_color,
        ascii_only=console.options.ascii_only,
        source=source,
    )


@dataclass(frozen=True)
class _Drawing:
    compared: BeforeAfter
    screen: Screen
    source: bool

    def lines(self) -> list[Text]:
        fixed = [*self.verdict(), *self.runs(), *self.sums()]
        sections = [Section(0, lambda _: fixed), self.changes(), self.notes()]
        found = arrange(sections, self.screen.height - 1)
        for line in found:
            line.rstrip()
        while found and not found[-1]:
            found.pop()
        return found

    def verdict(self) -> list[Text]:
        word = diff_words.verdict(self.compared)
        text = self.screen.start(f"{word}: {diff_words.reasons(self.compared)}", 4 * self.screen.width)
        lines = self.screen.paragraph(text)
        style = {"worse": ALARM, "better": "bold green", "same": STRONG}[self.compared.verdict]
        lines[0].stylize(style, 0, len(word) + 1)
        return [*lines, Text("")]

    def runs(self) -> list[Text]:
        return [*self.run("before", self.compared.before), *self.run("after", self.compared.after), Text("")]

    def run(self, label: str, run: Run) -> list[Text]:
        """The program and how it ended."""
        inner = self.screen.narrower(_LABEL)
        ended = how_it_ended(run.trace, lambda exception: inner.start(exception, inner.width // 3))
        words = " ".join(run.trace.header.argv) or "the traced block"
        text = f"{inner.start(words, max(inner.width - len(ended) - 1, 10))} {ended}"
        return self.labelled(label, [Text(inner.start(text, inner.width))], QUIET)

    def labelled(self, label: str, lines: list[Text], style: str) -> list[Text]:
        labels = [label] + [""] * (len(lines) - 1)
        return [
            Text.assemble((text.ljust(_LABEL), style), line) for text, line in zip(labels, lines, strict=True)
        ]

    def sums(self) -> list[Text]:
        """The table of sums."""
        rows = diff_words.sums(self.compared)
        cells = [("", "before", "after"), *((row.label, row.before, row.after) for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(3)]
        drawn = [Text(self.figures(cells[0], widths).rstrip(), QUIET)]
        for row, texts in zip(rows, cells[1:], strict=True):
            drawn.append(Text.assemble(self.figures(texts, widths), (row.change, _TONES[row.tone])))
        return [*drawn, Text("")]

    def figures(self, cells: tuple[str, ...], widths: list[int]) -> str:
        label, before, after = (self.screen.glyph(cell) for cell in cells)
        return f"{label.ljust(widths[0])}  {before.rjust(widths[1])}  {after.rjust(widths[2])}  "

    def changes(self) -> Section:
        """What changed: each finding on a line, then, the first ones first, with all there is to say.

        Those that did not change are one line.
        """
        found = self.compared.of("new", "worse", "gone", "better")
        same = diff_words.as_they_were(self.compared)
        unchanged = [Text(self.screen.start(same, self.screen.width), QUIET), Text("")] if same else []

        def lines(shown: int) -> list[Text]:
            whole = max(shown - len(found), 0)
            drawn = [line for change in found[:whole] for line in (*self.change(change), Text(""))]
            drawn += [self.one_line(change) for change in found[whole:shown]]
            if found[shown:]:
                more = figures.plural(len(found) - shown, "more finding")
                drawn.append(Text(f"and {more} that changed", QUIET))
            return drawn + [Text("")] * bool(found[whole:]) + unchanged

        return Section(2 * len(found), lines, eager=2 * len(found))

    def one_line(self, change: Change) -> Text:
        """Its title, and at the right what it means in figures."""
        screen = self.screen.narrower(_LABEL)
        told = diff_words.effect(self.compared, change)
        least = told.partition("; ")[0].partition(" (")[0].rpartition(", ")[2]
        effect = screen.start(least, 2 * screen.width // 5)
        line = screen.spread(
            self.head(screen.narrower(len(effect) + 2 * bool(effect)), change), Text(effect, QUIET)
        )
        return Text.assemble((change.kind.ljust(_LABEL), _STYLES[change.kind]), line)

    def change(self, change: Change) -> list[Text]:
        inner = self.screen.narrower(_LABEL)
        lines = [self.head(inner, change), *self.where(inner, change)]
        effect = diff_words.effect(self.compared, change)
        lines += [Text(inner.start(effect, inner.width))] if effect else []
        return self.labelled(change.kind, [*lines, *self.fix(inner, change)], _STYLES[change.kind])

    def head(self, screen: Screen, change: Change) -> Text:
        """Its number, severity, code and title."""
        ids = diff_words.ids(change)
        rest = f" {diff_words.severity_of(change)} {diff_words.code_of(change)}  "
        room = screen.width - len(ids) - len(rest)
        title = screen.start(self.sentence(change.finding.title), room)
        return Text.assemble((ids, STRONG), rest, (title, STRONG))

    def sentence(self, text: str) -> str:
        return text if self.source else without_code(text)

    def where(self, screen: Screen, change: Change) -> list[Text]:
        """The user's line and the library's; the line before, too, where it was another."""
        old, new = self.compared.before, self.compared.after
        if change.after is None:
            assert change.before is not None
            return self.places(screen, old, change.before.site, change.before.user_site)
        lines = self.places(screen, new, change.after.site, change.after.user_site)
        if change.before is not None and diff_words.was_elsewhere(self.compared, change):
            site = change.before.site if change.before.site is not None else change.before.user_site
            was = self.places(screen.narrower(4), old, site, site)
            lines += [Text.assemble(("was ", QUIET), line) for line in was]
        return lines

    def places(self, screen: Screen, run: Run, site: int | None, user_site: int | None) -> list[Text]:
        positions = [n for n in dict.fromkeys((user_site, site)) if n is not None]
        found = [excerpt(run.trace, number) for number in positions]
        if not self.source:
            return [place(screen, one.site, screen.width) for one in found]
        marked = [number == site or site is None for number in positions]
        return [
            place_and_code(screen, one, screen.width, mark=mark)
            for one, mark in zip(found, marked, strict=True)
        ]

    def fix(self, screen: Screen, change: Change) -> list[Text]:
        """What to do about what is new or worse."""
        if change.kind not in ("new", "worse") or not self.source:
            return []
        return [line for fix in change.finding.fixes[:1] for line in fix_lines(screen, fix, 2)]

    def notes(self) -> Section:
        """What makes the runs less comparable."""
        inner = self.screen.narrower(_LABEL)
        found = diff_notes.notes(self.compared, lambda text: harmless(diff_words.cut(text, 200)))
        items = [inner.paragraph(inner.start(text, 2 * inner.width))[:2] for text in found]

        def lines(shown: int) -> list[Text]:
            drawn = [line for item in items[:shown] for line in self.labelled("note", item, MARK)]
            if items[shown:]:
                drawn.append(Text(f"and {figures.plural(len(items) - shown, 'more note')}", QUIET))
            return drawn

        return Section(len(items), lines, least=3)
