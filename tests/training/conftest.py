from pathlib import Path

import pytest
from small_ppg_bp import write_ppg_bp


@pytest.fixture(scope="session")
def ppg_bp(tmp_path_factory) -> Path:
    """Six people, the higher the pressure the lower the second wave."""
    people = [(2 + 3 * i, 105.0 + 16 * i, 62.0 + 5 * i, 60.0 + 6 * i, 0.6 - 0.1 * i) for i in range(6)]
    return write_ppg_bp(tmp_path_factory.mktemp("ppg_bp"), people)
