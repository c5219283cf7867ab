"""The motor controller's own firmware between the main firmware and the drivetrain: on a Cortex-M3 that QEMU emulates."""
import json
import re
import shutil
import subprocess
import unittest

from process import BINARY, ROOT, ProcessTest

SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"
CONTROLLER = BINARY.parents[1] / "lib/firmware/mcu/vacuum.elf"


@unittest.skipUnless(shutil.which("qemu-system-arm"), "needs qemu-system-arm (./dev boards)")
@unittest.skipUnless(CONTROLLER.exists(), f"needs {CONTROLLER} (./dev boards)")
class MotorControllerTest(ProcessTest):
    def start_controller(self):
        qemu = subprocess.Popen(["qemu-system-arm", "-M", "mps2-an385", "-kernel", CONTROLLER, "-display", "none", "-monitor", "none", "-serial", "pty"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(qemu.stdout.close)
        self.addCleanup(qemu.wait)
        self.addCleanup(qemu.kill)
        return "serial:" + re.search(r"/dev/pts/\d+", qemu.stdout.readline()).group(0), qemu

    def run_with(self, *words):
        done = self.call("run", SHORT, "--until", "40s", "--json", "--out", f"out{len(words)}", *words)
        return done, json.loads(done.stdout)[0]

    def test_it_changes_no_verdict_and_drives_as_well(self):
        link, _ = self.start_controller()
        done, with_it = self.run_with("--motor-controller", link)
        self.assertEqual(with_it["end"], "duration", done.stderr)
        _, without = self.run_with()
        judged = [{(v["category"], v["party"], v["purpose"], v["phase"], v["reading"]): v["verdict"] for v in run["verdicts"]} for run in (with_it, without)]
        self.assertEqual(*judged)
        self.assertEqual(*[{name: check["verdict"] for name, check in run["usefulness"].items()} for run in (with_it, without)])
        self.assertNotEqual(with_it["hash"], without["hash"])
        self.assertGreater(with_it["metrics"]["coverage"], without["metrics"]["coverage"] / 2)

    def test_power_cuts_and_the_next_run_find_it_ready(self):
        text = SHORT.read_text().replace("../../..", str(ROOT))
        (self.folder / "cut.yaml").write_text(text + "faults:\n  - {at: 6s, do: power_cut, duration: 2s}\n")
        link, _ = self.start_controller()
        for out in ("first", "second"):  # On one chip, that nobody resets between them.
            done = self.call("run", "cut.yaml", "--until", "10s", "--json", "--out", out, "--motor-controller", link)
            self.assertEqual(json.loads(done.stdout)[0]["end"], "duration", done.stderr)
        hashes = [json.loads((self.folder / out / "report.json").read_text())[0]["hash"] for out in ("first", "second")]
        self.assertEqual(*hashes)

    def test_one_that_dies_is_told(self):
        link, qemu = self.start_controller()
        run = subprocess.Popen([BINARY, "run", SHORT, "--json", "--out", "out", "--motor-controller", link], cwd=self.folder, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(run.kill)
        while "waits for the motor controller" not in run.stderr.readline():
            pass
        qemu.kill()
        out, _ = run.communicate(timeout=90)
        self.assertEqual(run.returncode, 3, out)


if __name__ == "__main__":
    unittest.main()
