"""What source text says, read from its syntax tree: names, masks, tests, loops, functions, calls."""
