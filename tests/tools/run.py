"""Runs `mica explore` and keeps what it said."""
import json
import pathlib
import subprocess
import sys

MICA = pathlib.Path(sys.argv[1])


class Run:
    def __init__(self, *arguments):
        done = subprocess.run([MICA, "explore", *map(str, arguments)], capture_output=True, text=True,
                              timeout=120)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def document(self):
        return json.loads(self.out)
