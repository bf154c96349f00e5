"""A type has one definition: of two with the same name the linker would mix the inline functions."""
import re

from source import files

TYPE = re.compile(r'^(?:struct|class|enum class|union)\s+(?:MICA_\w+(?:\([^)]*\))?\s+)?'
                  r'(?:\[\[\w+\]\]\s+)?(\w+)[^;({]*\{', re.MULTILINE)
NAMESPACE = re.compile(r'^namespace\s+([\w:]+)\s*\{', re.MULTILINE)


def findings(root):
    found, first = [], {}
    for path in files(root, "src", "tests", suffixes=(".hpp",)):
        name, text = path.relative_to(root), path.read_text()
        if name.parts[1].startswith("hal_"):
            continue                    # each machine defines what the seam names
        for match in TYPE.finditer(text):
            spaces = NAMESPACE.findall(text, 0, match.start())
            key = (spaces[-1] if spaces else "", match.group(1))
            if first.setdefault(key, name) != name:
                line = text.count("\n", 0, match.start()) + 1
                found.append(("error", f"{name}:{line}",
                              f"{key[0]}::{key[1]} is defined in {first[key]} too"))
    return found
