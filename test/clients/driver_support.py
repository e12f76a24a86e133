"""What the drivers share: where to call and as whom (argv), a wait for what comes, and the one line of JSON that they print."""

import json
import sys
import time

settings = json.loads(sys.argv[1])
url = settings["url"]
account = settings["account"]

PATIENCE_SECONDS = 30


def until(look):
    """What `look` answers, once it answers something true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = look()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come within %s s" % PATIENCE_SECONDS)


def drive(**stories):
    """Runs each story, a generator of (step, what came of it), and prints all steps by story."""
    print(json.dumps({name: dict(story()) for name, story in stories.items()}))
