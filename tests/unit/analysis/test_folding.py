"""Turns of loops are found by what repeats, and nothing is lost by folding them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.analysis.folding import Folded, Turns, fold


def joined(same: Sequence[str]) -> str:
    """Letters of one kind as one: its capital counts how many there are."""
    return "".join(same)


def shown(items: Sequence[Folded[str]]) -> str:
    """``a(b cc)3``: loops in brackets with their number of turns."""
    return " ".join(
        f"({shown(item.body)}){item.fewest}-{item.most}" if isinstance(item, Turns) else item
        for item in items
    )


def folded(text: str) -> str:
    return shown(fold(text, lambda event: event[0], joined))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("", ""),
        ("abc", "a b c"),
        ("aaaa", "aaaa"),
        ("xabababy", "x (aaa bbb)3-3 y"),
        # The last turn was left in the middle: what it did stands after the loop.
        ("abcabcab", "(aa bb cc)2-2 a b"),
        # Turns of an inner loop differ in number: the outer loop is one all the same.
        ("abcbcdabcbcbcd", "(aa (bbbbb ccccc)2-3 dd)2-2"),
        ("aabaaabaab", "(aaaaaaa bbb)3-3"),
        ("abab" + "cdcd" + "abab" + "cdcd", "((aaaa bbbb)2-2 (cccc dddd)2-2)2-2"),
        # No event of a turn comes just once.
        ("abbaabbaabba", "(aaaaa bbbbbb)3-3 a"),
    ],
)
def test_what_repeats_is_a_loop(events: str, expected: str) -> None:
    assert folded(events) == expected


def test_a_turn_may_be_long() -> None:
    """As where a program goes through two hundred lines, forty times over."""
    turn = [chr(0x100 + number) for number in range(200)]
    (loop,) = fold(turn * 41, lambda event: event[0], joined)
    assert isinstance(loop, Turns)
    assert (len(loop.body), loop.fewest, loop.most) == (200, 41, 41)
    assert all(isinstance(event, str) and len(event) == 41 for event in loop.body)


@given(st.lists(st.sampled_from("abcd"), max_size=60))
def test_nothing_is_lost(events: list[str]) -> None:
    """Every event is in one place, and those of one kind that were put together are of one kind."""
    waiting, found = list(fold(events, lambda event: event[0], joined)), []
    while waiting:
        item = waiting.pop()
        if isinstance(item, Turns):
            assert 2 <= item.fewest <= item.most
            waiting += item.body
        else:
            assert len(set(item)) == 1
            found += item
    assert sorted(found) == sorted(events)
