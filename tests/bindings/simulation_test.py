"""Runs taken forward from Python: the crossing, and what goes wrong there."""
import gc
import os
import pathlib
import signal
import subprocess
import threading
import time

import dustproof
import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"


@pytest.fixture
def simulate(tmp_path):
    """Makes simulations of the short scenario, and closes them."""
    made = []

    def make(consent="all_granted", **options):
        made.append(dustproof.Simulation(options.pop("scenario", SHORT), consent, out=tmp_path / str(len(made)), **options))
        return made[-1]

    yield make
    for simulation in made:
        simulation.close()


def children():
    return pathlib.Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split()


def test_a_stepped_run_is_the_run(simulate, tmp_path):
    whole = dustproof.run(SHORT, "all_granted", until=8, out=tmp_path / "whole")[0]
    simulation = simulate(until=8)
    times = []
    while simulation.end is None:
        simulation.step()
        times.append(simulation.time_s)
    assert times == [n / 100 for n in range(1, 801)]
    outcome = simulation.finish()
    assert (outcome.end, outcome.hash, outcome.seed, outcome.sim_s) == ("duration", whole.hash, 3, 8.0)
    assert outcome == simulation.finish()
    assert pathlib.Path(outcome.recording).read_bytes() == pathlib.Path(whole.recording).read_bytes()
    assert simulation.end == "duration"


def test_what_happened_comes_as_it_happened(simulate):
    simulation = simulate()
    emissions = []
    simulation.perform("locate")
    while simulation.time_s < 25:
        simulation.step(0.5)
        new = list(simulation.emissions)
        assert all(simulation.time_s - 0.5 <= e.time_s <= simulation.time_s for e in new)
        emissions += new
    assert list(simulation.emissions) == []
    assert [e.sequence for e in emissions] == list(range(1, len(emissions) + 1))
    assert {"radio_name", "dhcp", "dns", "wire", "plaintext"} <= {e.kind for e in emissions}
    changes = list(simulation.consent_changes)
    assert changes[0].consent == "C_POLICY" and {c.state for c in changes} == {"granted"}
    assert "script.action_skipped" in [f"{e.source}.{e.name}" for e in simulation.events]  # Nothing was paired yet.
    simulation.set_consent("C_MAP_UPLOAD", "withdrawn")
    simulation.inject_fault("power_cut", duration_s=0.25)
    simulation.press("clean")
    simulation.step(1)
    assert [(c.time_s, c.consent, c.state) for c in simulation.consent_changes] == [(25.0, "C_MAP_UPLOAD", "withdrawn")]
    events = [(e.time_s, e.name) for e in simulation.events]
    assert (25.0, "fault") in events and (25.25, "boot") in events and (25.0, "button_pressed") in events


def test_a_run_that_was_interfered_with_can_not_be_made_again_from_its_recording(simulate):
    def replay(act):
        simulation = simulate(until=5)
        simulation.until(2)
        act(simulation)
        simulation.until(5)
        done = subprocess.run([dustproof.executable(), "replay", simulation.finish().recording], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert replay(lambda simulation: simulation.step())[0] == 0
    for act in (lambda simulation: simulation.press("clean"), lambda simulation: simulation.set_consent("C_MAP_UPLOAD", "denied")):
        code, said = replay(act)
        assert code == 2 and "only that program can make it again" in said


def test_samples_are_views_that_outlive_the_run(simulate):
    simulation = simulate()
    assert simulation.scan is None
    simulation.until(27)
    scan = simulation.scan
    ranges, sequence, kept = scan.range_m, scan.sequence, scan.range_m.copy()
    assert ranges.shape == scan.angle_rad.shape == scan.quality.shape == (360,)
    assert not ranges.flags.owndata and not ranges.flags.writeable
    with pytest.raises(ValueError):
        ranges[0] = 1
    simulation.until_sample("lidar")
    assert scan.sequence == sequence + 1 and not numpy.array_equal(ranges, kept)  # The same memory shows the next turn.
    assert abs(simulation.pose.x) < 10 and simulation.battery.charge_pct > 50
    assert simulation.accel_m_s2[2] == pytest.approx(9.81, abs=1)
    last = ranges.copy()
    simulation.close()
    del simulation, scan
    gc.collect()
    assert numpy.array_equal(ranges, last)


def test_mistakes_are_errors_and_the_run_goes_on(simulate):
    simulation = simulate(until=2)
    for act, message in ((lambda: simulation.set_consent("C_MAP_UPLAOD", "denied"), "did you mean 'C_MAP_UPLOAD'?"),
                         (lambda: simulation.press("play"), "press needs a value: clean, home or reset; got 'play'"),
                         (lambda: simulation.perform("claen"), "did you mean 'clean'?"),
                         (lambda: simulation.inject_fault("power_cut", value=1), "power_cut takes no value")):
        with pytest.raises(dustproof.ScenarioError) as error:
            act()
        assert message in str(error.value)
    for act, message in ((lambda: simulation.step(-1), "duration_s must lie between 0 and a year"),
                         (lambda: simulation.step(float("nan")), "duration_s must lie between"),
                         (lambda: simulation.set_consent("C_POLICY", "maybe"), "unset, granted, denied or withdrawn, got 'maybe'"),
                         (lambda: simulation.until_sample("lidra"), "did you mean 'lidar'?")):
        with pytest.raises(ValueError, match=message.replace("?", r"\?")):
            act()
    simulation.step(1)
    with pytest.raises(dustproof.ScenarioError, match="the run is at 1.000 s, past 0.500 s"):
        simulation.until(0.5)
    simulation.step(5)
    assert (simulation.time_s, simulation.end) == (2.0, "duration")
    with pytest.raises(dustproof.ScenarioError, match="the run is over"):
        simulation.step()
    simulation.close()
    assert simulation.time_s == 2.0
    with pytest.raises(ValueError, match="closed"):
        simulation.step()


def test_bad_input_tells_every_problem(simulate, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("kind: scenario\nformat_version: 1\nhoem: x\nduratoin: 3s\n")
    with pytest.raises(dustproof.ScenarioError) as error:
        simulate(scenario=bad)
    assert {d.line for d in error.value.diagnostics} >= {3, 4}
    with pytest.raises(dustproof.ScenarioError, match="did you mean 'all_granted'"):
        simulate("all_grantde")
    with pytest.raises(dustproof.ScenarioError, match="there is no firmware named"):
        simulate(firmware="vacum")


def test_a_run_that_nobody_finishes_is_sealed(simulate):
    with simulate() as simulation:
        simulation.step(3)
    recording = dustproof.Recording(simulation.recording)
    assert recording.sealed and recording.metadata["result"]["end"] == "interrupted"


def test_a_process_that_is_killed_is_told(simulate):
    simulation = simulate()
    simulation.step(1)
    os.kill(int(children()[-1]), signal.SIGKILL)
    with pytest.raises(dustproof.EnvironmentFailure, match="the run's process was ended by signal Killed"):
        simulation.step(60)
    assert simulation.finish().end == "run_died"
    assert dustproof.Recording(simulation.recording).sealed


def test_ctrl_c_ends_a_long_step(simulate):
    simulation = simulate(scenario=ROOT / "scenarios/first_run.yaml", consent="all_denied")
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        simulation.until(1200)
    assert simulation.end == "interrupted" and 0 < simulation.time_s < 1200
    assert simulation.finish().end == "interrupted"


def test_other_threads_run_meanwhile_and_may_not_step(simulate):
    simulation = simulate(scenario=ROOT / "scenarios/first_run.yaml", consent="all_denied")
    thread = threading.Thread(target=simulation.until, args=(100,))
    thread.start()
    counted = 0
    refused = 0
    while thread.is_alive():
        counted += 1
        try:
            simulation.step()
        except RuntimeError as error:
            refused += "another thread" in str(error)
        time.sleep(0.001)
    assert counted > 5 and refused > 0
