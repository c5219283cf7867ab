"""A board with a network stack of its own, whose only way out we are. Boards are network namespaces; their programs know nothing of us."""
import json
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from process import BINARY, FIRST_RUN, ROOT, ProcessTest, WaitingRunTest, verdicts
from virtual_board import VirtualBoard, in_own_network

FIRMWARE = BINARY.parents[1] / "tests/end_to_end/own_stack"
CLOUD = "iot.jt-innovation.example"


class BoardTest(ProcessTest):
    def board(self, cable="gw0", **options):
        board = VirtualBoard(cable, **options)
        self.addCleanup(board.end)
        return board

    def serve(self, gateway="gw0", *words):
        """`dustproof cloud --gateway`, ready."""
        self.recording = self.folder / "cloud.mcap"
        cloud = subprocess.Popen([BINARY, "cloud", FIRST_RUN, "--gateway", gateway, "--record", self.recording, *words], cwd=self.folder, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(cloud.communicate)
        self.addCleanup(cloud.kill)
        said = ""
        for line in cloud.stdout:
            said += line
            if line.startswith("recording"):
                return cloud, said
        self.fail(cloud.stderr.read())

    def end(self, cloud):
        cloud.send_signal(signal.SIGTERM)
        _, errors = cloud.communicate(timeout=60)
        self.assertEqual(cloud.returncode, 0, errors)
        done = self.call("audit", self.recording, "--json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        [audit] = json.loads(done.stdout)
        return {row["party"]: row["out"] for row in audit["bytes_by_party"]}, audit


class GatewayTest(BoardTest):
    def test_every_host_answers_at_every_port_with_its_own_name(self):
        board = self.board(address="192.168.1.50")
        cloud, said = self.serve()
        ca, host = self.folder / "cloud.ca.pem", re.search(r"for (\S+)$", said, re.M).group(1)
        get = lambda *words: board.run("curl", "-sS", "--max-time", 30, *words).stdout
        self.assertEqual(get("--cacert", ca, f"https://{host}/v1/robots"), '{"error":"unknown_token"}')
        self.assertEqual(get("--cacert", ca, "https://tracker.example/collect", "-d", "a" * 5000), "{}")
        self.assertEqual(get("--cacert", ca, "https://tracker.example:7443/collect", "-d", "b" * 3000), "{}")
        self.assertEqual(get("http://203.0.113.80:8000/", "-d", "c" * 1000), "{}")
        out, audit = self.end(cloud)
        self.assertGreater(out["other"], 9000)
        self.assertGreater(out["vendor_cloud_cn"], 50)
        self.assertNotIn("lan", out)

    @unittest.skipUnless(shutil.which("dig"), "needs dig")
    def test_any_resolver_answers_and_names_have_addresses_of_their_own(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        ask = lambda resolver, name: board.run("dig", f"@{resolver}", "+short", "+tries=2", name).stdout.strip()
        first = ask("192.168.1.1", "a.example")
        self.assertEqual(first, ask("8.8.8.8", "a.example"))
        self.assertNotEqual(first, ask("192.168.1.1", "b.example"))
        out, _ = self.end(cloud)
        self.assertGreater(out["resolver"], 60)
        self.assertGreater(out["other"], 30)  # Whom 8.8.8.8 belongs to, nobody said.

    def test_dhcp_gives_an_address_with_us_as_router_and_resolver(self):
        board = self.board(mac="50:ec:50:01:02:03")
        cloud, _ = self.serve()
        lease = json.loads(board.python(DHCP_CLIENT))
        self.assertEqual(lease["router"], "192.168.1.1")
        self.assertEqual(lease["resolver"], "192.168.1.1")
        self.assertEqual(lease["mask"], "255.255.255.0")
        self.assertRegex(lease["address"], r"^192\.168\.1\.\d+$")
        self.assertEqual(lease["types"], [2, 5])
        board.give_address(lease["address"])
        self.assertEqual(board.run("curl", "-sS", "--max-time", 30, "http://tracker.example/").stdout, "{}")
        self.end(cloud)

    def test_datagrams_and_packets_are_recorded_once_each(self):
        board = self.board(address="192.168.1.50")
        board.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6")
        cloud, _ = self.serve()
        board.python(SEND_UDP, "203.0.113.5", "9999", "100")
        board.python(SEND_UDP, "203.0.113.6", "53", "77")      # No DNS.
        board.python(SEND_UDP, "255.255.255.255", "6666", "33")
        board.python(SEND_UDP, "192.168.1.255", "6667", "44")
        board.python(SEND_UDP, "239.1.2.3", "5000", "22")
        board.python(SEND_RAW, "203.0.113.7", "253", "300")
        out, audit = self.end(cloud)
        self.assertEqual(out["other"], 100 + 77 + 20 + 300)    # With its IPv4 header.
        self.assertEqual(out["public"], 33 + 44 + 22 + 14)     # And who asked for the router's address.

    def test_what_the_capture_of_the_board_itself_saw_is_in_the_recording(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        tap = board.start("python3", "-c", TAP, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        self.assertEqual(tap.stdout.readline(), "ready\n")
        for i in range(40):
            board.python(SEND_UDP, f"203.0.113.{i}", str(1000 + i), str(10 + i))
        seen = int(tap.communicate("\n", timeout=60)[0])
        self.assertEqual(seen, sum(range(10, 50)))
        out, _ = self.end(cloud)
        self.assertEqual(out["other"], seen)

    def test_nothing_but_us_is_behind_it(self):
        board = self.board(address="192.168.1.50")
        subprocess.run(["ip", "link", "add", "outside", "type", "veth", "peer", "name", "outside_end"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "outside"])
        subprocess.run(["ip", "address", "add", "10.9.8.7/24", "dev", "outside"], check=True)
        subprocess.run(["ip", "link", "set", "outside", "up"], check=True)
        listener = socket.create_server(("0.0.0.0", 8123))
        self.addCleanup(listener.close)
        listener.settimeout(0)
        cloud, _ = self.serve()
        self.assertEqual(board.run("curl", "-sS", "--max-time", 30, "http://10.9.8.7:8123/").stdout, "{}")
        with self.assertRaises(BlockingIOError):
            listener.accept()
        names = lambda: subprocess.run(["ip", "-br", "link"], text=True, capture_output=True).stdout
        self.assertNotIn("gw0", names())
        self.end(cloud)
        self.assertIn("gw0", names())

    def test_without_a_gateway_no_pass_and_behind_one_they_may_be(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.run("curl", "-sS", "--max-time", 30, "http://tracker.example/")
        _, audit = self.end(cloud)
        self.assertFalse([row for row in audit["verdicts"] if "not every way out was watched" in row["reason"]])

    def test_what_comes_after_a_server_has_gone_is_not_forgotten(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.python(TALK_ON)
        _, audit = self.end(cloud)
        self.assertTrue([row for row in audit["verdicts"] if "never read from the connection" in row["reason"]], audit["verdicts"])

    def test_urgent_bytes_are_bytes(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.python(URGENT)
        out, _ = self.end(cloud)
        self.assertEqual(out["other"], 120)

    def test_connections_that_are_reset_at_once_are_recorded_or_missed(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.python(RESETS)
        out, audit = self.end(cloud)
        missed = [row for row in audit["verdicts"] if "never read from the connection" in row["reason"]]
        self.assertTrue(out.get("other", 0) == 100_000 or missed, out)

    def test_an_interface_that_goes_leaves_nothing_to_pass(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.run("curl", "-sS", "--max-time", 30, "http://tracker.example/")
        board.run("ip", "link", "delete", "eth0")
        time.sleep(1)
        _, audit = self.end(cloud)
        self.assertTrue([row for row in audit["verdicts"] if "interface is gone" in row["reason"]], audit["verdicts"])

    def test_the_boards_own_address_is_looked_for(self):
        board = self.board(address="192.168.1.50", mac="50:ec:50:aa:bb:cc")
        cloud, _ = self.serve()
        board.run("curl", "-sS", "--max-time", 30, "http://tracker.example/", "-d", "mac=50:ec:50:aa:bb:cc")
        _, audit = self.end(cloud)
        self.assertTrue([finding for finding in audit["findings"] if finding["category"] == "robot_mac"], audit["findings"])

    def test_a_client_that_says_much_is_heard_to_the_end(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        (self.folder / "big").write_bytes(b"z" * 3_000_000)
        for _ in range(3):
            board.run("curl", "-sS", "-k", "--max-time", 60, "https://tracker.example/", "--data-binary", f"@{self.folder}/big")
        out, audit = self.end(cloud)
        self.assertGreater(out["other"], 9_000_000)
        self.assertFalse([row for row in audit["verdicts"] if "watched" in row["reason"]], audit["verdicts"])

    def test_who_scans_all_ports_leaves_nothing_to_pass(self):
        board = self.board(address="192.168.1.50")
        cloud, _ = self.serve()
        board.python(SCAN, timeout=300)
        _, audit = self.end(cloud)
        self.assertTrue([row for row in audit["verdicts"] if "more than 512 ports" in row["reason"]], audit["verdicts"])


class MistakeTest(BoardTest):
    def test_what_cannot_be_a_gateway_is_said_with_a_way_out(self):
        subprocess.run(["ip", "link", "add", "taken", "type", "veth", "peer", "name", "taken_end"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "taken"])
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "br0"])
        subprocess.run(["ip", "link", "set", "taken_end", "master", "br0"], check=True)
        subprocess.run(["ip", "address", "add", "10.1.1.1/24", "dev", "taken"], check=True)
        for gateway, words in {"nosuch": "ip link", "taken": "serves this machine", "lo": "serves this machine", "taken_end": "bridge", "gw0@300.1.1.1": "eth1@192.168.7.1/24",
                               "gw0@192.168.1.0/24": "whole network", "gw0@192.168.1.1/31": "8 to 30", "": "", "a" * 40: "eth1@"}.items():
            with self.subTest(gateway):
                if not gateway:
                    continue
                done = self.call("cloud", FIRST_RUN, "--gateway", gateway, "--record", "x.mcap", timeout=60)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)

    def test_a_run_without_a_board_has_no_gateway(self):
        done = self.call("run", FIRST_RUN, "--gateway", "gw0")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--link", done.stderr)


@unittest.skipUnless(FIRMWARE.exists(), f"needs {FIRMWARE}")
class RunTest(WaitingRunTest):
    def run_behind(self, *words, link=None):
        board = VirtualBoard("gw0", address="192.168.1.50", mac="50:ec:50:01:02:03")
        self.addCleanup(board.end)
        run = self.start_run("--kind", "board", "--link", link or f"ipc://{self.folder}/link", *words, until="8s")
        self.wait_for("waits for")
        return board, run

    def start_firmware(self, board, link):
        ca = self.folder / "out/policy_refused.ca.pem"
        client = f"curl -sS --max-time 20 --cacert {ca} https://{CLOUD}/v1/robots"
        firmware = board.start("env", f"DUSTPROOF_LINK={link}", f"DUSTPROOF_TEST_CLIENT={client}", FIRMWARE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(firmware.communicate)
        self.addCleanup(firmware.kill)
        return firmware

    def result(self, run):
        [result] = json.loads(run.communicate(timeout=120)[0])
        return result

    def test_what_its_own_sockets_say_is_judged_with_what_the_hal_says(self):
        board, run = self.run_behind("--gateway", "gw0")
        self.start_firmware(board, f"ipc://{self.folder}/link")
        result = self.result(run)
        self.assertEqual(result["end"], "duration", self.said())
        leaks = [finding for finding in result["findings"] if finding["category"] == "device_id" or "tracker.example" in json.dumps(finding)]
        self.assertTrue(leaks, result["findings"])
        self.assertFalse([row for row in result["verdicts"] if "watched" in row["reason"]], result["verdicts"])
        self.assertTrue(verdicts(result, verdict="pass"))
        parties = {row["party"]: row["out"] for row in result["bytes_by_party"]}
        self.assertGreater(parties["vendor_cloud_cn"], 0)

    def test_without_the_gateway_nothing_passes(self):
        board, run = self.run_behind()
        self.start_firmware(board, f"ipc://{self.folder}/link")
        result = self.result(run)
        self.assertEqual(verdicts(result, verdict="pass"), [])

    def test_a_firmware_in_our_own_namespace_is_not_behind_it(self):
        board, run = self.run_behind("--gateway", "gw0")
        firmware = subprocess.Popen([FIRMWARE], env={"DUSTPROOF_LINK": f"ipc://{self.folder}/link"})
        self.addCleanup(firmware.wait)
        self.addCleanup(firmware.kill)
        self.assertEqual(verdicts(self.result(run), verdict="pass"), [])

    def test_the_link_itself_may_come_through_the_gateway(self):
        for words in (("new", "host"), ("new", "board"), ("allow", "board")):
            self.assertEqual(self.call("keys", *words, "--folder", "keys").returncode, 0)
        link = "tcp://192.168.1.1:5600"
        board, run = self.run_behind("--gateway", "gw0", "--keys", "keys", link=link)
        key = re.search(r"DUSTPROOF_LINK_RUN_KEY=(\S+)", self.said()).group(1)
        firmware = board.start("env", f"DUSTPROOF_LINK={link}", f"DUSTPROOF_LINK_RUN_KEY={key}", f"DUSTPROOF_LINK_KEY_FILE={self.folder}/keys/board.secret",
                               FIRMWARE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(firmware.communicate)
        self.addCleanup(firmware.kill)
        result = self.result(run)
        self.assertEqual(result["end"], "duration", self.said())
        # The link's own bytes, megabytes of lidar, are nobody's emission.
        self.assertNotIn("lan", {row["party"] for row in result["bytes_by_party"]})


@unittest.skipUnless(FIRMWARE.exists(), f"needs {FIRMWARE}")
class BenchTest(BoardTest):
    """Two boards of a bench at once, with the same address and the same ports, each behind a gateway of its own or at servers of its own."""

    def run_bench(self, boards):
        (self.folder / "bench.yaml").write_text("kind: bench\nformat_version: 1\nstate: state\nboards:\n" + boards)
        done = self.call("bench", "run", FIRST_RUN, "--consent", "policy_refused", "--until", "6s", "--firmware", FIRMWARE, "--label", "small", "--all", "--json",
                         "--out", "out")
        self.assertIn(done.returncode, (0, 1), done.stderr)  # Not 3: no fault of the bench.
        return [json.loads((self.folder / f"out/{name}/report.json").read_text())[0] for name in ("a", "b")]

    def board_lines(self, name, boot, more):
        return f"  - name: {name}\n    labels: [small]\n    link: ipc://{self.folder}/{name}.link\n    reset: {{run: '{boot}'}}\n    {more}\n"

    def test_two_boards_behind_gateways_run_at_once(self):
        client = f"curl -sS --max-time 20 --cacert $DUSTPROOF_CA_FILE https://{CLOUD}/v1/robots"
        lines = ""
        for name in ("a", "b"):
            board = self.board(f"gw{name}", address="192.168.1.50")
            boot = f'setsid env DUSTPROOF_TEST_CLIENT="{client}" {" ".join(board.inside)} $DUSTPROOF_FIRMWARE >/dev/null 2>&1 </dev/null &'
            lines += self.board_lines(name, boot, f"interface: gw{name}")
        for run in self.run_bench(lines):
            parties = {row["party"]: row["out"] for row in run["bytes_by_party"]}
            self.assertGreater(parties["vendor_cloud_cn"], 0)
            self.assertGreater(parties["other"], 0)
            self.assertTrue(verdicts(run, verdict="pass"))

    def test_two_boards_at_servers_of_their_own_run_at_once_and_nothing_passes(self):
        client = f"curl -sS --max-time 20 --cacert $DUSTPROOF_CA_FILE --resolve {CLOUD}:$DUSTPROOF_HTTPS_PORT:127.0.0.1 https://{CLOUD}:$DUSTPROOF_HTTPS_PORT/v1/robots"
        boot = f'setsid env DUSTPROOF_TEST_CLIENT="{client}" $DUSTPROOF_FIRMWARE >/dev/null 2>&1 </dev/null &'
        runs = self.run_bench("".join(self.board_lines(name, boot, f"servers: {{mqtt_port: {port}, https_port: {port + 1}, dns_port: {port + 2}}}")
                                      for name, port in (("a", 20010), ("b", 20020))))
        for run in runs:
            parties = {row["party"]: row["out"] for row in run["bytes_by_party"]}
            self.assertGreater(parties["vendor_cloud_cn"], 0)
            self.assertEqual(verdicts(run, verdict="pass"), [])


# Its own DHCP client, by RFC 2131's figures alone.
DHCP_CLIENT = r"""
import json, os, socket, struct
mac = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.bind(("", 68))
s.settimeout(30)
def ask(kind, options=b""):
    head = struct.pack("!BBBBIHHIIII16s64x128xI", 1, 1, 6, 0, 0x1234567, 0, 0x8000, 0, 0, 0, 0, mac, 0x63825363)
    s.sendto(head + bytes([53, 1, kind]) + options + b"\xff", ("255.255.255.255", 67))
    reply = s.recv(2000)
    assert reply[0] == 2 and reply[4:8] == head[4:8] and reply[28:34] == mac
    found, at = {}, 240
    while reply[at] != 255:
        if reply[at] == 0:
            at += 1
            continue
        found[reply[at]] = reply[at + 2:at + 2 + reply[at + 1]]
        at += 2 + reply[at + 1]
    return reply[16:20], found
address, offer = ask(1)
again, ack = ask(3, bytes([50, 4]) + address + bytes([54, 4]) + offer[54])
assert address == again
dotted = lambda b: ".".join(map(str, b))
print(json.dumps({"address": dotted(address), "mask": dotted(ack[1]), "router": dotted(ack[3]), "resolver": dotted(ack[6]), "types": [offer[53][0], ack[53][0]]}))
"""
SEND_UDP = r"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.sendto(b"x" * int(sys.argv[3]), (sys.argv[1], int(sys.argv[2])))
"""
SEND_RAW = r"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(sys.argv[2]))
s.sendto(b"r" * int(sys.argv[3]), (sys.argv[1], 0))
"""
# Counts the bytes of the board's datagrams to 203.0.113.0/24 by a capture of its own.
TAP = r"""
import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("eth0", 0))
print("ready", flush=True)
sys.stdin.readline()
s.settimeout(0.5)
total = 0
try:
    while True:
        frame, where = s.recvfrom(65536)
        if where[2] == 4 and frame[12:14] == b"\x08\0" and frame[23] == 17 and frame[30:33] == bytes([203, 0, 113]):
            total += struct.unpack("!H", frame[38:40])[0] - 8
except socket.timeout:
    print(total)
"""
# A segment far beyond what the connection has said: its kernel never sent it, ours drops it.
TALK_ON = r"""
import socket, struct, time
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
tap.bind(("eth0", 0))
s = socket.create_connection(("203.0.113.9", 80))
s.sendall(b"GET")
port = s.getsockname()[1]
while True:
    frame = tap.recv(65536)
    if frame[12:14] == b"\x08\0" and frame[23] == 6 and frame[34:36] == struct.pack("!H", port) and frame[-3:] == b"GET":
        break
packet = bytearray(frame[:-3])
packet[38:42] = struct.pack("!I", struct.unpack("!I", frame[38:42])[0] + 100000)
packet += b"secret" * 10
packet[16:18] = struct.pack("!H", len(packet) - 14)
tap.send(bytes(packet))
time.sleep(1)
"""
# Urgent bytes, one at a time.
URGENT = r"""
import socket, time
s = socket.create_connection(("203.0.113.9", 8080))
for i in range(120):
    s.send(b"u", socket.MSG_OOB)
    time.sleep(0.01)
s.close()
time.sleep(1)
"""
# A hundred connections that say a thousand bytes and are reset at once.
RESETS = r"""
import socket, struct, time
for i in range(100):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.connect(("203.0.113.9", 8080))
    s.sendall(b"Q" * 1000)
    s.close()
time.sleep(1)
"""
SCAN = r"""
import socket
for port in range(20000, 20700):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("203.0.113.9", port))
import time
time.sleep(3)
"""

if __name__ == "__main__":
    in_own_network()
    unittest.main()
