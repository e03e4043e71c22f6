"""One module per output; each a pure function of a trace."""
