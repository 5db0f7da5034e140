"""Where clips lie, for tests of what handles them."""

import pytest

from bpdemo.demo.server.uploads import Uploads


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return Uploads(folder)
