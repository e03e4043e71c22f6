"""The catalogue of what goes wrong: one module per kind of finding, and what runs them over a trace."""
