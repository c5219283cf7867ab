"""A board that is a network namespace: one end of a cable of its own, and whatever runs at it.

Whoever makes boards needs to be root in a network namespace of the tests' own: `in_own_network` sees to that."""
import os
import shutil
import subprocess
import sys
import time

INSIDE = "DUSTPROOF_TEST_OWN_NETWORK"


def in_own_network():
    """Starts this program again inside `unshare -Urn`, or says why not. Returns in there."""
    if INSIDE in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    missing = next((tool for tool in ("unshare", "nsenter", "ip") if not shutil.which(tool)), None)
    allowed = not missing and subprocess.run(["unshare", "-Urnm", "ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"],
                                             capture_output=True).returncode == 0
    if not allowed:
        print(f"skipped: needs {missing or 'network namespaces of users and virtual cables'}")
        sys.exit(0)
    os.execvpe("unshare", ["unshare", "-Urnm", sys.executable, "-B", *sys.argv], {**os.environ, INSIDE: "1"})


class VirtualBoard:
    """`cable` is its end here, for a gateway; "eth0" its own."""

    def __init__(self, cable, address=None, mac=None):
        self.cable = cable
        self.process = subprocess.Popen(["unshare", "-n", "-m", "sleep", "infinity"])
        self.inside = ["nsenter", "-t", str(self.process.pid), "-n", "-m"]
        self._wait_for_namespace()
        subprocess.run(["ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.process.pid)], check=True)
        if mac:
            self.run("ip", "link", "set", "eth0", "address", mac)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", "eth0", "up")
        if address:
            self.give_address(address)

    def _wait_for_namespace(self):
        limit = time.monotonic() + 60
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            if time.monotonic() > limit:
                raise AssertionError("no namespace")
            time.sleep(0.01)

    def give_address(self, address, router="192.168.1.1", resolver=None):
        self.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        self.run("ip", "route", "add", "default", "via", router)
        self.resolve_at(resolver or router)

    def resolve_at(self, resolver):
        self.run("sh", "-c", f"echo nameserver {resolver} > /tmp/resolv.{self.process.pid} && mount --bind /tmp/resolv.{self.process.pid} /etc/resolv.conf "
                             f"&& rm /tmp/resolv.{self.process.pid}")

    def run(self, *words, check=True, timeout=60, **options):
        return subprocess.run([*self.inside, *map(str, words)], text=True, capture_output=True, check=check, timeout=timeout, **options)

    def python(self, code, *words, **options):
        return self.run(sys.executable, "-c", code, *words, **options).stdout

    def start(self, *words, **options):
        return subprocess.Popen([*self.inside, *map(str, words)], text=True, **options)

    def end(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "link", "delete", self.cable], capture_output=True)
