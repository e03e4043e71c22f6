"""``lazyscope demo``: the main job on a bundled sample."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from lazyscope.cli.run import default_path
from lazyscope.errors import LazyscopeError

SAMPLE = "kmeans.py"
NEEDS = {"scipy": "SciPy", "sklearn": "scikit-learn", "PIL": "Pillow"}


@click.command(epilog="Example: lazyscope demo")
def demo() -> None:
    """Record a program that reduces the colours of a photograph with SciPy's k-means, and show it.

    The trace is kept in this directory.
    """
    missing = [name for module, name in NEEDS.items() if find_spec(module) is None]
    if missing:
        raise LazyscopeError(
            f"the demo computes with {' and '.join(missing)}: get it with `pip install 'lazyscope[samples]'`"
        )
    path = default_path(Path(SAMPLE).stem)
    command = [sys.executable, "-m", "lazyscope", "run", "-o", str(path), str(sample_path(SAMPLE))]
    status = subprocess.run(command, check=False).returncode
    if status != 0:
        raise LazyscopeError(f"the sample ended with status {status}; what it recorded is in {path.name}")
    _show(path)
    click.echo("\nWhat a code means:        lazyscope explain LZ110", err=True)
    click.echo(f"Go through it:            lazyscope tui {path.name}", err=True)
    click.echo(f"All of it in the browser: lazyscope report {path.name} -o {path.stem}.html", err=True)
    click.echo("On a program of your own: lazyscope run SCRIPT", err=True)


def sample_path(name: str) -> Path:
    """A bundled sample: beside the package where it is installed, in the checkout where it is developed."""
    package = Path(__file__).resolve().parents[1]
    for directory in (package / "samples", package.parents[1] / "samples"):
        if (directory / name).is_file():
            return directory / name
    raise LazyscopeError(f"the sample {name} is not installed: reinstall lazyscope")


def _show(path: Path) -> None:
    from lazyscope.cli.show import show

    click.echo()
    assert show.callback is not None
    show.callback(path)
