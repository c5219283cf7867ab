"""Faults of the run itself: a full disk, folders that can't be written, kill -9 at any instant, damaged recordings."""
import json
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import time
import unittest

from process import BINARY, FIRST_RUN, ProcessTest

SHORT = (FIRST_RUN, "--consent", "all_granted", "--until", "60s")
# Of each kind, in real runs; a writer alone is killed a hundred times in hil/capture's test.
KILLS = int(os.environ.get("DUSTPROOF_KILLS", "5"))


class FaultTest(ProcessTest):
    made = None  # The recording of a run that nothing happened to, for all tests.

    def whole(self):
        if FaultTest.made is None:
            self.run_json(*SHORT, "--out", "whole")
            FaultTest.made = (self.folder / "whole/all_granted.mcap").read_bytes()
        path = self.folder / "whole.mcap"
        path.write_bytes(FaultTest.made)
        return path

    def assert_prefix(self, recording, whole):
        """What `recording` holds is how `whole` begins, and it is said that the rest is missing."""
        done = self.call("diff", recording, whole, "--json")
        answer = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if answer["same"] else 1, done.stdout + done.stderr)
        if answer["first_difference"] is not None:
            self.assertEqual(answer["first_difference"]["first"], "nothing more")
        return answer


class DiskTest(FaultTest):
    def test_a_full_disk_ends_the_run_early_names_the_file_and_keeps_what_was_written(self):
        whole = self.whole()
        limit = whole.stat().st_size // 2
        done = self.call("run", *SHORT, "--out", "full", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit,) * 2))
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("full/all_granted.mcap failed: File too large", done.stderr)
        ended_s = float(re.search(r"the run ended there, at ([0-9.]+) s", done.stderr).group(1))
        self.assertLess(ended_s, 59)
        answer = self.assert_prefix(self.folder / "full/all_granted.mcap", whole)
        self.assertFalse(answer["same"])
        self.assertGreater(answer["equal_messages"], 100)
        self.assertTrue(any("ends early" in problem for problem in answer["problems"]), answer["problems"])

    def test_a_file_system_without_room_is_the_same(self):
        # A real one, where this test may mount one.
        script = ('mount -t tmpfs -o size=96k tmpfs "$1" && shift && "$@"; code=$?; ls -l small >&2; exit $code')
        (self.folder / "small").mkdir()
        allowed = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", self.folder / "small"], capture_output=True)
        if allowed.returncode != 0:
            self.skipTest("no file system can be mounted here")
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", "small", BINARY, "run", *SHORT, "--out", "small/out"],
                              cwd=self.folder, text=True, capture_output=True, timeout=600)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("No space left on device", done.stderr)

    def test_a_report_that_finds_no_room_is_said(self):
        whole = self.whole()
        done = self.call("report", whole, "--out", "/dev/full")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("/dev/full", done.stderr)

    def test_an_answer_that_finds_no_room_is_said(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([BINARY, "list", "firmware"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("standard output", done.stderr)

    def test_folders_that_cannot_be_written_are_said(self):
        (self.folder / "file").write_text("")
        (self.folder / "closed").mkdir(mode=0o555)
        for out, why in (("file/below", "Not a directory"), ("/proc/nothing", "No such file"), ("closed/below", "Permission denied")):
            if why == "Permission denied" and os.geteuid() == 0:
                continue  # Nothing is closed to root.
            done = self.call("run", *SHORT, "--out", out)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(out, done.stderr)
            self.assertIn(why, done.stderr)


class KillTest(FaultTest):
    def test_kill_9_of_everything_leaves_the_beginning_of_the_run(self):
        whole = self.whole()
        for number in range(KILLS):
            process, recording = self.start(f"all-{number}")
            self.wait(number, recording, whole)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            # Else it came before the first message, or when all was written.
            if 20_000 < recording.stat().st_size < whole.stat().st_size:
                self.assertFalse(self.assert_prefix(recording, whole)["same"])

    def test_kill_9_of_the_runs_process_is_told_and_sealed(self):
        whole = self.whole()
        for number in range(KILLS):
            process, recording = self.start(f"worker-{number}")
            self.wait(number, recording, whole)
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            out, err = process.communicate(timeout=120)
            self.assertGreaterEqual(process.returncode, 0, err)
            if children and "ended by signal Killed" in err:
                self.assertEqual(process.returncode, 3, err)
                answer = self.assert_prefix(recording, whole)
                self.assertEqual(answer["problems"], [], "it is sealed")
                if answer["same"]:
                    continue  # The kill came between the recording's end and the process's.
                self.assertIn({"name": "result.end", "first": "run_died", "second": "duration"}, answer["facts"])

    def start(self, out):
        process = subprocess.Popen([BINARY, "run", *map(str, SHORT), "--out", out], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        return process, self.folder / out / "all_granted.mcap"

    def wait(self, number, recording, whole):
        """Until a random share of the recording is written: by its size, since machines differ in speed."""
        bytes_written = random.Random(number).uniform(0.05, 0.95) * whole.stat().st_size
        deadline = time.monotonic() + 120
        while not (recording.exists() and recording.stat().st_size >= bytes_written):
            self.assertLess(time.monotonic(), deadline, "the run writes nothing")
            time.sleep(0.01)


class DamageTest(FaultTest):
    def test_cut_and_flipped_recordings_are_reported_and_read_as_far_as_they_go(self):
        whole = self.whole()
        data = whole.read_bytes()
        chance = random.Random(1)
        damaged = self.folder / "damaged.mcap"
        for number in range(12):
            at = chance.randrange(1, len(data))
            if number % 2 == 0:
                damaged.write_bytes(data[:at])
            else:
                damaged.write_bytes(data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1:])
            for command in (("audit", damaged, "--json"), ("diff", whole, damaged), ("explain-hash", damaged, whole),
                            ("report", damaged, "--out", "damaged.html")):
                done = self.call(*command, timeout=60)
                self.assertIn(done.returncode, (0, 1, 2), (command, at, done.stderr))
                if command[0] == "diff":  # Says what is wrong with the file, and names it.
                    self.assertIn("damaged.mcap", done.stderr, at)

    def test_a_recording_without_its_inputs_cannot_be_run_again_and_says_so(self):
        data = self.whole().read_bytes()
        cut = self.write("cut.mcap", "")
        # Just behind the fact that says when the recording's time begins: metadata and attachments are gone.
        cut.write_bytes(data[:data.index(b"start_unix_ns") + 80])
        done = self.call("replay", cut)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("cut.mcap", done.stderr)


if __name__ == "__main__":
    unittest.main()
