"""No state of the page keeps anybody out: axe finds nothing serious, in light, in the dark and on a phone."""

from axe_playwright_python.sync_playwright import Axe

FACE_58, PHOTOGRAPH = 1, 2  # examples
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
            "document.getAnimations().every((a) => !(a instanceof CSSTransition))"
        )  # colours fade over
        for rule in Axe().run(page, options=options).response["violations"]:
            known = KNOWN.get(rule["id"], (None,))[0]
            for node in rule["nodes"]:
                if rule["impact"] in SERIOUS and not (known and known in node["html"]):
                    found.append(f"{view}: {rule['id']}: {node['html'][:150]} {node['failureSummary'][:200]}")
    return found


def choose_example(page, number, status):
    page.locator(f"[data-example='{number}']").click()
    page.locator(f"#result [data-status={status}]").wait_for()
    page.locator("#files a").first.wait_for()
    page.wait_for_timeout(500)


def test_the_empty_page(open_page):
    page = open_page()
    assert findings(page) == []
    page.get_by_role("tab", name="Upload a clip").click()
    assert findings(page) == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].filter(e => e.offsetParent).map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert page.locator("main").count() == 1


def test_a_reading_with_its_cuff_panel(open_page):
    page = open_page()
    choose_example(page, FACE_58, "reading")
    page.get_by_role("button", name="calibrate with your cuff").click()
    page.locator("#cuff-use").click()
    page.locator("#cuff-message [role=alert]").wait_for()
    assert findings(page) == []
    assert page.locator("#beside section").count() == 0, "nothing was told"


def test_a_reading_with_what_was_told(open_page):
    page = open_page()
    page.get_by_role("button", name="Tell something about yourself").click()
    page.get_by_label("Height (cm)").fill("1.63")
    page.get_by_label("Age (years)").fill("61")
    page.locator("#told-message [role=alert]").wait_for()
    assert findings(page) == []
    page.get_by_label("Height (cm)").fill("163")
    page.get_by_label("Female").check()
    page.locator("#told-message [role=alert]").wait_for(state="detached")
    choose_example(page, FACE_58, "reading")
    page.locator("#beside section").wait_for()
    assert findings(page) == []
    choose_example(page, PHOTOGRAPH, "refused")
    assert page.locator("#beside section").count() == 0


def test_a_refusal(open_page):
    page = open_page()
    choose_example(page, PHOTOGRAPH, "refused")
    assert findings(page) == []


def test_an_error(open_page, text_file):
    page = open_page()
    page.get_by_role("tab", name="Upload a clip").click()
    page.get_by_label("Upload file").click()
    page.locator("#clip input[type=file]").set_input_files(text_file)
    page.locator("#result [data-status=error]").wait_for()
    page.locator("#files a").first.wait_for()
    assert findings(page) == []


def test_the_check_itself_finds_what_is_wrong(open_page):
    page = open_page()
    wrong = '<img src="data:,"><p style="color: #999; background: #aaa">hardly to be read</p>'
    page.evaluate("wrong => document.querySelector('#result').insertAdjacentHTML('afterbegin', wrong)", wrong)
    found = findings(page)
    for view, rule in (("desktop", "image-alt"), ("desktop, dark", COLOURS), ("phone", "image-alt")):
        assert any(finding.startswith(f"{view}: {rule}:") for finding in found), (view, rule)
