"""What the Autobahn suite is told, and what its report says.

suite.py spec URL REPORTS WITHOUT...       prints the specification
suite.py judge NAME REPORTS WITHOUT...     prints a line for each case that is not as it should be, and one for all
"""

import collections
import json
import sys

# How many cases version 25.10.1 has, and how many of them by their pattern.
CASES = 517
OF = {"9.*": 54, "12.*": 90, "13.*": 126}
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL")


def spec(url, reports, *without):
    wanted = {
        "outdir": reports,
        "servers": [{"agent": "server", "url": url}],
        "cases": ["*"],
        "exclude-cases": without,
        "exclude-agent-cases": {},
        # A server may say that something is wrong before it closes.
        "options": {"failByDrop": False},
    }
    json.dump(wanted, sys.stdout)


def judge(name, reports, *without):
    with open(reports + "/index.json") as file:
        cases = json.load(file)["server"]
    for case, report in cases.items():
        # How it ends is judged by itself.
        for what, behavior in ((case, report["behavior"]), ("the end of " + case, report["behaviorClose"])):
            if behavior not in GOOD:
                print(f"FAILED {name}: {what} is {behavior}")
    counts = collections.Counter(report["behavior"] for report in cases.values())
    says = ", ".join(f"{count} {behavior}" for behavior, count in sorted(counts.items()))
    wanted = CASES - sum(OF[pattern] for pattern in without)
    outcome = "ok" if len(cases) == wanted else "FAILED"
    print(f"{outcome} {name}: {len(cases)} of {wanted} cases, {says} (without {' '.join(without)})")


{"spec": spec, "judge": judge}[sys.argv[1]](*sys.argv[2:])
