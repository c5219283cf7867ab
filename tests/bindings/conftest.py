import pathlib

import dustproof
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def leak(tmp_path_factory):
    """A minute of firmware that sends the Wi-Fi password, with how the run went."""
    progress = []
    result = dustproof.run(ROOT / "tests/end_to_end/scenarios/leaks.yaml", "all_denied", firmware="leak_wifi_password_in_status",
                           until=60, out=tmp_path_factory.mktemp("leak") / "out", on_progress=progress.append)
    return result, progress
