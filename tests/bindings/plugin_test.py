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


def test_a_plan_of_consents_is_an_item_for_each_configuration(tests):
    out = tests("--collect-only", "--dustproof-consents", "all", "--dustproof-seeds", "3-4")
    assert len(re.findall(r"leaks.yaml::all-\d\d\[seed[34]\]", out)) == 32, out
    (tests.folder / "few.yaml").write_text("kind: consents\nformat_version: 1\nconfigurations:\n  fine: C_POLICY=granted\n"
                                           "  odd: C_POLICY=denied,C_MAP_UPLOAD=granted\n")
    out = tests("leaks.yaml", "-rs", "--dustproof-consents", "few.yaml", "--dustproof-until", "15")
    assert "1 passed, 1 skipped" in out
    assert "can't come about: C_MAP_UPLOAD can't be granted while C_POLICY is denied" in out
    out = tests("--dustproof-consents", "al", expect=2)
    assert "--consents: must be own, all, pairwise, 3-wise to 6-wise or a file, got 'al'" in out


EXPECTING = """# What a café's robot does. é
kind: scenario
format_version: 1
home: {root}/scenarios/homes/studio.yaml
robot: {root}/robots/vacuum/robot.yaml
policy: {root}/scenarios/policies/jt_innovation.yaml
duration: 30min
cloud_host: iot.jt-innovation.example
parties:
  - {{key: vendor_cloud_cn, organisation: JT-Innovation, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}}
consent_configurations:
  all_denied: {{others: denied, answers: {{C_POLICY: granted}}}}
script: [{{at: 2s, do: pair}}, {{at: 20s, do: clean}}]
expect: {{ 'docked':   false, coverage_min: 1.0,  ate_m_max: 9.0,{more} cleaning_finished: true }}   # é: at the end
# and no more
"""


@pytest.fixture
def expecting(tests, root):
    """Writes a scenario that expects other than what happens, and returns its path."""
    (tests.folder / "leaks.yaml").unlink()

    def write(more=""):
        path = tests.folder / "expecting.yaml"
        path.write_bytes(EXPECTING.format(root=root, more=more).replace("\n", "\r\n").encode())
        return path
    return write


def test_expectations_are_updated_and_nothing_else(tests, expecting):
    path = expecting()
    before = path.read_bytes()
    assert "the coverage is not at least 1.000" in tests(expect=1)
    assert path.read_bytes() == before
    out = tests("--dustproof-update")
    assert "1 passed" in out
    assert re.search(r"expecting.yaml:14: expect.docked: false is true now", out), out
    covered = re.search(r"expecting.yaml:14: expect.coverage_min: 1.0 is (0\.\d+) now", out)[1]
    assert path.read_bytes() == before.replace(b"'docked':   false", b"'docked':   true").replace(b"coverage_min: 1.0,", f"coverage_min: {covered},".encode())
    assert "1 passed" in tests()
    assert "expectations" not in tests("--dustproof-update")  # It holds: there is nothing to say.


def test_what_no_update_can_mend_fails_still(tests, expecting):
    path = expecting(more=" deadlines: met,")
    out = tests("--dustproof-update", expect=1)
    assert re.search(r"expected: .*deadline", out), out
    assert "the coverage is not" not in out
    assert b"deadlines: met" in path.read_bytes() and b"coverage_min: 1.0," not in path.read_bytes()


def test_mistakes_in_files_are_errors_of_collection(tests):
    (tests.folder / "bad.yaml").write_text("kind: scenario\nformat_version: 1\nhoem: x\n")
    (tests.folder / "other.yaml").write_text("kind: home\n")
    out = tests(expect=2)
    assert "bad.yaml:3" in out and "did you mean 'home'?" in out
    assert "other.yaml" not in out


def test_processes_share_the_items(tests):
    pytest.importorskip("xdist")
    assert "2 passed" in tests("leaks.yaml", "-n", "2", "--dustproof-until", "20", "--dustproof-seeds", "1-2")
