#!/usr/bin/python3
"""Tries the mutants of folders of src/, or a sample of them, in one build of a mutated copy.

    run.py ROOT WORK [FOLDER...] [--sample N] [--seed S] [--known] [--resume] [--list] [--workers N]

A mutant meets the conformance cases and unit tests first, then the scenarios of tests/explore, few schedules of each
before many. What nothing notices must stand in tests/mutants/survivors.tsv with a reason; a sample, and --known, do not
try again what stands there. A run of whole folders leaves what it saw in WORK/results.tsv (--resume goes on from there)
and writes its part of docs/mutants.md. One worker for each processor, unless --workers says how many.
"""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
from multiprocessing.pool import ThreadPool

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402
import schema  # noqa: E402
import sites   # noqa: E402

# SEARCH[@MEMORY]:EXECUTIONS[:TESTS] of tests/mutants/explored.cpp: a short look for all that the cases do not notice, a
# long one for what is left. What a weaker memory order does shows in a weaker memory.
SHORT = ['seeded:15', 'dpor:300', 'seeded:1:[matrix]']
LONG = ['seeded:100', 'seeded:5:[matrix]', 'seeded:1000:W5*,Ke*', 'seeded:400:met', 'bounded1:800:met',
        'bounded1:1200:[W2-late-timeout],[K1-join]', 'bounded2:1500:[W2-alert-late]', 'seeded@cxx20:100:met']
WEAK = ['seeded:100', 'seeded@cxx20:100', 'seeded@cxx20:2000:W5*,Dbg*', 'seeded@x86:100:met', 'seeded@cxx20:400:met']
MEASURED = 1000
NONE = 0  # the number of no mutant


def quietly(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout[-4000:] + f'\n{command[0]} failed')


def sources(root):
    """What is built, by its name below `root`, with what the mutated ones include."""
    found = {}
    for folder in ('cmake', 'src', 'include', 'tests', 'examples'):
        for path in pathlib.Path(root, folder).rglob('*'):
            if path.is_file():
                found[str(path.relative_to(root))] = path.read_bytes()
    for name in ('CMakeLists.txt', 'script/ram-disk'):
        found[name] = pathlib.Path(root, name).read_bytes()
    found['src/base/mutant.hpp'] = found['tests/mutants/mutated.hpp.in']
    return found


def put(files, root, tree):
    """Writes what differs from what a run before left: that is what is built again. Scripts stay scripts."""
    for path in [path for path in pathlib.Path(tree).rglob('*') if path.is_file()]:
        if str(path.relative_to(tree)) not in files:
            path.unlink()
    for name, content in files.items():
        path = pathlib.Path(tree, name)
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if pathlib.Path(root, name).exists():
            shutil.copymode(pathlib.Path(root, name), path)


def mutate(root, built, folders):
    mutants = []
    for folder in folders:
        mutants += sites.mutants_of(root, folder)
    files = {}
    for number, mutant in enumerate(mutants, 1):
        mutant.number = number
        files.setdefault(mutant.file, []).append(mutant)
    for file, found in files.items():
        text = '#include "base/mutant.hpp"\n' + schema.applied(built[file].decode('utf-8'), found)
        built[file] = text.encode('utf-8')
    return mutants


def build(work):
    quietly('cmake', '-S', f'{work}/tree', '-B', f'{work}/build', '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release',
            '-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG', '-DCMAKE_CXX_COMPILER=g++', '-DCMAKE_C_COMPILER=gcc',
            '-DMICA_MUTATED=ON', '-DCMAKE_COMPILE_WARNING_AS_ERROR=OFF', '-DCMAKE_CXX_FLAGS=-w')
    quietly('cmake', '--build', f'{work}/build', '--target', 'mica_mutants_cases', 'mica_mutants_explored')


class Workers:
    """Processes of a program that answers each line with a line; whoever is free takes the next."""

    def __init__(self, count):
        self.count = count

    def lines_of(self, program, arguments, wanted):
        """One line of output for each of `wanted`, as they come."""
        own, processes = threading.local(), []

        def start():
            own.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           text=True)
            processes.append(own.process)

        def answer(given):
            own.process.stdin.write(f'{given}\n')
            own.process.stdin.flush()
            line = own.process.stdout.readline()
            if not line:
                raise RuntimeError(f'{program} ended at {given}')
            return line.rstrip('\n').split('\t')

        with ThreadPool(self.count, start) as pool:
            yield from pool.imap_unordered(answer, wanted)
        for process in processes:
            process.communicate()


def is_weaker(mutant):
    return mutant.operator.startswith('weaken-')


def try_all(mutants, programs, workers, results, keep):
    """Each program sees what those before it left, and the plain sources: in them it notices nothing."""
    for stage, (program, arguments, looks_at) in enumerate(programs):
        left = [m for m in mutants if looks_at(m) and results.get(m.name, {}).get('stage', -1) < stage
                and results.get(m.name, {}).get('verdict') != 'killed']
        by_number = {m.number: m for m in left}
        for fields in workers.lines_of(program, arguments, [NONE, *by_number] if left else []):
            if int(fields[0]) == NONE:
                if fields[1] != 'survived':
                    raise SystemExit(f'without a mutant: {fields}')
                continue
            seen = {'stage': stage, 'verdict': fields[1]}
            if fields[1] == 'killed':
                seen.update(test=fields[2], strategy=fields[3] or 'cases', executions=fields[4], how=fields[5])
            results[by_number[int(fields[0])].name] = seen
            keep()


def measure(mutants, program, workers, results, keep):
    """Executions to the first failure for each strategy, of those that only exploration noticed."""
    left = [m for m in mutants if results[m.name].get('stage', 0) > 0 and results[m.name]['verdict'] == 'killed'
            and results[m.name].get('test') and 'measured' not in results[m.name]]
    by_number = {m.number: m for m in left}
    wanted = [f'{m.number} {results[m.name]["test"]}' for m in left]
    for fields in workers.lines_of(program, ['--measure', str(MEASURED)], wanted):
        results[by_number[int(fields[0])].name]['measured'] = ' '.join(fields[2:])
        keep()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('root')
    parser.add_argument('work')
    parser.add_argument('folders', nargs='*')
    parser.add_argument('--sample', type=int)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--known', action='store_true')
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--workers', type=int, default=os.cpu_count())
    given = parser.parse_args()
    folders = given.folders or ['ke', 'ex']
    if given.list:
        for mutant in sites.mutants_of(given.root, folders[0]):
            print(f'{mutant.file}:{mutant.line} {mutant.function} {mutant.operator}: {mutant.change}')
        return 0
    os.makedirs(given.work, exist_ok=True)
    built = sources(given.root)
    mutants = mutate(given.root, built, folders)
    put(built, given.root, f'{given.work}/tree')
    explained = report.read_survivors(f'{given.root}/tests/mutants/survivors.tsv')
    gone = {name for name in explained if name[0].split('/')[1] in folders} - {m.name for m in mutants}
    if gone:
        raise SystemExit(f'tests/mutants/survivors.tsv explains what is no mutant: {sorted(gone)}')
    build(given.work)
    chosen = mutants
    if given.sample:
        chosen = random.Random(given.seed).sample(mutants, min(given.sample, len(mutants)))
    binaries = f'{given.work}/build/tests/mutants'
    cases, explored = f'{binaries}/mica_mutants_cases', f'{binaries}/mica_mutants_explored'
    programs = [(cases, [], lambda m: True), (explored, SHORT, lambda m: True),
                (explored, LONG, lambda m: not is_weaker(m)), (explored, WEAK, is_weaker)]
    workers = Workers(given.workers)
    kept = f'{given.work}/results.tsv'
    results = report.read_results(kept) if given.resume else {}
    known = explained if given.sample or given.known else {}
    tried = [m for m in chosen if m.name not in known]
    try_all(tried, programs, workers, results, lambda: report.write_results(kept, results))
    measure(tried, explored, workers, results, lambda: report.write_results(kept, results))
    text, unexplained = report.told(chosen, results, explained)
    print(text)
    if not given.sample:
        report.write_page(f'{given.root}/docs/mutants.md', report.part(mutants, results, explained))
    return 1 if unexplained else 0


if __name__ == '__main__':
    sys.exit(main())
