"""Asks for URL N times at once, says `asked`, and prints how many answers were 200 and whole."""

import sys
import threading
import urllib.request

url, count = sys.argv[1], int(sys.argv[2])
answers = []


def ask():
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            answers.append(response.status == 200 and response.read() == b"hello")
    except OSError as error:
        print(error, file=sys.stderr)
        answers.append(False)


threads = [threading.Thread(target=ask) for _ in range(count)]
for thread in threads:
    thread.start()
print("asked", flush=True)
for thread in threads:
    thread.join()
print(sum(answers), flush=True)
