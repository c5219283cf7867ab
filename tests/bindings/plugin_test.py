"""The pytest plugin, as its users have it: in a pytest of its own."""
import json
import os
import re
import subprocess
import sys

import dustproof
import pytest

LEAKS = "tests/end_to_end/scenarios/leaks.yaml"


@pytest.fixture
def tests(root, tmp_path):
    """Runs pytest with the plugin on what lies in a folder of its own: a copy of a scenario, and tests."""
    scenario = dustproof.load_scenario(root / LEAKS)
    for name, configuration in scenario.consent_configurations.items():
        configuration.run_by_default = name == "all_denied"
    scenario.save(tmp_path / "leaks.yaml")

    def call(*words, expect=0, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-p", "dustproof.pytest_plugin", "-p", "no:cacheprovider", "-q", *words],
                              cwd=tmp_path, capture_output=True, text=True, env=os.environ)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout
    call.folder = tmp_path
    return call


def test_a_scenario_is_an_item_for_each_configuration_and_seed(tests):
    out = tests("--collect-only", "--dustproof-seeds", "3-4")
    assert re.findall(r"leaks.yaml::(\S+)", out) == ["all_denied[seed3]", "all_denied[seed4]"], out


def test_what_passes_leaves_nothing_behind(tests):
    assert "1 passed" in tests("leaks.yaml", "--dustproof-until", "15")
    assert not list((tests.folder / ".dustproof").glob("*"))


def test_a_failure_says_clause_message_and_command_and_is_kept(tests):
    out = tests("leaks.yaml", "--dustproof-until", "60", "--dustproof-firmware", "leak_wifi_password_in_status", expect=1)
    assert "fail: wifi_password to vendor_cloud_cn" in out
    assert "again: dustproof replay" in out
    recording = re.search(r"recording: (\S+)", out)[1]
    assert dustproof.Recording(recording).emissions
    for value in json.loads(bytes(dustproof.Recording(recording).attachments["planted.json"]))["wifi_password"]:
        assert value not in out


def test_an_assertion_explains_itself_in_full(tests):
    out = tests("test_it.py", expect=1, test_it="""
def test_it(run):
    result = run("leaks.yaml", until=60, firmware="leak_wifi_password_in_status")
    assert result.passes("wifi_password", party="vendor_cloud_cn")
""")
    assert "wifi_password to vendor_cloud_cn" in out
    assert "again: dustproof replay" in out
    assert re.search(r"kept: \S*test_it.1", out), out


def test_a_matrix_answers_for_its_cells(tests):
    out = tests("test_it.py", expect=1, test_it="""
def test_it(matrix):
    cells = matrix("leaks.yaml", consents="all", until=15)
    assert cells and not cells.failed
    assert len(cells) == 16 and cells.passes("robot_id")
    assert cells.passes("home_map", answers="C_MAP_UPLOAD=denied")
""")
    assert "home_map to anybody (strict, C_MAP_UPLOAD=denied)" in out
    assert "not exercised" in out
    assert "again: dustproof run" in out


def test_mistakes_in_files_are_errors_of_collection(tests):
    (tests.folder / "bad.yaml").write_text("kind: scenario\nformat_version: 1\nhoem: x\n")
    (tests.folder / "other.yaml").write_text("kind: home\n")
    out = tests(expect=2)
    assert "bad.yaml:3" in out and "did you mean 'home'?" in out
    assert "other.yaml" not in out


def test_processes_share_the_items(tests):
    pytest.importorskip("xdist")
    assert "2 passed" in tests("leaks.yaml", "-n", "2", "--dustproof-until", "20", "--dustproof-seeds", "1-2")
