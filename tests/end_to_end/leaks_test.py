"""Firmware that leaks is caught with category, party, consent and first byte; its twins stay quiet."""
import unittest

from process import LEAKS, ProcessTest, verdicts

CLOUD = "vendor_cloud_cn"


class LeaksTest(ProcessTest):
    def leak(self, firmware, consent):
        return self.run_json(LEAKS, "--firmware", firmware, "--consent", consent, expect=1)[0]

    def assert_caught(self, run, category, phase, party=CLOUD):
        rows = verdicts(run, category=category, party=party, verdict="fail")
        self.assertTrue(rows, [v for v in run["verdicts"] if v["category"] == category and v["reading"] == "strict"])
        self.assertIn(phase, [row["phase"] for row in rows])
        findings = {f["id"]: f for f in run["findings"]}
        found = [findings[i] for row in rows for i in row["evidence"]]
        self.assertTrue(found)
        return min(found, key=lambda f: (f["message"], f["first_byte"]))

    def test_wifi_password_in_status(self):
        run = self.leak("leak_wifi_password_in_status", "all_denied")
        finding = self.assert_caught(run, "wifi_password", "granted")
        self.assertEqual(finding["byte_count"], 16)

    def test_map_inside_a_gzip_log(self):
        run = self.leak("leak_map_in_gzip_log", "all_denied")
        finding = self.assert_caught(run, "home_map", "denied")
        self.assertIn("gzip", " ".join(finding["decoders"]))

    def test_map_before_consent_is_answered(self):
        self.assert_caught(self.leak("leak_map_before_consent", "map_unset"), "home_map", "unset")

    def test_telemetry_after_denial(self):
        self.assert_caught(self.leak("leak_telemetry_after_denial", "all_denied"), "robot_status", "denied")

    def test_queue_flushed_after_withdrawal(self):
        self.assert_caught(self.leak("leak_queue_after_withdrawal", "map_withdrawn_offline"), "home_map", "withdrawn")

    def test_random_blob_fails_nothing(self):
        run = self.run_json(LEAKS, "--firmware", "twin_random_blob", "--consent", "all_denied")[0]
        self.assertEqual(verdicts(run, verdict="fail"), [])

    def test_another_homes_plan_fails_nothing(self):
        run = self.run_json(LEAKS, "--firmware", "twin_other_home_map", "--consent", "all_denied")[0]
        self.assertEqual(verdicts(run, verdict="fail"), [])

    def test_consented_map_fails_nothing(self):
        run = self.run_json(LEAKS, "--consent", "all_granted", expect=0)[0]
        self.assertEqual(verdicts(run, verdict="fail"), [])

    def test_silence_fails_usefulness_and_not_privacy(self):
        run = self.run_json(LEAKS, "--firmware", "silent", "--consent", "all_granted", expect=1)[0]
        self.assertEqual(verdicts(run, verdict="fail"), [])
        self.assertIn("fail", [u["verdict"] for u in run["usefulness"].values()])


if __name__ == "__main__":
    unittest.main()
