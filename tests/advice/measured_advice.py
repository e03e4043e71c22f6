"""Follows the first advice on each program as the report gives it, and measures what came of it.

python tests/advice/measured_advice.py [--fix 1|2] [--only NAME] [--jobs 2] FOLDER...

A program is recorded by `lazyscope run`. Of the first finding above `info`, the first fix other than `none`
(`--fix 2`: the second) is put into the program, all of its edits, and the program is measured before and
after, without lazyscope. One line for each program that was not helped, then the figures. Verdicts:

helps    It prints the same, or crashes no more, and makes fewer blocks or executes fewer graphs or tasks.
harms    It raises what it did not raise, prints something else, makes more blocks, or, without
         blocks, executes more and nothing less.
nothing  None of these.
words    The fix has no code, or only code for an installed library.
missed   No finding above `info`, or none with such a fix.
quiet    A control about which nothing was said above `info`.
loud     A control about which something was said.

The exit status is 1 if a fix harms, that of a loud control included, or a program could not be judged.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from program_files import Measured, Program, measured, programs

FIGURES = ("executions", "blocks", "tasks")
WITH_CODE = ("helps", "nothing", "harms")


@dataclasses.dataclass(frozen=True)
class Edit:
    """Lines `line` to `end_line` give way to `new`; `old` is what stood there, where that is known."""

    file: str
    line: int
    end_line: int
    new: list[str]
    old: list[str] | None = None


@dataclasses.dataclass(frozen=True)
class Judged:
    """What came of the advice on one program."""

    verdict: str
    reason: str
    technique: str | None = None
    harm: bool = False
    as_good_as_by_hand: bool = False
    forbidden: str | None = None


def report(program: Program, room: Path) -> dict[str, Any]:
    """What lazyscope reports about the program."""
    room.mkdir(parents=True)
    (room / "program.py").write_text(program.text)
    lazyscope(["run", "-o", "program.lazy", "program.py"], program, room)
    text = lazyscope(["report", "program.lazy", "--format", "json"], program, room)
    found: dict[str, Any] = json.loads(text)
    return found


def lazyscope(arguments: list[str], program: Program, room: Path) -> str:
    """Standard output of a lazyscope command."""
    run = subprocess.run(
        [sys.executable, "-m", "lazyscope", *arguments],
        cwd=room,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return run.stdout


def edits(fix: Mapping[str, Any]) -> list[Edit]:
    """The edits of a fix, of either version of the report; none if the fix is words."""
    rows = [fix["replacement"]] if fix.get("replacement") else fix.get("edits") or []
    return [Edit(row["file"], row["line"], row["end_line"], row["new"], row.get("old")) for row in rows]


def edited(text: str, todo: Iterable[Edit]) -> str:
    """The text with all edits, from the last to the first so that line numbers stay true."""
    lines = text.splitlines(keepends=True)
    in_order = sorted(todo, key=lambda edit: (edit.line, edit.end_line))
    for edit in in_order[::-1]:
        there = [line.rstrip("\n") for line in lines[edit.line - 1 : edit.end_line]]
        if edit.old is not None and there != [line.rstrip("\n") for line in edit.old]:
            raise ValueError(f"line {edit.line} is {there}, not {edit.old}")
        lines[edit.line - 1 : edit.end_line] = [line.rstrip("\n") + "\n" for line in edit.new]
    return "".join(lines)


def compared(before: Measured, after: Measured) -> tuple[str, str]:
    """Verdict and reason, from the measurements before and after."""
    if after.error:
        if after.error != before.error:
            return "harms", after.stderr.strip().splitlines()[-1][:120]
        return "nothing", f"still {after.error}"
    if before.error:
        return "helps", f"no {before.error}"
    if after.stdout != before.stdout:
        return "harms", f"prints {after.stdout.strip()[:40]!r} for {before.stdout.strip()[:40]!r}"
    return executed(before, after)


def executed(before: Measured, after: Measured) -> tuple[str, str]:
    """Verdict and figures of two runs with the same output; blocks decide where there are any."""
    changes = {key: getattr(after, key) - getattr(before, key) for key in FIGURES}
    figures = " -> ".join("/".join(str(getattr(one, key)) for key in FIGURES) for one in (before, after))
    reason = f"{figures} {'/'.join(FIGURES)}"
    less = any(change < 0 for change in changes.values())
    more = any(change > 0 for change in changes.values())
    if before.blocks and changes["blocks"]:
        return ("helps" if changes["blocks"] < 0 else "harms"), reason
    if changes["executions"] < 0 or (less and not more):
        return "helps", reason
    return ("harms" if more else "nothing"), reason


def advice(found: Mapping[str, Any], number: int) -> tuple[str, Mapping[str, Any] | None]:
    """The first finding above `info` as words, empty without one, and its fix of that number."""
    loud = [finding for finding in found["findings"] if finding["severity"] != "info"]
    if not loud:
        return "", None
    fixes = [fix for fix in loud[0]["fixes"] if fix["technique"] != "none"]
    if len(fixes) < number:
        return f"{loud[0]['code']}: no fix {number}", None
    fix = fixes[number - 1]
    return f"{loud[0]['code']} {fix['technique']}: {fix['summary'][:90]}", fix


def forbidden(program: Program, fix: Mapping[str, Any]) -> str | None:
    """Why the fix must never be given here, if it is one of those."""
    new = "\n".join(line for edit in edits(fix) for line in edit.new)
    for what, why in program.never.items():
        if what == fix["technique"] or what in new:
            return f"{what}: {why}"
    return None


def followed(program: Program, fix: Mapping[str, Any], room: Path) -> Judged:
    """Put the fix into the program and measure both."""
    todo, technique = edits(fix), fix["technique"]
    never = forbidden(program, fix)
    if not todo:
        return Judged("words", "no code", technique, forbidden=never)
    if any(Path(edit.file).name != "program.py" for edit in todo):
        return Judged("words", "library", technique, forbidden=never)
    try:
        text = edited(program.text, todo)
    except ValueError as error:
        return Judged("harms", str(error), technique, harm=True, forbidden=never)
    before = measured(program.text, room / "before", program.environment)
    after = measured(text, room / "after", program.environment)
    verdict, reason = compared(before, after)
    good = verdict == "helps" and reaches_best(program, after)
    return Judged(verdict, reason, technique, verdict == "harms", good, never)


def reaches_best(program: Program, after: Measured) -> bool:
    """Whether the edited program executes no more than with the fix written by hand."""
    best: Mapping[str, int] | None = program.header.get("best")
    return best is not None and after.executions <= best["executions"] and after.blocks <= best["blocks"]


def judged(program: Program, number: int, room: Path) -> Judged:
    """Record the program, follow the advice and say what came of it."""
    what, fix = advice(report(program, room / "traced"), number)
    if not what:
        return Judged("missed" if program.is_problem else "quiet", "no finding")
    if fix is None:
        return Judged("missed" if program.is_problem else "loud", what)
    result = followed(program, fix, room)
    if not program.is_problem:
        what = f"{what}: {result.verdict}"
        return dataclasses.replace(result, verdict="loud", reason=f"{what}: {result.reason}")
    return dataclasses.replace(result, reason=f"{what}: {result.reason}")


def judged_in_a_room(program: Program, number: int) -> Judged:
    """As `judged`, in a temporary folder; whatever goes wrong is a verdict of its own."""
    with tempfile.TemporaryDirectory(prefix="advice-") as room:
        try:
            return judged(program, number, Path(room))
        except Exception as error:
            return Judged("failed", f"{type(error).__name__}: {str(error)[:120]}")


def told(program: Program, result: Judged) -> str | None:
    """What to print about a program; nothing if it was helped, or left alone, as it should be."""
    notes = []
    if result.technique and program.is_problem and program.accepted:
        notes = [] if result.technique in program.accepted else [f"[{result.technique} is not accepted]"]
    if result.forbidden:
        notes.append(f"[never {result.forbidden}]")
    if result.verdict in ("helps", "quiet") and not result.forbidden:
        return None
    return " ".join([f"{result.verdict:8} {program.name}: {result.reason}", *notes])


def totals(results: list[tuple[Program, Judged]]) -> str:
    """The figures of a folder."""
    seen = collections.Counter(result.verdict for _, result in results)
    problems = [(program, result) for program, result in results if program.is_problem]
    coded = sum(seen[verdict] for verdict in WITH_CODE)
    accepted = sum(result.technique in program.accepted for program, result in problems)
    best = sum(result.as_good_as_by_hand for _, result in problems)
    forbidden_fixes = sum(bool(result.forbidden) for _, result in results)
    loud_harm = sum(result.harm for _, result in results if result.verdict == "loud")
    return (
        f"{len(problems)} problems: {coded} with code ({seen['helps']} help, {best} of them as by hand, "
        f"{seen['nothing']} no effect, {seen['harms']} harm), {seen['words']} words only, "
        f"{seen['missed']} missed, {seen['failed']} failed; technique accepted in {accepted}; "
        f"{len(results) - len(problems)} controls: {seen['loud']} loud ({loud_harm} with a harmful fix); "
        f"{forbidden_fixes} fixes that must never be given"
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Follow the first advice on each program and measure.")
    parser.add_argument("--fix", type=int, choices=(1, 2), default=1, help="which fix of the first finding")
    parser.add_argument("--only", help="the only program to look at")
    parser.add_argument("--jobs", type=int, default=2, help="programs side by side")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    return parser.parse_args()


def main() -> int:
    """Judge the folders one by one."""
    asked, harmed = arguments(), False
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for folder in asked.folders:
            chosen = [one for one in programs(folder) if asked.only in (None, one.name)]
            found = pool.map(judged_in_a_room, chosen, [asked.fix] * len(chosen))
            results = []
            for program, result in zip(chosen, found, strict=True):
                results.append((program, result))
                if row := told(program, result):
                    print(row, flush=True)
            print(f"{folder}: fix {asked.fix} of {totals(results)}", flush=True)
            harmed |= any(result.harm or result.verdict == "failed" for _, result in results)
    return int(harmed)


if __name__ == "__main__":
    sys.exit(main())
