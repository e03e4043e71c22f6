"""Traces that several tests look at: what a program on dask arrays leaves behind, good and bad."""

from __future__ import annotations

from typing import Any

from lazyscope.model.events import Wanted
from trace_builder import TraceBuilder

KMEANS = "scipy.cluster.vq.kmeans"
_VQ = "scipy/cluster/vq/_vq_impl.py"
_CHECKS = "scipy/_lib/_array_api.py"


def clean() -> TraceBuilder:
    """A program that stays lazy and computes once, at its end."""
    build = TraceBuilder("ttest.py")
    build.source(
        "ttest.py",
        """
        def main():
            result = ttest_ind(a, b, equal_var=False)
            statistic, pvalue = dask.compute(result.statistic, result.pvalue)
        """,
    )
    build.wait(0.4)
    for _ in range(57):
        build.call("dask.array.mean", build.at("ttest.py", "ttest_ind(a, b, equal_var=False)"))
    compute = build.at("ttest.py", "dask.compute(result.statistic, result.pvalue)")
    build.force(compute, "compute", seconds=0.213, tasks=58, size=16)
    return build.wait(0.02).end()


def kmeans() -> TraceBuilder:
    """K-means on lazy observations: 17 forces from one line of the user's."""
    build = _kmeans_program("samples/kmeans.py", "--colours", "16")
    user = build.at("samples/kmeans.py", "kmeans(obs, guess)")
    site = _kmeans_sites(build)
    common: dict[str, Any] = {"user_site": user, "entry": KMEANS}
    for _ in range(71):
        build.call("dask.array.isfinite", site["check"])
    build.wait(0.391)
    build.force(site["check"], "__bool__", seconds=0.301, tasks=23, size=1, **common)
    build.force(site["check"], "__bool__", seconds=0.004, tasks=5, repeated=1, size=1, **common)
    build.force(site["obs"], "__array__", seconds=0.288, tasks=10, repeated=10, size=320_000, **common)
    for step in range(4):
        build.force(site["c_obs"], "__array__", seconds=0.45, tasks=20, repeated=10, size=320_000, **common)
        build.force(site["c_code_book"], "__array__", seconds=0.003, tasks=2, repeated=1, size=32, **common)
        if step < 3:
            build.force(site["obs_code"], "__array__", seconds=0.001, tasks=1, size=80_000, **common)
            tasks, seconds = 42 + 9 * step, 0.612 + step
            build.force(site["diff"], "__bool__", seconds=seconds, tasks=tasks, repeated=31, size=1, **common)
            build.wait(0.02)
    return build.end()


def killed() -> TraceBuilder:
    """The same program, taken down while it brings all observations into memory."""
    build = _kmeans_program("samples/kmeans.py", memory_limit=16_000_000_000)
    user = build.at("samples/kmeans.py", "kmeans(obs, guess)")
    site = _kmeans_sites(build)
    common: dict[str, Any] = {"user_site": user, "entry": KMEANS}
    build.call("dask.array.astype", site["obs"], outputs=[("astype-8d3f0a", "float64", [1_000_000_000, 10])])
    build.wait(1.2)
    build.force(site["check"], "__bool__", seconds=41.7, tasks=5_003, size=1, **common)
    layer = build.layer("astype-8d3f0a", "astype", 1_000)
    build.begin(
        site["obs"],
        "__array__",
        tasks=2_000,
        repeated=1_000,
        wanted=[Wanted(layer, 1_000, 1_000, last=1)],
        results=("astype-8d3f0a",),
        expected_bytes=80_000_000_000,
        free_bytes=12_300_000_000,
        largest_chunk_bytes=80_000_000,
        resident_bytes=1_234_000_000,
        **common,
    )
    build.wait(3.5)
    build.call("dask.array.mean", site["obs"])
    return build


def hostile() -> TraceBuilder:
    """Names, messages and source that try to break a terminal, markup or a table."""
    build = TraceBuilder("[/b]<script>alert(1)</script>.py", "\x1b[2J", "--name=\u202egnp.exe")
    long = "x" * 1_000_000
    build.source("[bold]evil[/b].py", f'y = "[/b]\x1b]0;owned\x07" + bool(x) + "{long}"\nz = bool({long})')
    build.source("数据/画像解析.py", "結果 = 配列.平均(軸=0) if bool(配列.最大()) else 配列.最小()")
    build.missing("lib/\nnewline\x9b31m.py", distribution="evil 1.0")
    user = build.at("[bold]evil[/b].py", "bool(x)", function="<script>")
    build.force(user, "__bool__", seconds=0.5, tasks=3)
    build.force(build.at("[bold]evil[/b].py", f"bool({long})"), "__bool__", seconds=0.25, tasks=3, repeated=3)
    build.force(build.at("数据/画像解析.py", "bool(配列.最大())"), "__bool__", seconds=0.125, tasks=1)
    build.force(
        build.at("lib/\nnewline\x9b31m.py", 7, function="f\x00"),
        "[red]compute[/red]",
        user_site=user,
        entry="evil.[/].entry\x1b[31m",
        seconds=0.0625,
    )
    build.unknown_shape("[/b]getitem\x1b[0m", user)
    build.failure("Evil\x1b[5mError", "[/b] <script>\r\nsecond line \u2066" + long, user)
    build.blind_spot("[link=https://evil]click[/link] \x1b]8;;https://evil\x07", 3)
    return build.end("exception", "Evil\x1b[5mError: [/b]")


def crowded() -> TraceBuilder:
    """More of everything than a screen holds: sites, shapes, exceptions, threads, what was not seen."""
    build = TraceBuilder("python", "-m", "pipeline", "--config", "production/settings-2026-11.toml")
    build.source("pipeline/steps.py", "\n".join(f"    step_{n} = library.step_{n}(data)" for n in range(12)))
    build.source(
        "library/core.py",
        "def validate(array, strict):\n"
        + "\n".join(f"    if bool(check_{n}(array, tolerance=1e-{n})) and strict: raise" for n in range(12)),
        role="library",
        distribution="library 2.1",
    )
    for n in range(12):
        build.force(
            build.at("library/core.py", f"bool(check_{n}(array, tolerance=1e-{n}))"),
            "__bool__",
            user_site=build.at("pipeline/steps.py", f"library.step_{n}(data)"),
            entry=f"library.step_{n}",
            seconds=2.0 / (n + 1),
            tasks=1_000 * (n + 1),
            repeated=999 * n,
            tasks_exact=n != 4,
            size=None if n == 3 else 8,
            error="ValueError" if n == 5 else None,
        )
    thread = build.force(None, "other", seconds=0.7, tasks=12)
    build.begin(None, "compute", parent=thread, tasks=5, at=build.now - 0.3)
    build.finish(thread + 1, 0.2)
    build.force(None, "compute", user_site=None, seconds=0.4, tasks=2, at=build.now - 0.4)
    for n in range(4):
        build.unknown_shape("Array.__getitem__", build.at("pipeline/steps.py", f"library.step_{n}(data)"))
        build.failure(
            "ValueError",
            f"step {n}: dimension 0 has more than one chunk",
            build.at("library/core.py", f"check_{n}(array, tolerance=1e-{n})"),
            user_site=build.at("pipeline/steps.py", f"library.step_{n}(data)"),
            escaped=n == 3,
        )
    for n in range(6):
        build.blind_spot(f"a name bound before the trace began: {n}", n + 1)
    return build.end("exception", "ValueError: step 3")


def _kmeans_program(*argv: str, memory_limit: int | None = None) -> TraceBuilder:
    build = TraceBuilder(*argv, memory_limit=memory_limit)
    build.source("samples/kmeans.py", "def main():\n    codebook, distortion = kmeans(obs, guess)\n")
    build.source(
        _CHECKS,
        """
        def _check_finite(array, xp):
            msg = "array must not contain infs or NaNs"
            try:
                if not xp.all(xp.isfinite(array)):
                    raise ValueError(msg)
            except TypeError:
                raise ValueError(msg)
        """,
        role="library",
        distribution="scipy 1.18.1",
    )
    build.source(
        _VQ,
        """
        def vq(obs, code_book, check_finite=True):
            if xp.isdtype(ct, kind="real floating"):
                c_obs = np.asarray(c_obs)
                c_code_book = np.asarray(c_code_book)

        def _kmeans(obs, guess, thresh=1e-5, xp=None):
            np_obs = np.asarray(obs)
            while diff > thresh:
                obs_code = np.asarray(obs_code)
        """,
        role="library",
        distribution="scipy 1.18.1",
    )
    return build


def _kmeans_sites(build: TraceBuilder) -> dict[str, int]:
    return {
        "check": build.at(_CHECKS, "xp.all(xp.isfinite(array))", opcode="TO_BOOL"),
        "c_obs": build.at(_VQ, "np.asarray(c_obs)"),
        "c_code_book": build.at(_VQ, "np.asarray(c_code_book)"),
        "obs": build.at(_VQ, "np.asarray(obs)"),
        "obs_code": build.at(_VQ, "np.asarray(obs_code)"),
        "diff": build.at(_VQ, "diff > thresh", opcode="POP_JUMP_IF_FALSE"),
    }
