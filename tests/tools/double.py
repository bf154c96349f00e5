#!/usr/bin/env python3
"""A program with explorations that behaves as its argument says: what a broken one tells `mica explore`."""
import json
import os
import signal
import sys
import time

NAMES = ["first", "second", "third"]


def main(behaviour):
    asked = dict(word.split("=", 1) for word in os.environ["MICA_EXPLORE"].split())

    def tell(event, name, **more):
        os.write(int(asked["progress"]), (json.dumps({"event": event, "name": name, **more}) + "\n").encode())

    def go(name, verdict="passed", exhausted=True, executions=10, took=0.5, **more):
        tell("end", name, verdict=verdict, exhausted=exhausted, executions=executions, distinct=executions,
             final_states=2, longest=7, points=100, switches=20, seconds=took,
             **{"replay": None, "report": None, "text": "", **more})

    if asked.get("list") == "1":
        if behaviour == "cannot-list":
            print("no such thing as a list")
            return 4
        for name in NAMES:
            tell("listed", name)
        return 0

    name = asked["name"]
    if behaviour == "says-nothing":
        print("=====\nnothing to do\n")
        return 0
    if behaviour == "skips":
        tell("end", name, verdict="skipped", text="not today")
        return 0
    tell("begin", name, strategy=asked.get("strategy", "seeded"), processors=2, preemptions=None,
         memory="sequential", shard=asked.get("shard", "1/1"), seed=1)
    if behaviour == "slow":
        tell("progress", name, executions=5, distinct=5, longest=7, depth=7, left=100, points=50, seconds=0.1)
        time.sleep(60)
    if behaviour == "hangs":
        time.sleep(60)
    if behaviour == "crashes":
        print("about to crash", flush=True)
        os.write(int(asked["progress"]), b'{"event":"progress","na')
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == "malformed":
        os.write(int(asked["progress"]), b'{"event": 5 5}\n')
    if behaviour == "another":
        tell("progress", "fourth", executions=1)
    if behaviour == "fails" and name == "second":
        go(name, "deadlock", False, replay="second:steps:1=2", report="/tmp/second.html",
           text="two threads wait\nMICA_REPLAY=second:steps:1=2")
        return 1
    if behaviour == "budget":
        go(name, took=float(asked["seconds"]))
        return 0
    go(name)
    if behaviour == "ends-badly":
        print("a check of another test failed")
        return 9
    return 0


sys.exit(main(sys.argv[1]))
