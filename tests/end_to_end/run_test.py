"""Whole runs: what they write, that they repeat bit by bit, and that a run which dies leaves a readable recording."""
import json
import os
import signal
import subprocess
import time
import unittest

from process import BINARY, FIRST_RUN, ROOT, ProcessTest, verdicts

SHORT = ("--until", "75s", "--consent", "all_granted")


class ShortRunTest(ProcessTest):
    def test_same_seed_same_hash_also_under_load_and_another_seed_another(self):
        first = self.run_json(FIRST_RUN, *SHORT)[0]
        with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as load:
            again = self.run_json(FIRST_RUN, *SHORT)[0]
            load.kill()
        other = self.run_json(FIRST_RUN, *SHORT, "--seed", "2")[0]
        self.assertRegex(first["hash"], "^[0-9a-f]{16}$")
        self.assertEqual(first["hash"], again["hash"])
        self.assertNotEqual(first["hash"], other["hash"])
        a, b = (self.folder / f"runs/first_run-00{i}/all_granted.mcap" for i in (1, 2))
        self.assertEqual(a.read_bytes(), b.read_bytes())

    def test_the_environment_does_not_enter_a_run(self):
        first = self.run_json(FIRST_RUN, *SHORT)[0]
        environment = {**os.environ, "TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8", "HOME": "/tmp", "X": "y" * 5000}
        done = self.call("run", FIRST_RUN, *SHORT, "--json", env=environment)
        self.assertEqual(json.loads(done.stdout)[0]["hash"], first["hash"])

    def test_a_replay_finds_no_difference(self):
        self.run_json(FIRST_RUN, *SHORT)
        done = self.call("replay", "runs/first_run-001/all_granted.mcap")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("the same", done.stdout)

    def test_a_diff_of_equal_runs_is_quiet_and_of_two_seeds_names_the_first_message(self):
        for seed in ("1", "1", "2"):
            self.run_json(FIRST_RUN, "--until", "20s", "--consent", "all_granted", "--seed", seed)
        one, same, other = (f"runs/first_run-00{i}/all_granted.mcap" for i in (1, 2, 3))
        done = self.call("diff", one, same)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "^the same: [0-9]+ messages, every verdict\n$")
        done = self.call("diff", one, other, "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        answer = json.loads(done.stdout)
        self.assertFalse(answer["same"])
        self.assertIn({"name": "run.seed", "first": "1", "second": "2"}, answer["facts"])
        difference = answer["first_difference"]
        self.assertEqual(difference["topic"], "/emission")
        self.assertEqual((difference["fields"][0]["field"], difference["fields"][0]["byte"]), ("payload", 0))
        self.assertEqual(len(difference["first_after"]), 3)

    def test_an_interrupt_seals_and_judges_what_there_is(self):
        with subprocess.Popen([str(BINARY), "run", str(FIRST_RUN), "--consent", "all_denied"], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
            recording = self.folder / "runs/first_run-001/all_denied.mcap"
            self.wait_for(lambda: recording.exists() and recording.stat().st_size > 200_000)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        self.assertIn("interrupted", err)
        self.assertIn("all_denied.mcap", out)
        self.assertEqual(self.call("audit", recording, "--json").stderr, "")

    def test_a_killed_run_leaves_a_recording_that_can_be_read(self):
        with subprocess.Popen([str(BINARY), "run", str(FIRST_RUN), "--consent", "all_denied"], cwd=self.folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            recording = self.folder / "runs/first_run-001/all_denied.mcap"
            self.wait_for(lambda: recording.exists() and recording.stat().st_size > 200_000)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        done = self.call("audit", recording, "--json")
        run = json.loads(done.stdout)[0]
        self.assertGreater(run["sim_s"], 1)
        self.assertTrue(any("sealed" in w or "ends" in w for w in run["warnings"]), run["warnings"])

    def test_firmware_that_dies_is_diagnosed_sealed_and_met_again(self):
        done = self.call("run", FIRST_RUN, "--consent", "all_denied", "--firmware", self.build_firmware("""
            const dp_clock_v1 *hal_clock = dp_hal_query(DP_CLOCK, 1);
            hal_clock->sleep_us(20000000);
            *(volatile int *)8 = 1;"""))
        self.assertEqual(done.returncode, 1, done.stderr)
        for part in ("task: main", "last HAL call: clock.sleep_us", "20.", "#0 run"):
            self.assertIn(part, done.stderr)
        recording = "runs/first_run-001/all_denied.mcap"
        self.assertIn("replay " + recording + " --firmware ", done.stderr)
        self.assertEqual(self.call("audit", recording, "--json").stderr, "")
        again = self.call("replay", recording, "--firmware", "dies.so")
        self.assertIn("the same", again.stdout, again.stderr)

    def test_openssl_in_firmware_draws_the_same_each_time(self):
        if subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode != 0:
            self.skipTest("this machine lets nobody fix where memory lies (personality)")
        source = self.write("draws.c", '''
            #include <stdio.h>
            #include "hil/hal/dp_hal.h"
            int RAND_bytes(unsigned char *out, int bytes);
            static void run(void) {
              unsigned long drawn; char text[32];
              if (RAND_bytes((unsigned char *)&drawn, sizeof drawn) != 1) return;
              snprintf(text, sizeof text, "drawn %lx", drawn);
              ((const dp_log_v1 *)dp_hal_query(DP_LOG, 1))->write(20, text);
            }
            const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "draws", "1", run};''')
        subprocess.run(["gcc", "-shared", "-fPIC", "-I", ROOT, "-o", self.folder / "draws.so", source, "-lcrypto"], check=True)
        recordings = [self.folder / out / "all_denied.mcap" for out in "ab"]
        for recording in recordings:
            self.run_json(FIRST_RUN, "--consent", "all_denied", "--until", "1s", "--firmware", self.folder / "draws.so",
                          "--out", recording.parent)
        done = self.call("diff", *recordings)
        self.assertEqual(done.returncode, 0, done.stdout)

    def diagnosis_of(self, body):
        firmware = self.build_firmware("const dp_clock_v1 *hal_clock = dp_hal_query(DP_CLOCK, 1);"
                                       "hal_clock->sleep_us(500000);" + body)
        done = self.call("run", FIRST_RUN, "--consent", "all_denied", "--until", "2s", "--firmware", firmware)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the firmware died in 1", done.stdout)
        return done.stderr

    def test_a_heap_that_firmware_wrote_over_is_its_fault_whoever_notices(self):
        for bytes_written in (48, 4000):  # Found at the end of the run; met by the run itself.
            said = self.diagnosis_of(f"char *p = malloc(24); char *volatile q = malloc(24); memset(p, 7, {bytes_written});"
                                     "hal_clock->sleep_us(DP_FOREVER); free(q);")
            self.assertIn("heap", said)
            self.assertIn("corrupt", said)
            self.assertIn("at most 24 bytes", said)

    def test_a_frame_that_jumps_over_the_guard_is_a_stack_overflow(self):
        said = self.diagnosis_of("volatile char frame[4 << 20]; frame[0] = 1;")
        self.assertIn("stack is too small", said)
        self.assertIn("signal: SIGSEGV", said)

    def test_firmware_for_another_hal_is_bad_input(self):
        done = self.call("run", FIRST_RUN, "--consent", "all_denied", "--firmware", self.build_firmware("", hal_version=7))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("compiled for HAL version 7", done.stderr)

    def wait_for(self, condition):
        # Real time, since it waits on another process; the limit only ends a test that has failed.
        limit = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), limit, "nothing was recorded")
            time.sleep(0.05)


class FirstRunTest(ProcessTest):
    def test_the_honest_firmware_passes_and_is_useful_in_every_configuration(self):
        runs = self.run_json(FIRST_RUN, expect=0)
        self.assertEqual([r["consent"] for r in runs], ["all_denied", "all_granted", "map_withdrawn"])
        for run in runs:
            self.assertEqual(verdicts(run, verdict="fail"), [], run["consent"])
            self.assertLessEqual(run["sim_s"], 1200)
            self.assertGreaterEqual(run["metrics"]["coverage"], 0.9)
            self.assertLessEqual(run["metrics"]["ate_m"], 0.05)
            for name in ("cleaning_finished", "docked"):
                self.assertEqual(run["usefulness"][name]["verdict"], "pass", (run["consent"], name))
        denied, granted, _ = runs
        self.assertTrue(verdicts(denied, category="home_map", verdict="pass"), "the control shows that the way out exists")
        self.assertEqual(granted["usefulness"]["app_got_map"]["verdict"], "pass")
        out = self.folder / "runs/first_run-001"
        for name in ("all_denied.mcap", "all_granted.mcap", "map_withdrawn.mcap", "report.html", "report.json", "junit.xml"):
            self.assertTrue((out / name).stat().st_size > 0, name)
        self.assertNotIn("http://", (out / "report.html").read_text().replace("http://www.w3.org", ""))


if __name__ == "__main__":
    unittest.main()
