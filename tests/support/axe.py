"""What axe, which looks for what keeps people out, holds against a page."""

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
# What lies inside Gradio's own components and cannot be mended from here: rule -> selector and why.
KNOWN = {}
# Light and dark differ in their colours, desktop and phone in all else: each is asked what may be otherwise there.
COLOURS = "color-contrast"
VIEWS = {
    "desktop": (1280, 800, False, {}),
    "desktop, dark": (1280, 800, True, {"runOnly": [COLOURS]}),
    "phone": (390, 844, False, {"rules": {COLOURS: {"enabled": False}}}),
}


def findings(page):
    """What axe holds against the page as it is, in every view: one line each."""
    found = []
    for view, (width, height, dark, options) in VIEWS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        page.wait_for_function(
            "document.getAnimations().every((a) => !(a instanceof CSSTransition && a.playState === 'running'))"
        )  # colours fade over
        for rule in Axe().run(page, options=options).response["violations"]:
            known = KNOWN.get(rule["id"], (None,))[0]
            for node in rule["nodes"]:
                if rule["impact"] in SERIOUS and not (known and known in node["html"]):
                    found.append(f"{view}: {rule['id']}: {node['html'][:150]} {node['failureSummary'][:200]}")
    return found
