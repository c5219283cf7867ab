"""Firmware in real time. These runs take as long as they say: they are few and short."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest
import unittest.mock

from process import BINARY, FIRST_RUN, ROOT, ProcessTest, verdicts

TESTS = BINARY.parents[1] / "tests/end_to_end"


def descendants(pid):
    """Process ids, parents first."""
    found = []
    for child in map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        found += [child, *descendants(child)]
    return found


class BoardTest(ProcessTest):
    def words(self, until, *words):
        return ("run", FIRST_RUN, "--kind", "board", "--until", until, "--json", *words)

    def run_board(self, until, *words):
        done = self.call(*self.words(until, *words))
        return done, json.loads(done.stdout)[0]

    def test_the_reference_firmware_comes_into_its_cloud_in_real_time(self):
        begin = time.monotonic()
        done, run = self.run_board("25s", "--consent", "all_granted", "--out", "board")
        self.assertGreater(time.monotonic() - begin, 24)
        self.assertEqual(run["end"], "duration", done.stderr)
        self.assertEqual(run["firmware_kind"], "board")
        self.assertGreater(len(verdicts(run, verdict="pass")), 5)
        self.assertEqual(run["usefulness"]["session_up"]["verdict"], "pass")
        link = run["real_time"]["latencies"][0]
        self.assertGreater(link["count"], 100)
        self.assertEqual(sum(link["bins"]), link["count"])
        self.assertLessEqual(link["p50_ms"], link["p99_ms"])
        self.assertTrue(0 < link["jitter_ms"] < link["worst_ms"], link)
        tasks = {latency["what"] for latency in run["real_time"]["latencies"][1:]}
        self.assertLessEqual({"task main", "task control", "task cloud"}, tasks)
        control = next(latency for latency in run["real_time"]["latencies"] if latency["what"] == "task control")
        # While the robot stands it rests a tenth of a second at a time: that is no computing.
        edges = run["real_time"]["bin_edges_ms"]
        self.assertLess(sum(control["bins"][edges.index(50) + 1:]), 0.2 * control["count"], control)

        replayed = self.call("replay", "board/all_granted.mcap")
        self.assertEqual(replayed.returncode, 2)
        self.assertIn("real time", replayed.stderr)

    def test_a_board_with_another_processor_comes_into_its_cloud(self):
        arm = BINARY.parents[1] / "lib/firmware/armhf/bouncer"
        if not arm.exists() or not shutil.which("qemu-arm"):
            self.skipTest("skipped: needs qemu-arm, a compiler for ARM, and an armhf sysroot (./dev boards)")
        with unittest.mock.patch.dict(os.environ, QEMU_LD_PREFIX=str(ROOT / "build/armhf")):
            done, run = self.run_board("25s", "--consent", "all_denied", "--firmware", arm, "--out", "arm")
        self.assertEqual((run["end"], run["firmware_kind"]), ("duration", "board"), done.stderr)
        self.assertEqual(run["usefulness"]["session_up"]["verdict"], "pass", done.stderr)

    def test_threads_of_the_firmwares_own_run_in_real_time(self):
        _, run = self.run_board("2s", "--consent", "policy_refused", "--firmware", TESTS / "test_threads")
        self.assertEqual(run["end"], "duration", run["diagnosis"])

    def test_the_hals_tasks_run_one_at_a_time(self):
        _, run = self.run_board("60s", "--consent", "policy_refused", "--firmware", TESTS / "test_one_at_a_time")
        self.assertEqual(run["end"], "firmware_ended", run["diagnosis"])

    def test_a_crash_is_the_firmwares(self):
        done, run = self.run_board("3s", "--consent", "policy_refused", "--firmware", TESTS / "test_crash")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(run["end"], "firmware_died")
        self.assertIn("SIGSEGV", run["diagnosis"])
        self.assertIn("misdeed.cc", run["diagnosis"])

    def test_a_socket_of_its_own_is_refused_and_nothing_passes(self):
        _, run = self.run_board("2500ms", "--consent", "policy_refused", "--firmware", TESTS / "test_open_socket")
        self.assertEqual(run["end"], "duration")
        self.assertEqual(verdicts(run, verdict="pass"), [])

    def start(self, out):
        process = subprocess.Popen([BINARY, *map(str, self.words("60s", "--consent", "policy_refused", "--out", out))],
                                   cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        limit = time.monotonic() + 30
        recording = self.folder / out / "policy_refused.mcap"
        while not (recording.exists() and len(descendants(process.pid)) == 2):
            self.assertLess(time.monotonic(), limit, "the run did not begin")
            time.sleep(0.05)
        time.sleep(1.5)  # Of the run's time as well.
        return process, descendants(process.pid)

    def end(self, process):
        out, err = process.communicate(timeout=60)
        return process.returncode, json.loads(out)[0], err

    def test_a_killed_process_is_told(self):
        process, (_, firmware) = self.start("killed")
        os.kill(firmware, signal.SIGKILL)
        code, run, _ = self.end(process)
        self.assertEqual((code, run["end"]), (1, "firmware_died"))
        self.assertIn("Killed", run["diagnosis"])

    def test_a_frozen_board_is_the_benchs_fault_and_is_noticed_within_seconds(self):
        process, (_, firmware) = self.start("frozen")
        os.kill(firmware, signal.SIGSTOP)
        begin = time.monotonic()
        code, run, err = self.end(process)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual((code, run["end"]), (3, "run_died"), err)
        self.assertIn("the bench failed", run["diagnosis"])
        self.assertIn("said nothing for five seconds", run["diagnosis"])
        self.assertEqual(verdicts(run, verdict="pass"), [])

    def test_a_host_that_is_late_says_so(self):
        process, (worker, _) = self.start("late")
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(worker, signal.SIGCONT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, run, _ = self.end(process)
        self.assertGreater(run["real_time"]["worst_late_ms"], 400)
        self.assertTrue(any(re.search(r"late by up to \d+.*does not count", str(w)) for w in run["warnings"]), run["warnings"])


class MistakesTest(ProcessTest):
    def test_a_shared_object_is_no_board(self):
        done = self.call("run", FIRST_RUN, "--kind", "board", "--firmware", BINARY.parents[1] / "lib/firmware/vacuum.so")
        self.assertEqual(done.returncode, 2)
        self.assertIn("is no program", done.stderr)


if __name__ == "__main__":
    unittest.main()
