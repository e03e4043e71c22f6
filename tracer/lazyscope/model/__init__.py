"""Plain data: what a trace holds and how it is written down. Imports nothing else of lazyscope."""
