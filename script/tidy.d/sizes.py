"""How long files, functions and lines are."""
import re

from source import CODE, OTHERS, bare, files

FILE_NOTED, FILE_FORBIDDEN = 300, 500
FUNCTION_NOTED = 70
COLUMNS_OF_CODE, COLUMNS_OF_OTHERS = 100, 120
PREPROCESSOR = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.MULTILINE)
SCOPE = re.compile(r'\b(namespace|class|struct|union|enum|concept)\b|extern\s*""\s*$')
CONTROL = re.compile(r'^\s*(if|for|while|switch|do|else|try)\b')
CONSTANT = re.compile(r'#define \w+ .*[^\\]$')


def functions(text):
    """(first line, number of lines) of every function, by matching braces."""
    text = PREPROCESSOR.sub(lambda match: "\n" * match.group(0).count("\n"), text)
    depth, opened, head, line = [], None, "", 1
    for character in text:
        if character == "\n":
            line += 1
        if character == "{":
            is_function = (opened is None and ")" in head and not CONTROL.match(head)
                           and not SCOPE.search(head.split("(")[0]))
            if is_function:
                opened = (len(depth), line - head.strip().count("\n"))
            depth.append(None)
            head = ""
        elif character == "}":
            if depth:
                depth.pop()
            if opened and len(depth) == opened[0]:
                yield opened[1], line - opened[1] + 1
                opened = None
            head = ""
        elif character == ";":
            head = ""
        else:
            head += character


def to_read(lines):
    """How many lines there are to read. One that says what a constant is belongs to a list, which is looked up."""
    return sum(not CONSTANT.match(line) for line in lines)


def columns(name, lines, limit):
    """A finding for each line that is too wide."""
    return [("error", f"{name}:{number}", f"{len(line)} columns, more than {limit}")
            for number, line in enumerate(lines, 1) if len(line) > limit]


def findings(root):
    found = []
    for path in files(root, "src", "include", "tests", "bench", "examples", "tools", "script", "cmake",
                      suffixes=CODE + OTHERS):
        name, text = path.relative_to(root), path.read_text()
        lines = text.splitlines()
        count = to_read(lines)
        if count > FILE_FORBIDDEN:
            found.append(("error", name, f"{count} lines, more than {FILE_FORBIDDEN}"))
        elif count > FILE_NOTED:
            found.append(("note", name, f"{count} lines"))
        found += columns(name, lines,
                         COLUMNS_OF_CODE if path.suffix in CODE else COLUMNS_OF_OTHERS)
        if path.suffix in (".cpp", ".hpp", ".h", ".c"):
            for first, length in functions(bare(text)):
                if length > FUNCTION_NOTED:
                    found.append(("note", f"{name}:{first}", f"a function of {length} lines"))
    return found
