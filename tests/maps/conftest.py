import huggingface_hub
import pytest

from tests.support.loopback_hub import LoopbackHub, ask_only
from tests.support.small_maps import write_maps


@pytest.fixture
def maps(tmp_path):
    """A folder of maps; `write_maps` says what is in it."""
    folder = tmp_path / "maps"
    write_maps(folder)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub without a repo, a token that may write for someone, and huggingface_hub set to use it."""
    with LoopbackHub() as server:
        ask_only(server, tmp_path, monkeypatch)
        server.tokens["secret"] = "someone"
        yield server
    huggingface_hub.close_session()
