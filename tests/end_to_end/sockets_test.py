"""Firmware on the C library's sockets, as vendors' libraries use them: the run's network serves it, in the run's time, and records it."""
import json
import unittest

from process import BINARY, FIRST_RUN, ProcessTest, verdicts

TESTS = BINARY.parents[1] / "tests/end_to_end"


def judged(run):
    """What a reader of the report goes by; hashes of the firmware's state count its calls, which differ."""
    rows = {(v["emitter"], v["category"], v["party"], v["purpose"], v["phase"], v["reading"]): v["verdict"] for v in run["verdicts"]}
    return rows, {name: check["verdict"] for name, check in run["usefulness"].items()}, run["bytes_by_party"]


class SocketsTest(ProcessTest):
    maxDiff = None

    def run_as(self, name, firmware, *words, until="200s"):
        [run] = self.run_json(FIRST_RUN, "--firmware", firmware, "--consent", "all_denied", "--until", until, "--out",
                              self.folder / name, *words)
        return run

    def differences(self, *names):
        done = self.call("diff", *(self.folder / name / "all_denied.mcap" for name in names), "--json")
        return json.loads(done.stdout)

    def assert_same(self, runs, *names):
        self.assertEqual(runs[0]["hash"], runs[1]["hash"], self.differences(*names))
        self.assertTrue(self.differences(*names)["same"])

    def assert_all_by_the_hal(self, run):
        """No word of an attempt to get past it, which would leave no cell a pass."""
        self.assertGreater(len(verdicts(run, verdict="pass")), 5)
        self.assertNotIn("a way out that is not the HAL", json.dumps(verdicts(run)))

    def test_each_call_does_as_a_kernels_does_in_the_runs_time(self):
        runs = [self.run_as(str(i), TESTS / "test_plain_sockets") for i in range(2)]
        for run in runs:
            self.assertEqual(run["end"], "firmware_ended", run["diagnosis"])  # It has seen them all.
        self.assert_same(runs, "0", "1")
        self.assert_all_by_the_hal(runs[0])
        sent = {row["party"]: row["out"] for row in runs[0]["bytes_by_party"] if row["emitter"] == "robot"}
        self.assertGreater(sent["other"], 60000)  # To hosts that the scenario doesn't know.
        self.assertGreater(sent["resolver"], 150)
        self.assertEqual(sent["public"], 46)  # Its hotspot's name and address, and a broadcast of 16.

    def test_the_bouncer_says_the_same_by_the_hals_sockets_and_by_the_c_librarys(self):
        runs = {name: self.run_as(name, firmware)
                for name, firmware in (("hal", BINARY.parents[1] / "lib/firmware/bouncer"), ("posix", TESTS / "test_posix_bouncer"))}
        self.assertEqual(runs["posix"]["usefulness"]["session_up"]["verdict"], "pass")
        self.assertEqual(judged(runs["hal"]), judged(runs["posix"]))

    def test_libcurl_and_libmosquitto_work_as_they_come(self):
        firmware = TESTS / "test_library_bouncer"
        if not firmware.exists():
            self.skipTest("skipped: needs libcurl4-openssl-dev and libmosquitto-dev")
        runs = [self.run_as(str(i), firmware, until="60s") for i in range(2)]
        for name in ("session_up", "commands_acknowledged"):
            self.assertEqual(runs[0]["usefulness"][name]["verdict"], "pass", runs[0]["usefulness"])
        self.assertEqual(verdicts(runs[0], verdict="fail"), [])
        self.assert_all_by_the_hal(runs[0])
        self.assert_same(runs, "0", "1")

    def test_in_real_time_too(self):
        run = self.run_as("board", TESTS / "test_posix_bouncer", "--kind", "board", until="30s")
        self.assertEqual(run["usefulness"]["session_up"]["verdict"], "pass", run)


if __name__ == "__main__":
    unittest.main()
