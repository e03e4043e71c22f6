"""Secrets and the home directory do not reach a trace, whatever form they have."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.capture.redaction import argv_without_secrets, message_without_secrets

WORDS = ("token", "key", "secret", "pass", "pwd", "auth", "credential", "bearer", "cookie")


@pytest.mark.parametrize("word", WORDS)
def test_every_form_of_a_secret_argument_is_hidden(word: str) -> None:
    """As an option with its value behind it or after an equals sign, and as a variable."""
    given = [f"--my-{word}", "hunter2", f"--{word}s=hunter2", f"MY_{word.upper()}_1=hunter2", f"-{word}", "x"]
    shown = [f"--my-{word}", "***", f"--{word}s=***", f"MY_{word.upper()}_1=***", f"-{word}", "***"]
    assert argv_without_secrets(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--api-key", "-hunter2", "x"], ["--api-key", "***", "x"]),
        (["--password", "--token", "hunter2", "x"], ["--password", "***", "***", "x"]),
        (["--password=hun ter2=x"], ["--password=***"]),
        (["AWS_SECRET_ACCESS_KEY=hun/ter+2"], ["AWS_SECRET_ACCESS_KEY=***"]),
        (["DBPASS=hunter2"], ["DBPASS=***"]),
        (["--env=TOKEN=hunter2", "-eTOKEN=hunter2"], ["--env=TOKEN=***", "-eTOKEN=***"]),
        (["-H", "Authorization: Bearer hunter2"], ["-H", "Authorization: ***"]),
        (["--header=Authorization: Basic hunter2"], ["--header=Authorization: ***"]),
        (["-H", "Authorization:", "Bearer", "hunter2"], ["-H", "Authorization:", "***", "***"]),
        (["X-Api-Key: hunter2"], ["X-Api-Key: ***"]),
        (["https://ada:hunter2@example.org/x"], ["https://***@example.org/x"]),
        (["https://hunter2@example.org/x"], ["https://***@example.org/x"]),
        (["--db=postgres://ada:hun/t@er2@db:5432/x"], ["--db=postgres://***@db:5432/x"]),
        (["https://example.org/?api_key=hunter2&page=3"], ["https://example.org/?api_key=***&page=3"]),
        (['{"token": "hunter2", "page": 3}'], ['{"token": "***", "page": 3}']),
    ],
)
def test_secrets_inside_arguments_are_hidden(given: list[str], shown: list[str]) -> None:
    """The rest of the argument stays."""
    assert argv_without_secrets(given) == shown


@pytest.mark.parametrize(
    "argument",
    [
        "compass=3", "monkey=3", "bypass=yes", "passes=3", "author=ada", "keyframes=3", "sort=key",
        "keepdims=1", "--keep-attrs", "--year=2024", "token.py", "http://localhost:8080/a/@x", "s3://bucket/key",
    ],
)  # fmt: skip
def test_arguments_that_only_look_like_secrets_stay(argument: str) -> None:
    """Ordinary words as names, secret words as values, and ports of addresses."""
    assert argv_without_secrets([argument, "3"]) == [argument, "3"]


def test_an_option_whose_name_contains_a_secret_word_hides_too_much() -> None:
    """Rather than too little."""
    assert argv_without_secrets(["--monkey", "3", "--passes=3"]) == ["--monkey", "***", "--passes=***"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("connect(user='ada', password='hun\\'ter 2', x=1)", "connect(user='ada', password='***', x=1)"),
        (
            "Command '['curl', '--token', 'hunter2', '-v']' returned non-zero exit status 1",
            "Command '['curl', '--token', '***', '-v']' returned non-zero exit status 1",
        ),
        ("curl --token hunter2 -v", "curl --token *** -v"),
        ("{'password': 'hunter2', 'a': 1}", "{'password': '***', 'a': 1}"),
        ("headers={'Authorization': 'Bearer hunter2', 'a': 1}", "headers={'Authorization': '***', 'a': 1}"),
        ("401 for https://ada:hunter2@example.org", "401 for https://***@example.org"),
        ("Cookie: id=hunter2; b=c\nStatus: 401", "Cookie: ***\nStatus: 401"),
        ("auth=('ada', 'hunter2') failed", "auth=*** failed"),
        ("token='hunter2", "token='***"),
    ],
)
def test_secrets_in_messages_are_hidden(message: str, shown: str) -> None:
    """As programs quote their arguments, their headers and their commands."""
    assert message_without_secrets(message) == shown


@pytest.mark.parametrize(
    "message",
    [
        "KeyError: 'x'",
        "Missing dependency ('x-1', 0) for key ('y-2', 0)",
        "f() got an unexpected keyword argument 'key'",
        "token == 3 and key != 4",
        "operands could not be broadcast together with shapes (nan,) (3,)",
    ],
)
def test_messages_without_secrets_stay(message: str) -> None:
    """The catalogue reads them."""
    assert message_without_secrets(message) == message


def test_the_home_directory_in_a_message_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in an address, and at the end; not another's whose name begins alike."""
    monkeypatch.setenv("HOME", "/home/ada")
    message = "no '/home/ada/x', file:///home/ada/y, /home/adam, /mnt/home/ada/z nor /home/ada"
    assert message_without_secrets(message) == "no '~/x', file://~/y, /home/adam, /mnt/home/ada/z nor ~"


@pytest.mark.parametrize(
    "part",
    ["a", "key", "key=", "token='", "-", "://", "http://a:", "'", "--token ", "\\", "token ", "@", "[", "\n"],
)
def test_the_time_grows_with_the_length_only(part: str) -> None:
    """A pattern that tries again from every character would take hours for a million of them."""
    began = time.process_time()
    message_without_secrets("token='" + part * (1_000_000 // len(part)))
    assert time.process_time() - began < 10


@given(st.text(alphabet=st.sampled_from("'\"=: -@?&nameof\n\\\ud800,"), max_size=60))
def test_text_without_secret_words_stays_whatever_it_is(text: str) -> None:
    """Quotes that are not closed, and characters that cannot be encoded."""
    assert message_without_secrets(text) == text
