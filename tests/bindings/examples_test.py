"""The worked examples run as the README says, and the README shows what is in them."""
import re
import subprocess
import sys

import pytest


def call(*words, folder):
    done = subprocess.run([sys.executable, "-B", *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_privacy_test_passes(root, tmp_path):
    out = call("-m", "pytest", "-q", "-p", "no:cacheprovider", root / "bindings/examples/privacy_test.py", folder=tmp_path)
    assert "1 passed" in out


def test_the_sweep_makes_its_plot(root, tmp_path):
    out = call(root / "bindings/examples/sweep.py", tmp_path, folder=tmp_path)
    assert len(out.splitlines()) == 3 and "nan" not in out
    assert (tmp_path / "wait.png").read_bytes().startswith(b"\x89PNG")


def test_a_recording_is_read(root, tmp_path, leak):
    out = call(root / "bindings/examples/read_recording.py", leak[0][0].recording, folder=tmp_path)
    assert "leaks: 60 s, 3.7 m driven" in out and "bytes to iot.jt-innovation.example" in out


def test_firmware_in_python_drives_and_bumps(root, tmp_path):
    out = call(root / "bindings/examples/python_firmware.py", tmp_path / "out", folder=tmp_path)
    driven_m, bumps = re.fullmatch(r"([\d.]+) m in 60 s, (\d+) bumps\n", out).groups()
    assert 3 < float(driven_m) < 15 and int(bumps) > 0


def test_a_cluster_on_one_machine_runs_a_matrix(root, tmp_path):
    pytest.importorskip("distributed")
    out = call(root / "bindings/examples/dask_cluster.py", tmp_path / "out", folder=tmp_path)
    assert out.splitlines() == ["12 cells, 0 kinds of failure", "wifi_password to anybody (strict): 12 pass"]


@pytest.mark.parametrize("name", ["privacy_test.py", "sweep.py", "read_recording.py", "python_firmware.py", "dask_cluster.py"])
def test_the_readme_shows_a_part_of_each(root, name):
    readme = (root / "bindings/README.md").read_text()
    _, mention, after = readme.partition(f"`bindings/examples/{name}`")
    assert mention
    block = next(part for part in after.split("\n\n") if part.startswith("    "))
    shown, example = ([line.strip() for line in text.splitlines()] for text in (block, (root / "bindings/examples" / name).read_text()))
    start = example.index(shown[0])
    assert example[start:start + len(shown)] == shown
