"""The explorer: a trace and its findings in the terminal, built with Textual."""
