"""What axe, which looks for what keeps people out, holds against a page."""

from axe_playwright_python.base import AXE_SCRIPT

# Light and dark differ in their colours, desktop and phone in all else: each is asked what may be otherwise there.
COLOURS = "color-contrast"
VIEWS = {
    "desktop": (1280, 800, False, {}),
    "desktop, dark": (1280, 800, True, {"runOnly": [COLOURS]}),
    "phone": (390, 844, False, {"rules": {COLOURS: {"enabled": False}}}),
}
SETTLED = """document.getAnimations().every(
  ({ playState, effect }) => playState !== "running" || effect.getComputedTiming().endTime === Infinity
)"""
# Only what is serious leaves the page: all that axe has to tell is megabytes.
RUN = """async ([within, options]) => {
  const { violations } = await axe.run(within, { resultTypes: ["violations"], ...options });
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 150)} ${failureSummary.slice(0, 200)}`));
}"""


def barriers(page, within="html", **options):
    """Return what is serious about a part of the page as it is: one line each, which begins with the rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(RUN, [within, options])


def findings(page, within="html"):
    """Return what is serious about a part of the page as it is, in every view: one line each."""
    found = []
    before = page.viewport_size
    for view, (width, height, dark, options) in VIEWS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        page.wait_for_function(SETTLED)  # colours fade over
        found += [f"{view}: {line}" for line in barriers(page, within, **options)]
    page.set_viewport_size(before)
    return found
