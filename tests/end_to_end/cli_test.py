"""The command line as a person meets it: help, words, files that are right and files that are wrong."""
import json
import unittest

from process import FIRST_RUN, ROOT, ProcessTest


class CliTest(ProcessTest):
    def test_help_names_every_word_and_each_word_has_an_example(self):
        done = self.call("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("run", "validate", "schema", "audit", "report", "determinism", "diff", "explain-hash", "replay",
                     "powercut", "keys", "list", "version"):
            self.assertIn(word, done.stdout)
            self.assertIn("Example:", self.call(word, "--help").stdout)

    def test_a_mistyped_word_gets_a_suggestion(self):
        done = self.call("vlaidate")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'validate'?", done.stderr)

    def test_a_mistyped_flag_gets_a_suggestion(self):
        done = self.call("run", FIRST_RUN, "--sed", "4")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean '--seed'?", done.stderr)

    def test_everything_that_ships_is_valid(self):
        files = [str(p) for folder in ("scenarios", "robots") for p in sorted((ROOT / folder).rglob("*.yaml"))]
        done = self.call("validate", *files)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_mistake_of_a_file_is_said_at_once(self):
        path = self.write("bad.yaml", "kind: scenario\nformat_version: 1\nhome: nowhere.yaml\nrobot: nobody.yaml\n"
                                      "policy: none.yaml\nduration: -3s\nregoin: CN\n"
                                      "consent_configurations:\n  one: {answers: {C_POLCY: granted}}\n")
        done = self.call("validate", path)
        self.assertEqual(done.returncode, 2)
        for part in (f"{path}:6:", "duration", f"{path}:7:1", "did you mean 'region'?", "did you mean 'C_POLICY'?"):
            self.assertIn(part, done.stderr)

    def test_a_missing_file_is_named(self):
        done = self.call("run", "nowhere.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nowhere.yaml", done.stderr)

    def test_schema_is_json_schema(self):
        done = self.call("schema", "scenario", "--json")
        schema = json.loads(done.stdout)
        self.assertIn("consent_configurations", schema["properties"])

    def test_lists_know_what_ships(self):
        self.assertIn("vacuum", self.call("list", "firmware").stdout.split())
        self.assertIn("two_bedroom.yaml", self.call("list", "homes").stdout)
        self.assertIn("all_denied", self.call("list", "consents").stdout)
        self.assertIn("did you mean 'homes'?", self.call("list", "hoems").stderr)

    def test_firmware_that_is_missing_or_of_another_hal_is_refused(self):
        done = self.call("run", FIRST_RUN, "--firmware", "vacum")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'vacuum'?", done.stderr)
        done = self.call("run", FIRST_RUN, "--firmware", self.write("text.so", "not a library"), "--consent", "all_denied")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("text.so", done.stderr)

    def test_a_recording_that_is_none_is_refused(self):
        done = self.call("audit", self.write("x.mcap", "hello"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("x.mcap", done.stderr)

    def test_nothing_is_overwritten(self):
        self.write("kept.txt", "mine")
        done = self.call("run", FIRST_RUN, "--out", self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is not empty", done.stderr)

    def test_an_impossible_folder_is_said(self):
        done = self.call("run", FIRST_RUN, "--out", "/proc/nothing/here")
        self.assertEqual(done.returncode, 3)
        self.assertIn("/proc/nothing/here", done.stderr)

    def test_an_image_is_no_home_and_says_what_is(self):
        done = self.call("validate", self.write("plan.pgm", "P5 1 1 255\n."))
        self.assertEqual(done.returncode, 2)
        self.assertIn("is an image; name the map_server YAML", done.stderr)

    def test_declared_messages_are_checked_with_their_robot(self):
        (self.folder / "bot").mkdir()
        robot = self.write("bot/robot.yaml", (ROOT / "robots/vacuum/robot.yaml").read_text())
        messages = self.write("bot/messages.yaml", "kind: message_schema\nformat_version: 1\nmessages:\n  - where: mqtt a\n    categries: [x]\n")
        for file in (robot, messages):
            done = self.call("validate", file)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("bot/messages.yaml:5:", done.stderr)
            self.assertIn("did you mean 'categories'", done.stderr)

    def test_a_run_that_is_ended_early_owes_no_end(self):
        done = self.call("run", ROOT / "scenarios/first_run.yaml", "--consent", "all_denied", "--until", "20s")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("; 1 ended early", done.stdout)


if __name__ == "__main__":
    unittest.main()
