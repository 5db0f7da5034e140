import pytest

from bpdemo.weights.store import load_weights
from tests.support.small_weights import write_small


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Small weights that were fitted on nobody here."""
    folder = tmp_path_factory.mktemp("weights")
    write_small(folder)
    return load_weights(folder, device="cpu")
