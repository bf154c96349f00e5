"""Constructs that do not belong where they stand."""
import re

from source import EXECUTIVE, bare, files

# In the executive: (pattern over text without comments and strings, what is wrong with it).
BANNED = [
    (r'\bnew\b(?!\s*\(|>)', "`new`: the executive allocates from the pool or from what its caller gave"),
    (r'(?<!=)\s\bdelete\b', "`delete`"),
    (r'\bthrow\b|\btry\s*\{|\bcatch\s*\(', "a C++ exception"),
    (r'\b(dynamic_cast|typeid)\b', "RTTI"),
    (r'\bvirtual\b', "a virtual function"),
    (r'\bthread_local\b', "`thread_local`"),
    (r'\b(float|double)\b', "floating point"),
    (r'\bstd::(function|string|vector|map|set|list|deque|unordered_\w+|shared_ptr|unique_ptr|mutex)\b',
     "a class of the hosted standard library"),
]
# What follows an array's brackets is only the name that the linker knows it by.
ASSEMBLY = re.compile(r'(?<!\] )\b(asm|__asm__|__asm)\b')
CONDITIONAL = re.compile(
    r'^\s*#\s*(if|ifdef|ifndef|elif)\b.*(__x86_64__|__i386__|__aarch64__|_M_X64|__linux__|_WIN32|MICA_X64|MICA_HOST)',
    re.MULTILINE)
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b(?!\s*\([^)]{10,}\))')
# CTest would take the two halves for two tests, find neither, and pass.
SEMICOLON = re.compile(r'\b(TEST_CASE|MICA_CASE|MICA_EXPLORE)\((?:"[^"]*", )?"[^"\n]*;')
# Where the machine may be named: machines and their tests, layout probes, drivers for tests,
# benchmarks, NTAPI's definition, what only drivers' sources see.
MACHINE_MAY_BE_NAMED = re.compile(
    r'^(src/hal_\w+/|bench/|tests/hal(_\w+)?/|tests/abi/|tests/drivers/|include/nt/ntdef\.h$|include/nt/wdk/)')
# The public headers ask whether it is a driver that is compiled.
DRIVER_MAY_BE_NAMED = re.compile(r'^include/nt/')


def places(pattern, text):
    for match in re.finditer(pattern, text):
        yield text.count("\n", 0, match.end()) + 1


def in_executive(name):
    return name.parts[0] == "src" and name.parts[1] in EXECUTIVE


def findings(root):
    found = []
    for path in files(root, "src", "include", "tests", "bench", "examples", "tools"):
        name, text = path.relative_to(root), path.read_text()
        for line in places(UNFINISHED, text):
            found.append(("error", f"{name}:{line}", "unfinished work without a reason in brackets"))
        for line in places(SEMICOLON, text):
            found.append(("error", f"{name}:{line}", "a semicolon in a test's name splits it"))
        if path.suffix == ".S":
            continue
        code = bare(text)
        if in_executive(name):
            for pattern, what in BANNED:
                found += [("error", f"{name}:{line}", what) for line in places(pattern, code)]
            found += [("note", f"{name}:{line}", "volatile") for line in places(r'\bvolatile\b', code)]
        if DRIVER_MAY_BE_NAMED.match(str(name)):
            code = code.replace("_WIN32", "a driver")
        if not MACHINE_MAY_BE_NAMED.match(str(name)):
            found += [("error", f"{name}:{line}", "inline assembly outside a machine")
                      for line in places(ASSEMBLY, code)]
            found += [("error", f"{name}:{line}", "a condition on the machine outside a machine")
                      for line in places(CONDITIONAL, code)]
    return found
