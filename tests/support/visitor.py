"""What a visitor does on the page, in a browser driven by Playwright."""

FACE_72, FACE_58, PHOTOGRAPH, WALL = ("face_72_bpm.mp4", "face_58_bpm.webm", "photograph.mp4", "wall.mp4")
DONE = ":is([data-status=reading], [data-status=refused], [data-status=error])"


def forget_result(page):
    """Mark what is on the page, so that it is not taken for what comes next."""
    page.evaluate("document.querySelectorAll('#result [data-status]').forEach(e => (e.dataset.old = ''))")


def drop(page, clip):
    """Choose a clip in the upload."""
    forget_result(page)
    again = page.locator("[data-new]")
    if again.is_visible() and not page.locator("#input").is_visible():
        again.click()
    page.get_by_role("tab", name="Upload a clip").click()
    page.locator("#clip input[type=file]:enabled").set_input_files(clip)


def choose_example(page, file):
    """Click the card of an example."""
    forget_result(page)
    page.locator(f"[data-example][data-file='{file}']").click()


def wait_for_result(page, status=None):
    """Wait until a result is there and drawn; return it. `status` is what it must be."""
    result = page.locator(f"#result {DONE}:not([data-old])")
    result.wait_for()
    if status:
        assert result.get_attribute("data-status") == status, result.inner_text()
    if result.locator(".bp-strip").count():
        page.locator("#result [data-drawn]:not([data-old])").first.wait_for()
    return result


def download(page, kind):
    """Take a file of the result; return its name and content."""
    with page.expect_download() as taken:
        page.locator(f"#result [data-file={kind}]").click()
    return taken.value.suggested_filename, taken.value.path().read_bytes()
