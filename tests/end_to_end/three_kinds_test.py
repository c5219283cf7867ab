"""One scenario, one firmware, three ways to run it: the same verdicts and usefulness."""
import json
import unittest

from process import ROOT, ProcessTest

SHORT = ROOT / "tests/end_to_end/scenarios/short.yaml"


def judged(run):
    """What a reader of the report goes by; reasons hold instants and counts, which real time changes."""
    rows = {(v["emitter"], v["category"], v["party"], v["purpose"], v["phase"], v["reading"]): v["verdict"] for v in run["verdicts"]}
    return rows, {name: check["verdict"] for name, check in run["usefulness"].items()}


class ThreeKindsTest(ProcessTest):
    maxDiff = None

    def run_as(self, kind):
        done = self.call("run", SHORT, "--kind", kind, "--json", "--out", kind)
        run = json.loads(done.stdout)[0]
        self.assertEqual((run["firmware_kind"], run["end"]), (kind, "duration"), done.stderr)
        return run

    def test_verdicts_and_usefulness_are_the_same(self):
        library, process, board = (self.run_as(kind) for kind in ("library", "process", "board"))
        self.assertEqual(judged(library), judged(process))
        self.assertEqual(judged(library), judged(board))
        self.assertGreater(sum(v["verdict"] == "pass" for v in library["verdicts"]), 5)
        self.assertIsNone(library.get("real_time"))
        self.assertGreater(board["real_time"]["events"], 1000)


if __name__ == "__main__":
    unittest.main()
