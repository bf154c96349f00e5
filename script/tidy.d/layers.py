"""A folder of src/ includes only itself and what stands above it in the list of layers."""
from source import EXECUTIVE, INCLUDE, LAYERS, files, seam

# Freestanding headers that the executive may use; everything else of the standard library it may
# not.
FREESTANDING = set("""algorithm array atomic bit climits compare concepts cstdarg cstddef cstdint
  cstring initializer_list iterator limits new numeric optional source_location span stdarg.h
  stddef.h stdint.h string_view tuple type_traits utility version""".split())


def target_of(root, seam_files, name):
    """The layer that an include belongs to, or None when it is no layer's."""
    first = name.split("/")[0]
    if name in ("machine.hpp", "current_thread.h") or root / "src" / name in seam_files:
        return "hal"
    return first if first in LAYERS else None


def problem(folder, target, quote, name):
    """What is wrong with a file of `folder` including `name`, or None."""
    if target:
        if LAYERS.index(target) > LAYERS.index(folder):
            return f"{folder} must not include {name}: {target} stands below it in the list of layers"
    elif folder in EXECUTIVE:
        if name.startswith("mica/") and name != "mica/test.hpp":
            return f"<{name}> is the host API; the executive must not know it"
        if quote == "<" and not name.startswith(("nt/", "mica/")) and name not in FREESTANDING:
            return f"<{name}> is not a freestanding header that the executive may use"
    return None


def findings(root):
    found = []
    seam_files = seam(root)
    for path in files(root, "src"):
        name = path.relative_to(root)
        folder = name.parts[1]
        if folder not in LAYERS:
            found.append(("error", name, f"src/{folder} is not in the list of layers"))
            continue
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            quote, included = match.groups()
            target = target_of(root, seam_files, included)
            wrong = problem("hal" if path in seam_files else folder, target, quote, included)
            if wrong and not (path in seam_files and target is None):
                line = text.count("\n", 0, match.start()) + 1
                found.append(("error", f"{name}:{line}", wrong))
    return found
