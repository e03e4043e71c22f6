"""``python -m lazyscope``: the same as the `lazyscope` command."""

from __future__ import annotations

import os
import sys

# Python puts the working directory first, where a program may have modules named like those that lazyscope
# needs. `run` puts there what the program is to find.
if not sys.flags.safe_path:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lazyscope.cli.main import main

if __name__ == "__main__":
    main(prog_name="lazyscope")
