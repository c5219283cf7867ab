"""Firmware written in Python."""
import json
import pathlib
import subprocess

import dustproof
import pytest
from firmware.bouncer import Bouncer
from firmware.mistakes import Leaving, Upset
from firmware.networked import Networked

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"
HERE = pathlib.Path(__file__).resolve().parent / "firmware"


def simulate(firmware, until, out):
    with dustproof.Simulation(SHORT, "all_granted", firmware=firmware, until=until, out=out) as simulation:
        simulation.until(until)
        return [line.text for line in simulation.log], list(simulation.contacts), simulation.finish(), list(simulation.emissions)


def command(*words):
    done = subprocess.run([dustproof.executable(), *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_it_drives_and_sees_the_same_however_it_is_started(tmp_path):
    log, contacts, stepped, _ = simulate(Bouncer, 20, tmp_path / "stepped")
    assert log[0].startswith("360 beams, ") and log[0].endswith(" m, float32")
    assert log[1:3] == ["bumper True True", "bumper False False"]
    assert contacts and stepped.end == "duration"
    whole = dustproof.run(SHORT, "all_granted", firmware=Bouncer, until=20, out=tmp_path / "whole")[0]
    assert (whole.hash, whole.firmware, whole.firmware_kind) == (stepped.hash, "bouncer", "process")
    code, _, said = command("run", SHORT, "--firmware", HERE / "bouncer.py", "--kind", "process", "--until", "20s", "--out",
                            tmp_path / "by_hand")
    assert code == 1 and f"hash {stepped.hash}" in said  # Nothing pairs with it: what the user wanted fails.
    code, _, said = command("replay", tmp_path / "by_hand/all_granted.mcap", "--firmware", HERE / "bouncer.py")
    assert code == 0, said


def test_the_machine_is_the_runs(tmp_path):
    first, _, outcome, emissions = simulate(Networked, 40, tmp_path / "1")
    again, _, second, _ = simulate(Networked, 40, tmp_path / "2")
    assert first == again and outcome.hash == second.hash
    assert first[1:] == ["clock 1772413200.0", "sees True", "OSError nowhere: no network, no route, or no such host",
                         f"ConnectionRefusedError {Networked.ssid}: refused", "answer True", "ValueError this connection is closed",
                         "cloud 404", "a thread", "PermissionError [Errno 13] Permission denied"]
    sent = {(e.kind, e.party.host) for e in emissions if e.direction == "from_robot"}
    assert {("datagram", "10.1.2.3"), ("plaintext", "plain.example"), ("plaintext", "iot.jt-innovation.example")} <= sent


def test_an_exception_ends_the_run_with_its_traceback(tmp_path):
    with dustproof.Simulation(SHORT, "all_granted", firmware=Upset, out=tmp_path / "1") as simulation:
        with pytest.raises(dustproof.FirmwareDied) as error:
            simulation.until(60)
        assert simulation.finish().end == "firmware_died"
    said = str(error.value)
    assert said.startswith('the firmware ended the run at 2.100 s: its process ended: ValueError: the "map" is\n'
                           "Traceback (most recent call last):\n")
    assert f'File "{HERE}/mistakes.py", line 12, in look_at_map\n    self.look_at_map(deeper - 1)\n' in said
    assert '\nValueError: the "map" is\nupside down\n' in said
    code, output, _ = command("run", SHORT, "--firmware", f"{HERE}/mistakes.py:Upset", "--until", "5s", "--json", "--out", tmp_path / "2")
    assert code == 1
    assert json.loads(output)[0]["end"] == "firmware_died"


def test_it_may_end_by_itself(tmp_path):
    assert simulate(Leaving, 20, tmp_path / "1")[2].end == "firmware_ended"


def test_files_that_hold_no_firmware_say_so(tmp_path):
    for text, message in (("x = 1\n", "must have one class derived from dustproof.Firmware, and has none"),
                          ("def f(:\n", "SyntaxError: invalid syntax (mine.py, line 1)"),
                          ("import nothing_of_the_kind\n", "ModuleNotFoundError: No module named 'nothing_of_the_kind'")):
        path = tmp_path / "mine.py"
        path.write_text(text)
        with pytest.raises(dustproof.FirmwareDied) as error:
            simulate(path, 1, tmp_path / message[:4])
        assert message in str(error.value)
    with pytest.raises(dustproof.FirmwareDied, match="has Upset, Leaving"):
        simulate(HERE / "mistakes.py", 1, tmp_path / "several")
    with pytest.raises(dustproof.FirmwareDied, match="has no class Nobody"):
        simulate(f"{HERE}/mistakes.py:Nobody", 1, tmp_path / "nobody")
    with pytest.raises(dustproof.ScenarioError, match="there is no file"):
        simulate(tmp_path / "missing.py", 1, tmp_path / "missing")


def test_a_class_must_be_found_again():
    class Inner(dustproof.Firmware):
        pass

    with pytest.raises(ValueError, match="must stand at the top level of a .py file"):
        dustproof.run(SHORT, firmware=Inner)
    with pytest.raises(TypeError, match="str is not derived from dustproof.Firmware"):
        dustproof.run(SHORT, firmware=str)
    with pytest.raises(RuntimeError, match="a run makes objects of a firmware"):
        Bouncer()
