#!/usr/bin/env python3
"""report.py EXPLORE_TESTS [SCREENSHOT]

Lets the tests of reports write theirs, reads them as a browser and a trace viewer would, and has a browser render one
where Chromium is installed.
"""
import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(html.parser.HTMLParser):
    """Counts what stands in a page, and insists that every element is closed where it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.classes, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.classes += (named.get("class") or "").split()
        for name, value in attributes:
            assert name not in ("src", "href"), f"the page needs {value}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def check_page(path, verdict):
    page = Page()
    page.feed(path.read_text())
    page.close()
    assert not page.open, f"{path.name} leaves {page.open} open"
    text = "".join(page.text)
    assert f"MICA_REPLAY={path.stem}:steps:" in text and f"verdict: {verdict}" in text
    for wanted in ("wrong", "hold", "arrow", "l0", "l2"):
        assert wanted in page.classes, f"{path.name} shows no {wanted}"


def check_trace(path, verdict):
    trace = json.loads(path.read_text())
    assert trace["otherData"]["verdict"] == verdict
    phases = [event["ph"] for event in trace["traceEvents"]]
    for begin, end in (("b", "e"), ("s", "f")):
        assert phases.count(begin) == phases.count(end) > 0
    steps = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert {event["pid"] for event in steps} == {0, 1}
    assert any(event["args"]["wrong"] for event in steps)


def render(path, picture):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        print("skipped: chromium is not installed, so no browser has rendered the page")
        return
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--screenshot={picture}", "--window-size=1240,900", path.as_uri()],
                   check=True, timeout=120, capture_output=True)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 10_000


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "Report:*"], check=True, timeout=200, stdout=subprocess.DEVNULL,
                       env=os.environ | {"MICA_REPORT": folder})
        written = pathlib.Path(folder)
        for name, verdict in (("unlocked", "race"), ("lost-wake", "deadlock")):
            check_page(written / f"{name}.html", verdict)
            check_trace(written / f"{name}.json", verdict)
            assert f"verdict: {verdict}" in (written / f"{name}.txt").read_text()
        picture = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else written / "page.png"
        render(written / "unlocked.html", picture)


main()
