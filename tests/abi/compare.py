#!/usr/bin/env python3
"""Compares include/nt with the DDK headers of mingw-w64: sizes, offsets and the values of constants.

usage: compare.py ROOT WORK_FOLDER NATIVE_COMPILER DDK_FOLDER DDK_COMPILER...
       compare.py --plant ...: expects that two planted differences are found
       compare.py --driver FREESTANDING ...: include/nt as drivers' sources see it, by the native compiler given, which
         is one for their target; FREESTANDING are its own headers
Nothing is run: both compilers leave the numbers in an object file. Of constants the low 32 bits
are compared."""

import pathlib
import re
import subprocess
import sys

# Enumerators that the DDK headers do not have, or have only in a part that excludes others.
ABSENT = {"WaitNotification", "WaitDequeue", "WaitDpc", "OriginalApcEnvironment", "AttachedApcEnvironment",
          "CurrentApcEnvironment", "InsertApcEnvironment", "SystemBasicInformation", "SystemModuleInformation",
          "TokenElevationTypeDefault", "TokenElevationTypeFull", "TokenElevationTypeLimited"}
# The DDK headers write them with a suffix that compilers for this target do not know (1i64); their bits are compared.
UNREADABLE = {"XSTATE_MASK_LEGACY_FLOATING_POINT", "XSTATE_MASK_LEGACY_SSE", "XSTATE_MASK_LEGACY", "XSTATE_MASK_GSSE"}
PLANTED = ["offsetof FILE_OBJECT FileName", "value HighImportance"]
NAME_BYTES = 92  # as in probes.c
LEAST = 4000  # fewer comparable numbers than this: the probes have come apart


def constants(root):
    """Names of the integer macros and of the enumerators in include/nt."""
    macros, enumerators = [], []
    for header in sorted((root / "include/nt").rglob("*.h")):
        text = re.sub(r"//[^\n]*", "", header.read_text())
        for name, body in re.findall(r"^#define (\w+) +([^\n]+)$", text, re.M):
            if re.match(r"[\d(-]", body) and not re.search(r"[?{;]|\bdo\b|__|\"", body):
                macros.append(name)
        for body in re.findall(r"\benum\s+\w+\s*\{([^}]*)\}", text):
            enumerators += re.findall(r"(?:^|,)\s*(\w+)", body)
    macros = [name for name in macros if name not in UNREADABLE]
    return macros, [name for name in enumerators if name not in ABSENT]


def numbers(compiler, flags, probes, output):
    command = [*compiler, "-std=gnu11", "-w", *flags, "-c", str(probes), "-o", str(output)]
    subprocess.run(command, check=True)
    found, data = {}, output.read_bytes()
    for match in re.finditer(rb"->((?:sizeof|offsetof|value) [\w. ]+)\0", data):
        end = match.start() + NAME_BYTES
        found[match[1].decode()] = int.from_bytes(data[end:end + 4], "little")
    return found


def main():
    plant = "--plant" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--plant"]
    ours_flags = []
    if arguments[0] == "--driver":
        ours_flags = ["--target=x86_64-w64-windows-gnu", "-ffreestanding", "-fms-extensions", "-nostdinc", "-isystem",
                      arguments[1]]
        del arguments[:2]
    root, work, native, ddk, *foreign = arguments
    root, work = pathlib.Path(root), pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    macros, enumerators = constants(root)
    table = work / "constants.inc"
    table.write_text("".join(f"#ifdef {n}\nCONSTANT({n})\n#endif\n" for n in macros) +
                     "".join(f"CONSTANT({n})\n" for n in enumerators))
    probes = root / "tests/abi/probes.c"
    common = [f"-I{root / 'src'}", f'-DABI_CONSTANTS="{table}"']
    ours = numbers([native], [*ours_flags, f"-I{root / 'include'}", *common], probes, work / "native.o")
    if plant:
        for name in PLANTED:
            ours[name] += 1
    theirs = numbers(foreign, ["-DABI_DDK", "-D_WIN32_WINNT=0x0A00", "-DNTDDI_VERSION=0x0A000000",
                               "-isystem", ddk, "-isystem", str(pathlib.Path(ddk).parent), *common],
                     probes, work / "ddk.o")
    shared = ours.keys() & theirs.keys()
    different = sorted(name for name in shared if ours[name] != theirs[name])
    for name in different:
        print(f"{name}: ours {ours[name]}, the DDK's {theirs[name]}")
    print(f"{len(shared)} numbers compared, {len(different)} differ; "
          f"{len(ours) - len(shared)} are not in the DDK headers")
    if plant:
        return 0 if different == PLANTED else 1
    return 1 if different or len(shared) < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
