#!/usr/bin/env python3
"""`mica explore` on drivers that a linker made: what a script's threads do to them, in every order.

  explore_driver.py MICA FOLDER_OF_DRIVERS FOLDER_OF_SCRIPTS
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

from run import MICA, Run

DRIVERS, SCRIPTS = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
SCRIPT = SCRIPTS / "cancel.script"


def driver(name):
    return DRIVERS / f"{name}.sys"


class Explored(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def script(self, text):
        file = self.folder / "test.script"
        file.write_text(text)
        return file

    def document(self, name, *options, script=SCRIPT):
        run = Run(driver(name), "--script", script, "--json", "-", *options)
        (exploration,) = run.document()["explorations"]
        return exploration

    def again(self, run):
        return shlex.split(re.search(r"^again: mica explore (.*)$", run.out, re.MULTILINE).group(1))

    # ---- What is found

    def test_the_planted_race_is_found_and_its_schedule_replays(self):
        run = Run(driver("cancel_race"), "--script", SCRIPT)
        self.assertEqual(run.status, 1, run.err)
        # The cancel routine removes an entry that the writer has removed.
        stop = r"bugcheck 0x000000D1 \(0x0, 0x2, 0x1, 0x[0-9a-f]+\)"
        self.assertRegex(run.out, stop)
        self.assertRegex(run.out, r"DRIVER_IRQL_NOT_LESS_OR_EQUAL\n.*\n.*  cancel_race!CancelPendingRead\+0x")
        self.assertIn(f"thread canceller at {SCRIPT}:9:3\n", run.out)
        again = self.again(run)
        self.assertEqual(again[-2], "--replay")
        replayed = Run(*again, "--report", self.folder)
        self.assertEqual(replayed.status, 1, replayed.err)
        self.assertRegex(replayed.out, stop)
        self.assertRegex(replayed.out, r"replay +executions +1 ")
        story = (self.folder / "cancel_race.txt").read_text()
        steps = ["IRP_MJ_WRITE is called", "preempted", "Cancel is called", "calls IofCompleteRequest",
                 "KeAcquireSpinLockRaiseToDpc returns", ">>"]
        places = [story.find(steps[0])]
        for step in steps[1:]:
            places.append(story.find(step, places[-1]))
        self.assertNotIn(-1, places, story)
        self.assertRegex(story, r"thread \d+ 'writer' calls IofCompleteRequest +'cancel_race!\w+'\+0x")

    def found_in_flag(self, first, second, rest=""):
        wait = "ioctl Flag ctl(0x22, 0x803, buffered, any) out 4 expect u32:1"
        script = self.script("\n".join((r"open \Device\Flag", "thread one {", first.format(wait=wait), "}",
                                        "thread two {", second, "}", rest.format(wait=wait), "")))
        run = Run(driver("flag"), "--script", script, "--preemptions", 1)
        self.assertEqual(run.status, 1, run.out + run.err)
        self.assertIn("verdict: assertion\n", run.out)
        return run.out

    def test_others_run_between_a_call_that_returned_and_what_the_driver_does_then(self):
        self.assertIn(":3:1: expected 01 00 00 00, found 00 00 00 00\n", self.found_in_flag(
            "{wait}", "ioctl Flag ctl(0x22, 0x800, buffered, any)"))

    def test_others_run_between_what_the_driver_did_and_its_next_call(self):
        out = self.found_in_flag("ioctl Flag ctl(0x22, 0x801, buffered, any)",
                                 "ioctl Flag ctl(0x22, 0x802, buffered, any)", "wait one\nwait two\n{wait}")
        self.assertIn(":10:1: expected success, found STATUS_IO_TIMEOUT\n", out)

    def test_others_run_between_what_the_kernel_did_and_the_routine_that_it_calls(self):
        out = self.found_in_flag("ioctl Flag ctl(0x22, 0x804, buffered, any)",
                                 "cancel Flag expect STATUS_SUCCESS or STATUS_NOT_FOUND")
        self.assertIn(":3:1: expected success, found STATUS_CANCELLED\n", out)

    def test_one_that_passes_is_replayed_too(self):
        run = Run(driver("cancel_race"), "--script", SCRIPT, "--replay", "cancel_race:steps:")
        self.assertEqual(run.status, 0, run.out + run.err)

    def test_an_expectation_that_some_order_does_not_meet_has_its_line(self):
        script = self.folder / "it's a test.script"
        script.write_text(SCRIPT.read_text().replace("expect STATUS_SUCCESS or STATUS_CANCELLED u32:7", "expect u32:7"))
        run = Run(driver("cancel"), "--script", script, "--name", "queue", "--processors", 2, "--points", "all")
        self.assertEqual(run.status, 1, run.err)
        told = f"{script}:13:1: expected success, found STATUS_CANCELLED\n"
        self.assertIn(told, run.out)
        replayed = Run(*self.again(run), "--workers", 4)
        self.assertEqual(replayed.status, 1)
        self.assertIn(told, replayed.out)
        self.assertRegex(replayed.out, r"replay +executions +1 ")

    # ---- What is not

    def test_the_right_driver_passes_to_the_end_of_a_bound(self):
        explored = self.document("cancel", "--preemptions", 1)
        self.assertEqual((explored["verdict"], explored["exhausted"]), ("passed", True))
        self.assertGreater(explored["executions"], 500)

    def test_parts_add_up_and_the_verifier_judges(self):
        whole = self.document("cancel", "--preemptions", 0, "--verifier", "standard")
        parts = self.document("cancel", "--preemptions", 0, "--verifier", "standard", "--workers", 2)
        self.assertEqual((whole["verdict"], whole["exhausted"], len(parts["parts"])), ("passed", True, 2))
        self.assertEqual(whole["executions"], parts["executions"])

    def test_a_checkpoint_is_of_a_driver_and_a_script(self):
        options = ("--preemptions", 1, "--checkpoint", self.folder / "kept")
        first = self.document("cancel", *options, "--executions", 30)
        self.assertEqual((first["executions"], first["exhausted"]), (30, False))
        other = self.script(SCRIPT.read_text().replace("u32:7", "u32:8"))
        run = Run(driver("cancel"), "--script", other, *options, "--resume")
        self.assertEqual(run.status, 3, run.err)
        self.assertIn("is of another exploration", run.err)
        rest = self.document("cancel", *options, "--executions", 60, "--resume")
        self.assertEqual(rest["executions"], 60)

    def test_threads_are_preempted_at_calls_or_everywhere(self):
        options = ("--strategy", "random", "--executions", 10)
        calls = self.document("cancel", *options)
        everywhere = self.document("cancel", *options, "--points", "all")
        self.assertEqual((calls["verdict"], everywhere["verdict"], calls["executions"]), ("passed", "passed", 10))
        self.assertLess(calls["longest"], 100)
        self.assertGreater(everywhere["longest"], 500)

    def test_threads_are_preempted_before_each_statement(self):
        longest = [self.document("cancel", "--preemptions", 0, script=self.script(SCRIPT.read_text().replace(
            "  cancel waiting", '  expect no log "nothing"\n' * lines + "  cancel waiting")))["longest"]
            for lines in (0, 5)]
        self.assertGreaterEqual(longest[1] - longest[0], 3)

    # ---- Wrong use

    def test_mistakes_are_one_line(self):
        no_thread = self.script(r"open \Device\Cancel")
        blank = self.folder / "a b.sys"
        os.symlink(driver("cancel"), blank)
        for cause, *arguments in (
                ("is a driver: --script FILE", driver("cancel")),
                ("--script FILE says what", pathlib.Path(__file__), "--points", "all"),
                ("nothing can be explored without a thread", driver("cancel"), "--script", no_thread),
                ("does not exist", driver("cancel"), "--script", self.folder / "none"),
                ("'a b': --name is wanted", blank, "--script", SCRIPT),
                ("--memory means nothing to a driver", driver("cancel"), "--script", SCRIPT, "--memory", "x86"),
                ("--strategy dpor means nothing", driver("cancel"), "--script", SCRIPT, "--strategy", "dpor"),
                ("NAME:SCHEDULE is wanted", driver("cancel"), "--script", SCRIPT, "--replay", "steps")):
            run = Run(*arguments)
            self.assertEqual((run.status, run.out, run.err.count("\n")), (2, "", 1), run.err)
            self.assertIn(cause, run.err)

    def test_a_mistake_in_the_script_has_its_place(self):
        run = Run(driver("cancel"), "--script", self.script("thread t {\n  cancel queue\n}\n"))
        self.assertEqual((run.status, run.out), (2, ""))
        self.assertEqual(run.err, f"mica: {self.folder}/test.script:2:10: found 'queue', expected the name of a "
                                  "request or an open file; there is none before this line\n")

    def test_a_schedule_that_is_none_and_another_name(self):
        run = Run(driver("cancel"), "--script", SCRIPT, "--replay", "cancel:lucky")
        self.assertEqual(run.status, 3)
        self.assertIn("'cancel:lucky' names no schedule", run.err)
        run = Run(driver("cancel"), "--script", SCRIPT, "--replay", "beat:steps:")
        self.assertEqual(run.status, 3)
        self.assertIn("has no exploration 'beat'", run.err)

    def test_a_driver_that_cannot_be_loaded(self):
        (self.folder / "no.sys").write_bytes(b"#!/bin/sh\n" * 100)
        for image, name, words in ((self.folder / "no.sys", "no", "no DOS header"),
                                   (driver("told"), "fails", "DriverEntry returned STATUS_DEVICE_DOES_NOT_EXIST")):
            run = Run(image, "--script", SCRIPT, "--name", name)
            self.assertEqual(run.status, 3, run.err)
            self.assertIn(words, run.out)

    def test_it_is_a_program_of_its_own(self):
        program = pathlib.Path(MICA).parent.parent / "libexec/mica/explore-driver"
        done = subprocess.run([program], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=0)
