"""Runs from Python: the executable does them, what it says arrives as objects, and whatever goes wrong is raised."""
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import dustproof
import pytest


def scenario_of(root):
    return dustproof.load_scenario(root / "tests/end_to_end/scenarios/leaks.yaml")


def test_a_result_has_what_the_report_has(leak):
    result, progress = leak
    run = result.of("all_denied")
    assert len(result) == 1 and result[0] is run and result.failed and run.failed
    assert (run.end, run.sim_s, run.seed, run.scenario) == ("duration", 60, 11, "leaks")
    assert re.fullmatch("[0-9a-f]{16}", run.hash)
    assert pathlib.Path(run.recording).is_file() and pathlib.Path(result.report_html).is_file()
    assert pathlib.Path(result.folder) == pathlib.Path(run.recording).parent
    assert run.usefulness["session_up"].verdict == "pass" and run.metrics.distance_m > 1
    assert [p.sim_s for p in progress][-1] == 60 and {p.consent for p in progress} == {"all_denied"}
    assert "cleaning" in {p.activity for p in progress}


def test_an_assertion_explains_itself(leak):
    result, _ = leak
    check = result.passes("wifi_password", party="vendor_cloud_cn")
    assert not check and check.verdict == "fail"
    with pytest.raises(AssertionError) as caught:
        assert result.passes("wifi_password", party="vendor_cloud_cn")
    assert "wifi_password to vendor_cloud_cn (strict reading): fail" in str(caught.value), "pytest shows how it begins"
    text = str(check)
    assert "all_denied: robot to vendor_cloud_cn, wireless connection while C_POLICY is granted: fail" in text
    assert "F25-password (derived): I.3 L33" in text
    assert re.search(r"f\d+: wifi_password at 15\.\d{3} s by mqtt to vendor_cloud_cn \(iot\.jt-innovation\.example\): message \d+, "
                     r"bytes \d+ to \d+ \(16 bytes\) through mqtt payload, json \$\.wifi_psk; as planted", text), text
    assert f"again: dustproof replay {result[0].recording}" in text


def test_what_it_says_holds_no_planted_value(leak):
    run = leak[0][0]
    finding = next(f for f in run.findings if f.category == "wifi_password")
    data = pathlib.Path(run.recording).parent.joinpath("report.json").read_text() + str(leak[0].passes("wifi_password"))
    emission = next(m for m in dustproof.Recording(run.recording) if getattr(m, "sequence", None) == finding.sequence)
    planted = bytes(emission.payload[finding.first_byte:finding.first_byte + finding.byte_count])
    assert len(planted) == 16 and planted.decode() not in data


def test_a_pass_is_shown_too_and_nothing_exercised_is_no_pass(leak):
    result, _ = leak
    check = result.passes("home_map", party="vendor_cloud_cn", consent="all_denied", phase="denied", reading="lenient")
    assert check and "none of it went there" in str(check) and "again:" not in str(check)
    silent = result.passes("home_map", party="bugly")
    assert silent.verdict == "not_exercised" and not silent and "no run has a verdict on it" in str(silent)
    assert not result.passes("nickname") and result.passes("nickname").verdict == "not_exercised"


def test_of_several_runs_each_has_to_pass(leak):
    run = leak[0][0]
    silent = dataclasses.replace(run, consent="silent", verdicts=tuple(
        dataclasses.replace(row, verdict="not_exercised") for row in run.verdicts))
    both = dustproof.RunResult([run, silent])
    assert both.passes("home_map", consent="all_denied") and both.passes("home_map").verdict == "not_exercised"
    assert both.passes("wifi_password").verdict == "fail" and "silent: " not in str(both.passes("wifi_password"))
    assert "silent: robot to vendor_cloud_cn" in str(both.passes("home_map", party="vendor_cloud_cn"))
    assert both[1] is silent and both[:1] == (run,) and "silent failed" in repr(both)


@pytest.mark.parametrize("words, message", [
    ({"category": "hom_map"}, "no category 'hom_map'; did you mean 'home_map'?"),
    ({"category": "home_map", "party": "vendor_cloud"}, "no party 'vendor_cloud'; did you mean 'vendor_cloud_cn'?"),
    ({"category": "home_map", "consent": "all_granted"}, "no consent configuration 'all_granted'; did you mean 'all_denied'?"),
    ({"category": "home_map", "reading": "strikt"}, "no reading 'strikt'; did you mean 'strict'?"),
    ({"category": "home_map", "phase": "refused"}, "no phase 'refused'; there are always, denied, granted, unset, withdrawn")])
def test_a_name_that_nothing_knows_is_refused(leak, words, message):
    with pytest.raises(ValueError) as caught:
        leak[0].passes(**words)
    assert str(caught.value) == message


def test_an_audit_says_the_same_as_the_run(leak, root, tmp_path):
    run = leak[0][0]
    again = dustproof.audit(run.recording)
    assert again.verdicts == run.verdicts and again.findings == run.findings and again.hash == run.hash
    policy = dustproof.load_policy(root / "scenarios/policies/jt_innovation.yaml")
    for rule in policy.rules:
        if rule.id == "F25-password":
            rule.granted.strict = ["vendor_cloud_cn"]
    assert dustproof.audit(run.recording, policy).passes("wifi_password", "vendor_cloud_cn")
    with pytest.raises(dustproof.ScenarioError, match="none.mcap: cannot be opened"):
        dustproof.audit(tmp_path / "none.mcap")


def test_an_edited_scenario_runs_as_its_file_would(root, tmp_path, monkeypatch):
    scenario = scenario_of(root)
    scenario.script[0].at_s = 4.0
    scenario.save(tmp_path / "edited.yaml")
    monkeypatch.chdir(tmp_path)
    options = {"consent": "all_denied", "until": 20, "seed": 5}
    of_object = dustproof.run(scenario_of(root), **options, out="first")
    of_edited = dustproof.run(scenario, **options, out="second")
    of_file = dustproof.run("edited.yaml", **options, out="third")
    assert of_edited[0].hash == of_file[0].hash != of_object[0].hash
    assert of_object[0].scenario == "leaks" and of_object[0].seed == 5 and of_object[0].sim_s == 20


def test_a_home_takes_the_place_of_the_scenario_s(root, tmp_path):
    home = dustproof.load_home(root / "scenarios/homes/studio.yaml")
    home.name = "Studio with an empty middle"
    home.furniture = home.furniture[:1]
    result = dustproof.run(scenario_of(root), "all_denied", until=2, home=home, out=tmp_path / "out")
    assert result[0].home == "Studio with an empty middle"


def test_bad_input_is_raised_as_such(root, tmp_path):
    def problems_of(**options):
        with pytest.raises(dustproof.ScenarioError) as caught:
            dustproof.run(**{"scenario": scenario_of(root), **options})
        return str(caught.value)

    edited = scenario_of(root)
    edited.seed = -1
    assert problems_of(scenario=edited) == f"{edited.path}: seed: must be at least 0, got -1"
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: scenario\nformat_version: 1\nsed: 3\n")
    assert f"{broken}:3:1: sed: unknown key; did you mean 'seed'?" in problems_of(scenario=broken)
    assert "there is no firmware named 'vacum'" in problems_of(firmware="vacum")
    assert "all_denid" in problems_of(consent="all_denid")
    assert "--until: must be a time such as 90s" in problems_of(until=-1)
    edited = scenario_of(root)
    edited.robot = "nowhere/robot.yaml"
    assert "nowhere/robot.yaml: no such file" in problems_of(scenario=edited)


def test_the_machine_s_fault_is_raised_as_such(root, tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(dustproof.EnvironmentFailure, match="is not empty, and nothing is overwritten"):
        dustproof.run(scenario_of(root), until=2, out=tmp_path / "full")
    monkeypatch.setenv("DUSTPROOF", str(tmp_path / "none"))
    with pytest.raises(dustproof.EnvironmentFailure, match="DUSTPROOF names '.*none', which is no executable file"):
        dustproof.executable()
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of luck >&2\nkill -9 $$\n")
    broken.chmod(0o755)
    monkeypatch.setenv("DUSTPROOF", str(broken))
    with pytest.raises(dustproof.EnvironmentFailure, match="out of luck"):
        dustproof.run(scenario_of(root))
    monkeypatch.delenv("DUSTPROOF")
    assert dustproof.executable().endswith("/bin/dustproof"), "the build's own is found beside the package"


def test_firmware_that_dies_is_a_result(root, tmp_path):
    firmware = pathlib.Path(dustproof.executable()).parents[1] / "tests/end_to_end/test_crash"
    run = dustproof.run(scenario_of(root), "all_denied", firmware=firmware, kind="process", until=20, out=tmp_path / "out")[0]
    assert run.end == "firmware_died" and run.failed and run.hash == "" and run.firmware_kind == "process"
    assert "SIGSEGV" in run.diagnosis and "misdeed.cc" in run.diagnosis


def test_a_run_whose_process_is_killed_is_nobody_s_finding(root, tmp_path):
    def children(pid):
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(progress):
        for program in children(os.getpid()):
            for worker in children(program):
                os.kill(worker, signal.SIGKILL)

    with pytest.raises(dustproof.EnvironmentFailure, match="all_denied: the run's process was ended by signal Killed"):
        dustproof.run(scenario_of(root), "all_denied", out=tmp_path / "out", on_progress=kill)


def test_what_a_callback_raises_ends_the_run(root, tmp_path):
    class Enough(Exception):
        pass

    def stop(progress):
        if progress.sim_s >= 3:
            raise Enough

    with pytest.raises(Enough):
        dustproof.run(scenario_of(root), "all_denied", out=tmp_path / "out", on_progress=stop)
    recording = dustproof.Recording(tmp_path / "out/all_denied.mcap")
    assert recording.sealed and recording.metadata["result"]["end"] == "interrupted"
    assert (tmp_path / "out/report.html").exists(), "what was recorded is judged"


def start_run(root, folder):
    """Another Python that runs a scenario, once the run is under way."""
    script = ("import dustproof, sys\n"
              "def show(p): print(p.sim_s, flush=True)\n"
              "dustproof.run(sys.argv[1], 'all_denied', out=sys.argv[2], on_progress=show)\n")
    program = subprocess.Popen([sys.executable, "-B", "-c", script, root / "tests/end_to_end/scenarios/leaks.yaml", folder],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    program.stdout.readline()
    return program


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to_python", "at_a_terminal"])
def test_ctrl_c_ends_the_run_and_its_recording_is_sealed(root, tmp_path, send):
    program = start_run(root, tmp_path / "out")
    send(program.pid, signal.SIGINT)
    _, error = program.communicate(timeout=60)
    assert error.rstrip().endswith("KeyboardInterrupt"), error
    recording = dustproof.Recording(tmp_path / "out/all_denied.mcap")
    assert recording.sealed and recording.metadata["result"]["end"] == "interrupted"
    assert (tmp_path / "out/report.html").exists()


def test_a_run_ends_where_python_was_killed(root, tmp_path):
    program = start_run(root, tmp_path / "out")
    program.kill()
    program.communicate(timeout=60)
    end = time.monotonic() + 30
    while not (sealed := dustproof.Recording(tmp_path / "out/all_denied.mcap").sealed) and time.monotonic() < end:
        time.sleep(0.05)
    assert sealed and dustproof.Recording(tmp_path / "out/all_denied.mcap").metadata["result"]["end"] == "interrupted"


def test_the_module_is_the_program(tmp_path):
    words = [sys.executable, "-B", "-m", "dustproof"]
    assert subprocess.run([*words, "version"], capture_output=True, text=True).stdout.startswith("dustproof 0.1.0")
    assert subprocess.run([*words, "validate", tmp_path / "none.yaml"], capture_output=True).returncode == 2
    lost = subprocess.run(words, env={**os.environ, "DUSTPROOF": "/nowhere"}, capture_output=True, text=True)
    assert lost.returncode == 3 and "DUSTPROOF names '/nowhere'" in lost.stderr
