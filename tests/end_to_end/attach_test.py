"""Firmware that somebody else starts, here or over a network with keys."""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import time
import unittest

from process import BINARY, FIRST_RUN, ProcessTest, WaitingRunTest, verdicts

TESTS = BINARY.parents[1] / "tests/end_to_end"
PROGRAM = BINARY.parents[1] / "lib/firmware/vacuum"


class AttachTest(WaitingRunTest):
    def test_the_printed_command_starts_it_and_a_stop_of_its_does_not_end_the_run(self):
        whole = self.call("run", FIRST_RUN, "--kind", "process", "--until", "2s", "--consent", "policy_refused", "--json")
        run = self.start_run("--attach")
        command = self.wait_for(r"^  unshare .*?(env -i .*)$").group(1)
        firmware = subprocess.Popen(shlex.split(command), stdout=subprocess.DEVNULL)
        self.addCleanup(firmware.kill)
        os.kill(firmware.pid, signal.SIGSTOP)  # As a debugger would.
        time.sleep(0.5)
        self.assertIsNone(run.poll())
        os.kill(firmware.pid, signal.SIGCONT)
        code, report = self.end(run)
        self.assertEqual(report["end"], "duration", self.said())
        self.assertEqual(report["hash"], json.loads(whole.stdout)[0]["hash"])
        self.assertEqual(verdicts(report, verdict="pass"), [])  # It was in no namespace of its own.
        self.assertEqual(firmware.wait(self.LIMIT_S), 0)             # The run said goodbye.

    def test_in_an_empty_namespace_it_is_worth_what_a_run_of_its_own_is(self):
        if subprocess.run(["unshare", "-n" if os.geteuid() == 0 else "-cn", "true"], capture_output=True).returncode != 0:
            self.skipTest("skipped: needs network namespaces")
        whole = self.call("run", FIRST_RUN, "--kind", "process", "--until", "2s", "--consent", "policy_refused", "--json", "--out", "whole")
        run = self.start_run("--attach")
        firmware = subprocess.Popen(shlex.split(self.wait_for(r"^  (unshare .*env -i .*)$").group(1)), stdout=subprocess.DEVNULL)
        self.addCleanup(firmware.kill)
        _, report = self.end(run)
        self.assertGreater(len(verdicts(report, verdict="pass")), 0)
        self.assertEqual(len(verdicts(report, verdict="pass")), len(verdicts(json.loads(whole.stdout)[0], verdict="pass")), self.said())
        done = self.call("diff", "out/policy_refused.mcap", "whole/policy_refused.mcap", "--json")
        self.assertIsNone(json.loads(done.stdout)["first_difference"], done.stdout)

    def start_standing_still(self):
        """A run whose firmware has stopped itself in the middle, as at a breakpoint."""
        run = self.start_run("--attach", "--firmware", TESTS / "test_stand_still")
        firmware = subprocess.Popen(shlex.split(self.wait_for(r"^  unshare .*?(env -i .*)$").group(1)), stderr=subprocess.DEVNULL)
        self.addCleanup(firmware.kill)
        stat = pathlib.Path(f"/proc/{firmware.pid}/stat")
        limit = time.monotonic() + self.LIMIT_S
        while stat.read_text().rsplit(")", 1)[1].split()[0] != "T":
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.05)
        return run, firmware

    def test_one_that_stands_still_is_waited_for_longer_than_one_that_the_run_starts(self):
        run, firmware = self.start_standing_still()
        time.sleep(12)  # A process of the run's own has ten.
        self.assertIsNone(run.poll())
        firmware.send_signal(signal.SIGCONT)
        _, report = self.end(run)
        self.assertEqual(report["end"], "duration", self.said())
        self.assertEqual(firmware.wait(self.LIMIT_S), 0)

    def test_an_interrupt_ends_the_run_while_it_stands_still(self):
        run, _ = self.start_standing_still()
        run.send_signal(signal.SIGINT)
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (3, "interrupted"), self.said())

    def test_a_killed_one_is_told(self):
        run = self.start_run("--attach", "--kind", "board", until="60s")
        command = self.wait_for(r"^  unshare .*?(env -i .*)$").group(1)
        firmware = subprocess.Popen(shlex.split(command))
        self.addCleanup(firmware.kill)
        time.sleep(1)
        firmware.kill()
        firmware.wait()
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (1, "firmware_died"), self.said())
        self.assertIn("has ended", report["diagnosis"])

    def test_an_end_to_waiting_leaves_a_readable_recording(self):
        run = self.start_run("--attach")
        self.wait_for("waits for the firmware")
        run.send_signal(signal.SIGINT)
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (3, "interrupted"))
        self.assertEqual(self.call("audit", "out/policy_refused.mcap").returncode, 0)

    def test_a_board_with_a_key_comes_over_tcp_and_a_stranger_does_not(self):
        keys = self.folder / "keys"
        for name in ("host", "kitchen", "stranger"):
            self.assertEqual(self.call("keys", "new", name, "--folder", keys).returncode, 0)
        self.assertEqual(self.call("keys", "allow", "kitchen", "--folder", keys).returncode, 0)
        run = self.start_run("--kind", "board", "--link", "tcp://127.0.0.1:*", "--keys", keys)
        address = self.wait_for(r"DUSTPROOF_LINK=(tcp://127\.0\.0\.1:\d+)").group(1)
        for name in ("stranger", "kitchen"):
            firmware = subprocess.Popen([PROGRAM], env={
                "DUSTPROOF_LINK": address, "DUSTPROOF_LINK_RUN_KEY": (keys / "host.public").read_text().strip(),
                "DUSTPROOF_LINK_KEY_FILE": str(keys / f"{name}.secret")})
            self.addCleanup(firmware.kill)
        code, report = self.end(run)
        self.assertEqual(report["end"], "duration", self.said())
        self.assertEqual(firmware.wait(self.LIMIT_S), 0)


class MistakesTest(ProcessTest):
    def refused(self, *words):
        done = self.call("run", FIRST_RUN, *words)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_a_shared_object_comes_from_nowhere(self):
        library = BINARY.parents[1] / "lib/firmware/vacuum.so"
        self.assertIn("is a shared object", self.refused("--attach", "--firmware", library))

    def test_an_open_address_asks_for_keys(self):
        empty = self.folder / "none"
        empty.mkdir()
        self.assertIn("dustproof keys new", self.refused("--link", "tcp://0.0.0.0:*", "--keys", empty))


if __name__ == "__main__":
    unittest.main()
