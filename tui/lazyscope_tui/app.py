"""The explorer as an app: reads and diagnoses a trace, and leads from screen to screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import BindingType

from lazyscope.errors import LazyscopeError
from lazyscope.text.harmless import harmless, harmless_lines
from lazyscope_tui.commands import KeyCommands
from lazyscope_tui.history import History, Visit
from lazyscope_tui.keys import bindings
from lazyscope_tui.reading import causes, read
from lazyscope_tui.screens import SCREENS
from lazyscope_tui.screens.fault import FaultScreen
from lazyscope_tui.screens.waiting import WaitingScreen
from lazyscope_tui.session import DiagnosisReady, GoTo, Session

if TYPE_CHECKING:
    from lazyscope.catalogue.finding import Diagnosis
    from lazyscope.model.trace import TraceData
    from lazyscope_tui.screens.main_screen import MainScreen

DARK, LIGHT = "textual-dark", "textual-light"
_FIRST_PAINT = 0.05
"""Seconds in which the first screen is painted."""
_SHOWS = {"finding": "findings", "force": "forces"}
"""Screens that show a kind of place, where they have another name."""


class Explorer(App[None]):
    """Looks at a trace.

    Parameters
    ----------
    source
        A trace, or the path of one.
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "lazyscope"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere")]
    COMMANDS = App.COMMANDS | {KeyCommands}

    def __init__(self, source: Path | TraceData) -> None:
        super().__init__()
        self._source = source
        self.session: Session | None = None
        self.history = History()
        self.fault: BaseException | None = None
        """What went wrong inside the explorer, if anything did."""
        self._open: dict[str, MainScreen] = {}
        self._looked_at: str | None = None
        """Fingerprint of the finding that is to be shown when the trace has been read again."""

    def on_mount(self) -> None:
        self.theme = DARK
        self._begin()

    # Reading

    def _begin(self) -> None:
        """Read the trace, if it is not there already, and look for causes."""
        if isinstance(self._source, Path):
            self.push_screen(WaitingScreen(f"Reading {self._source.name}"))
            self._read(self._source)
        else:
            self._show(Session(None, self._source))

    @work(thread=True, exclusive=True, group="reading", description="reads the trace")
    def _read(self, path: Path) -> None:
        with self._errors_shown():
            self.call_from_thread(self._show, read(path))

    def _show(self, session: Session) -> None:
        """The trace is read: show it, where an earlier reading of it was looked at if there was one."""
        place = Visit("findings")
        if self.session is not None and session is not self.session:
            session.allowed = self.session.allowed
            found = self.session.finding(self.session.selected)
            self._looked_at = None if found is None else found.fingerprint
            place = _kept(self._place() or place)
        self.session = session
        self.history = History()
        self.run_worker(self._to_first_screen(place), description="shows the trace")

    async def _to_first_screen(self, place: Visit) -> None:
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        for screen in self._open.values():
            self.uninstall_screen(screen)
            screen.remove()
        self._open = {}
        await self._visit(place)
        self.history.add(place)
        # What is known already is painted before the search for causes takes its share of the time.
        self.set_timer(_FIRST_PAINT, self._look_for_causes)

    def _look_for_causes(self) -> None:
        if self.session is not None and self.session.diagnosis is None:
            self._diagnose(self.session)

    # Without a description Textual describes a worker by its arguments: here a whole trace.
    @work(thread=True, exclusive=True, group="diagnosing", description="looks for causes")
    def _diagnose(self, session: Session) -> None:
        with self._errors_shown():
            self.call_from_thread(self._diagnosed, session, causes(session.trace))

    def _diagnosed(self, session: Session, diagnosis: Diagnosis) -> None:
        session.diagnosis = diagnosis
        again = next((one for one in diagnosis.findings if one.fingerprint == self._looked_at), None)
        if again is not None:
            session.selected = again.id
        if session is self.session:
            for screen in self._open.values():
                screen.post_message(DiagnosisReady())

    def action_reload(self) -> None:
        """Read the trace again."""
        if isinstance(self._source, Path):
            self.notify(f"reading {self._source.name} again", markup=False, timeout=2)
            self._read(self._source)
        else:
            self.notify("this trace is in memory: there is no file to read again", markup=False)

    # Errors

    @contextmanager
    def _errors_shown(self) -> Iterator[None]:
        """In a worker: show what went wrong, in the place of what was to be done."""
        from textual.worker import NoActiveWorker, WorkerCancelled

        try:
            yield
        except (WorkerCancelled, NoActiveWorker):
            raise
        except Exception as error:
            self.call_from_thread(self.show_fault, error)

    def show_fault(self, error: BaseException) -> None:
        """Say what went wrong; a fault of the explorer can be reported from there."""
        if not isinstance(error, LazyscopeError):
            self.fault = error
        self.push_screen(FaultScreen(error, can_go_on=self.session is not None))

    def _handle_exception(self, error: Exception) -> None:
        """Show a fault in a handler or in drawing on the screen; a second one ends the explorer."""
        if self.fault is not None or not self.is_running:
            super()._handle_exception(error)
        else:
            self.fault = error
            self.call_later(self.show_fault, error)

    async def run_action(self, *arguments: Any, **settings: Any) -> bool:
        """Run an action; one that fails is shown, and nothing else stops."""
        try:
            return await super().run_action(*arguments, **settings)
        except Exception as error:
            self.show_fault(error)
            return True

    def start_again(self) -> None:
        """Build all screens anew, after a fault."""
        self.fault = None
        if self.session is not None:
            self._show(self.session)

    # From screen to screen

    async def action_go(self, name: str) -> None:
        """Show a main screen as it was left."""
        await self._go(Visit(name))

    async def on_go_to(self, message: GoTo) -> None:
        await self._go(Visit(_SHOWS.get(message.kind, message.kind), message.id))

    async def _go(self, visit: Visit) -> None:
        if self.session is None or isinstance(self.screen, WaitingScreen):
            return
        if visit.id is not None or visit.screen != self._current:
            self._note_place()
            self.history.add(visit)
            await self._visit(visit)

    @property
    def _current(self) -> str | None:
        """Name of the main screen that is shown."""
        return next((name for name, screen in self._open.items() if screen in self.screen_stack), None)

    def _place(self) -> Visit | None:
        """What is looked at."""
        current = self._current
        if current is None:
            return None
        return Visit(current, self._open[current].here())

    def _note_place(self) -> None:
        """Remember what is looked at, to come back to it."""
        place = self._place()
        if place is not None:
            self.history.leave(place)

    async def _visit(self, visit: Visit) -> None:
        session = self.session
        assert session is not None
        screen = self._open.get(visit.screen)
        if screen is None:
            screen = self._open[visit.screen] = SCREENS[visit.screen].opened(session)
            self.install_screen(screen, f"{visit.screen} {id(screen)}")
        if len(self.screen_stack) > 1:
            await self.switch_screen(screen)
        else:
            await self.push_screen(screen)
        if visit.id is not None:
            screen.reveal(visit.id)

    async def action_back(self) -> None:
        """To the place before."""
        await self._step(self.history.back)

    async def action_forward(self) -> None:
        """To the place from which one went back."""
        await self._step(self.history.forward)

    async def _step(self, step: Callable[[], Visit | None]) -> None:
        self._note_place()
        visit = step()
        if visit is not None:
            await self._visit(visit)

    # What goes to the terminal past the screens

    def notify(self, message: str, **how: Any) -> None:
        """Show a notice; names of files and words of programs in it do nothing."""
        super().notify(harmless(message), **how)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text that may be pasted into a terminal, with its line breaks and tabs."""
        super().copy_to_clipboard("\t".join(map(harmless_lines, text.split("\t"))))

    # What works everywhere

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether there is anything to write."""
        return action != "export" or self.session is not None

    def action_export(self) -> None:
        """Ask what to write, and where."""
        from lazyscope_tui.screens.export import ExportScreen

        if self.session is not None:
            self.push_screen(ExportScreen(self.session))

    def action_about(self) -> None:
        """Show what is said of no finding."""
        from lazyscope_tui.screens.about import AboutScreen

        if self.session is not None:
            self.push_screen(AboutScreen(self.session))

    def action_help(self) -> None:
        """Show all keys."""
        from lazyscope_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_switch_theme(self) -> None:
        """Light or dark."""
        self.theme = LIGHT if self.current_theme.dark else DARK

    async def action_quit(self) -> None:
        """Leave."""
        self.workers.cancel_all()
        self.exit()


def _kept(place: Visit) -> Visit:
    """The same place in another reading: forces keep their numbers, findings are numbered anew."""
    return place if (place.id or "").isdecimal() else Visit(place.screen)
