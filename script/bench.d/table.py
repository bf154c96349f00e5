"""Makes one table of Google Benchmark's results: ours beside its floor and its peers.

A benchmark is named `path/ours`, `path/floor` or `path/peer:<name>`, with arguments after that. What counts is CPU
time, or the counter `percent` if it has one. budgets.tsv has a line for each path: the path, what ours may cost (`2`
times the floor, `20us` or `20%`), and why it costs more if it does. One that has the counter `points` is an execution
of an explored program: `explore/<program>/ours` without a look for races, `explore-races/<program>/ours` with it. One
that has the counter `executions` is a search: `exhaust/<program>/<strategy>` or `find/<program>/<strategy>`. What is
named `grows/<what>/ours/<how many>` is shown among what grows, as timers are; as a rate if it counts items.
"""
import argparse
import datetime
import json
import pathlib
import re
import sys

NAME = re.compile(r'^(?P<path>.+?)/(?P<role>ours|floor|peer:[^/]+)(?P<arguments>(?:/\d+)*)')
IN_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
SLACK = 1.3          # a ratio of CPU times moves that much on a machine that does other things


def read_results(files):
    """{path: {role: median}} in the order of the files, which paths are percentages, the entries of explored programs
    by path, those of searches by name, what a second has of paths that count items, and the context of the last."""
    rows, percentages, explored, searches, rates, context = {}, set(), {}, {}, {}, {}
    for file in files:
        data = json.loads(file.read_text() or '{"context": {}, "benchmarks": []}')  # nothing matched
        context = data["context"] or context
        for entry in data["benchmarks"]:
            if entry.get("error_occurred"):
                sys.exit(f"{entry['name']}: {entry.get('error_message', 'failed')}")
            if "executions" in entry:
                searches[entry["run_name"].partition("/iterations")[0]] = entry
                continue
            match = NAME.match(entry["run_name"])
            if match and entry.get("aggregate_name", "median") == "median":
                path = match["path"] + match["arguments"]
                value = entry["cpu_time"] * IN_NS[entry["time_unit"]]
                if "percent" in entry:
                    percentages.add(path)
                    value = entry["percent"]
                if "items_per_second" in entry:
                    rates[path] = entry["items_per_second"]
                if "points" in entry:
                    explored[path] = entry
                rows.setdefault(path, {})[match["role"]] = value
    return rows, percentages, explored, searches, rates, context


def read_budgets(file):
    budgets = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        if line.strip() and not line.startswith("#"):
            path, limit, *why = line.split("\t")
            budgets[path] = (limit, why[0] if why else "")
    return budgets


def budget_of(budgets, path):
    """The line for the path itself, or for the path without its arguments."""
    while path:
        if path in budgets:
            return budgets[path]
        path = path.rpartition("/")[0]
    return "", ""


def share_of(limit, ours, floor):
    """What of its budget ours uses up, 1 being all of it; None without a budget."""
    amount = re.fullmatch(r'([\d.]+)(us|%)?', limit)
    if not amount or not ours:
        return None
    if amount[2]:
        return ours / (float(amount[1]) * (1000 if amount[2] == "us" else 1))
    return ours / floor / float(amount[1]) if floor else None


def shown(value):
    return f"{value:.1f}" if value and value < 1000 else f"{value:.0f}" if value else ""


def table(rows, percentages, budgets):
    """Lines of the table, a sentence for each row over its budget, and whether one lacks its why."""
    lines = ["| path | ours, ns | floor, ns | ours / floor | budget | peers, ns (times ours) |",
             "|---|---|---|---|---|---|"]
    over, unexplained = [], False
    listed = {path: roles for path, roles in rows.items() if not path.startswith("grows/")}
    for path, roles in sorted(listed.items(), key=lambda row: [int(part) if part.isdigit() else part
                                                             for part in re.split(r'(\d+)', row[0])]):
        ours, floor = roles.get("ours"), roles.get("floor")
        limit, why = budget_of(budgets, path)
        ratio = f"{ours / floor:.2f}" if ours and floor else ""
        unit = "%" if path in percentages else ""
        peers = "; ".join(f"{role[5:]} {shown(value)}{unit}" + (f" ({value / ours:.1f})" if ours else "")
                          for role, value in roles.items() if role.startswith("peer:"))
        ours_shown = shown(ours) + unit if ours else ""
        lines.append(f"| {path} | {ours_shown} | {shown(floor)} | {ratio} | {limit} | {peers} |")
        share = share_of(limit, ours, floor)
        if share and share > 1:
            slack = " (within the slack)" if share <= SLACK else ""
            measured = ratio if limit[-1].isdigit() else f"{share:.2f} times"
            instead = f"instead of {limit}" if limit[-1].isdigit() else limit
            over.append(f"- `{path}`: {measured} {instead}{slack}. {why}".rstrip())
            unexplained |= not why and share > SLACK
    return lines, over, unexplained


GROWS = ("grows/", "timer/")


def grown_table(rows, rates):
    """What ours costs by how many there are: nanoseconds, or millions a second of what counts items."""
    grown = {}
    for path, roles in rows.items():
        what, _, count = path.rpartition("/")
        if path.startswith(GROWS) and count.isdigit() and "ours" in roles:
            unit = "million/s" if path in rates else "ns"
            value = rates[path] / 1e6 if path in rates else roles["ours"]
            grown.setdefault((what.removeprefix("grows/"), unit), {})[int(count)] = value
    if not grown:
        return
    counts = sorted({count for cells in grown.values() for count in cells})
    yield from ["", "## How cost grows", "",
                "Nanoseconds of one operation where there are so many. Of processors, what they do in a second",
                "together: sets and waits of an event in parallel mode, points in deterministic mode (in turn).",
                "Threads are ke's own, on small stacks; waiters on one object are up to 63 of each thread.", "",
                "| what | " + " | ".join(f"{count:,}" for count in counts) + " |", "|---" * (len(counts) + 1) + "|"]
    for (what, unit), cells in sorted(grown.items()):
        yield f"| {what}, {unit} | " + " | ".join(shown(cells.get(count)) for count in counts) + " |"


def explored_table(rows, explored):
    """How fast executions of explored programs are made."""
    if explored:
        yield from ["", "## Exploration", "",
                    "Random schedules of small programs: what an execution is, and how many are made in a second.", "",
                    "| program | points | switches | executions a second | points a second | with races, executions | "
                    "with races, points |", "|---|---|---|---|---|---|---|"]
    for path in sorted(path for path in explored if path.startswith("explore/")):
        cells = [path.removeprefix("explore/"), f"{explored[path]['points']:.1f}", f"{explored[path]['switches']:.1f}"]
        for each in (path, path.replace("explore/", "explore-races/")):
            a_second = 1e9 / rows[each]["ours"] if each in explored else 0
            cells += [f"{a_second:,.0f}", f"{a_second * explored[each]['points']:,.0f}"] if a_second else ["", ""]
        yield "| " + " | ".join(cells) + " |"


def searched_table(kind, title, searches):
    """How many executions a search takes of each program, by strategy."""
    names = [name.split("/") for name in searches if name.startswith(kind + "/")]
    strategies = sorted({strategy for _, _, strategy in names})
    if names:
        yield from ["", f"### Executions until {title}", "", "| program | " + " | ".join(strategies) + " |",
                    "|---" * (len(strategies) + 1) + "|"]
    for program in sorted({program for _, program, _ in names}):
        entries = [searches[f"{kind}/{program}/{strategy}"] for strategy in strategies]
        yield f"| {program} | " + " | ".join(("more than " if entry["more"] else "") + f"{entry['executions']:.0f}"
                                             for entry in entries) + " |"


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

    rows, percentages, explored, searches, rates, context = read_results(options.files)
    if not rows and not searches:
        sys.exit("no benchmark has a name of the form path/ours, path/floor or path/peer:<name>")
    lines, over, unexplained = table(rows, percentages, read_budgets(options.budgets))
    exploration = [*grown_table(rows, rates), *explored_table(rows, explored),
                   *searched_table("exhaust", "there is no other", searches),
                   *searched_table("find", "the bug is found", searches)]
    print("\n".join([*lines, *exploration]))
    if over:
        print("\nOver budget:\n" + "\n".join(over))
    if options.document:
        today = datetime.date.today().isoformat()
        options.document.write_text("\n".join(
            ["# Performance", "",
             f"Written by `script/bench` on {today}; {machine(context)}. Medians of CPU time per operation, all",
             "from the same run. Only the ratios travel to another machine. `bench/floor/` says what a floor does.",
             "A peer with less than 1.0 times ours is ahead.", "",
             *lines, "", "## Over budget", "", *(over or ["Nothing."]), *exploration, ""]))
    if unexplained:
        sys.exit("a path is over its budget and bench/budgets.tsv does not say why")


main()
