"""`dustproof determinism`: one hash under every condition, and firmware that breaks it is caught with the condition named."""
import json
import os
import unittest

from process import BINARY, FIRST_RUN, ProcessTest

TESTS = BINARY.parents[1] / "tests/end_to_end"
RUNS = os.environ.get("DUSTPROOF_DETERMINISM_RUNS", "20")
# Pairing, the first connection to the cloud and the start of the cleaning.
SHORT = ("--consent", "all_granted", "--until", "50s")


class DeterminismTest(ProcessTest):
    def check(self, *words, expect):
        done = self.call("determinism", FIRST_RUN, *words, "--json", timeout=36_000)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_one_hash_under_every_condition(self):
        answer = self.check(*SHORT, "--runs", RUNS, expect=0)
        self.assertEqual((answer["runs"], answer["distinct_hashes"]), (int(RUNS), 1))
        self.assertIsNone(answer["first_difference"])
        seen = {}
        for run in answer["each"]:
            for condition, value in run["conditions"].items():
                seen.setdefault(condition, set()).add(value)
        for condition, least in {"load": 3, "folder": 2, "environment": 2, "locale": 3, "time_zone": 3, "wall_date": 4,
                                 "addresses": 2, "cpu": 2, "memory": 2}.items():
            self.assertGreaterEqual(len(seen[condition]), least, condition)
        self.assertFalse((self.folder / "runs").exists(), "nothing differs, so nothing is kept")


class ProcessKindTest(ProcessTest):
    def check(self, *words, expect):
        done = self.call("determinism", FIRST_RUN, *words, "--json")
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_a_process_gives_one_hash_under_every_condition(self):
        for words in (("--kind", "process", *SHORT, "--runs", "12"),
                      ("--firmware", TESTS / "test_waits", "--consent", "policy_refused", "--until", "4s", "--runs", "12")):
            answer = self.check(*words, expect=0)
            self.assertEqual((answer["runs"], answer["distinct_hashes"]), (12, 1))

    def test_an_address_that_a_process_tells_is_caught(self):
        answer = self.check("--firmware", TESTS / "test_say_an_address", "--consent", "policy_refused", "--until", "2s", "--runs", "12",
                            expect=1)
        self.assertIn("addresses", [suspect["condition"] for suspect in answer["suspects"]])
        self.assertIn("a buffer at", answer["first_difference"]["message"]["first"])

    def test_real_time_is_refused(self):
        done = self.call("determinism", FIRST_RUN, "--kind", "board", "--runs", "2")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no two runs in real time are equal; use --kind process", done.stderr)


class BrokenDeterminismTest(ProcessTest):
    def caught(self, body, *words):
        done = self.call("determinism", FIRST_RUN, "--consent", "all_denied", "--until", "2s", "--runs", "12", "--firmware",
                         self.firmware(body), *words, "--json")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        self.assertGreater(answer["distinct_hashes"], 1)
        return answer

    def test_an_address_in_a_log_line_is_caught(self):
        answer = self.caught('char text[40]; snprintf(text, sizeof text, "buffer at %p", malloc(100)); log->write(20, text);')
        self.assertIn("addresses", [s["condition"] for s in answer["suspects"]])
        message = answer["first_difference"]["message"]
        self.assertEqual(message["topic"], "/firmware/log")
        self.assertIn("buffer at", message["first"])
        # Both recordings are kept, and `diff` says the same of them.
        done = self.call("diff", *answer["first_difference"]["recordings"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("buffer at", done.stdout)

    def test_memory_that_nobody_has_set_is_caught(self):
        answer = self.caught('volatile unsigned char *p = malloc(5000); char text[40]; '
                             'snprintf(text, sizeof text, "byte %d", p[4000]); log->write(20, text);')
        self.assertIn("memory", [s["condition"] for s in answer["suspects"]])
        self.assertIn("byte ", answer["first_difference"]["message"]["first"])

    def test_clocks_chance_and_environment_do_not_break_it(self):
        done = self.call("determinism", FIRST_RUN, "--consent", "all_denied", "--until", "2s", "--runs", "12", "--firmware",
                         self.firmware("""
                             time_t now = time(NULL); struct tm tm; localtime_r(&now, &tm);
                             char text[200], *zone = getenv("TZ"), *home = getenv("HOME");
                             snprintf(text, sizeof text, "%ld %d %d %s %s %g", (long)now, tm.tm_hour, rand(),
                                      zone ? zone : "none", home ? home : "none", sin(1e5 + tm.tm_sec));
                             log->write(20, text);"""))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("one hash", done.stdout)

    def firmware(self, body):
        return self.build_firmware("""
            const dp_log_v1 *log = dp_hal_query(DP_LOG, 1);
            const dp_clock_v1 *hal_clock = dp_hal_query(DP_CLOCK, 1);
            hal_clock->sleep_us(1000000); """ + body + " for (;;) hal_clock->sleep_us(1000000);")


if __name__ == "__main__":
    unittest.main()
