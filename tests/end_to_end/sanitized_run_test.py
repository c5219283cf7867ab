"""One short run of the binary as the sanitizers build it: engine, firmware on its fibers, cloud, app, audit and report."""
import json
import unittest

from process import BINARY, ProcessTest, ROOT

SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"
MARKS = ("Sanitizer", "runtime error:")


class SanitizedRunTest(ProcessTest):
    def test_nothing_is_reported_from_power_on_to_the_report(self):
        self.assertIn(b"__asan_init", BINARY.read_bytes(), "built without sanitizers: this test would see nothing")
        done = self.call("run", SHORT, "--json", timeout=240)
        for mark in MARKS:
            self.assertNotIn(mark, done.stderr)
        run = json.loads(done.stdout)[0]
        self.assertEqual(run["end"], "duration", done.stderr)
        self.assertEqual(run["usefulness"]["session_up"]["verdict"], "pass")
        self.assertEqual(run["usefulness"]["app_got_map"]["verdict"], "pass")
        self.assertEqual(done.returncode, 1, "a minute is too short to clean, and nothing else is amiss")


if __name__ == "__main__":
    unittest.main()
