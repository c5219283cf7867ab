"""`dustproof cloud` as a test's own server, at any free ports of loopback."""
import json
import re
import signal
import subprocess

from process import BINARY, FIRST_RUN, ProcessTest


class CloudServer:
    """Started and listening; `stop` ends it and returns its exit code."""

    def __init__(self, folder, *words):
        self.process = subprocess.Popen(
            [str(BINARY), "cloud", str(FIRST_RUN), "--mqtt-port", "0", "--https-port", "0", "--dns-port", "0",
             "--record", str(folder / "cloud.mcap"), *words],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.recording = folder / "cloud.mcap"
        self.ca = folder / "cloud.ca.pem"
        text = ""
        for line in self.process.stdout:
            text += line
            if line.startswith("recording"):
                break
        else:
            raise AssertionError(f"it ended with {self.process.wait()}: {self.process.stderr.read()}")
        said = lambda pattern: re.search(pattern, text, re.MULTILINE).group(1)
        self.mqtt, self.https, self.dns = (int(said(rf"^{word} +127\.0\.0\.1:(\d+) ")) for word in ("mqtt", "https", "dns"))
        self.host = said(r"for (\S+)$")
        self.account, self.password = said(r"^account +(\S+)"), said(r"^password +(\S+)")
        self.credential = said(r"^robot +credential (\S+)")
        self.client_id, self.user = said(r"client id (\S+)"), said(r"user name (\S+)")
        self.mqtt_password = said(r"^ +password (\S+)")
        self.up, self.down = said(r"publishes to (\S+)…"), said(r"hears (\S+)…")

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        _, self.errors = self.process.communicate(timeout=30)
        return self.process.returncode


class CloudTest(ProcessTest):
    def serve(self, *words):
        server = CloudServer(self.folder, *words)
        self.addCleanup(self.end, server.process)
        return server

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def parties(self, server):
        """Bytes sent and received, by party, as the sealed recording's audit counts them; and the audit itself."""
        done = self.call("audit", server.recording, "--json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        [audit] = json.loads(done.stdout)
        return {row["party"]: (row["out"], row["in"]) for row in audit["bytes_by_party"]}, audit
