"""Clumsy and hostile uses: slips of the hand, signals at bad moments, streams that are closed or full."""
import json
import os
import shlex
import signal
import subprocess
import time
import unittest

from process import BINARY, FIRST_RUN, ProcessTest

SHORT = ("--until", "8s", "--consent", "all_denied")


class MistakesTest(ProcessTest):
    def shell(self, command, timeout=120):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, text=True, capture_output=True, timeout=timeout,
                              env={**os.environ, "D": str(BINARY), "RUN": shlex.join(["run", str(FIRST_RUN), *SHORT])})

    def short_recording(self):
        self.call("run", FIRST_RUN, *SHORT, "--out", "short")
        return self.folder / "short/all_denied.mcap"

    def test_a_seed_is_taken_as_written_or_refused(self):
        for seed in ("-1", "18446744073709551616", "0x10", "1.5", "abc", "1 "):
            done = self.call("run", FIRST_RUN, *SHORT, "--seed", seed)
            self.assertEqual(done.returncode, 2, seed)
            self.assertIn("--seed: must be a whole number", done.stderr)
        self.assertEqual(self.run_json(FIRST_RUN, *SHORT, "--seed", "010")[0]["seed"], 10)

    def test_programs_are_told_in_json_what_people_are_told(self):
        self.write("bad.yaml", "kind: scenario\nformat_version: 1\nsed: 3\n")
        for words, code in ((("run", "bad.yaml"), 2), (("run", FIRST_RUN, "--seed", "x"), 2), (("audit", "none.mcap"), 2),
                            (("run", FIRST_RUN, "--out", "/dev"), 3)):
            done = self.call(*words, "--json")
            self.assertEqual(done.returncode, code, done.stderr)
            told = json.loads(done.stdout)
            self.assertEqual(told["error"], {2: "bad_input", 3: "environment"}[code])
            self.assertEqual(len(told["diagnostics"]), len(done.stderr.splitlines()))
            for diagnostic in told["diagnostics"]:
                self.assertIn(diagnostic["message"], done.stderr)
        first = json.loads(self.call("run", "bad.yaml", "--json").stdout)["diagnostics"]
        self.assertIn({"file": "bad.yaml", "line": 3, "column": 1, "field": "sed", "message": "unknown key; did you mean 'seed'?"}, first)
        done = self.call("run", FIRST_RUN, *SHORT, "--progress", "--json", "--out", "told")
        events = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual((events[0]["event"], events[0]["folder"]), ("start", "told"))
        self.assertEqual([e["sim_s"] for e in events if e["event"] == "progress"][-1], 8.0)
        run = json.loads(done.stdout)[0]
        self.assertEqual((run["report"], run["failed"]), ("told/report.html", done.returncode == 1))

    def test_an_empty_value_is_not_the_default(self):
        for option in ("--home", "--firmware", "--consent", "--out", "--until", "--seed"):
            done = self.call("run", FIRST_RUN, "--until", "5s", option, "")
            self.assertEqual(done.returncode, 2, option)
            self.assertIn(f"{option}: must not be empty", done.stderr)
        self.assertEqual(self.call("audit", "").returncode, 2)

    def test_a_report_is_not_written_over_a_recording(self):
        recording = self.short_recording()
        before = recording.read_bytes()
        done = self.call("report", recording, "--out", recording)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("is not written over", done.stderr)
        self.assertEqual(recording.read_bytes(), before)
        for _ in range(2):
            self.assertNotEqual(self.call("report", recording, "--out", "again.html").returncode, 2)

    def test_validate_finds_firmware_where_run_does(self):
        (self.folder / "inside").mkdir()
        self.write("inside/own.so", "")
        scenario = self.write("inside/own.yaml", FIRST_RUN.read_text().replace("firmware: vacuum", "firmware: ./own.so"))
        self.assertNotIn("own.so", self.call("validate", scenario).stderr)
        (self.folder / "inside/own.so").unlink()
        self.assertIn("own.so", self.call("validate", scenario).stderr)

    def test_a_pipe_is_no_recording_and_nobody_waits_for_it(self):
        os.mkfifo(self.folder / "pipe.mcap")
        for word in ("audit", "replay", "report"):
            done = self.call(word, "pipe.mcap", timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertIn("pipe.mcap: is not a file", done.stderr)

    def test_a_temporary_folder_that_is_missing_is_said(self):
        recording = self.short_recording()
        done = self.call("replay", recording, env={**os.environ, "TMPDIR": "/nonexistent"})
        self.assertEqual(done.returncode, 3)
        self.assertIn("set TMPDIR", done.stderr)

    def test_a_full_standard_output_is_an_error(self):
        recording = self.short_recording()
        for words in (f"audit {recording} --json", "schema --json", "--help"):
            done = self.shell(f"$D {words} >/dev/full")
            self.assertEqual(done.returncode, 3, words)
            self.assertIn("cannot write all of it to standard output", done.stderr)

    def test_a_reader_that_leaves_is_no_error(self):
        done = self.shell("$D schema --json | true; echo ${PIPESTATUS[0]}")
        self.assertEqual((done.stdout, done.stderr), ("0\n", ""))

    def test_closed_streams_and_readers_that_leave_harm_no_run(self):
        whole = self.short_recording().read_bytes()
        for i, streams in enumerate(("<&- >&- 2>&-", "| true", "2>&1 | true", ">&-")):
            self.shell(f"$D $RUN --out o{i} {streams}")
            folder = self.folder / f"o{i}"
            self.assertEqual((folder / "all_denied.mcap").read_bytes(), whole, streams)
            self.assertIn("</html>", (folder / "report.html").read_text()[-20:], streams)
            json.loads((folder / "report.json").read_text())

    def test_damage_is_said_beside_a_replay(self):
        recording = self.short_recording()
        cut = self.folder / "cut.mcap"
        cut.write_bytes(recording.read_bytes()[:-10])
        done = self.call("replay", cut)
        self.assertIn("note: ", done.stderr)
        self.assertIn("summary is cut off", done.stderr)


class SignalTest(ProcessTest):
    def start(self, *prefix):
        process = subprocess.Popen([*prefix, str(BINARY), "run", str(FIRST_RUN), "--consent", "all_denied", "--out", "out"],
                                   cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        self.addCleanup(self.end, process)
        self.recording = self.folder / "out/all_denied.mcap"
        self.wait_for(lambda: self.recording.exists() and self.recording.stat().st_size > 200_000)
        return process

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()

    def wait_for(self, condition):
        # Real time, since it waits on another process; the limit only ends a test that has failed.
        limit = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), limit, "waited in vain")
            time.sleep(0.02)

    def assert_interrupted(self, process):
        _, err = process.communicate(timeout=60)
        self.assertIn("interrupted after", err)
        self.assertIn(process.returncode, (1, 3))
        run = json.loads(self.call("audit", self.recording, "--json").stdout)[0]
        self.assertEqual(run["warnings"], [])
        self.assertLess(run["sim_s"], 1000)

    def test_sigterm_to_one_process_ends_the_run_sealed_and_judged(self):
        process = self.start()
        process.terminate()
        self.assert_interrupted(process)
        done = self.call("replay", self.recording)
        self.assertIn("the same", done.stdout, done.stderr)

    def test_a_terminal_that_closes_ends_the_run_sealed_and_judged(self):
        process = self.start()
        os.killpg(process.pid, signal.SIGHUP)
        self.assert_interrupted(process)

    def test_nohup_is_respected(self):
        process = self.start("nohup")
        os.killpg(process.pid, signal.SIGHUP)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        process.terminate()
        self.assert_interrupted(process)

    def test_a_run_whose_supervisor_is_killed_seals_its_recording(self):
        process = self.start()
        process.kill()
        process.wait()
        self.wait_for(lambda: self.call("audit", self.recording, "--json").stdout.find('"warnings": []') >= 0)
        self.assertLess(json.loads(self.call("audit", self.recording, "--json").stdout)[0]["sim_s"], 1000)

    def test_a_signal_while_the_run_starts_loses_nothing(self):
        for delay_s in (0.02, 0.05, 0.1, 0.15, 0.2):
            process = subprocess.Popen([str(BINARY), "run", str(FIRST_RUN), *SHORT, "--out", f"out{delay_s}"], cwd=self.folder,
                                       text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
            time.sleep(delay_s)
            os.killpg(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=60)
            if process.returncode == -signal.SIGTERM:
                continue  # Before there was a run.
            self.assertNotIn("No such file", err)
            self.assertIn("1 run:", out, err)


if __name__ == "__main__":
    unittest.main()
