"""Pictures of a trace, laid out by graphviz: what is drawn, how it looks, and who draws it."""
