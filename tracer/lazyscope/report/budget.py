"""The message about a budget that was exceeded: how many forces there were, and the worst sites."""

from __future__ import annotations

from dataclasses import replace

from lazyscope.analysis import cost
from lazyscope.analysis.source import SourceSite
from lazyscope.figures import plural
from lazyscope.model.trace import TraceData
from lazyscope.text.harmless import harmless

SITES = 3
"""Sites that are named."""

LONGEST = 120
"""Characters of an expression that are shown."""


def exceeded(trace: TraceData, limit: int, *, budget: str = "max_forces={}") -> str:
    """What to tell who set a budget of `limit` forces; allowed forces do not count.

    Parameters
    ----------
    trace : TraceData
        A trace.
    limit : int
        How many forces were in order.
    budget : str
        How the limit was set, with ``{}`` for it.
    """
    counted = replace(trace, forces=[f for f in trace.forces if f.begin.allowed is None])
    allowed = len(trace.forces) - len(counted.forces)
    besides = f", besides {plural(allowed, 'allowed one')}" if allowed else ""
    sites = cost.breakdown(counted).sites
    lines = [f"{plural(len(counted.forces), 'force')}{besides}, where {budget.format(limit)}:"]
    lines += [f"  {_site(site)}" for site in sites[:SITES]]
    if sites[SITES:]:
        rest = sum(len(site.forces) for site in sites[SITES:])
        lines.append(f"  {rest:,} at {plural(len(sites) - SITES, 'more site')}")
    lines.append('Forces that are meant go under `with lazyscope.allow("reason"):`.')
    return "\n".join(lines)


def _site(site: cost.SiteCost) -> str:
    where = "at an unknown line" if site.site is None else f"at {_place(site.site)}"
    expression = site.site.expression or site.site.code if site.site is not None else ""
    what = f": {_cut(harmless(expression))}" if expression else ""
    user = f", from {_place(site.user_site)}" if site.user_site is not None and not site.direct else ""
    return f"{len(site.forces):,} {where}{what} ({site.trigger}{user})"


def _place(site: SourceSite) -> str:
    return f"{harmless(site.file)}:{site.line}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
