"""gdb pretty-printers for the public structures: `source script/gdb/mica.py`, or gdb -x.

They read memory only, so they work on a live kernel, on the host's test program and on a bare executable.
"""
import gdb
import gdb.printing

OBJECTS = {0: "notification event", 1: "synchronization event", 2: "mutant", 3: "process", 4: "queue",
           5: "semaphore", 6: "thread", 8: "notification timer", 9: "synchronization timer"}


def list_entries(head, limit=64):
    """The entries of a list, without its head; stops where memory is not readable or `limit` is reached."""
    start, entry = int(head.address), head["Flink"]
    for _ in range(limit):
        if int(entry) in (0, start):
            return
        yield entry
        entry = entry["Flink"]


def name_of(pointer):
    """A function's or an object's name, or its address."""
    address = int(pointer)
    if address == 0:
        return "null"
    symbol = gdb.execute(f"info symbol {address:#x}", to_string=True)
    return f"{address:#x}" if symbol.startswith("No symbol") else symbol.split(" in section")[0]


def seconds(value_100ns):
    return f"{value_100ns / 1e7:g} s"


class ListEntry:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if int(self.value["Flink"]) == 0:
            return "list entry, not linked"
        if self.value.address is None:
            return f"list entry, next {name_of(self.value['Flink'])}"
        if int(self.value["Flink"]) == int(self.value.address):
            return "list, empty"
        return f"list of {sum(1 for _ in list_entries(self.value))}"


class UnicodeString:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        length, buffer = int(self.value["Length"]), int(self.value["Buffer"])
        if buffer == 0 or length == 0:
            return '""'
        data = gdb.selected_inferior().read_memory(buffer, length).tobytes()
        return '"' + data.decode("utf-16-le", errors="replace") + '"'


class LargeInteger:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return str(int(self.value["QuadPart"]))


def describe_header(header):
    kind = int(header["Type"]) & 0x7F
    locked = ", locked" if int(header["Type"]) & 0x80 else ""
    waiters = ListEntry(header["WaitListHead"]).to_string()
    return (f"{OBJECTS.get(kind, f'object of type {kind}')}, state {int(header['SignalState'])}, "
            f"waiters: {waiters}{locked}")


class DispatcherHeader:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return describe_header(self.value)


class Event:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return describe_header(self.value["Header"])


class Semaphore(Event):
    def to_string(self):
        return f"{super().to_string()}, limit {int(self.value['Limit'])}"


class Mutant(Event):
    def to_string(self):
        abandoned = ", abandoned" if int(self.value["Abandoned"]) else ""
        return f"{super().to_string()}, owner {name_of(self.value['OwnerThread'])}{abandoned}"


class Timer(Event):
    def to_string(self):
        due = seconds(int(self.value["DueTime"]["QuadPart"]))
        period = int(self.value["Period"])
        every = f", every {period} ms" if period else ""
        dpc = f", DPC {name_of(self.value['Dpc'])}" if int(self.value["Dpc"]) else ""
        return f"{super().to_string()}, due at {due}{every}{dpc}"


class Dpc:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        queued = "queued" if int(self.value["DpcData"]) else "not queued"
        return (f"DPC {name_of(self.value['DeferredRoutine'])}({name_of(self.value['DeferredContext'])}), "
                f"importance {int(self.value['Importance'])}, {queued}")


class Thread(Event):
    def to_string(self):
        return (f"{super().to_string()}, start {name_of(self.value['start_routine'])}, "
                f"processor {self.value['processor']}, priority {self.value['priority']}")


PRINTERS = {"_LIST_ENTRY": ListEntry, "_UNICODE_STRING": UnicodeString, "_LARGE_INTEGER": LargeInteger,
            "_DISPATCHER_HEADER": DispatcherHeader, "_KEVENT": Event, "_KSEMAPHORE": Semaphore,
            "_KMUTANT": Mutant, "_KTIMER": Timer, "_KDPC": Dpc, "_KTHREAD": Thread}

collection = gdb.printing.RegexpCollectionPrettyPrinter("mica")
for tag, printer in PRINTERS.items():
    collection.add_printer(tag.lstrip("_"), f"^{tag}$", printer)
gdb.printing.register_pretty_printer(None, collection, replace=True)
