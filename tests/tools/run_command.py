#!/usr/bin/env python3
"""`mica run` on drivers that a linker made: what is told, by which status, of what held and what did not.

  run_command.py MICA FOLDER_OF_DRIVERS FOLDER_OF_SCRIPTS
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TRACE = pathlib.Path(__file__).with_name("beat.trace")
MICA, DRIVERS, SCRIPTS = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def run(*arguments):
    return subprocess.run([MICA, "run", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def driver(name):
    return DRIVERS / f"{name}.sys"


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def script(self, *lines):
        file = self.folder / "test.script"
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def run_lines(self, name, *lines, options=()):
        return run(driver(name), "--script", self.script(*lines), *options)

    def changed(self, name, old, new):
        image = driver(name).read_bytes()
        self.assertIn(old, image)
        file = self.folder / f"{name}.sys"
        file.write_bytes(image.replace(old, new))
        return file

    # ---- What holds

    def test_scripts_of_the_drivers_hold_on_any_number_of_processors_and_schedule(self):
        for name in ("beat", "cancel", "echo"):
            for options in ((), ("--processors", 4, "--seed", 7), ("--verifier", "standard"), ("--trace", "--output",
                            self.folder / "trace")):
                done = run(driver(name), "--script", SCRIPTS / f"{name}.script", *options)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, rf"{name}.sys: \d+ expectations held, 0 failed; unloaded\n$")

    def test_without_a_script_the_driver_is_loaded_and_unloaded(self):
        done = run(driver("beat"))
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, f"beat: started\n{driver('beat')}: 0 expectations held, 0 failed; unloaded\n", ""))

    def test_the_service_has_the_name_of_the_file_or_another(self):
        done = run(driver("told"), "--name", "teller")
        self.assertIn("\\Services\\teller; \\Driver\\teller; teller\n", done.stdout)
        self.assertTrue(done.stdout.endswith("not unloaded: it has no DriverUnload\n"), done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_a_breakpoint_is_passed_or_is_an_exception(self):
        done = run(driver("stops"), "--breakpoints", "pass")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(done.stdout, "Break instruction exception\nstops: went on\nBreak instruction exception\n"
                         f"{driver('stops')}: 0 expectations held, 0 failed; unloaded\n")
        for options in ((), ("--breakpoints", "raise")):
            done = run(driver("stops"), *options)
            self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
            self.assertIn("stops: stopped\n", done.stdout)
            self.assertIn("0x0000007E (0x0000000080000003", done.stdout)

    def test_devices_are_plugged_in_before_the_script_and_removed_after_it(self):
        for options in ((), ("--processors", 4, "--seed", 7), ("--verifier", "standard")):
            done = run(driver("plug"), "--devices", SCRIPTS / "plug.devices", "--script", SCRIPTS / "plug.script",
                       *options)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"plug.sys: 9 expectations held, 0 failed; unloaded\n$")
        done = run(driver("plug"), "--devices", SCRIPTS / "plug.devices")
        self.assertEqual((done.returncode, done.stdout),
                         (0, f"plug: Plug 1 started\n{driver('plug')}: 0 expectations held, 0 failed; unloaded\n"))

    def test_a_bus_and_its_children_have_their_drivers_from_a_ram_disk(self):
        options = ("--devices", SCRIPTS / "tray.devices", "--ram-disk", DRIVERS / "drivers.tar")
        for name in ("watch", "tray"):
            done = run(driver(name), "--script", SCRIPTS / f"{name}.script", *options, "--verifier", "standard")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, rf"{name}.sys: \d+ expectations held, 0 failed; unloaded\n$")
        done = run(driver("tray"), "--devices", SCRIPTS / "tray.devices", "--script", SCRIPTS / "tray.script")
        self.assertEqual(done.returncode, 1, done.stdout)  # nobody starts the card

    def test_a_driver_is_unloaded_once_its_devices_were_removed(self):
        done = self.run_lines("plug", "unload", r"open \Device\Plug expect STATUS_NO_SUCH_DEVICE",
                              options=("--devices", SCRIPTS / "plug.devices"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(done.stdout.endswith("2 expectations held, 0 failed; unloaded\n"), done.stdout)

    # ---- Devices with registers

    def run_device(self, name, *options):
        return run(driver(name), "--devices", SCRIPTS / f"{name}.devices", *options)

    def test_drivers_of_registers_find_them_as_their_text_says(self):
        for name in ("edu", "uart"):
            for options in ((), ("--processors", 2, "--seed", 5), ("--verifier", "standard"),
                            ("--privileged", "emulated"), ("--trace", "--output", self.folder / "trace")):
                done = self.run_device(name, "--script", SCRIPTS / f"{name}.script", *options)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, rf"{name}.sys: \d+ expectations held, 0 failed; unloaded\n$")

    def test_what_is_there_without_a_driver_is_there_before_one(self):
        done = self.run_device("ports")
        self.assertEqual((done.returncode, done.stdout),
                         (0, f"{driver('ports')}: 0 expectations held, 0 failed; unloaded\n"))
        self.assertEqual(run(driver("ports")).returncode, 3)

    def test_registers_are_expected_and_changed(self):
        for lines, expected in (
                (("expect register Com2.LSR = 0x61",), "1:1: expected 0x61, found 0x60"),
                (("expect register Com2.NONE = 0",), "1:1: expected a register 'NONE' of 'Com2', found none"),
                (("put register Com1.LSR 0",),
                 "1:1: expected a register 'LSR' of 'Com1', found no such device with registers"),
                (("set register Com2.MCR = 7", "expect register Com2.MCR = 8"), "2:1: expected 0x8, found 0x7"),
                (("set register Com2.MCR = 256",), "1:1: expected a value as wide as the register, found 0x100"),
                (("interrupt Com3",), "1:1: expected 'Com3', with registers and an interrupt, found none")):
            done = self.run_device("uart", "--script", self.script(*lines))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(f"test.script:{expected}\n", done.stdout)

    def test_what_a_device_has_not_is_told_and_a_failure(self):
        text = (SCRIPTS / "uart.devices").read_text().replace("register SCR 7 8", "register SCR 6 8")
        wanted = self.devices(text)
        done = run(driver("uart"), "--devices", wanted)
        self.assertEqual(done.returncode, 3, done.stdout)
        told = r"device Com2: uart\+0x[0-9a-f]+ writes 0x5a to 8 bits at offset 0x7 of its ports, which it has not\n"
        self.assertRegex(done.stdout, "mica: " + told)
        self.assertRegex(done.stdout, re.escape(str(wanted)) + ": " + told)
        document = json.loads(run(driver("uart"), "--devices", wanted, "--json").stdout)
        self.assertEqual([each["device"] for each in document["wrong_accesses"]], ["Com2", "Com2"])
        done = run(driver("uart"), "--devices", self.devices(text.replace("SCR 6 8", "OTHER 6 8\n  ram SCR 7 1")))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_accesses_are_traced_by_their_names(self):
        def traced(*options):
            done = self.run_device("uart", "--trace", "Com2.SCR", *options)
            self.assertEqual(done.returncode, 0, done.stdout)
            return done.stdout
        lines = [line for line in traced().splitlines() if "SCR" in line]
        self.assertRegex(lines[0], r"^ +0\.\d{7}  0 +\d+  0  write Com2\.SCR = 0x5a "
                                   r"\(port=0x2ff, bits=8\) at uart!HardwarePrepare\+0x[0-9a-f]+$")
        self.assertRegex(lines[1], r" read Com2\.SCR = 0x5a \(port=0x2ff, bits=8\) at uart!HardwarePrepare\+0x")
        self.assertEqual(len(lines), 2)
        events = [json.loads(line) for line in traced("--trace-format", "json").splitlines() if line.startswith("{")]
        self.assertEqual([each["what"] for each in events], ["write", "read"])
        self.assertEqual((events[0]["name"], events[0]["value"]), ("Com2.SCR", "0x5a"))
        self.assertEqual(events[0]["arguments"], {"port": "0x2ff", "bits": "8"})
        self.assertRegex(events[0]["place"], r"^uart!HardwarePrepare\+0x")
        text = traced("--trace-format", "perfetto")
        events = json.loads(text[text.index("{"):text.rindex("}") + 1])["traceEvents"]
        slices = [each for each in events if each["ph"] == "i"]
        self.assertEqual([(each["name"], each["s"]) for each in slices], [("Com2.SCR", "t")] * 2)
        self.assertEqual((slices[0]["args"]["write"], slices[1]["args"]["read"]), ("0x5a", "0x5a"))

    # ---- What does not

    def devices(self, text):
        file = self.folder / "test.devices"
        file.write_text(text)
        return file

    def test_a_device_that_cannot_be_added_ends_the_run(self):
        wanted = self.devices("device One\ndriver plug\ndevice Two\ndriver nobody\n")
        done = run(driver("plug"), "--devices", wanted, "--script", SCRIPTS / "plug.script")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stdout, f"{driver('plug')}: its device Two was not added: STATUS_OBJECT_NAME_NOT_FOUND; "
                                      "unloaded\n")
        document = json.loads(run(driver("plug"), "--devices", wanted, "--json").stdout)
        self.assertEqual(document["device"], {"name": "Two", "status": "STATUS_OBJECT_NAME_NOT_FOUND"})

    def test_a_mistake_in_the_devices_has_a_place(self):
        wanted = self.devices("device One\n  driver plug\n  port 1\n")
        done = run(driver("plug"), "--devices", wanted)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (2, "", f"mica: {wanted}:3:9: expected how long it is, a number in range\n"))

    def test_the_first_expectation_that_fails_ends_the_script(self):
        done = self.run_lines("beat", r"open \Device\Beat", "read Beat 4 expect u32:1", "write Beat 00")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("test.script:2:1: expected 01 00 00 00, found 00 00 00 00\n", done.stdout)
        self.assertIn("1 expectations held, 1 failed; unloaded", done.stdout)

    def test_each_expectation_can_fail(self):
        echo, later = "ctl(0x22, 0x800, buffered, any)", "ctl(0x22, 0x804, buffered, any)"
        for statement, told in (
                (r"open \Device\Nobody", "expected success, found STATUS_OBJECT_NAME_NOT_FOUND"),
                (r"open \Device\Echo as x expect STATUS_ACCESS_DENIED",
                 "expected STATUS_ACCESS_DENIED, found STATUS_SUCCESS"),
                ("write echo 00", "expected success, found STATUS_DEVICE_NOT_READY"),
                (f"ioctl echo {echo} 00*20 out 20 expect count 3", "expected a count of 3, found 20"),
                (f"ioctl echo {echo} 00*20 out 20 expect 01 ?? ...",
                 "expected 01 ?? ..., found " + "00 " * 16 + "... (20 bytes)"),
                (f"ioctl echo {echo} out 1 expect 00", "expected 00, found no bytes"),
                ("read echo 1 within 50us expect 00", "expected an end within 50us, found that it pends"),
                (f"ioctl echo {later} 01 out 1 as r\nwait r within 5ms", "expected an end within 5ms, found that it"),
                (f"ioctl echo {echo} as r\nexpect pending r", "expected 'r' to pend, found STATUS_SUCCESS"),
                ('expect log "nothing"', 'expected "nothing" in the log, found none'),
                (f'ioctl echo {echo}\nexpect no log "control"', 'expected no "control" in the log, found it'),
                ("close echo\nclose echo", "expected 'echo', open by now, found that it is closed"),
                ("read echo 1 as r\ncancel r expect STATUS_NOT_FOUND",
                 "expected STATUS_NOT_FOUND, found STATUS_SUCCESS"),
                ("cancel echo expect STATUS_SUCCESS or STATUS_PENDING",
                 "expected STATUS_SUCCESS or STATUS_PENDING, found STATUS_NOT_FOUND"),
                ("read echo 1 as r\ncancel r\nwait r expect STATUS_CANCELLED count 1",
                 "expected a count of 1, found 0"),
                ("thread t {\nadvance 1s\nread echo 1 as r\n}\ncancel r",
                 "expected 'r', begun by now, found that it is"),
                ("thread t {\nadvance 2s\n}\nwait t within 1s", "expected an end within 1s, found that it runs"),
                ("thread t {\nadvance 1s\nread echo 1 as r\n}\nwait r", "expected 'r', begun by now, found that it is"),
                ("thread t {\nadvance 1s\n" r"open \Device\Echo as f" "\n}\nclose f",
                 "expected 'f', open by now, found that it is not"),
                ("unload\nunload", "expected success, found STATUS_INVALID_DEVICE_REQUEST")):
            done = self.run_lines("echo", r"open \Device\Echo as echo", *statement.split("\n"))
            self.assertEqual(done.returncode, 1, statement + done.stdout + done.stderr)
            self.assertIn(told, done.stdout, statement)

    def test_one_of_several_statuses_and_what_belongs_to_the_first(self):
        for wanted in ("STATUS_SUCCESS or STATUS_CANCELLED u32:9", "STATUS_CANCELLED or STATUS_SUCCESS count 0"):
            done = self.run_lines("cancel", r"open \Device\Cancel as queue", "read queue 4 as r", "cancel queue",
                                  f"wait r expect {wanted}")
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_mistake_is_told_with_its_place_and_nothing_runs(self):
        done = self.run_lines("beat", r"open \Device\Beat", "read Beat four")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, f"mica: {self.folder}/test.script:2:11: found 'four', expected a size: at most "
                                      "1048576 bytes\n")

    def test_wrong_use_is_one_line(self):
        for arguments, words in (((), "DRIVER"), ((driver("beat"), "--processors", 17), "--processors"),
                                 ((driver("beat"), "--script", self.folder / "none"), "No such file or directory"),
                                 ((driver("beat"), "--verifier", "all"), "--verifier"),
                                 ((driver("beat"), "--json", "--trace"), "--output"),
                                 ((driver("beat"), "--trace", "--output", self.folder), "cannot write")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(words, done.stderr)

    def test_what_cannot_be_loaded(self):
        (self.folder / "no.sys").write_bytes(b"#!/bin/sh\n" * 100)
        done = run(self.folder / "no.sys")
        self.assertEqual(done.returncode, 3)
        self.assertIn("not loaded: no DOS header is at its beginning", done.stdout)
        self.assertIn("(STATUS_INVALID_IMAGE_NOT_MZ)", done.stdout)
        done = run(driver("told"), "--name", "fails")
        self.assertEqual(done.returncode, 3)
        self.assertIn("DriverEntry returned STATUS_DEVICE_DOES_NOT_EXIST", done.stdout)

    def test_missing_imports_are_named_or_trapped(self):
        missing = self.changed("beat", b"KeCancelTimer\0", b"KeCancelTimeX\0")
        named = "mica: beat imports KeCancelTimeX of ntoskrnl.exe, which is not there\n"
        done = run(missing)
        self.assertEqual(done.returncode, 3)
        self.assertIn(named, done.stdout)
        done = run(missing, "--missing", "trap")
        self.assertEqual(done.returncode, 4)
        self.assertIn(named, done.stdout)
        self.assertRegex(done.stdout, r"mica: beat\+0x[0-9A-F]+ called KeCancelTimeX\(0x[^)]*\.\.\.\), which is not")
        self.assertIn("bugcheck 0x0000001E", done.stdout)

    def test_a_run_that_ends_before_its_time(self):
        done = self.run_lines("echo", r"open \Device\Echo as echo", "ioctl echo ctl(0x22, 0x805, buffered, any)")
        self.assertEqual(done.returncode, 4)
        self.assertIn("test.script:2:1: bugcheck 0x000000E2 (0xec40, 0x0, 0x0, 0x0)", done.stdout)
        self.assertIn("again with: processors=1 seed=1", done.stdout)
        done = self.run_lines("echo", r"open \Device\Echo as echo", "ioctl echo ctl(0x22, 0x806, buffered, any)")
        self.assertEqual(done.returncode, 4)
        self.assertIn("test.script:2:1: deadlock", done.stdout)
        done = self.run_lines("echo", r"open \Device\Echo as echo", "read echo 1 as waits",
                              "ioctl echo ctl(0x22, 0x805, buffered, any)")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("test.script:3:1: bugcheck 0x000000E2", done.stdout)

    # ---- Documents and traces

    def test_the_document(self):
        done = self.run_lines("beat", r"open \Device\Beat", "read Beat 4 expect 01", options=("--json", "--seed", 3))
        document = json.loads(done.stdout)
        self.assertNotIn("version", document)
        self.assertEqual((done.returncode, document["status"], document["seed"]), (1, 1, 3))
        self.assertEqual((document["entry_status"], document["unloading"]), ("STATUS_SUCCESS", "unloaded"))
        self.assertEqual((document["held"], document["log"]), (1, "beat: started\n"))
        self.assertEqual(document["failures"], [{"script": str(self.folder / "test.script"), "line": 2, "column": 1,
                                                 "expected": "01", "found": "00 00 00 00"}])
        done = self.run_lines("echo", r"open \Device\Echo as e", "ioctl e ctl(0x22, 0x805, buffered, any)",
                              options=("--json",))
        ended = json.loads(done.stdout)["ended"]
        self.assertEqual((ended["how"], ended["code"], ended["parameters"][0]), ("bugcheck", 0xE2, 0xEC40))
        self.assertTrue(ended["at"].endswith("test.script:2:1"), ended)

    def traced(self, format, *options):
        file = self.folder / "trace"
        done = run(driver("beat"), "--script", SCRIPTS / "beat.script", "--trace", *options, "--trace-format", format,
                   "--output", file)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return file.read_text()

    def test_a_trace_as_text(self):
        text = self.traced("text")
        self.assertEqual(text, self.traced("text"))
        # Without what depends on what the compiler made of the driver.
        told = [re.sub(r"(beat(?:!\w+)?)\+0x[0-9a-f]+", r"\1+N", re.sub(r"0x[0-9a-f]{6,}", "ADDRESS", line[26:]))
                for line in text.splitlines()[1:]]
        self.assertEqual(told, TRACE.read_text().splitlines())
        times = [float(line[:14]) for line in text.splitlines()[1:]]
        self.assertEqual(times, sorted(times))

    def test_symbols_beside_the_driver_name_its_places(self):
        for suffix in ("sys", "pdb"):
            (self.folder / f"falls.{suffix}").write_bytes((DRIVERS / f"falls.{suffix}").read_bytes())
        symbols = self.folder / "falls.pdb"

        def told():
            done = run(self.folder / "falls.sys", "--name", "raise")
            self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
            return done.stdout
        self.assertRegex(told(), r"\n  0x[0-9A-F]{16}  raise!DriverEntry\+0x")
        symbols.write_bytes((DRIVERS / "beat.pdb").read_bytes())
        self.assertRegex(told(), r"^mica: raise goes without the names of falls.pdb, which is of another build: "
                                 r"[0-9A-F]{33}, not [0-9A-F]{33}\n")
        self.assertNotIn("!", told())
        symbols.write_text("These are no symbols.")
        self.assertIn("mica: raise goes without the names of falls.pdb: its first block is cut off, at 0x0", told())
        symbols.unlink()
        self.assertRegex(told(), r"^mica: nobody handles exception 0x80000011 of raise\+0x")

    def test_a_trace_of_some_names(self):
        lines = self.traced("text", "IRP_MJ_READ,Ke*Timer*").splitlines()
        names = {re.search(r"(\w+)(\(| =)", line).group(1) for line in lines[1:]}
        self.assertEqual(names, {"IRP_MJ_READ", "KeInitializeTimer", "KeSetTimerEx", "KeCancelTimer"})

    def test_the_document_has_the_drivers_version(self):
        document = json.loads(self.run_lines("told", options=("--json",)).stdout)
        self.assertEqual(document["version"], {"file": "1.2.3.4", "product": "5.6.7.8"})

    def test_a_trace_as_lines_of_json(self):
        events = [json.loads(line) for line in self.traced("json").splitlines()]
        entry = events[0]
        self.assertEqual((entry["what"], entry["name"], entry["number"]), ("enter", "DriverEntry", 1))
        leave = next(each for each in events if each["what"] == "leave" and each["number"] == 1)
        self.assertEqual((leave["name"], leave["value"]), ("DriverEntry", "STATUS_SUCCESS"))
        create = next(each for each in events if each["what"] == "call" and each["name"] == "IoCreateDevice")
        self.assertEqual(create["arguments"]["DeviceName"], 'L"\\\\Device\\\\Beat"')
        self.assertEqual((create["processor"], create["irql"]), (0, 0))

    def test_a_trace_that_perfetto_reads(self):
        events = json.loads(self.traced("perfetto"))["traceEvents"]
        depth = {}
        for event in events:
            if event["ph"] in "BE":
                depth[event["tid"]] = depth.get(event["tid"], 0) + (1 if event["ph"] == "B" else -1)
                self.assertGreaterEqual(depth[event["tid"]], 0)
        self.assertEqual(set(depth.values()), {0})
        self.assertIn("IRP_MJ_READ", {event["name"] for event in events})
        self.assertEqual({event["tid"] for event in events if event["name"] == "thread_name"}, set(depth))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
