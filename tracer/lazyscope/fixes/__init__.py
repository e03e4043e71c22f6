"""Fixes: what can be changed so that a graph is executed less often, built as edits of files."""
