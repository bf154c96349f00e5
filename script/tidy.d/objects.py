"""The executive's compiled objects hold no state and want nothing from a C library."""
import pathlib
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


def sections(paths):
    """(file, name, bytes) of each section."""
    path = paths[0].name
    for line in run("readelf", "-SW", *paths).splitlines():
        if line.startswith("File: "):  # if there are several
            path = pathlib.Path(line.removeprefix("File: ")).name
        match = re.match(r'\s*\[\s*\d+\]\s+(\.\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)', line)
        if match:
            yield path, match.group(1), int(match.group(2), 16)


def symbols(paths, which):
    """(file, symbol) of each of them."""
    for line in run("nm", "-A", "-P", which, *paths).splitlines():
        path, symbol = re.match(r'(.+?): (\S+) ', line).groups()
        yield pathlib.Path(path).name, symbol


def findings(paths):
    found = [("error", path, f"{size} bytes of {name}: state outside the System")
             for path, name, size in sections(paths)
             if size and STATE.match(name) and not CONSTANT.match(name)]
    defined = {symbol for _, symbol in symbols(paths, "--defined-only")}
    wanted = {}
    for path, symbol in symbols(paths, "--undefined-only"):
        wanted.setdefault(symbol, path)
    for symbol, place in sorted(wanted.items()):
        if symbol not in defined and symbol not in ALLOWED and not OWN.match(symbol):
            found.append(("error", place, f"wants {symbol}, which the executive does not define"))
    return found
