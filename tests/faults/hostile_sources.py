"""Source texts made to exhaust what parses them, each with the part that is forced in it."""

from __future__ import annotations

import zlib

_LINE = "y = bool(x)\n"

SOURCES: dict[str, tuple[str, str]] = {
    "100,000 starred arguments": ("y = f(" + "*a, " * 100_000 + "bool(x))\n", "bool(x)"),
    "100,000 arguments, all forced": (text := "f(" + "*a, " * 100_000 + ")", text),
    "19,000 arguments": (text := "f(" + "a, " * 9_000 + ")", text),
    "20,000 f-strings": ("y = [" + "f'{a}', " * 20_000 + "bool(x)]\n", "bool(x)"),
    "nested f-strings": ("y = " + "f'{" * 1 + 'f"{bool(x)}"' + "}'" * 1 + "\n" + _LINE, "bool(x)"),
    "5,000 f-strings in one another": ("f'{" * 5_000 + "x" + "}'" * 5_000 + "\n" + _LINE, "bool(x)"),
    "long f-string": ("y = f'" + "{a}" * 30_000 + "{bool(x)}'\n", "bool(x)"),
    "5,000 parentheses": ("(" * 5_000 + ")" * 5_000 + "\n" + _LINE, "bool(x)"),
    "150 brackets": ("y = " + "[" * 150 + "bool(x)" + "]" * 150 + "\n", "bool(x)"),
    "80 calls in one another, 500 times": (
        ("y = " + "f(" * 80 + "bool(x)" + ")" * 80 + "\n") * 500,
        "bool(x)",
    ),
    "attribute of attribute": ("y = bool(x)" + ".a" * 50_000 + "\n", "bool(x)"),
    "50,000 minus signs": ("y = " + "-" * 50_000 + "bool(x)\n", "bool(x)"),
    "900 minus signs": (text := "-" * 900 + "bool(x)", text),
    "30,000 sums": ("y = " + "a + " * 30_000 + "bool(x)\n", "bool(x)"),
    "900 sums, forced": (text := "a + " * 900 + "a", text),
    "900 and, forced": ("y = " + "a and " * 900 + "bool(x)\n", "bool(x)"),
    "20,000 lambdas": ("lambda: " * 20_000 + "0\n" + _LINE, "bool(x)"),
    "95 blocks": ("".join(" " * i + "if x:\n" for i in range(95)) + " " * 95 + _LINE, "bool(x)"),
    "3,000 elif": ("if a:\n  pass\n" + "elif b:\n  pass\n" * 3_000 + "else:\n  " + _LINE, "bool(x)"),
    "900 elif": ("if a:\n  pass\n" + "elif b:\n  pass\n" * 900 + "else:\n  " + _LINE, "bool(x)"),
    "2,000,000 lines": ("\n" * 2_000_000 + _LINE, "bool(x)"),
    "90,000 lines": ("\n" * 90_000 + _LINE, "bool(x)"),
    "90,000 statements": ("a\n" * 90_000 + _LINE, "bool(x)"),
    "5,000 functions": ("def f(x):\n    return bool(x)\n" * 5_000, "bool(x)"),
    "5,000 assignments to the forced name": ("x = x + 1\n" * 5_000 + "if bool(x):\n    x = 1\n", "bool(x)"),
    "5,000 loops": ("for i in x:\n    x = x + i\n" * 5_000 + "if bool(x):\n    x = 1\n", "bool(x)"),
    "a line of 3,000,000": ("y = '" + "a" * 3_000_000 + "' + bool(x)\n", "bool(x)"),
    "a line of 900,000 wide characters": ("y = '" + "é" * 900_000 + "' + bool(x)\n", "bool(x)"),
    "a number of 5,000 digits": ("y = bool(x) + 0x" + "f" * 5_000 + "\n", "bool(x)"),
    "a decimal of 5,000 digits": ("y = bool(x) + " + "9" * 5_000 + "\n", "bool(x)"),
    "null bytes": ("\0" * 100 + "\n" + _LINE, "bool(x)"),
    "lone surrogates": ("y = '\\ud800' + bool(x) + '\ud800'\n", "bool(x)"),
    "byte order marks": ("\ufeff\ufeff" + _LINE, "bool(x)"),
    "form feeds": ("\f\v\x1c\x85\u2028" + _LINE, "bool(x)"),
    "carriage returns": ("\r" * 1_000 + _LINE, "bool(x)"),
    "invalid escapes": ("z = '\\d\\8'\n" * 500 + _LINE, "bool(x)"),
    "a string that does not end": ("'''" + _LINE, "bool(x)"),
    "a bracket that does not end": ("f(" + _LINE * 1_000, "bool(x)"),
    "a comparison of 9,000 links": ("y = " + "a < " * 9_000 + "bool(x)\n", "bool(x)"),
    "9,000 targets": ("a = " * 9_000 + "bool(x)\n", "bool(x)"),
    "9,000 subscripts": ("y = bool(x)" + "[a]" * 300 + "\n", "bool(x)"),
    "a mask of 2,000 parts": ("x[" + "(x > 0) & " * 2_000 + "a] = bool(x)\n", "bool(x)"),
    "a comprehension of 50 loops": ("y = [bool(x) " + "for a in b " * 50 + "]\n", "bool(x)"),
    "a walrus in 900 parentheses": ("y = " + "(a := " * 90 + "bool(x)" + ")" * 90 + "\n", "bool(x)"),
    "spaces": (" " * 1_000_000 + "\n" + _LINE, "bool(x)"),
    "semicolons": ("a;" * 50_000 + "bool(x)\n", "bool(x)"),
    "repeated words": ("y = bool(x) # " + "xp.any(" * 50_000 + "\n", "bool(x)"),
}


def bomb(megabytes: int) -> bytes:
    """A text of so many million line breaks, packed."""
    packing, chunk = zlib.compressobj(9), b"\n" * 1_000_000
    return b"".join([*(packing.compress(chunk) for _ in range(megabytes)), packing.flush()])


def broken_checksum() -> bytes:
    """A text of which zlib says that it is damaged."""
    packed = bytearray(zlib.compress(b"bool(x)\n" * 100))
    packed[-1] ^= 1
    return bytes(packed)
