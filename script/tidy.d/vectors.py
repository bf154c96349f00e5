"""No routine that drivers call often saves the ten vector registers which a System V call may clobber.

Such a save is the sign of a call out of NTAPI, and costs as much as the routine (design: the ABI)."""
import re

from objects import run

FUNCTION = re.compile(r'^[0-9a-f]+ <(.+)>:$')  # of a lambda also with $ in it
SAVE = re.compile(r'mov[au]ps\s+%xmm(?:[6-9]|1[0-5]),')
NT_NAME = re.compile(r'^(?:Ke|Kf|Ex|Mm|Obf?|Iof?|Ps|Rtl|Zw|v?Dbg)[A-Z]')
# What may: it calls the C library's memcpy, memset or strlen, or the compiler's population count,
# and the work is larger.
ALLOWED = re.compile(
    r'^(?:v?DbgPrint\w*|DbgSetDebugPrintCallback|Rtl(?:Append|Copy|Init)\w*String\w*|\w+ToUnicodeString'
    r'|Io(?:AllocateIrp|InitializeIrp|ReuseIrp|Build\w+|Create\w+|GetDeviceProperty|GetDmaAdapter'
    r'|OpenDeviceRegistryKey)'
    r'|Io\w+DeviceInterface\w*|IoRegisterPlugPlayNotification|IoReportTargetDeviceChange\w*'
    r'|Ob(?:QueryNameString|CreateObject)|Zw\w+|Ps\w+'
    r'|Rtl\w+Registry(?:Keys?|Values?)|KeQueryActiveProcessorCount(?:Ex)?|KeFlushQueuedDpcs'
    r'|RtlCaptureContext|RtlUnwind(?:Ex)?|RtlVirtualUnwind)$')


def findings(paths):
    found = []
    for path in paths:
        saves, name = {}, None
        for line in run("objdump", "-d", "--no-show-raw-insn", path).splitlines():
            match = FUNCTION.match(line)
            if match:
                name = match.group(1)
            elif SAVE.search(line):
                saves[name] = saves.get(name, 0) + 1
        found += [("error", path.name, f"{name} saves {count} vector registers: it calls out of NTAPI")
                  for name, count in saves.items()
                  if count >= 10 and NT_NAME.match(name) and not ALLOWED.match(name)]
    return found
