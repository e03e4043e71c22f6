"""What each technique does, in words: what is said where there is no edit that holds."""

from __future__ import annotations

from lazyscope.fixes.fix import Technique

SKETCHES: dict[Technique, str] = {
    "where": "choose between both values for each element instead of selecting, assigning or branching",
    "at": "put the values in with `at` of array-api-extra instead of assigning to a part of the array",
    "apply-where": "compute with `apply_where` of array-api-extra instead of on a selected part",
    "lazy-apply": "wrap the function that takes NumPy arrays with `lazy_apply` of array-api-extra",
    "map-blocks": "run the function on each chunk",
    "native-function": "use a function that works on dask arrays instead of this one",
    "guard-lazy": "check the values only where the array is not lazy",
    "propagate-nan": "let invalid values become NaN instead of raising",
    "clip": "limit the values with `clip`, `minimum` or `maximum` instead of a branch",
    "take-along-axis": "gather the elements by index along an axis instead of selecting them",
    "vectorise": "compute all of it with one array expression instead of a loop",
    "keep-0d": "keep the result as an array without dimensions instead of making a Python number of it",
    "remove-check": "turn the check of values off",
    "choose-parameter": "give the parameter that the library otherwise computes from the data",
    "convert-input": "bring all inputs into one namespace before they are used together",
    "enable-dispatch": "switch the array API support of the library on",
    "persist": "hold the array in memory once, before it is needed several times",
    "store": "write the array to disk once and read it back where it is needed several times",
    "compute-once": "compute the array once and go on with NumPy",
    "batch-compute": "compute the results together, with one call of `dask.compute`",
    "rechunk": "bring the axis into one chunk, or use fewer and larger chunks",
    "compute-chunk-sizes": "compute the lengths of the chunks once, before they are needed",
    "pass-as-argument": "hand the array to the function that runs on the chunks as an argument",
    "reorder": "ask what costs nothing first",
    "upstream": "only the array library can fix it",
    "none": "leave it",
}
