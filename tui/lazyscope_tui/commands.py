"""The command palette: every key of the table that works where the reader is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from lazyscope_tui.keys import SCOPES, Key, written


class KeyCommands(Provider):
    """What keys do, found by their words."""

    def _keys(self) -> Iterator[tuple[Key, str]]:
        """Keys that work on the screen, and where they do."""
        current = getattr(self.screen, "NAME", "")
        for scope in SCOPES:
            if scope.name in ("everywhere", current):
                for key in scope.keys:
                    yield key, scope.title

    async def discover(self) -> Hits:
        for key, place in self._keys():
            yield DiscoveryHit(_name(key), partial(self._run, key), key.label, _help(key, place))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key, place in self._keys():
            score = max(matcher.match(key.label), matcher.match(key.what))
            if score > 0:
                yield Hit(score, _name(key), partial(self._run, key), key.label, _help(key, place))

    async def _run(self, key: Key) -> None:
        await self.app.run_action(key.action, default_namespace=_owner(self, key))


def _owner(provider: Provider, key: Key) -> DOMNode:
    everywhere = next(scope for scope in SCOPES if scope.name == "everywhere")
    return provider.app if key in everywhere.keys else provider.screen


def _name(key: Key) -> Content:
    return Content(key.label)


def _help(key: Key, place: str) -> str:
    return f"{key.what} ({place}: {written(key)})"
