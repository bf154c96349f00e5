#!/usr/bin/env python3
"""`mica explore` over real explorations.

  explore.py MICA EXPLORE_TESTS
"""
import pathlib
import sys
import tempfile
import unittest

from run import Run

PROGRAM = pathlib.Path(sys.argv[2])
REAL = "W1-set-wait"  # small, without loops


class Real(unittest.TestCase):
    def test_list_and_glob(self):
        everything = Run(PROGRAM, "--list").out.split()
        self.assertIn(REAL, everything)
        some = Run(PROGRAM, "W1-*", "--list").out.split()
        self.assertEqual(some, [name for name in everything if name.startswith("W1-")])

    def test_the_document_is_complete(self):
        run = Run(PROGRAM, "W[13]-*", "--strategy", "bounded", "--preemptions", 0, "--json", "-", "--workers", 2)
        self.assertEqual(run.status, 0, run.err)
        document = run.document()
        self.assertTrue(document["complete"])
        names = [each["name"] for each in document["explorations"]]
        self.assertEqual(names, [name for name in Run(PROGRAM, "--list").out.split() if name[:2] in ("W1", "W3")])
        for each in document["explorations"]:
            self.assertEqual((each["strategy"], each["preemptions"], each["verdict"]), ("bounded", 0, "passed"))
            self.assertTrue(each["exhausted"])
            self.assertGreaterEqual(each["processors"], 2)
            self.assertGreater(each["points"], 0)
            self.assertGreaterEqual(each["executions"], each["distinct"])

    def sum_of(self, *options):
        document = Run(PROGRAM, REAL, "--strategy", "bounded", "--preemptions", 1, "--json", "-", *options).document()
        (exploration,) = document["explorations"]
        self.assertTrue(exploration["exhausted"])
        return exploration["executions"], len(exploration["parts"])

    def test_shards_add_up(self):
        whole, _ = self.sum_of()
        shards = [self.sum_of("--shard", f"{number}/3")[0] for number in (1, 2, 3)]
        self.assertEqual(sum(shards), whole)
        self.assertGreater(sorted(shards)[1], 0)
        self.assertEqual(self.sum_of("--workers", 3), (whole, 3))
        split = [self.sum_of("--shard", f"{number}/2", "--workers", 2)[0] for number in (1, 2)]
        self.assertEqual(sum(split), whole)

    def test_a_seed_is_another_run_and_the_same_again(self):
        def points(seed):
            run = Run(PROGRAM, REAL, "--strategy", "random", "--distinct", 20, "--seed", seed, "--json", "-")
            return run.document()["explorations"][0]["points"]
        self.assertEqual(points(7), points(7))
        self.assertNotEqual(points(7), points(8000))

    def test_resume_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            options = ["--strategy", "bounded", "--preemptions", 2, "--checkpoint", folder, "--json", "-"]
            first = Run(PROGRAM, REAL, *options, "--executions", 30).document()["explorations"][0]
            self.assertFalse(first["exhausted"])
            refused = Run(PROGRAM, REAL, *options)
            self.assertEqual(refused.status, 2)
            self.assertIn("--resume goes on from them", refused.err)
            rest = Run(PROGRAM, REAL, *options, "--resume").document()["explorations"][0]
            whole = Run(PROGRAM, REAL, *options[:4], "--json", "-").document()["explorations"][0]
            self.assertTrue(rest["exhausted"])
            for key in ("executions", "distinct"):
                self.assertEqual(rest[key], whole[key])


unittest.main(argv=sys.argv[:1], verbosity=0)
