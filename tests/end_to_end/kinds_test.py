"""The kinds of firmware: what a firmware is as a shared object of the run, it is as a program of its own."""
import json
import os
import shutil
import unittest
import unittest.mock

from process import BINARY, FIRST_RUN, ROOT, ProcessTest, verdicts

TESTS = BINARY.parents[1] / "tests/end_to_end"


class SameFirmwareTest(ProcessTest):
    def test_the_reference_firmware_says_the_same_bytes_in_both_kinds(self):
        runs = {}
        for kind in ("library", "process"):
            [runs[kind]] = self.run_json(FIRST_RUN, "--kind", kind, "--consent", "map_withdrawn", "--until", "150s",
                                         "--out", self.folder / kind)
        recordings = [self.folder / kind / "map_withdrawn.mcap" for kind in runs]
        done = self.call("diff", *recordings, "--json")
        difference = json.loads(done.stdout)
        self.assertIsNone(difference["first_difference"], difference)
        self.assertEqual(difference["verdicts"], [], difference)
        self.assertGreater(len(verdicts(runs["process"], verdict="pass")), 5)
        self.assertEqual(runs["library"]["usefulness"], runs["process"]["usefulness"])


class ForAnotherProcessorTest(ProcessTest):
    def test_the_bouncer_says_the_same_as_a_library_as_a_program_and_as_a_program_for_arm(self):
        arm = BINARY.parents[1] / "lib/firmware/armhf/bouncer"
        if not arm.exists() or not shutil.which("qemu-arm"):
            self.skipTest("skipped: needs qemu-arm, a compiler for ARM, and an armhf sysroot (./dev boards)")
        with unittest.mock.patch.dict(os.environ, QEMU_LD_PREFIX=str(ROOT / "build/armhf")):
            runs = {}
            for name, firmware in (("arm", arm), ("program", arm.parents[1] / "bouncer"), ("library", "bouncer")):
                [runs[name]] = self.run_json(FIRST_RUN, "--firmware", firmware, "--consent", "all_denied", "--until", "200s",
                                             "--out", self.folder / name)
        self.assertEqual(runs["arm"]["firmware_kind"], "process")
        self.assertEqual(runs["arm"]["usefulness"]["session_up"]["verdict"], "pass")
        self.assertGreater(len(verdicts(runs["arm"], verdict="pass")), 5)
        self.assertEqual(runs["arm"]["hash"], runs["program"]["hash"])
        for name in ("program", "library"):
            done = self.call("diff", *(self.folder / run / "all_denied.mcap" for run in ("arm", name)), "--json")
            difference = json.loads(done.stdout)
            self.assertIsNone(difference["first_difference"], difference)
            self.assertEqual(difference["verdicts"], [], difference)

    def test_one_without_its_libraries_says_what_is_missing(self):
        arm = BINARY.parents[1] / "lib/firmware/armhf/bouncer"
        if not arm.exists() or not shutil.which("qemu-arm"):
            self.skipTest("skipped: needs qemu-arm, a compiler for ARM, and an armhf sysroot (./dev boards)")
        with unittest.mock.patch.dict(os.environ, QEMU_LD_PREFIX=str(self.folder)):
            done = self.call("run", FIRST_RUN, "--firmware", arm, "--consent", "all_denied", "--until", "1s")
        self.assertEqual(done.returncode, 2)
        self.assertIn("ld-linux-armhf.so.3", done.stderr)


class OwnProcessTest(ProcessTest):
    def run_test_firmware(self, name, *words):
        [run] = self.run_json(FIRST_RUN, "--firmware", TESTS / f"test_{name}", "--consent", "policy_refused", "--until", "3s",
                              *words)
        return run

    def test_threads_see_simulated_time_and_one_order(self):
        runs = [self.run_test_firmware("threads", "--out", self.folder / str(i)) for i in range(2)]
        for run in runs:
            self.assertEqual(run.get("end", "duration"), "duration", run)
        self.assertEqual(runs[0]["hash"], runs[1]["hash"])

    def test_threads_wait_for_one_another_in_every_manner(self):
        runs = [self.run_json(FIRST_RUN, "--firmware", TESTS / "test_waits", "--consent", "policy_refused", "--until", "6s",
                              "--out", self.folder / str(i))[0] for i in range(2)]
        for run in runs:
            self.assertEqual(run["end"], "firmware_ended", run["diagnosis"])  # It has seen them all.
        self.assertEqual(runs[0]["hash"], runs[1]["hash"])
        done = self.call("diff", *(self.folder / str(i) / "policy_refused.mcap" for i in range(2)), "--json")
        self.assertTrue(json.loads(done.stdout)["same"], done.stdout)

    def test_a_crash_is_told_with_its_place(self):
        run = self.run_test_firmware("crash")
        self.assertEqual(run["end"], "firmware_died")
        self.assertIn("SIGSEGV", run["diagnosis"])
        self.assertIn("misdeed.cc", run["diagnosis"])
        self.assertIn("1.500 s", run["diagnosis"])

    def test_an_exception_out_of_a_task_is_told(self):
        self.assertIn("abort", self.run_test_firmware("throw_it")["diagnosis"])

    def test_an_exit_is_told(self):
        self.assertIn("exit code 3", self.run_test_firmware("leave")["diagnosis"])

    def test_a_thread_that_spins_ends_the_run_with_its_stack(self):
        run = self.run_test_firmware("spin")
        self.assertEqual(run["end"], "firmware_died")
        self.assertIn("endless loop", run["diagnosis"])
        self.assertIn("spin", run["diagnosis"])

    def test_a_wait_that_nobody_knows_ends_the_run_with_its_place(self):
        run = self.run_test_firmware("wait_outside")
        self.assertIn("neither the HAL", run["diagnosis"])
        self.assertIn("misdeed.cc", run["diagnosis"])

    def test_a_way_out_beside_the_hal_is_refused_and_makes_passes_undetermined(self):
        run = self.run_test_firmware("open_socket")
        self.assertEqual(run.get("end", "duration"), "duration")
        self.assertEqual(verdicts(run, verdict="pass"), [])
        self.assertIn("socket(AF_PACKET)", json.dumps(verdicts(run, verdict="undetermined")))

    def test_a_system_call_made_by_hand_is_refused_and_named(self):
        for name, told in (("raw_socket", "system call socket"), ("raw_fork", "system call fork (clone)"),
                           ("call_of_32_bits", "system call a call of another kind"),
                           ("list_interfaces", "system call socket"),
                           ("block_signals", "system call socket"), ("work_on", "posix_spawn()")):
            with self.subTest(name):
                run = self.run_test_firmware(name)
                self.assertEqual(run.get("end", "duration"), "duration", run["diagnosis"])
                self.assertEqual(verdicts(run, verdict="pass"), [])
                self.assertIn(told, json.dumps(verdicts(run, verdict="undetermined")))

    def test_time_and_chance_asked_of_the_kernel_are_the_runs_and_those_of_a_library(self):
        for name, firmware in (("process", TESTS / "test_by_hand"), ("again", TESTS / "test_by_hand"),
                               ("library", BINARY.parents[1] / "lib/test_by_hand.so")):
            [run] = self.run_json(FIRST_RUN, "--firmware", firmware, "--consent", "policy_refused", "--until", "3s",
                                  "--out", self.folder / name)
            self.assertEqual(run.get("end", "duration"), "duration", run["diagnosis"])
        for name in ("again", "library"):
            done = self.call("diff", *(self.folder / run / "policy_refused.mcap" for run in ("process", name)), "--json")
            self.assertIsNone(json.loads(done.stdout)["first_difference"], done.stdout)

    def test_what_needs_the_firmware_in_the_run_says_so(self):
        program = TESTS / "test_leave"
        for words in (("powercut", FIRST_RUN, "--cuts", 1), ("run", FIRST_RUN, "--consent", "all_denied", "--gdb")):
            done = self.call(*words, "--firmware", program)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("program of its own", done.stderr)
            self.assertIn("shared object", done.stderr)


if __name__ == "__main__":
    unittest.main()
