"""What a link to the page shows elsewhere. The estimator is a stand-in."""

import io
import re
from html.parser import HTMLParser

import httpx
import pytest
from PIL import Image

from bpdemo.demo.server.page_head import DESCRIPTION, TITLE, with_tags
from tests.support.stand_in import StandIn, serve_stand_in


class Tags(HTMLParser):
    """The meta tags of a page by name, each with all its contents."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "meta":
            name = attributes.get("property") or attributes.get("name")
            self.found.setdefault(name, []).append(attributes.get("content"))


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        yield served.url.rstrip("/")


def test_a_shared_link_shows_the_project_and_nothing_of_gradio(url):
    answer = httpx.get(url)
    tags = Tags(answer.text).found
    shared = {name: contents for name, contents in tags.items() if re.match("og:|twitter:|description", name or "")}
    assert shared["og:title"] == [TITLE]
    assert shared["og:description"] == shared["description"] == [DESCRIPTION]
    assert shared["og:url"] == [f"{url}/"]
    assert all(len(contents) == 1 and "radio" not in contents[0] for contents in shared.values())
    assert f"<title>{TITLE}</title>" in answer.text
    assert re.search(r'<html\s+lang="en"', answer.text)
    assert b"charset" in answer.content[:1024]
    assert len(answer.content) == int(answer.headers["content-length"])
    with Image.open(io.BytesIO(httpx.get(*shared["og:image"]).content)) as picture:
        assert picture.size == (int(*shared["og:image:width"]), int(*shared["og:image:height"])) == (1200, 630)


def test_behind_a_proxy_addresses_are_those_that_visitors_see(url):
    headers = {"x-forwarded-host": "a.b", "x-forwarded-proto": "https"}
    assert Tags(httpx.get(url, headers=headers).text).found["og:image"] == ["https://a.b/page/shared.png"]


def test_an_address_cannot_end_a_tag():
    address = 'https://a.b"><script>'
    tags = Tags(with_tags('<head><meta charset="utf-8" /><script></script>', address)).found
    assert tags["og:url"] == [f"{address}/"]


def test_the_icon_is_ours(url):
    icons = [httpx.get(f"{url}{path}") for path in ("/favicon.ico", "/page/icon.svg", "/pwa_icon")]
    assert {icon.headers["content-type"] for icon in icons} == {"image/svg+xml"}
    assert len({icon.content for icon in icons}) == 1


def test_the_footer_leads_to_the_api_alone(url):
    assert httpx.get(f"{url}/config").json()["footer_links"] == ["api"]
