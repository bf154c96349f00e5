#!/usr/bin/env python3
"""`mica explore`, used wrongly and over programs that are broken (double.py): what it says, and its exit status.

  broken.py MICA
"""
import os
import pathlib
import pty
import signal
import subprocess
import sys
import time
import unittest

from run import MICA, Run

DOUBLE = pathlib.Path(__file__).resolve().parent / "double.py"


def double(behaviour, *options):
    return Run(DOUBLE, *options, "--", behaviour)


class Use(unittest.TestCase):
    def wrong(self, cause, *arguments):
        run = Run(*arguments)
        self.assertEqual(run.status, 2, run.err)
        self.assertIn(cause, run.err)
        self.assertEqual(run.err.count("\n"), 1, run.err)

    def test_wrong_use_has_one_line_of_cause(self):
        self.wrong("BINARY is required")
        self.wrong("does not exist", "/nowhere/at/all")
        self.wrong("--strategy", DOUBLE, "--strategy", "lucky")
        self.wrong("I/N is wanted", DOUBLE, "--shard", "3/2")
        self.wrong("--resume needs --checkpoint", DOUBLE, "--resume")
        self.wrong("means nothing to --strategy dpor", DOUBLE, "--strategy", "dpor", "--preemptions", "1")
        self.wrong("no blanks", DOUBLE, "--checkpoint", "/tmp/a b")
        self.wrong("cannot run", DOUBLE.parent / "CMakeLists.txt")

    def test_help_tells_the_exit_status(self):
        run = Run("--help")
        self.assertEqual(run.status, 0)
        for status in range(4):
            self.assertRegex(run.out, rf"\n  {status}  \w")

    def test_version(self):
        done = subprocess.run([MICA, "--version"], capture_output=True, text=True)
        self.assertRegex(done.stdout, r"^mica \d+\.\d+")


class Broken(unittest.TestCase):
    def broken(self, cause, run):
        self.assertEqual(run.status, 3, run.err)
        self.assertIn(cause, run.err)
        self.assertEqual(run.err.count("\n"), 1, run.err)

    def test_a_program_that_breaks_has_one_line_of_cause(self):
        self.broken("ended in the middle: Segmentation fault; it wrote: about to crash", double("crashes"))
        self.broken("no event: {\"event\": 5 5}", double("malformed"))
        self.broken("of another exploration than", double("another"))
        self.broken("not explored: exit status 0; it wrote: nothing to do", double("says-nothing"))
        self.broken("nothing was found, but: exit status 9; it wrote: a check", double("ends-badly"))
        self.broken("no explorations: exit status 4; it wrote: no such thing", double("cannot-list"))
        self.broken("no exploration 'fourth'", Run(DOUBLE, "fourth", "--", "works"))

    def test_one_that_hangs_is_killed(self):
        began = time.monotonic()
        self.broken("told nothing for 1 s", double("hangs", "--hang", 1))
        self.assertLess(time.monotonic() - began, 30)


class Told(unittest.TestCase):
    def test_a_failure_is_told_and_the_others_go_on(self):
        run = double("fails", "--workers", 2)
        self.assertEqual(run.status, 1)
        self.assertIn("second: deadlock\ntwo threads wait\nMICA_REPLAY=second:steps:1=2", run.out)
        self.assertIn("3 explorations, 30 executions", run.out)
        document = double("fails", "--json", "-").document()
        failed = document["explorations"][1]
        self.assertEqual((failed["verdict"], failed["replay"], failed["report"]),
                         ("deadlock", "second:steps:1=2", "/tmp/second.html"))

    def test_skipped_is_told(self):
        run = double("skips")
        self.assertEqual(run.status, 0)
        self.assertIn("skipped: not today", run.out)

    def test_time_is_divided_and_what_is_left_over_passed_on(self):
        document = double("budget", "--seconds", 30, "--json", "-").document()
        seconds = [each["seconds"] for each in document["explorations"]]
        self.assertAlmostEqual(seconds[0], 10, delta=1)
        self.assertAlmostEqual(seconds[1], 15, delta=1)
        self.assertAlmostEqual(seconds[2], 30, delta=2)

    def test_an_interrupt_prints_the_sum(self):
        tool = subprocess.Popen([MICA, "explore", DOUBLE, "--workers", "3", "--", "slow"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        tool.send_signal(signal.SIGINT)
        out, _ = tool.communicate(timeout=20)
        self.assertEqual(tool.returncode, 0)
        self.assertIn("stopped: 3 explorations, 15 executions", out)

    def test_on_a_terminal_one_line_is_written_over(self):
        reader, writer = pty.openpty()
        tool = subprocess.Popen([MICA, "explore", DOUBLE, "first", "--", "slow"], stdout=subprocess.DEVNULL,
                                stderr=writer)
        time.sleep(1.5)
        tool.send_signal(signal.SIGINT)
        tool.wait(timeout=20)
        os.close(writer)
        self.assertRegex(os.read(reader, 4096).decode(), "\r\x1b\\[K1/1 first: 5 executions, .*depth 7, about 100 left")


unittest.main(argv=sys.argv[:1], verbosity=0)
