"""Questions that take more than one run."""
import pathlib

import dustproof
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"


def test_what_depends_on_a_secret(leak, tmp_path):
    result, _ = leak
    changes = dustproof.counterfactual(result[0].recording, ["wifi_password", "wifi_scan"], out=tmp_path / "cf")
    assert list(changes) == ["wifi_password", "wifi_scan"]
    assert not changes["wifi_password"]
    cloud = next(p for p in changes["wifi_password"].parties if p.party == "vendor_cloud_cn")
    assert (cloud.verdict, cloud.only_by_comparison) == ("fail", False)  # A matcher knows it, too.
    assert cloud.differing > 0 and "vendor_cloud_cn" in str(changes["wifi_password"])
    assert changes["wifi_scan"] and str(changes["wifi_scan"]) == "wifi_scan: no message depends on it"
    with pytest.raises(dustproof.ScenarioError, match="did you mean 'wifi_password'"):
        dustproof.counterfactual(result[0].recording, ["wifi_pasword"])


def test_what_still_leaves_after_a_withdrawal(tmp_path):
    scenario = dustproof.load_scenario(SHORT)
    withdrawals = dustproof.withdraw(scenario, ["C_MAP_UPLOAD"], instants=2, window=5, workers=1, out=tmp_path / "w")
    assert [w.consent for w in withdrawals] == ["C_MAP_UPLOAD"] * len(withdrawals) and withdrawals
    assert all(withdrawals) and "--answers" in withdrawals[0].command


def test_what_a_failure_takes(tmp_path):
    least = dustproof.shrink(SHORT, tmp_path / "least.yaml", consent="all_granted", failure="wifi_password", firmware="leak_wifi_password_in_status", tries=8)
    assert least.runs == 8 and "wifi_password" in least.failure
    assert dustproof.load_scenario(least.file).seed == dustproof.load_scenario(SHORT).seed or least.home_file
    with pytest.raises(dustproof.ScenarioError, match="nothing is overwritten"):
        dustproof.shrink(SHORT, tmp_path / "least.yaml", firmware="leak_wifi_password_in_status")
