"""No state of the page keeps anybody out: axe finds nothing serious, in light, in the dark and on a phone."""

from tests.support.axe import COLOURS, findings
from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, PHOTOGRAPH, choose_example, drop, wait_for_result


def show(page, file, status):
    choose_example(page, file)
    wait_for_result(page, status)


def test_the_empty_page(open_page):
    page = open_page()
    assert findings(page) == []
    page.get_by_role("tab", name="Upload a clip").click()
    page.locator("#clip").wait_for()
    assert findings(page, "#ways") == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].filter(e => e.offsetParent).map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert page.locator("main").count() == 1


def test_a_reading_and_what_stands_below_it(open_page):
    page = open_page()
    show(page, FACE_58, "reading")
    page.locator("#steps canvas[data-drawn]").first.wait_for()
    assert findings(page) == []
    for tab in ("Evidence", "Developers"):
        page.get_by_role("tab", name=tab).click()
        page.locator(f"#{tab.lower()}").wait_for()
        assert findings(page, "#behind") == [], tab
    assert page.locator(".bp-beside").count() == 0, "nothing was told"


def test_a_reading_with_what_was_told(open_page):
    page = open_page()
    page.get_by_role("button", name="Tell something about yourself").click()
    page.get_by_label("Height (cm)").fill("1.63")
    page.get_by_label("Age (years)").fill("61")
    page.locator("#told-message [role=alert]").wait_for()
    assert findings(page, "#input") == []
    page.get_by_label("Height (cm)").fill("163")
    page.get_by_label("Female").check()
    page.locator("#told-message [role=alert]").wait_for(state="detached")
    drop(page, EXAMPLES / FACE_58)
    wait_for_result(page, "reading")
    page.locator(".bp-beside").wait_for()
    assert findings(page, "#stage") == []
    show(page, FACE_58, "reading")
    assert page.locator(".bp-beside").count() == 0, "what a person tells is not true of an example"


def test_a_refusal(open_page):
    page = open_page()
    show(page, PHOTOGRAPH, "refused")
    assert findings(page) == []


def test_an_error(open_page, text_file):
    page = open_page()
    drop(page, text_file)
    wait_for_result(page, "error")
    assert findings(page, "#stage") == []


def test_the_check_itself_finds_what_is_wrong(open_page):
    page = open_page()
    wrong = '<img src="data:,"><p style="color: #999; background: #aaa">hardly to be read</p>'
    page.evaluate("wrong => document.querySelector('#result').insertAdjacentHTML('afterbegin', wrong)", wrong)
    found = findings(page)
    for view, rule in (("desktop", "image-alt"), ("desktop, dark", COLOURS), ("phone", "image-alt")):
        assert any(finding.startswith(f"{view}: {rule}:") for finding in found), (view, rule)
