#!/usr/bin/env python3
"""`mica imports` on a driver that a linker made: what is there, what is missing, what is no driver.

  imports.py MICA DRIVER
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

MICA, DRIVER = sys.argv[1], pathlib.Path(sys.argv[2])


def imports(*arguments):
    return subprocess.run([MICA, "imports", *map(str, arguments)], capture_output=True, text=True, timeout=60)


class Imports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.image = DRIVER.read_bytes()

    def changed(self, image):
        file = self.folder / "changed.sys"
        file.write_bytes(image)
        return file

    def refused(self, driver, *words):
        done = imports(driver)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_each_import_has_a_line_and_the_last_one_is_the_sum(self):
        done = imports(DRIVER)
        self.assertEqual(done.returncode, 0, done.stderr)
        *lines, symbols, last = done.stdout.splitlines()
        self.assertRegex(symbols, rf"^{DRIVER}: symbols beat.pdb: [1-9][0-9]* public names$")
        self.assertIn("there    ntoskrnl.exe KeSetTimerEx", lines)
        self.assertTrue(all(line.startswith("there ") for line in lines), lines)
        self.assertEqual(last, f"{DRIVER}: {len(lines)} imports, 0 missing")

    def test_a_version_has_a_line_and_one_that_lies_is_refused(self):
        driver = DRIVER.parent / "told.sys"
        done = imports(driver)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[-3], f"{driver}: version 1.2.3.4, of product version 5.6.7.8")
        self.assertEqual(json.loads(imports("--json", driver).stdout)["version"],
                         {"file": "1.2.3.4", "product": "5.6.7.8"})
        self.assertNotIn("version", json.loads(imports("--json", DRIVER).stdout))
        image = driver.read_bytes().replace(b"V\0S\0_\0", b"W\0S\0_\0")
        self.refused(self.changed(image), "a version has another name")

    def test_what_is_missing_is_named(self):
        driver = self.changed(self.image.replace(b"KeSetTimerEx\0", b"KeSetTimerXY\0"))
        count = len(imports(DRIVER).stdout.splitlines()) - 2
        done = imports("--missing", driver)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout,
                         f"missing  ntoskrnl.exe KeSetTimerXY\n{driver}: symbols beat.pdb: not beside it\n"
                         f"{driver}: {count} imports, 1 missing\n")
        document = json.loads(imports("--json", driver).stdout)
        self.assertEqual((document["missing"], len(document["imports"])), (1, count))
        self.assertIn({"module": "ntoskrnl.exe", "name": "KeSetTimerXY", "delayed": False, "there": False},
                      document["imports"])

    def test_symbols_are_told_with_what_is_wrong_with_them(self):
        def symbols(driver):
            return json.loads(imports("--json", driver).stdout)["symbols"]
        own = symbols(DRIVER)
        self.assertEqual((own["file"], own["there"], own["wrong"]), ("beat.pdb", True, ""))
        self.assertGreater(own["count"], 1)
        driver, beside = self.changed(self.image), self.folder / "beat.pdb"
        self.assertEqual(symbols(driver), {"file": "beat.pdb", "there": False, "wrong": "", "count": 0})
        for bytes, wrong in ((DRIVER.with_name("told.pdb").read_bytes(), "it is of another build"),
                             (DRIVER.with_suffix(".pdb").read_bytes()[:-1], "it is cut off")):
            beside.write_bytes(bytes)
            self.assertEqual(symbols(driver), {"file": "beat.pdb", "there": True, "wrong": wrong, "count": 0})
            self.assertIn(f"{driver}: symbols beat.pdb: {wrong}\n", imports(driver).stdout)
        image = self.image.replace(b"RSDS", b"NB10")
        self.assertNotIn("symbols", json.loads(imports("--json", self.changed(image)).stdout))

    def test_nothing_is_there_of_another_module(self):
        done = imports(self.changed(self.image.replace(b"ntoskrnl.exe\0", b"ndis_for.sys\0")))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn("there ", done.stdout)

    def test_what_is_no_image_is_refused_with_one_line_of_cause(self):
        self.refused(self.changed(self.image[:-1]), "a section's data ends outside of the file", "0xC000007B")
        self.refused(self.changed(b"#!/bin/sh\n" * 100), "no DOS header is at its beginning", "0xC000012F")
        self.refused(self.folder / "none.sys", "cannot read", "none.sys", "No such file or directory")
        self.refused(self.folder, "cannot read", str(self.folder))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
