"""The tree's files, and C++ text without comments and literals."""
import pathlib
import re

CODE = (".cpp", ".hpp", ".h", ".c", ".S")
OTHERS = (".py", ".sh", ".cmake", ".txt", "")
# The executive, in layer order; what stands above may not be included from below.
EXECUTIVE = ["base", "hal", "rtl", "trace", "verifier", "ke", "mm", "ob", "se", "ps", "ex", "io",
             "dma", "tm", "cm", "ldr", "pnp", "kd", "drivers", "abi", "init"]
LAYERS = EXECUTIVE + ["hal_host", "hal_x64", "harness", "explore"]

_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)


def files(root, *folders, suffixes=CODE):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def seam(root):
    """machine.hpp of each machine and what it includes from its own folder: they count as src/hal."""
    found, waiting = set(), list((root / "src").glob("hal_*/machine.hpp"))
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for quote, name in INCLUDE.findall(path.read_text()):
            local = path.parent / pathlib.PurePath(name).name
            if quote == '"' and name in (local.name, f"{path.parent.name}/{local.name}"):
                waiting.append(local)
    return found


def bare(text):
    """Same lines, but comments are blank, strings are "" and characters are 0."""
    def blank(match):
        found = match.group(0)
        lines = "\n" * found.count("\n")
        if found.startswith("/"):
            return lines or " "
        return ("0" if found.startswith("'") else '""') + lines
    return _LITERAL.sub(blank, text)
