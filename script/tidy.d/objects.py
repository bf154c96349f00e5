"""The executive's compiled objects hold no state and want nothing from a C library."""
import re
import subprocess

STATE = re.compile(r'^\.(data|bss|tdata|tbss|init_array|ctors)(\.|$)')
CONSTANT = re.compile(r'^\.data\.rel\.ro(\.|$)')
# What compilers call on their own (src/hal_x64/memory.cpp defines it there), and what linkers define.
ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "bcmp", "memchr", "strlen", "__popcountdi2",
           "_GLOBAL_OFFSET_TABLE_", "__start_mica_cases", "__stop_mica_cases"}
OWN = re.compile(r'^_ZN?K?\w*4mica|^_ZT\w*N4mica')


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sections(path):
    """(name, bytes) of each section."""
    for line in run("readelf", "-SW", path).splitlines():
        match = re.match(r'\s*\[\s*\d+\]\s+(\.\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)', line)
        if match:
            yield match.group(1), int(match.group(2), 16)



def findings(paths):
    found, defined = [], set()
    wanted = {}
    for path in paths:
        for name, size in sections(path):
            if size and STATE.match(name) and not CONSTANT.match(name):
                found.append(("error", path.name, f"{size} bytes of {name}: state outside the System"))
        defined |= {line.split()[0] for line in run("nm", "-P", "--defined-only", path).splitlines()}
        for line in run("nm", "-P", "--undefined-only", path).splitlines():
            wanted.setdefault(line.split()[0], path.name)
    for symbol, place in sorted(wanted.items()):
        if symbol not in defined and symbol not in ALLOWED and not OWN.match(symbol):
            found.append(("error", place, f"wants {symbol}, which the executive does not define"))
    return found
