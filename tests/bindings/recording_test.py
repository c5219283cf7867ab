"""Recordings from Python: what was written arrives, as objects and arrays, and nothing that outlives its recording crashes."""
import gc
import pathlib

import dustproof
import numpy as np
import pytest
from dustproof import recording as rec


@pytest.fixture
def recording(leak):
    return dustproof.Recording(leak[0][0].recording)


def test_its_messages_come_in_order_and_typed(recording):
    messages = list(recording)
    kinds = {type(message).__name__ for message in messages}
    assert kinds >= {"Emission", "ConsentChange", "RunEvent", "LogLine", "PoseSample", "ScanSample", "DriveSample", "BatterySample"}
    assert len(messages) == len(list(recording)), "it can be read again"
    consents = [(m.consent, m.state) for m in messages if isinstance(m, rec.ConsentChange)]
    assert ("C_POLICY", "granted") in consents and ("C_MAP_UPLOAD", "denied") in consents
    assert all(m.time_s <= 60 for m in messages)


def test_two_iterations_don_t_disturb_each_other(recording):
    first, second = iter(recording), iter(recording)
    next(first)
    alike = [next(first).time_s, next(first).time_s]
    next(second)
    assert [next(second).time_s, next(second).time_s] == alike


def test_emissions_have_their_party_and_bytes(recording):
    emission = next(e for e in recording.emissions("robot") if e.protocol == "mqtt" and e.direction == "from_robot")
    assert emission.kind == "plaintext" and emission.encrypted and emission.party.key == "vendor_cloud_cn"
    assert emission.party.host == "iot.jt-innovation.example" and emission.destination_port == 8883
    assert emission.destination_address.count(".") == 3 and "C_POLICY=granted" in emission.consents
    assert emission.payload.readonly and emission.payload.nbytes == len(bytes(emission.payload)) > 0
    assert bytes(emission.payload[:1]) == b"\x10", "MQTT's CONNECT"
    everybody = list(recording.emissions())
    assert [e.sequence for e in everybody] == sorted(e.sequence for e in everybody)
    assert {e.emitter for e in everybody} == {"robot", "app"} and {e.emitter for e in recording.emissions("app")} == {"app"}


def test_views_outlive_what_they_come_from(leak):
    recording = dustproof.Recording(leak[0][0].recording)
    payload = next(e for e in recording.emissions("robot") if len(e.payload) > 100).payload
    scan = next(m for m in recording if isinstance(m, rec.ScanSample))
    ranges, copied, before = scan.range_m, scan.range_m.copy(), bytes(payload)
    poses = recording.poses_true
    total = poses.sum()
    del recording, scan
    gc.collect()
    churn = [np.full(1 << 16, 7.0) for _ in range(50)]  # What was freed would be overwritten.
    assert bytes(payload) == before and (ranges == copied).all() and poses.sum() == total and len(churn) == 50
    with pytest.raises(ValueError, match="read-only"):
        ranges[0] = 1
    with pytest.raises(TypeError, match="read-only"):
        payload[0] = 1


def test_arrays_hold_every_sample(recording):
    messages = list(recording)
    poses = [m for m in messages if isinstance(m, rec.PoseSample)]
    true = np.array([(p.time_s, p.x, p.y, p.yaw) for p in poses if p.frame == "W"])
    assert recording.poses_true.shape == true.shape and (recording.poses_true == true).all()
    assert len(recording.poses_believed) == len(poses) - len(true) > 0
    scans = [m for m in messages if isinstance(m, rec.ScanSample)]
    assert recording.scans.range_m.shape == (len(scans), max(len(s.range_m) for s in scans))
    assert (recording.scans.range_m[5][:len(scans[5].range_m)] == scans[5].range_m).all()
    assert recording.scans.t_s[5] == scans[5].time_s and recording.scans.angle_increment_rad[5] == scans[5].angle_increment_rad
    drive = [(m.time_s, m.left_m_s, m.right_m_s) for m in messages if isinstance(m, rec.DriveSample)]
    assert recording.drive.tolist() == [list(row) for row in drive]
    battery = next(m for m in messages if isinstance(m, rec.BatterySample))
    assert recording.battery[0].tolist() == [battery.time_s, battery.voltage_v, battery.current_a, battery.charge_pct, battery.charging]


def test_it_carries_what_the_run_was_made_of(recording, root):
    assert recording.sealed and recording.problems == ()
    assert recording.attachments["scenario.yaml"] == (root / "tests/end_to_end/scenarios/leaks.yaml").read_bytes()
    assert recording.metadata["result"]["end"] == "duration"
    assert recording.plan == dustproof.load_plan(root / "scenarios/homes/studio.yaml")
    assert recording.start_unix_s == 1772413200  # 09:00 in Shanghai on 2 March 2026.


def test_half_a_recording_says_so(leak, tmp_path):
    whole = pathlib.Path(leak[0][0].recording).read_bytes()
    (tmp_path / "half.mcap").write_bytes(whole[:len(whole) // 2])
    half = dustproof.Recording(tmp_path / "half.mcap")
    assert not half.sealed and 0 < len(half.poses_true) < 5000 and len(half.problems) > 0
    assert isinstance(half.problems[0], dustproof.Diagnostic)


@pytest.mark.parametrize("name, content, message", [("none.mcap", None, "cannot be opened"), ("text.mcap", b"hello", "text.mcap: ")])
def test_what_is_no_recording_is_refused(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(dustproof.ScenarioError, match=message):
        dustproof.Recording(tmp_path / name)
