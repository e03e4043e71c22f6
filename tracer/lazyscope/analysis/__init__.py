"""Pure functions over a trace. They never import dask."""
