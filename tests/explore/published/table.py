#!/usr/bin/env python3
"""Writes the rows of docs/published.md: table.py PROGRAM DOCUMENT, where PROGRAM is explore_tests.

With --check nothing is written: the document must name the bugs that the program finds, with where
they are described and how they end. How many executions it took is not compared."""

import pathlib
import subprocess
import sys

COLUMNS = 4  # that are compared


def rows_of(program):
    run = subprocess.run([program, "[published]"], text=True, capture_output=True)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)
    return sorted(line for line in run.stdout.splitlines() if line.startswith("| "))


def split(document):
    lines = document.read_text().splitlines()
    rule = next(i for i, line in enumerate(lines) if line.startswith("|--"))
    end = next((i for i, line in enumerate(lines) if i > rule and not line.startswith("|")), len(lines))
    return lines[: rule + 1], lines[rule + 1 : end], lines[end:]


def named(rows):
    return {tuple(row.split(" | ")[:COLUMNS]) for row in rows}


def main():
    check = "--check" in sys.argv
    program, document = [a for a in sys.argv[1:] if a != "--check"]
    document = pathlib.Path(document)
    rows = rows_of(program)
    before, old, after = split(document)
    if not check:
        document.write_text("\n".join(before + rows + after) + "\n")
    elif named(old) != named(rows):
        difference = named(old) ^ named(rows)
        sys.exit("\n".join(["not the same:"] + [" | ".join(row) for row in sorted(difference)]))


main()
