"""Looks at a page as people do: on a telephone and on a desk, by day and by night, and as axe does for a screen reader.

    look.py ADDRESS FOLDER NAME

Prints `ok WHAT` or `FAILED WHAT` for each thing that it looks for, and leaves a picture of each look in the folder.
"""

import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ADDRESS, FOLDER, NAME = sys.argv[1:]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
# Everything that stands out to the right of what is seen, by its tag and its text.
BEYOND = """() => [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(element => `${element.localName}: ${element.textContent.trim().slice(0, 60)}`)"""


def tell(holds, what, why=""):
    print(("ok " if holds else "FAILED ") + what, flush=True)
    if not holds and why:
        print(why, flush=True)


def look(browser, width, scheme):
    how = f"{width} px wide, {scheme}"
    # What is evaluated in a page is a script, which its policy forbids; whether the page keeps its own style under
    # that is looked at without this.
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(ADDRESS)
    scroll = page.evaluate("document.documentElement.scrollWidth")
    beyond = page.evaluate(BEYOND)
    tell(scroll <= width and not beyond, f"{how}: nothing has to be scrolled sideways", f"{scroll} px; {beyond}")
    found = Axe().run(page).response
    rules = len(found["passes"])
    wrong = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]]
    tell(rules > 10 and not wrong, f"{how}: axe finds nothing wrong", f"{rules} rules hold; {wrong}")
    page.screenshot(path=f"{FOLDER}/{NAME}-{width}-{scheme}.png", full_page=True)
    context.close()


def errors(browser):
    """What the browser complains of, with the policy of the page in force."""
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(ADDRESS)
    # The icon that every browser asks for, and the status of the page itself, are none of its mistakes.
    complaints = [one for one in complaints if "Failed to load resource" not in one and "favicon" not in one]
    tell(not complaints, "the browser complains of nothing", str(complaints))
    page.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
    errors(browser)
    for width in (360, 1200):
        for scheme in ("light", "dark"):
            look(browser, width, scheme)
    browser.close()
