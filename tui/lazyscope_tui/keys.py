"""The one table of keys: what bindings, footer, help screen and command palette are made from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Key:
    """What a key does."""

    keys: str
    """Names of keys as Textual has them, separated by commas; the first is shown."""
    action: str
    """Action of the screen that it works on; of the app for `EVERYWHERE`."""
    label: str
    """A word for the footer."""
    what: str
    """A sentence for the help and the command palette."""
    shown: str = ""
    """How the key is written, where that is not its name."""
    in_footer: bool = True


def more(keys: str, action: str, label: str, what: str, shown: str = "") -> Key:
    """A key that the footer has no room for."""
    return Key(keys, action, label, what, shown, in_footer=False)


EVERYWHERE = (
    more("1", "go('findings')", "Findings", "Findings: what is wrong, where, why, and how to mend it."),
    more("2", "go('calls')", "Calls", "Calls: your lines, library functions, array calls."),
    more("3", "go('forces')", "Forces", "Forces: every execution of a dask graph."),
    more("4", "go('graph')", "Graph", "Graph: the course of the program, drawn."),
    more("5", "go('timeline')", "Timeline", "Timeline: calls and forces over time."),
    more("6", "go('compare')", "Compare", "Compare: this trace and another."),
    more("left_square_bracket,alt+left", "back", "Back", "Back to where you were.", shown="["),
    more("right_square_bracket,alt+right", "forward", "Forward", "Forward again.", shown="]"),
    Key("e", "export", "Export", "Write a report or picture to a file."),
    more("i", "about", "About", "About the trace: its cost, what stayed lazy, what was not seen, versions."),
    more("ctrl+r", "reload", "Reload", "Read the trace again, as when its program still runs."),
    more("ctrl+t", "switch_theme", "Light or dark", "Switch between the light and the dark theme."),
    Key("question_mark,f1", "help", "Help", "All keys, and what marks and words mean.", shown="?"),
    Key("q", "quit", "Quit", "Leave the explorer."),
)  # fmt: skip

LISTS = (
    more("down,j", "cursor_down", "Down", "Next row.", shown="↓ j"),
    more("up,k", "cursor_up", "Up", "Row before.", shown="↑ k"),
    more("pagedown", "page_down", "Page down", "A page down.", shown="PgDn"),
    more("pageup", "page_up", "Page up", "A page up.", shown="PgUp"),
    more("home", "first", "First", "First row.", shown="Home"),
    more("end", "last", "Last", "Last row.", shown="End"),
)

FINDINGS = (
    Key("slash", "search", "Search", "Search; filters such as code:LZ103 combine.", shown="/"),
    Key("y", "copy_fix", "Copy fix", "Copy the chosen fix to the clipboard."),
    more("n", "next_fix", "Next fix", "Choose the next fix of this finding."),
    Key("o", "open_line", "Open", "Open the line in $EDITOR."),
    Key("x", "allow", "Allow", "Mark the finding as allowed, with a reason."),
    Key("g", "show_graph", "Graph", "Show the finding in the graph."),
    more("r", "show_forces", "Forces", "Show the forces of the finding."),
    more("t", "show_timeline", "Timeline", "Show the finding in the timeline."),
    more("c", "show_calls", "Calls", "Show the finding's line in the calls."),
    more("space", "scroll_details", "More", "Scroll what is said about the finding."),
    more("escape", "clear_search", "Clear", "Clear the search.", shown="Esc"),
)

CALLS = (
    Key("slash", "search", "Search", "Search for lines, functions and operations.", shown="/"),
    Key("right,enter", "open_node", "Expand", "Expand; on a force or finding, go there.", shown="→"),
    Key("left", "close_node", "Collapse", "Collapse, or go to the row above it.", shown="←"),
    Key("o", "open_line", "Open", "Open the line in $EDITOR."),
    Key("f", "show_finding", "Finding", "Go to the finding of the line's dearest force."),
    more("r", "show_forces", "Forces", "Show the forces of the line."),
    more("escape", "clear_search", "Clear", "Clear the search.", shown="Esc"),
)

FORCES = (
    Key("slash", "search", "Search", "Search; filters such as trigger:__bool__ combine.", shown="/"),
    Key("enter,f", "show_finding", "Finding", "Go to the finding of the force.", shown="Enter"),
    more("t", "filter_by('trigger')", "Trigger", "Only forces with this trigger; again: all."),
    Key("s", "filter_by('site')", "Site", "Only forces of this site; again: all."),
    more("n", "filter_by('entry')", "Entry", "Only forces in this library function; again: all."),
    more("w", "filter_by('finding')", "Of finding", "Only forces of this finding; again: all."),
    Key("b", "show_earlier", "Earlier", "Go to the earlier force that had run these tasks."),
    more("d", "sort", "Order", "Order by time, or the dearest first."),
    more("o", "open_line", "Open", "Open the line in $EDITOR."),
    more("escape", "clear_search", "Clear", "Clear search and filters.", shown="Esc"),
)  # fmt: skip

COMPARE = (
    Key("enter", "take", "Take", "Compare with the chosen trace; on a finding, go there.", shown="Enter"),
    Key("slash", "choose", "Other trace", "Choose another trace, or type the name of its file.", shown="/"),
    Key("w", "swap", "Swap", "Take the other trace as the one before, or after."),
    Key(
        "escape",
        "leave_name",
        "Back to the list",
        "Leave the name of the file.",
        shown="Esc",
        in_footer=False,
    ),
)

GRAPH: tuple[Key, ...] = (
    Key("n", "next_finding(1)", "Next", "Go to the next finding in the graph."),
    more("N", "next_finding(-1)", "Previous", "Go to the finding before."),
    Key("plus,equals_sign", "zoom(1)", "Zoom", "Nearer: show more of each box.", shown="+ -"),
    more("minus", "zoom(-1)", "Farther", "Farther: show less of each box, and more boxes.", shown="-"),
    Key("enter,f", "show_finding", "Finding", "Go to the finding of the box.", shown="Enter"),
    Key("g", "open_picture", "SVG", "Write the graph as SVG, and open it in the browser."),
    more("tab", "next_node(1)", "Next box", "Go to the next box.", shown="Tab"),
    more("shift+tab", "next_node(-1)", "Box before", "Go to the box before.", shown="Shift-Tab"),
    more("left,h", "pan(-1, 0)", "Left", "Move to the left; the mouse drags the graph.", shown="← h"),
    more("right,l", "pan(1, 0)", "Right", "Move to the right.", shown="→ l"),
    more("up,k", "pan(0, -1)", "Up", "Move up.", shown="↑ k"),
    more("down,j", "pan(0, 1)", "Down", "Move down.", shown="↓ j"),
    more("pageup", "page(0, -1)", "Page up", "A page up.", shown="PgUp"),
    more("pagedown", "page(0, 1)", "Page down", "A page down.", shown="PgDn"),
    more("home", "ends(False)", "Start", "To the start of the program.", shown="Home"),
    more("end", "ends(True)", "End", "To the end of the program.", shown="End"),
)  # fmt: skip

TIMELINE: tuple[Key, ...] = (
    Key("n", "next_force(1)", "Next", "Go to the next force."),
    more("N", "next_force(-1)", "Previous", "Go to the force before."),
    Key("plus,equals_sign", "zoom(1)", "Zoom", "Nearer: show half as much time.", shown="+ -"),
    more("minus", "zoom(-1)", "Farther", "Farther: show twice as much time.", shown="-"),
    more("z", "show_near", "Fit", "Show the force as wide as the view."),
    more("0,home", "show_all", "All", "Show the whole run."),
    Key("enter", "show_force", "Force", "Go to the force.", shown="Enter"),
    Key("f", "show_finding", "Finding", "Go to the finding of the force."),
    more("left,h", "pan(-1)", "Earlier", "Move to earlier; the mouse drags the time.", shown="← h"),
    more("right,l", "pan(1)", "Later", "Move to later.", shown="→ l"),
    more("up,k", "lanes(-1)", "Up", "Threads above.", shown="↑ k"),
    more("down,j", "lanes(1)", "Down", "Threads below.", shown="↓ j"),
)  # fmt: skip

LIVE: tuple[Key, ...] = (
    Key(
        "enter",
        "app.explore",
        "Explore",
        "Explore what has been recorded so far, or all of it at the end.",
        shown="Enter",
    ),
    Key("ctrl+c", "app.ask_whom_to_stop", "Stop", "Stop the program, or leave the explorer.", shown="^C"),
    more("tab", "other_pane", "Other pane", "To the output of the program, or to its forces.", shown="Tab"),
    more("L", "app.show_live", "Live", "Back from the explorer to the program that runs."),
)

EXPORT = (
    Key("enter", "write", "Write", "Write what is chosen to the file.", shown="Enter"),
    Key("tab", "edit_name", "Name", "Change the name of the file, or go back to the list.", shown="Tab"),
    Key("escape", "cancel", "Cancel", "Leave; what is being written is called off.", shown="Esc"),
)

ALLOW = (
    Key("enter", "mark", "Mark", "Mark the finding, and copy the line to put around.", shown="Enter"),
    Key("escape", "dismiss(None)", "Cancel", "Leave it as it was.", shown="Esc"),
)

PAGES = (Key("escape,q", "dismiss", "Back", "Back to where you were.", shown="Esc"),)

FAULT = (
    Key("enter,escape", "go_on", "Go on", "Go on with the trace.", shown="Enter"),
    Key("y", "copy", "Copy", "Copy what is shown, to report it."),
)

STOP = (
    Key("p", "dismiss('program')", "Program", "The program: it is interrupted, as by its own Ctrl-C."),
    Key("k", "dismiss('kill')", "Kill", "The program, at once: it is killed, its trace stays readable."),
    Key("x", "dismiss('explorer')", "Explorer", "The explorer: the program goes on here without it."),
    Key("escape", "dismiss(None)", "Neither", "Neither.", shown="Esc"),
)


@dataclass(frozen=True)
class Scope:
    """Keys that work in one place."""

    name: str
    title: str
    keys: tuple[Key, ...]


SCOPES = (
    Scope("everywhere", "Everywhere", EVERYWHERE),
    Scope("lists", "In lists", LISTS),
    Scope("findings", "Findings", FINDINGS),
    Scope("calls", "Calls", CALLS),
    Scope("forces", "Forces", FORCES),
    Scope("graph", "Graph", GRAPH),
    Scope("timeline", "Timeline", TIMELINE),
    Scope("compare", "Compare", COMPARE),
    Scope("live", "While a program runs", LIVE),
    Scope("export", "Writing a file", EXPORT),
    Scope("allow", "Marking as allowed", ALLOW),
    Scope("stop", "Stop whom?", STOP),
    Scope("pages", "Help and About", PAGES),
    Scope("fault", "Where something went wrong", FAULT),
)
"""All keys, in the order of the help."""


def keys_of(scope: str) -> tuple[Key, ...]:
    """The keys that work in a place."""
    return next(one.keys for one in SCOPES if one.name == scope)


def bindings(scope: str, *, first: Collection[str] = ()) -> list[BindingType]:
    """The keys of a place as Textual wants them for ``BINDINGS``.

    Parameters
    ----------
    scope
        Name of the place.
    first
        Names of keys that work here even where a widget has a use for them.
    """
    return [
        replace(binding, priority=True) if binding.key in first else binding
        for binding in _bindings(keys_of(scope))
    ]


def _bindings(keys: Iterable[Key]) -> Iterator[Binding]:
    for key in keys:
        name, *others = key.keys.split(",")
        yield Binding(
            name, key.action, key.label, show=key.in_footer, key_display=key.shown or None, tooltip=key.what
        )
        for other in others:
            yield Binding(other, key.action, key.label, show=False)


def written(key: Key) -> str:
    """How a key is written in the help."""
    return key.shown or key.keys.partition(",")[0].replace("+", "-").replace("ctrl", "Ctrl")
