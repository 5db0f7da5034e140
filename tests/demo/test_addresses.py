"""An example's address is a name, wherever it seems to lead."""

import pytest

from bpdemo.demo.server.addresses import example_name


@pytest.mark.parametrize(
    "address",
    [
        "/examples/clip%201.mp4",
        "http://127.0.0.1:7860/examples/clip 1.mp4",
        "https://owner-bpdemo.hf.space/demo/examples/clip%201.mp4",
    ],
)
def test_an_address_names_an_example(address):
    assert example_name(address) == "clip 1.mp4"


@pytest.mark.parametrize(
    "other",
    [
        None, 7, ["/examples/clip.mp4"], "", "clip.mp4", "examples/clip.mp4", "/examples/", "/examples/a/clip.mp4",
        "/other/examples/clip.mp4", "file:///examples/clip.mp4", "http://a/b?c=/examples/clip.mp4", "/examples/a.mp4?b",
        "http://a/#/examples/clip.mp4",
    ],
    ids=repr,
)  # fmt: skip
def test_nothing_else_does(other):
    assert example_name(other) is None
