"""``python -m lazyscope`` is the `lazyscope` command."""

from __future__ import annotations

from lazyscope.cli.main import main

if __name__ == "__main__":
    main(prog_name="lazyscope")
