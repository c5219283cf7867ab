"""Outputs for continuous integration, as a job has them."""
import base64
import json
import os
import re
import shlex
import shutil
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
        self.assert_no_secret("r/all_denied.mcap", "s.sarif", "s.md", "j.xml", "q.json", "r/report.json")

    def test_nothing_quotes_what_a_firmware_says_as_it_dies(self):
        done = self.call("run", LEAKS, "--consent", "all_denied", "--firmware", "last_words", "--until", "60s", "--out", "r", "--annotations", "github=a.txt")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(self.planted("r/all_denied.mcap", "wifi_password")[0], done.stderr)  # The terminal does: people look at it.
        outputs = ("a.txt", "r/report.sarif", "r/summary.md", "r/junit.xml", "r/report.json")
        self.assert_no_secret("r/all_denied.mcap", *outputs)
        for name in outputs:
            self.assertRegex((self.folder / name).read_text().replace("\\", ""), r"no network with the password \[wifi_password, 16 bytes, xxh3 [0-9a-f]{16}\]", name)

    def test_a_matrix_says_nothing_of_it_either(self):
        done = self.call("matrix", LEAKS, "--firmware", "last_words", "--until", "30s", "--out", "m", "--workers", 1, "--keep", "all")
        self.assertEqual(done.returncode, 1, done.stderr)
        recording = next((self.folder / "m/recordings").iterdir()).relative_to(self.folder)
        self.assert_no_secret(recording, "m/report.sarif", "m/summary.md", "m/junit.xml", "m/matrix.json", "m/matrix.html")
        self.assertIn("the firmware died", (self.folder / "m/summary.md").read_text())

    def assert_no_secret(self, recording, *outputs):
        for secret in self.planted(recording):
            spellings = (secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("="))
            for name in outputs:
                text = (self.folder / name).read_text().lower()
                for spelling in spellings:
                    self.assertNotIn(spelling.lower(), text, name)

    def planted(self, recording, category=None):
        """Values that only this run has, from the attachment in the file: uncompressed JSON."""
        data = (self.folder / recording).read_bytes()
        begin = data.index(b'{"account_id"')
        values = json.JSONDecoder().raw_decode(data[begin:begin + 20000].decode("utf-8", "replace"))[0]
        if category:
            return values[category]
        return [value for category in values.values() for value in category if len(value) >= 8]

    def test_the_same_failure_has_the_same_fingerprint_with_another_seed(self):
        prints = set()
        for seed in (5, 6):
            self.call("run", LEAKS, *LEAKY, "--seed", seed, "--out", f"r{seed}")
            sarif = json.loads((self.folder / f"r{seed}/report.sarif").read_text())
            prints.add(tuple(r["partialFingerprints"]["dustproof/v1"] for r in sarif["runs"][0]["results"]))
        self.assertEqual(len(prints), 1)

    def sarif(self, path):
        return json.loads((self.folder / path).read_text())["runs"][0]["results"]

    def test_a_known_failure_is_accepted_until_its_day(self):
        done = self.call("run", LEAKS, *LEAKY, "--out", "a", "--write-baseline", "b.yaml", "--today", "2026-12-01")
        self.assertEqual(done.returncode, 1, done.stderr)
        unfinished = self.call("run", LEAKS, *LEAKY, "--baseline", "b.yaml")
        self.assertEqual(unfinished.returncode, 2)
        self.assertRegex(unfinished.stderr, r"b\.yaml:\d+:\d+: accepted\[0\]\.reason: ")
        text = (self.folder / "b.yaml").read_text()
        self.assertIn("until: 2027-03-01", text)  # Ninety days later.
        self.write("b.yaml", text.replace('reason: ""', 'reason: "vendor ticket 12"\n    by: Ada'))
        self.assertIn("a valid baseline of 1 accepted failures", self.call("validate", "b.yaml").stdout)

        accepted = self.call("run", LEAKS, *LEAKY, "--seed", 5, "--out", "c", "--baseline", "b.yaml", "--today", "2027-03-01")
        self.assertEqual(accepted.returncode, 0, accepted.stdout + accepted.stderr)
        self.assertIn("accepted until 2027-03-01 by Ada: vendor ticket 12", accepted.stdout)
        self.assertEqual(self.sarif("c/report.sarif")[0]["suppressions"][0]["status"], "accepted")
        self.assertIn("vendor ticket 12", (self.folder / "c/summary.md").read_text())
        self.assertIn("vendor ticket 12", (self.folder / "c/report.html").read_text())
        junit = ElementTree.parse(self.folder / "c/junit.xml")
        self.assertFalse(junit.findall(".//failure"))
        self.assertTrue(any("vendor ticket 12" in skipped.get("message") for skipped in junit.findall(".//skipped")))
        run = json.loads((self.folder / "c/report.json").read_text())[0]
        self.assertEqual((run["failed"], [f["accepted"] for f in run["failures"]]), (False, [True]))
        # The recording, and a matrix, under the same baseline.
        audited = self.call("audit", "c/all_denied.mcap", "--baseline", "b.yaml", "--today", "2027-03-01")
        self.assertEqual(audited.returncode, 0, audited.stdout + audited.stderr)

        expired = self.call("run", LEAKS, *LEAKY, "--out", "d", "--baseline", "b.yaml", "--today", "2027-03-02")
        self.assertEqual(expired.returncode, 1)
        self.assertIn("no longer accepted, since 2027-03-01 is past", expired.stdout)
        self.assertIn("no longer accepted", self.sarif("d/report.sarif")[0]["message"]["text"])

        honest = self.call("run", LEAKS, "--consent", "all_denied", "--until", "30s", "--out", "e", "--baseline", "b.yaml", "--today", "2027-01-01")
        self.assertEqual(honest.returncode, 0, honest.stderr)
        self.assertRegex(honest.stderr, r"warning: b\.yaml:\d+:\d+: accepted\[0\]: matches nothing that fails")
        again = self.call("run", LEAKS, *LEAKY, "--write-baseline", "b.yaml")
        self.assertEqual(again.returncode, 2)
        self.assertIn("nothing is overwritten", again.stderr)
        for wrong in ("tomorrow", "2027-02-29"):
            self.assertIn("--today: must be a day", self.call("run", LEAKS, "--baseline", "b.yaml", "--today", wrong).stderr)

    def test_a_matrix_has_the_fingerprints_of_single_runs_and_their_baseline(self):
        self.call("run", LEAKS, *LEAKY, "--out", "r")
        single = self.sarif("r/report.sarif")[0]
        words = ("matrix", LEAKS, "--firmware", "leak_wifi_password_in_status", "--until", "30s", "--workers", 1)
        done = self.call(*words, "--out", "m", "--sarif", "m.sarif", "--annotations", "github=m.txt", "--write-baseline", "b.yaml")
        self.assertEqual(done.returncode, 1, done.stderr)
        results = {r["partialFingerprints"]["dustproof/v1"]: r for r in self.sarif("m.sarif")}
        result = results[single["partialFingerprints"]["dustproof/v1"]]
        self.assertEqual((self.folder / "m/report.sarif").read_text(), (self.folder / "m.sarif").read_text())
        self.assertEqual(result["ruleId"], single["ruleId"])
        self.assertEqual(result["relatedLocations"], single["relatedLocations"])
        self.assertEqual(result["locations"], single["locations"])  # Of the first cell, which is that of the run.
        self.assertEqual(result["properties"]["cells"], result["properties"]["cells_of"])
        self.assertEqual((self.folder / "m.txt").read_text().count("::error file="), len(results))
        self.write("b.yaml", (self.folder / "b.yaml").read_text().replace('reason: ""', "reason: known"))
        accepted = self.call(*words, "--out", "n", "--baseline", "b.yaml")
        self.assertEqual(accepted.returncode, 0, accepted.stdout + accepted.stderr)
        self.assertIn("known", accepted.stdout)
        junit = ElementTree.parse(self.folder / "n/junit.xml")
        self.assertTrue(junit.findall(".//skipped") and not junit.findall(".//failure"))
        self.assertNotIn("❌", (self.folder / "n/summary.md").read_text())

    def test_several_recordings_are_audited_at_once(self):
        self.call("run", LEAKS, "--firmware", "leak_wifi_password_in_status", "--consent", "all_granted", "--until", "30s", "--out", "a")
        self.call("run", LEAKS, "--consent", "all_denied", "--until", "30s", "--out", "b")
        recordings = ("b/all_denied.mcap", "a/all_granted.mcap")
        done = self.call("audit", *recordings, "--sarif", "s.sarif", "--junit", "j.xml")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual([line for line in done.stdout.splitlines() if line in recordings], list(recordings))
        self.assertEqual(len(ElementTree.parse(self.folder / "j.xml").findall("testsuite")), 2)
        self.assertEqual(self.sarif("s.sarif")[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a/all_granted.mcap")
        self.assertEqual(self.call("audit", recordings[0], recordings[0]).returncode, 0)
        self.write("no.mcap", "x")
        broken = self.call("audit", "no.mcap", recordings[1], "--json")
        self.assertEqual(broken.returncode, 2, broken.stderr)  # The worst; the other is judged all the same.
        self.assertEqual(len(json.loads(broken.stdout)), 1)

    def test_report_json_keeps_to_its_schema(self):
        schema = json.loads(self.call("schema", "report", "--json").stdout)
        try:
            import jsonschema
        except ImportError:
            self.skipTest("needs python3-jsonschema")
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        self.call("run", LEAKS, "--consent", "all_granted", "--until", "90s", "--out", "pass")
        self.call("run", LEAKS, *LEAKY, "--out", "fail")
        self.call("run", LEAKS, "--consent", "all_denied", "--firmware", "last_words", "--until", "30s", "--out", "died")
        reports = {name: json.loads((self.folder / name / "report.json").read_text()) for name in ("pass", "fail", "died")}
        reports["audit"] = json.loads(self.call("audit", "fail/all_denied.mcap", "--json").stdout)
        self.assertEqual({name: report[0]["failed"] for name, report in reports.items()}, {"pass": False, "fail": True, "died": True, "audit": True})
        for name, report in reports.items():
            self.assertEqual([error.message for error in validator.iter_errors(report)], [], name)
        for spoil in (lambda run: run.update(more=1), lambda run: run.pop("seed"), lambda run: run["verdicts"][0].update(verdict="maybe"), lambda run: run["metrics"].update(coverage="all")):
            report = json.loads(json.dumps(reports["fail"]))
            spoil(report[0])
            self.assertTrue(list(validator.iter_errors(report)))

    def test_paths_are_those_of_the_repository_and_commands_can_be_pasted(self):
        home = self.folder / "my home"
        shutil.copytree(ROOT / "scenarios", home / "scenarios")
        shutil.copytree(ROOT / "robots/vacuum", home / "robots/vacuum", ignore=shutil.ignore_patterns("firmware"))
        (home / ".git").mkdir()
        scenario = home / "tests/it's/scenarios/short one.yaml"
        scenario.parent.mkdir(parents=True)
        scenario.write_text(LEAKS.read_text())
        done = subprocess.run([BINARY, "run", scenario, *LEAKY, "--out", self.folder / "r", "--annotations", "github"], cwd=home / "tests", capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("::error file=tests/it's/scenarios/short one.yaml,line=", done.stdout)
        result = self.sarif("r/report.sarif")[0]
        self.assertEqual(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "tests/it%27s/scenarios/short%20one.yaml")
        self.assertEqual(result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "scenarios/policies/jt_innovation.yaml")
        command = result["properties"]["command"]
        self.assertTrue(command.startswith("dustproof run 'it'\\''s/scenarios/short one.yaml' "), command)
        again = subprocess.run(["sh", "-c", command.replace("dustproof", shlex.quote(str(BINARY)), 1) + " --out " + shlex.quote(str(self.folder / "again"))], cwd=home / "tests",
                               capture_output=True, text=True)
        self.assertEqual(again.returncode, 1, again.stderr)
        self.assertEqual(self.sarif("again/report.sarif")[0]["partialFingerprints"], result["partialFingerprints"])

    def test_the_recipes_commands_are_those_that_work(self):
        page = (ROOT / "hil/report/CI.md").read_text()
        commands = re.findall(r"dustproof (?:run|matrix) [^\n']*", page)
        self.assertEqual(len(commands), 5)
        for number, command in enumerate(commands):
            job = self.folder / f"job{number}"
            job.mkdir()
            done = subprocess.run(["sh", "-c", command.replace("dustproof", str(BINARY), 1) + " --until 20s"], cwd=job, capture_output=True, text=True,
                                  env={**os.environ, "SCENARIO": str(SHORT), "GITHUB_STEP_SUMMARY": str(job / "summary.md")})
            self.assertEqual(done.returncode, 0, command + done.stdout + done.stderr)
            if " run " in command:
                self.assertTrue((job / "dustproof/report.sarif").exists() and (job / "dustproof/junit.xml").exists())
            for file in re.findall(r"(?:--sarif|--junit|--write-baseline|gitlab=) ?(\S+)", command):
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
