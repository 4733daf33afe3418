"""What the Autobahn suite is told, and what its reports say.

suite.py spec SERVERS REPORTS     prints the specification; SERVERS has a name and a URL a line
suite.py judge SERVERS REPORTS    prints a line a check
"""

import collections
import json
import sys

# How many cases version 25.10.1 has in 1.* to 7.* and 10.*, and in 9.*.
PROTOCOL, SPEED = 247, 54
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL")


def asked_for_speed(name):
    return name == "hyper"


def spec(servers, reports):
    slow = {name: ["9.*"] for name in servers if not asked_for_speed(name)}
    return {
        "outdir": reports,
        "servers": [{"agent": name, "url": url} for name, url in servers.items()],
        "cases": ["*"],
        "exclude-cases": ["12.*", "13.*"],
        "exclude-agent-cases": slow,
        # A server may say that something is wrong before it closes.
        "options": {"failByDrop": False},
    }


def judge(servers, reports):
    with open(reports + "/index.json") as file:
        index = json.load(file)
    for name in servers:
        cases = index.get(name, {})
        wanted = PROTOCOL + SPEED * asked_for_speed(name)
        counts = collections.Counter(case["behavior"] for case in cases.values())
        says = ", ".join("%s %s" % (count, behavior) for behavior, count in sorted(counts.items()))
        left_out = "9.*, " * (not asked_for_speed(name)) + "12.* and 13.*"
        good = len(cases) == wanted
        for case, report in sorted(cases.items()):
            # The end of a case is judged by itself: it may be unclean where the case demands that.
            if report["behavior"] not in GOOD or report["behaviorClose"] not in GOOD:
                good = False
                print("      %s %s: %s, its end %s" % (name, case, report["behavior"], report["behaviorClose"]))
        outcome = "ok" if good else "FAILED"
        print("%s %s: %s of %s cases, %s (without %s)" % (outcome, name, len(cases), wanted, says, left_out))


def main(what, servers, reports):
    with open(servers) as file:
        servers = [line.split() for line in file]
    assert len(servers) == len(dict(servers)), "two servers have one name"
    servers = dict(servers)
    if what == "spec":
        json.dump(spec(servers, reports), sys.stdout)
    else:
        judge(servers, reports)


main(*sys.argv[1:])
