"""What the Autobahn suite is told, and what its report says.

suite.py spec URL REPORTS        prints the specification
suite.py judge NAME REPORTS      prints a line for each case that is not as it should be, and one for all
"""

import collections
import json
import sys

# How many cases version 25.10.1 has besides those of compression.
CASES = 301
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL")


def spec(url, reports):
    wanted = {
        "outdir": reports,
        "servers": [{"agent": "server", "url": url}],
        "cases": ["*"],
        "exclude-cases": ["12.*", "13.*"],
        "exclude-agent-cases": {},
        # A server may say that something is wrong before it closes.
        "options": {"failByDrop": False},
    }
    json.dump(wanted, sys.stdout)


def judge(name, reports):
    with open(reports + "/index.json") as file:
        cases = json.load(file)["server"]
    for case, report in cases.items():
        # How it ends is judged by itself.
        for what, behavior in ((case, report["behavior"]), ("the end of " + case, report["behaviorClose"])):
            if behavior not in GOOD:
                print(f"FAILED {name}: {what} is {behavior}")
    counts = collections.Counter(report["behavior"] for report in cases.values())
    says = ", ".join(f"{count} {behavior}" for behavior, count in sorted(counts.items()))
    outcome = "ok" if len(cases) == CASES else "FAILED"
    print(f"{outcome} {name}: {len(cases)} of {CASES} cases, {says} (without 12.* and 13.*)")


{"spec": spec, "judge": judge}[sys.argv[1]](*sys.argv[2:])
