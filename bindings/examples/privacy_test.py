"""The map of a home must not reach the vendor's cloud while its user denies that. Run by pytest.

    pytest bindings/examples/privacy_test.py
"""
import pathlib

import dustproof

FIRST_RUN = pathlib.Path(__file__).parents[2] / "scenarios/first_run.yaml"


def test_the_map_stays_at_home(tmp_path: pathlib.Path) -> None:
    result = dustproof.run(FIRST_RUN, consent="all_denied", until=120, out=tmp_path / "run")
    assert result.passes("home_map", party="vendor_cloud_cn")
