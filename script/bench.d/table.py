"""Makes one table of Google Benchmark's results: ours beside its floor and its peers.

A benchmark is named `path/ours`, `path/floor` or `path/peer:<name>`, with arguments after that. budgets.tsv has a
line for each path: path, what ours may cost as a multiple of the floor, and why it costs more if it does.
"""
import argparse
import datetime
import json
import pathlib
import re
import sys

NAME = re.compile(r'^(?P<path>.+?)/(?P<role>ours|floor|peer:[^/]+)(?P<arguments>/.*)?$')
IN_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
SLACK = 1.3          # a ratio of CPU times moves that much on a machine that does other things


def read_results(files):
    """{path: {role: median CPU time in ns}} in the order of the files, and the context of the last one."""
    rows, context = {}, {}
    for file in files:
        data = json.loads(file.read_text())
        context = data["context"]
        for entry in data["benchmarks"]:
            match = NAME.match(entry["run_name"])
            if match and entry.get("aggregate_name", "median") == "median":
                path = match["path"] + (match["arguments"] or "")
                time_ns = entry["cpu_time"] * IN_NS[entry["time_unit"]]
                rows.setdefault(path, {})[match["role"]] = time_ns
    return rows, context


def read_budgets(file):
    budgets = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        if line.strip() and not line.startswith("#"):
            path, limit, *why = line.split("\t")
            budgets[path] = (float(limit), why[0] if why else "")
    return budgets


def budget_of(budgets, path):
    """The line for the path itself, or for the path without its arguments."""
    while path:
        if path in budgets:
            return budgets[path]
        path = path.rpartition("/")[0]
    return None, ""


def table(rows, budgets):
    """Lines of the table, a sentence for each row over its budget, and whether one lacks its why."""
    lines = ["| path | ours, ns | floor, ns | ours / floor | budget | peers, ns (times ours) |",
             "|---|---|---|---|---|---|"]
    over, unexplained = [], False
    for path, roles in rows.items():
        ours, floor = roles.get("ours"), roles.get("floor")
        limit, why = budget_of(budgets, path)
        ratio = ours / floor if ours and floor else None
        peers = "; ".join(f"{role[5:]} {time:.1f}" + (f" ({time / ours:.1f})" if ours else "")
                          for role, time in roles.items() if role.startswith("peer:"))
        shown = [f"{value:.1f}" if value else "" for value in (ours, floor)]
        lines.append(f"| {path} | {shown[0]} | {shown[1]} | {f'{ratio:.2f}' if ratio else ''} | "
                     f"{limit or ''} | {peers} |")
        if ratio and limit and ratio > limit:
            slack = " (within the slack)" if ratio <= limit * SLACK else ""
            over.append(f"- `{path}`: {ratio:.2f} instead of {limit}{slack}. {why}".rstrip())
            unexplained |= not why and ratio > limit * SLACK
    return lines, over, unexplained


def machine(context):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown processor")
    return f"{model}, {context.get('num_cpus', '?')} processors"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--budgets", type=pathlib.Path, required=True)
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()

    rows, context = read_results(options.files)
    if not rows:
        sys.exit("no benchmark has a name of the form path/ours, path/floor or path/peer:<name>")
    lines, over, unexplained = table(rows, read_budgets(options.budgets))
    print("\n".join(lines))
    if over:
        print("\nOver budget:\n" + "\n".join(over))
    if options.document:
        today = datetime.date.today().isoformat()
        options.document.write_text("\n".join(
            ["# Performance", "",
             f"Written by `script/bench` on {today}; {machine(context)}. Medians of CPU time per operation, all",
             "from the same run. Only the ratios travel to another machine.", "",
             *lines, "", "## Over budget", "", *(over or ["Nothing."]), ""]))
    if unexplained:
        sys.exit("a path is over its budget and bench/budgets.tsv does not say why")


main()
