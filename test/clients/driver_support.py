"""Shared by the drivers: the target and account from argv, polling, and the printing of results as one line of JSON."""

import json
import sys
import time

settings = json.loads(sys.argv[1])
url = settings["url"]
account = settings["account"]

TIMEOUT_SECONDS = 30


def until(poll):
    """Polls until the result is truthy. Returns it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        result = poll()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError("condition not met within %s s" % TIMEOUT_SECONDS)


def run_scenarios(**scenarios):
    """Runs scenarios, which are generators of (step, result), and prints the results by scenario and step."""
    print(json.dumps({name: dict(scenario()) for name, scenario in scenarios.items()}))
