"""`dustproof keys`: pairs, who may come in, and what it refuses."""
import stat
import unittest

from process import ProcessTest


class KeysTest(ProcessTest):
    def keys(self, *words, expect=0):
        done = self.call("keys", words[0], "--folder", self.folder / "keys", *words[1:])
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_a_key_is_made_allowed_and_revoked(self):
        self.assertIn("`dustproof keys new host`", self.keys("list").stderr)
        key = self.keys("new", "kitchen").stdout.split()[0]
        self.assertEqual(len(key), 40)
        secret = self.folder / "keys/kitchen.secret"
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(secret.parent.stat().st_mode), 0o700)
        self.assertNotIn(secret.read_text().strip(), self.keys("list").stdout)
        self.assertEqual(self.keys("list").stdout, f"{key} kitchen, secret here\n")
        self.keys("allow", "kitchen")
        self.assertEqual(self.keys("list").stdout, f"{key} kitchen, allowed, secret here\n")
        self.keys("revoke", "kitchen")
        self.assertEqual(self.keys("list").stdout, f"{key} kitchen, secret here\n")

    def test_a_key_made_elsewhere_is_allowed(self):
        key = "-" + "a" * 39
        self.keys("allow", "lab", f"--key={key}")
        self.assertEqual(self.keys("list").stdout, f"{key} lab, allowed\n")
        self.assertIn("another key is allowed as lab", self.keys("allow", "lab", "--key=" + "b" * 40, expect=2).stderr)

    def test_mistakes_are_told(self):
        self.keys("new", "kitchen")
        self.assertIn("there is a key kitchen", self.keys("new", "kitchen", expect=2).stderr)
        self.assertIn("small letters", self.keys("new", "../out", expect=2).stderr)
        self.assertIn("40 characters", self.keys("allow", "lab", "--key=short", expect=2).stderr)
        self.assertIn("dustproof keys new", self.keys("allow", "nobody", expect=2).stderr)
        self.assertIn("dustproof keys list", self.keys("revoke", "nobody", expect=2).stderr)
        (self.folder / "keys/allowed").write_text("nonsense\n")
        self.assertIn("allowed:1", self.keys("list", expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
