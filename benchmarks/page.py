"""How long until the strip is seen, and does a page that stays open grow? The real app and Debian's Chromium.

    python -m benchmarks.page [--readings N]        (needs Debian's `chromium`; 11 readings unless told)

Clicks one example again and again. *Click* is when the mouse goes down on it; *answer* is when the last bytes came
before the payload stood in the page; *drawn* is the frame after the strip's section is marked `data-drawn`. The first
reading is apart, as scripts are compiled in it.

Memory is taken after the first reading and after the last, when garbage has been collected: what scripts hold (heap),
nodes and event listeners that live, nodes among them that are in no document, and the renderer's memory as the system
counts it, canvases included (RSS, of all renderers).
"""

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.load import served

EXAMPLE = "[data-example='0']"
READY = "#result [data-status=empty]"
DRAWN = "#result [data-drawn]"
PAYLOAD = "#result [data-result]"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MAX_DRAWN_S, MAX_ANSWER_TO_DRAWN_S = 1.0, 0.5  # what is promised of an example
WAIT_MS = 120_000
SETTLE_MS = 1500  # the page scrolls smoothly to a result

# Notes when the example is clicked and when what is sought appears: anew, as results take each other's place.
_WATCH = """([example, payload, drawn]) => {
  const times = (self.benchmark = { click: 0, payload: 0, drawn: 0 });
  addEventListener("pointerdown", (event) => {
    if (event.target.closest(example)) Object.assign(times, { click: performance.now(), payload: 0, drawn: 0 });
  }, true);
  const last = {};
  const look = (records) => {
    for (const [name, selector] of [["payload", payload], ["drawn", drawn]]) {
      const found = document.querySelector(selector);
      const marked = name === "drawn" && records.some(({ type, target }) => type === "attributes" && target === found);
      const isNew = found && (found !== last[name]?.deref() || marked);
      last[name] = found && new WeakRef(found);
      if (!isNew) continue;
      if (name === "payload") times.payload = performance.now();
      else requestAnimationFrame(() => setTimeout(() => (times.drawn = performance.now())));
    }
  };
  const options = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn"] };
  new MutationObserver(look).observe(document, options);
}"""


@dataclass
class Visit:
    """An open page, watched: `received_s` is when bytes came, seconds on the browser's clock."""

    browser: Browser
    page: Page
    cdp: CDPSession
    received_s: list[float] = field(default_factory=list)

    def metrics(self) -> dict[str, float]:
        """Return Chromium's own numbers of the page."""
        return {one["name"]: one["value"] for one in self.cdp.send("Performance.getMetrics")["metrics"]}

    def read(self) -> tuple[float, float]:
        """Click the example; return seconds from the click, and from the answer, until the strip is drawn."""
        self.received_s.clear()
        self.page.locator(EXAMPLE).click()
        self.page.wait_for_function("self.benchmark.click && self.benchmark.payload && self.benchmark.drawn")
        times = {name: at / 1000 for name, at in self.page.evaluate("self.benchmark").items()}
        opened_s = self.metrics()["NavigationStart"]
        answers_s = [at - opened_s for at in self.received_s if at - opened_s <= times["payload"]]
        self.page.wait_for_timeout(SETTLE_MS)
        return times["drawn"] - times["click"], times["drawn"] - max(answers_s, default=times["payload"])

    def memory(self) -> list[str]:
        """Return heap in MB, nodes, nodes in no document, listeners, and the renderers' MB, after a collection."""
        for _ in range(2):  # what a finaliser lets go, goes at the second
            self.cdp.send("HeapProfiler.collectGarbage")
        metrics = self.metrics()
        detached = sum(map(_count, self.cdp.send("DOM.getDetachedDomNodes")["detachedNodes"]))
        session = self.browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        renderers = [psutil.Process(one["id"]) for one in processes if one["type"] == "renderer"]
        rss = sum(process.memory_info().rss for process in renderers) / 2**20
        counts = [f"{metrics['Nodes']:.0f}", str(detached), f"{metrics['JSEventListeners']:.0f}"]
        return [f"{metrics['JSHeapUsedSize'] / 2**20:.1f}", *counts, f"{rss:.0f}"]


def _count(tree: dict) -> int:
    """Return how many nodes a detached tree has; it is told with its root, or as a node itself."""
    node = tree.get("treeNode", tree)
    return 1 + sum(map(_count, node.get("children", [])))


@contextmanager
def visit(url: str) -> Iterator[Visit]:
    """Open the page until the block ends."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(WAIT_MS)
        one = Visit(browser, page, page.context.new_cdp_session(page))
        for domain in ("Network", "Performance", "DOM"):
            one.cdp.send(f"{domain}.enable")
        for event in ("Network.dataReceived", "Network.eventSourceMessageReceived"):
            one.cdp.on(event, lambda received: one.received_s.append(received["timestamp"]))
        page.goto(url)
        page.locator(READY).wait_for()
        page.evaluate(_WATCH, [EXAMPLE, PAYLOAD, DRAWN])
        yield one
        browser.close()


def main() -> None:
    """Serve, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=11)
    readings = parser.parse_args().readings
    if readings < 2:
        parser.error("at least two readings: the first is apart")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as app, visit(app.url) as one:
        first = one.read()
        memory = {1: one.memory()}
        later = [one.read() for _ in range(readings - 1)]
        memory[readings] = one.memory()
    print("| from | first, s | median of later, s | slowest, s | promised, s |\n|---|---|---|---|---|")
    for part, (start, promised) in enumerate((("click", MAX_DRAWN_S), ("answer", MAX_ANSWER_TO_DRAWN_S))):
        times = [reading[part] for reading in later]
        print(f"| {start} | {first[part]:.2f} | {statistics.median(times):.2f} | {max(times):.2f} | {promised} |")
    print("\n| readings | heap, MB | nodes | in no document | listeners | renderers, MB |\n|---|---|---|---|---|---|")
    for count, numbers in memory.items():
        print("| " + " | ".join([str(count), *numbers]) + " |")


if __name__ == "__main__":
    main()
