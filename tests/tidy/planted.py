"""Each rule of script/tidy reports a violation planted for it, and a clean file passes."""
import pathlib
import subprocess
import sys
import tempfile

TIDY = pathlib.Path(sys.argv[1])

# (file, text, what tidy must say; None: it must be content)
PLANTED = [
    ("src/ke/clean.cpp", '#include <atomic>\n#include "rtl/a.hpp"\n// new, throw\nint f() { return 1; }\n', None),
    ("src/ke/placement.cpp", "void f(void* p) { new (p) int; }\nstruct S { S() = delete; };\n", None),
    ("src/hal_host/free.cpp", '#include <vector>\nint* f() { return new int; }\n', None),
    ("src/ke/upward.cpp", '#include "mm/pool.hpp"\n', "ke must not include mm/pool.hpp"),
    ("src/ke/peek.cpp", '#include "hal_host/fiber.hpp"\n', "ke must not include hal_host/fiber.hpp"),
    ("src/hal_host/machine.hpp", '#include "ke/wait.hpp"\n', "hal must not include ke/wait.hpp"),
    ("src/ke/hosted.cpp", "#include <vector>\n", "<vector> is not a freestanding header"),
    ("src/ke/harness.cpp", "#include <mica/system.hpp>\n", "is the host API"),
    ("src/other/a.cpp", "\n", "src/other is not in the list of layers"),
    ("src/ke/long.cpp", "\n" * 501, "501 lines, more than 500"),
    ("src/ke/longish.cpp", "\n" * 301, "note: src/ke/longish.cpp: 301 lines"),
    ("src/ke/function.cpp", "namespace a {\nvoid f() {\n" + "  g();\n" * 71 + "}\n}\n",
     "note: src/ke/function.cpp:2: a function of 73 lines"),
    ("src/ke/wide.cpp", "//" + "x" * 99 + "\n", "101 columns, more than 100"),
    ("cmake/wide.cmake", "#" + "x" * 120 + "\n", "121 columns, more than 120"),
    ("src/ke/allocates.cpp", "int* f() { return new int; }\n", "`new`"),
    ("src/ke/deletes.cpp", "void f(int* p) { delete p; }\n", "`delete`"),
    ("src/ke/throws.cpp", "void f() { throw 1; }\n", "a C++ exception"),
    ("src/ke/tries.cpp", "void f() { try { g(); } catch (int) {} }\n", "a C++ exception"),
    ("src/ke/casts.cpp", "auto f(A* a) { return dynamic_cast<B*>(a); }\n", "RTTI"),
    ("src/ke/abstract.cpp", "struct A { virtual void f(); };\n", "a virtual function"),
    ("src/ke/tls.cpp", "thread_local int x;\n", "`thread_local`"),
    ("src/ke/floats.cpp", "double x();\n", "floating point"),
    ("src/ke/callable.cpp", "void f(std::function<void()>);\n", "hosted standard library"),
    ("src/ke/loud.cpp", 'void f() { asm("nop"); }\n', "inline assembly outside a machine"),
    ("src/ke/which.cpp", "#if defined(__x86_64__)\n#endif\n", "a condition on the machine"),
    ("src/ke/later.cpp", "// TODO finish\n", "unfinished work"),
    ("tests/ke/named.cpp", 'TEST_CASE("one; two") {}\n', "a semicolon in a test's name"),
    ("tests/ke/explored.cpp", 'MICA_EXPLORE("W1", "one; two") {}\n', "a semicolon in a test's name"),
    ("src/ke/volatile.cpp", "int volatile* p();\n", "note: src/ke/volatile.cpp:1: volatile"),
    ("src/ke/twin.hpp", "namespace a {\nstruct Twin {};\n}\n", "src/ke/twin_copy.hpp:2: a::Twin is defined in"),
]


def run_on(name, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        if path.stem == "twin":         # a rule about two files
            path.with_stem("twin_copy").write_text(text)
        return subprocess.run([sys.executable, TIDY, "--root", folder], capture_output=True, text=True)


failures = 0
for name, text, expected in PLANTED:
    result = run_on(name, text)
    said_so = expected is None or expected in result.stdout
    as_expected = (result.returncode == 0) == (expected is None or expected.startswith("note:"))
    if not (said_so and as_expected):
        failures += 1
        print(f"{name}: expected {expected!r}, got status {result.returncode}:\n{result.stdout}{result.stderr}")
print(f"{len(PLANTED)} planted, {failures} missed")
sys.exit(1 if failures else 0)
