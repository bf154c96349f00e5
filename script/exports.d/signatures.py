"""What the headers say of exported routines: src/trace/signatures.inc, by which a trace shows their arguments."""
import re

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
PROTOTYPE = re.compile(r"([\w\s*]+?)\bNTAPI\s+(\w+)\s*\(([^()]*)\)\s*;")
PARAMETER = re.compile(r"^(?P<type>.*?)\s*\b(?P<name>\w+)(?P<array>\[\d*\])?$", re.DOTALL)
NOT_TYPES = {"const", "volatile", "DECLSPEC_NORETURN", "DECLSPEC_IMPORT", "FORCEINLINE", "extern", "struct"}
KINDS = {
    "VOID": "nothing", "void": "nothing", "NTSTATUS": "status", "BOOLEAN": "boolean", "LOGICAL": "boolean",
    "BOOL": "boolean", "KIRQL": "irql", "UCHAR": "unsigned_8", "CHAR": "signed_8", "CCHAR": "signed_8",
    "KPROCESSOR_MODE": "signed_8", "USHORT": "unsigned_16", "CSHORT": "signed_16", "SHORT": "signed_16",
    "WCHAR": "unsigned_16", "LONG": "signed_32", "int": "signed_32", "INT": "signed_32", "KPRIORITY": "signed_32",
    "ULONG": "unsigned_32", "LONGLONG": "signed_64", "LARGE_INTEGER": "signed_64",
    "LONG64": "signed_64", "INT64": "signed_64", "LONG_PTR": "signed_64", "SIZE_T": "size", "size_t": "size",
    "ULONG_PTR": "unsigned_64", "ULONGLONG": "unsigned_64", "ULONG64": "unsigned_64", "UINT64": "unsigned_64",
    "DWORD64": "unsigned_64", "KAFFINITY": "unsigned_64", "PHYSICAL_ADDRESS": "unsigned_64",
    "POOL_FLAGS": "unsigned_64", "HANDLE": "handle", "ACCESS_MASK": "unsigned_32", "KSPIN_LOCK": "unsigned_64",
    "PUNICODE_STRING": "unicode_string", "PCUNICODE_STRING": "unicode_string", "PANSI_STRING": "ansi_string",
    "PSTRING": "ansi_string", "PCANSI_STRING": "ansi_string", "PCSTRING": "ansi_string",
    "PCSTR": "text", "PCSZ": "text", "PSTR": "text", "PCCH": "text", "PCWSTR": "wide_text", "PWSTR": "wide_text",
    "PCWCH": "wide_text", "PLARGE_INTEGER": "signed_64_at", "POBJECT_ATTRIBUTES": "object_attributes",
}
ENUM = re.compile(r"typedef\s+enum\b[^{;]*\{[^}]*\}\s*([\w\s,*]+);")
ALIAS = re.compile(r"typedef\s+(?:const\s+)?(\w+)\s+([\w\s,*]+);")


# What the routine reads where it points; of others it may be what the caller's stack had there.
READ_AT = {"DueTime", "Timeout", "Interval", "ByteOffset", "AllocationSize"}


class Types:
    def __init__(self, text):
        self.kinds = dict(KINDS)
        for names in ENUM.findall(text):
            self.add(names, "signed_32")
        for _ in range(3):  # an alias of an alias
            for known, names in ALIAS.findall(text):
                if known in self.kinds:
                    self.add(names, self.kinds[known])

    def add(self, names, kind):
        for name in names.split(","):
            if "*" not in name:
                self.kinds.setdefault(name.strip(), kind)

    def kind(self, text, name=""):
        kind = self.kind_of_type(text, name)
        unread = kind.endswith("_string") and name.startswith("Destination") or \
            kind == "signed_64_at" and name not in READ_AT
        return "pointer" if unread else kind

    def kind_of_type(self, text, name):
        words = [word for word in re.findall(r"\w+|\*", text) if word not in NOT_TYPES]
        if name == "Tag" and words == ["ULONG"]:
            return "tag"
        if "*" in words:
            return {("UNICODE_STRING", "*"): "unicode_string", ("char", "*"): "text"}.get(tuple(words), "pointer")
        return self.kinds.get(words[-1] if words else "", "pointer")


def parameters(text, types):
    if text.strip() in ("", "void", "VOID"):
        return
    for each in text.split(","):
        if each.strip() == "...":
            yield "", "variadic"
            continue
        found = PARAMETER.match(each.strip())
        name, array = found["name"], found["array"]
        yield name, "pointer" if array else types.kind(found["type"], name)


def signatures(headers, names):
    """name -> the text of its line; names that no header declares are not in it."""
    text = DIRECTIVE.sub("", COMMENT.sub("", "\n".join(header.read_text() for header in headers)))
    types, found = Types(text), {}
    for result, name, taken in PROTOTYPE.findall(text):
        if name not in names:
            continue
        result = types.kind(result.rsplit(";", 1)[-1])
        told = "".join(f", {{Kind::{kind}, \"{each}\"}}" for each, kind in parameters(taken, types))
        found[name] = f"MICA_SIGNATURE({name}, {result}{told})\n"
    return found


def table(headers, names):
    found = signatures(headers, set(names))
    return "// Written by script/exports.\n" + "".join(found[name] for name in names)
