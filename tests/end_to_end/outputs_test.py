"""Outputs for continuous integration, as a job has them."""
import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from process import BINARY, LEAKS, ROOT, ProcessTest

SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"
LEAKY = ["--consent", "all_denied", "--firmware", "leak_wifi_password_in_status", "--until", "30s"]


class OutputsTest(ProcessTest):
    def test_a_job_gets_all_of_them_and_no_secret(self):
        done = self.call("run", LEAKS, *LEAKY, "--out", "r", "--sarif", "s.sarif", "--markdown", "s.md", "--junit", "j.xml", "--annotations", "gitlab=q.json")
        self.assertEqual(done.returncode, 1, done.stderr)
        sarif = json.loads((self.folder / "s.sarif").read_text())
        result = sarif["runs"][0]["results"][0]
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        self.assertIn("all_denied", LEAKS.read_text().splitlines()[line - 1])
        rule = result["relatedLocations"][0]["physicalLocation"]
        self.assertTrue(rule["artifactLocation"]["uri"].endswith("scenarios/policies/jt_innovation.yaml"))
        self.assertEqual((self.folder / "r/report.sarif").read_text(), (self.folder / "s.sarif").read_text())
        self.assertIn("❌", (self.folder / "s.md").read_text())
        self.assertTrue(ElementTree.parse(self.folder / "j.xml").findall(".//failure"))
        quality = json.loads((self.folder / "q.json").read_text())
        self.assertEqual(quality[0]["fingerprint"], result["partialFingerprints"]["dustproof/v1"])
        for secret in self.planted("r/all_denied.mcap"):
            for name in ("s.sarif", "s.md", "j.xml", "q.json"):
                self.assertNotIn(secret, (self.folder / name).read_text(), name)

    def planted(self, recording):
        """Values that only this run has, from the attachment in the file: uncompressed JSON."""
        data = (self.folder / recording).read_bytes()
        begin = data.index(b'{"account_id"')
        values = json.JSONDecoder().raw_decode(data[begin:begin + 20000].decode("utf-8", "replace"))[0]
        return [value for category in values.values() for value in category if len(value) >= 8]

    def test_the_same_failure_has_the_same_fingerprint_with_another_seed(self):
        prints = set()
        for seed in (5, 6):
            self.call("run", LEAKS, *LEAKY, "--seed", seed, "--out", f"r{seed}")
            sarif = json.loads((self.folder / f"r{seed}/report.sarif").read_text())
            prints.add(tuple(r["partialFingerprints"]["dustproof/v1"] for r in sarif["runs"][0]["results"]))
        self.assertEqual(len(prints), 1)

    def test_the_recipes_commands_are_those_that_work(self):
        page = (ROOT / "hil/report/CI.md").read_text()
        commands = re.findall(r"dustproof (?:run|matrix) [^\n']*", page)
        self.assertEqual(len(commands), 4)
        for number, command in enumerate(commands):
            job = self.folder / f"job{number}"
            job.mkdir()
            done = subprocess.run(["sh", "-c", command.replace("dustproof", str(BINARY), 1) + " --until 20s"], cwd=job, capture_output=True, text=True,
                                  env={**os.environ, "SCENARIO": str(SHORT), "GITHUB_STEP_SUMMARY": str(job / "summary.md")})
            self.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
            if " run " in command:
                self.assertTrue((job / "dustproof/report.sarif").exists() and (job / "dustproof/junit.xml").exists())
            for file in re.findall(r"(?:--sarif|--junit|gitlab=) ?(\S+)", command):
                self.assertTrue((job / file).exists(), file)
        self.assertTrue((self.folder / "job0/summary.md").read_text().startswith("### "))

    def test_annotations_stand_among_the_lines_of_the_job(self):
        done = self.call("run", LEAKS, *LEAKY, "--out", "r", "--annotations", "github")
        self.assertEqual(sum(line.startswith("::error file=") for line in done.stdout.splitlines()), 1, done.stdout)
        audited = self.call("audit", "r/all_denied.mcap", "--annotations", "github")
        self.assertIn("::error file=r/all_denied.mcap,title=wifi_password", audited.stdout)
        for wrong in ("gitlab", "bitbucket", "github="):
            refused = self.call("run", LEAKS, "--annotations", wrong)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("must be github, github=FILE or gitlab=FILE", refused.stderr)


if __name__ == "__main__":
    unittest.main()
