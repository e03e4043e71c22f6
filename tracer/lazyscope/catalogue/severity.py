"""How bad a finding is: thresholds on what it was measured to cost.

high
    The program ended by it: an exception left the traced block, the process was killed in one of its
    forces, or a force wanted more memory than there was. Or a comparison with NumPy showed that a result
    is wrong. Or at stake are at least 10 s; or at least 1 s that are at least 25 % of the program's time.
medium
    At least 1 s, or at least 0.1 s that are at least 5 % of the program's time. Or a result has the right
    values and another dtype than NumPy's.
low
    Whatever else could be better.
info
    Nothing is wrong: the program asks for its result, or allows the force, or it is not known whether
    anything is wrong.

At stake are the seconds of its forces, without those of nested ones; of a finding about forces that
belong to others, what its best fix would save at most.
"""

from __future__ import annotations

from lazyscope.catalogue.finding import Severity

_HIGH_SECONDS, _HIGH_WITH_SHARE, _HIGH_SHARE = 10.0, 1.0, 0.25
_MEDIUM_SECONDS, _MEDIUM_WITH_SHARE, _MEDIUM_SHARE = 1.0, 0.1, 0.05

ORDER: tuple[Severity, ...] = ("high", "medium", "low", "info")
"""The worst first."""


def severity(at_stake: float, program_seconds: float) -> Severity:
    """By the seconds at stake, of something that could be better.

    Parameters
    ----------
    at_stake
        Seconds.
    program_seconds
        Of the whole program.
    """
    share = at_stake / program_seconds if program_seconds > 0 else 0.0
    if at_stake >= _HIGH_SECONDS or (at_stake >= _HIGH_WITH_SHARE and share >= _HIGH_SHARE):
        return "high"
    if at_stake >= _MEDIUM_SECONDS or (at_stake >= _MEDIUM_WITH_SHARE and share >= _MEDIUM_SHARE):
        return "medium"
    return "low"
