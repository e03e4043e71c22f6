"""What the header of a trace says of where the program ran, and what it must not say."""

from __future__ import annotations

import pytest

from lazyscope.capture.environment import without_home, without_secrets


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--api-key", "abc", "x"], ["--api-key", "***", "x"]),
        (["--token=abc"], ["--token=***"]),
        (["-Password", "-x"], ["-Password", "***"]),
        (["--passwd", "a", "b"], ["--passwd", "***", "b"]),
        (["monkey", "--year=2024"], ["monkey", "--year=2024"]),
    ],
)
def test_values_of_secret_options_are_replaced(given: list[str], shown: list[str]) -> None:
    """Whether they follow an equals sign or as an argument of their own."""
    assert without_secrets(given) == shown


def test_the_home_directory_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the user's name."""
    monkeypatch.setenv("HOME", "/home/ada")
    given = ["/home/ada/run.py", "--out=/home/ada/x", "--in=/home/ada", "/home/adam/y"]
    assert without_home(given) == ["~/run.py", "--out=~/x", "--in=~", "/home/adam/y"]


def test_without_a_home_nothing_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service account may have the root directory for a home."""
    monkeypatch.setenv("HOME", "/")
    assert without_home(["/srv/run.py"]) == ["/srv/run.py"]
