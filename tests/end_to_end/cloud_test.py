"""The cloud on real sockets, tried with clients that know nothing of us: curl, dig, the mosquitto clients, Paho."""
import contextlib
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest

from cloud_server import CloudServer, CloudTest
from process import FIRST_RUN

try:
    import paho.mqtt.client as paho
except ImportError:
    paho = None


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"needs {program}")


def client(*words, **options):
    return subprocess.run([*map(str, words)], text=True, capture_output=True, timeout=30, **options)


class HttpsTest(CloudTest):
    @needs("curl")
    def test_curl_logs_in_with_the_runs_ca_and_the_planted_account(self):
        cloud = self.serve()
        done = client("curl", "-sS", "--cacert", cloud.ca, "--resolve", f"{cloud.host}:{cloud.https}:127.0.0.1",
                      f"https://{cloud.host}:{cloud.https}/v1/login", "-d",
                      json.dumps({"account": cloud.account, "password": cloud.password}))
        self.assertEqual(done.returncode, 0, done.stderr)
        token = json.loads(done.stdout)["token"]
        done = client("curl", "-sS", "--cacert", cloud.ca, "-H", f"Authorization: Bearer {token}",
                      f"https://localhost:{cloud.https}/v1/robots")
        self.assertEqual([robot["number"] for robot in json.loads(done.stdout)["robots"]], [1])

    @needs("curl")
    def test_curl_trusts_the_address_and_localhost_but_nothing_without_the_ca(self):
        cloud = self.serve()
        for name in ("127.0.0.1", "localhost"):
            done = client("curl", "-sS", "--cacert", cloud.ca, f"https://{name}:{cloud.https}/v1/robots")
            self.assertEqual(done.stdout, '{"error":"unknown_token"}', done.stderr)
        self.assertEqual(client("curl", "-s", f"https://127.0.0.1:{cloud.https}/").returncode, 60)

    @needs("curl")
    def test_a_megabyte_goes_through_in_either_wrapping(self):
        for words, scheme in (((), "https"), (("--plain",), "http")):
            with self.subTest(scheme):
                (self.folder / scheme).mkdir()
                cloud = CloudServer(self.folder / scheme, *words)
                self.addCleanup(self.end, cloud.process)
                body = self.write("body", "DPMP" + "x" * 1_000_000)
                done = client("curl", "-sS", "--cacert", cloud.ca, "-H", f"Authorization: Bearer {cloud.credential}",
                              "-H", "Content-Type: application/octet-stream", "-T", body, "-w", "%{http_code}",
                              f"{scheme}://127.0.0.1:{cloud.https}/v1/maps/current")
                self.assertEqual(done.stdout, "204", done.stderr)
                cloud.stop()
                self.assertGreater(self.parties(cloud)[0]["vendor_cloud_cn"][0], 1_000_000)

    @needs("curl")
    def test_a_host_that_nobody_declared_is_answered_and_recorded_as_other(self):
        for words, scheme in (((), "https"), (("--plain",), "http")):
            with self.subTest(scheme):
                (self.folder / scheme).mkdir()
                cloud = CloudServer(self.folder / scheme, *words)
                self.addCleanup(self.end, cloud.process)
                done = client("curl", "-sS", "--cacert", cloud.ca, "--resolve", f"tracker.example:{cloud.https}:127.0.0.1",
                              f"{scheme}://tracker.example:{cloud.https}/collect", "-d", "a" * 5000)
                self.assertEqual((done.returncode, done.stdout), (0, "{}"), done.stderr)
                cloud.stop()
                parties, _ = self.parties(cloud)
                self.assertGreater(parties["other"][0], 5000)
                self.assertNotIn("vendor_cloud_cn", parties)


class DnsTest(CloudTest):
    @needs("dig")
    def test_every_name_resolves_to_the_address_and_is_recorded(self):
        cloud = self.serve()
        for name in (cloud.host, "tracker.example", "a.b.c.d.e.example"):
            done = client("dig", "@127.0.0.1", "-p", cloud.dns, "+short", name)
            self.assertEqual(done.stdout, "127.0.0.1\n", done.stderr)
        done = client("dig", "@127.0.0.1", "-p", cloud.dns, "+noall", "+comments", "+answer", "tracker.example", "AAAA")
        self.assertIn("status: NOERROR", done.stdout)
        self.assertIn("ANSWER: 0", done.stdout)
        cloud.stop()
        self.assertGreater(self.parties(cloud)[0]["resolver"][0], 4 * 30)

    def test_what_is_no_query_gets_no_answer_and_does_no_harm(self):
        cloud = self.serve()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(10)
            for junk in (b"", b"\0", b"\xff" * 40, b"x" * 60_000):
                udp.sendto(junk, ("127.0.0.1", cloud.dns))
            udp.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", ("127.0.0.1", cloud.dns))
            self.assertEqual(udp.recv(512)[:2], b"\x12\x34")


class MqttTest(CloudTest):
    @needs("mosquitto_pub")
    def test_mosquitto_clients_use_the_planted_robots_login(self):
        cloud = self.serve()
        tls = ("-h", "localhost", "-p", cloud.mqtt, "--cafile", cloud.ca)
        login = ("-i", cloud.client_id, "-u", cloud.user, "-P", cloud.mqtt_password)
        said = client("mosquitto_pub", *tls, *login, "-q", "1", "-t", f"{cloud.up}state", "-m", '{"state":"idle"}')
        self.assertEqual(said.returncode, 0, said.stderr)
        wrong = client("mosquitto_pub", *tls, *login[:-1], "wrong", "-q", "1", "-t", f"{cloud.up}state", "-m", "x")
        self.assertIn("bad user name or password", (wrong.stdout + wrong.stderr).lower())
        nobody = client("mosquitto_pub", *tls, "-q", "1", "-t", "a", "-m", "x")
        self.assertNotEqual(nobody.returncode, 0)
        done = client("curl", "-sS", "--cacert", cloud.ca, f"https://localhost:{cloud.https}/v1/login", "-d",
                      json.dumps({"account": cloud.account, "password": cloud.password}))
        state = client("curl", "-sS", "--cacert", cloud.ca, "-H", f"Authorization: Bearer {json.loads(done.stdout)['token']}",
                       f"https://localhost:{cloud.https}/v1/robots/1/state")
        self.assertEqual(json.loads(state.stdout)["state"], "idle")

    @needs("mosquitto_sub")
    def test_a_command_of_the_app_reaches_mosquitto_sub(self):
        cloud = self.serve()
        with subprocess.Popen(["mosquitto_sub", "-h", "localhost", "-p", str(cloud.mqtt), "--cafile", str(cloud.ca), "-i",
                               cloud.client_id, "-u", cloud.user, "-P", cloud.mqtt_password, "-q", "1", "-C", "1", "-W", "20",
                               "-t", f"{cloud.down}command"], stdout=subprocess.PIPE, text=True) as listener:
            login = client("curl", "-sS", "--cacert", cloud.ca, f"https://localhost:{cloud.https}/v1/login", "-d",
                           json.dumps({"account": cloud.account, "password": cloud.password}))
            client("curl", "-sS", "--cacert", cloud.ca, "-H", f"Authorization: Bearer {json.loads(login.stdout)['token']}",
                   f"https://localhost:{cloud.https}/v1/robots/1/commands", "-d", '{"command":"clean"}')
            heard, _ = listener.communicate(timeout=30)
        self.assertEqual(json.loads(heard)["command"], "clean")

    @needs("mosquitto_sub")
    def test_guests_talk_to_one_another_where_they_may(self):
        for words, tls in ((("--anonymous",), True), (("--anonymous", "--plain"), False)):
            with self.subTest(words=words):
                folder = self.folder / str(tls)
                folder.mkdir()
                cloud = CloudServer(folder, *words)
                self.addCleanup(self.end, cloud.process)
                to = ["-h", "localhost", "-p", str(cloud.mqtt), *(["--cafile", str(cloud.ca)] if tls else [])]
                self.assertEqual(client("mosquitto_pub", *to, "-r", "-q", "2", "-t", "a/b", "-m", "hello").returncode, 0)
                heard = client("mosquitto_sub", *to, "-t", "a/#", "-v", "-C", "1", "-W", "10")
                self.assertEqual(heard.stdout, "a/b hello\n")

    @needs("mosquitto_pub")
    def test_mqtt_5_is_refused_with_its_own_reason_code(self):
        cloud = self.serve("--anonymous", "--plain")
        done = client("mosquitto_pub", "-V", "5", "-h", "localhost", "-p", cloud.mqtt, "-t", "a", "-m", "x", "-q", "1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("unsupported protocol version", (done.stdout + done.stderr).lower())

    @unittest.skipUnless(paho, "needs python3-paho-mqtt")
    def test_paho_connects_with_the_runs_ca(self):
        cloud = self.serve()
        codes = []
        mqtt = paho.Client(cloud.client_id)
        mqtt.username_pw_set(cloud.user, cloud.mqtt_password)
        mqtt.tls_set(str(cloud.ca))
        mqtt.on_connect = lambda *words: (codes.append(words[3]), mqtt.disconnect())
        mqtt.connect("127.0.0.1", cloud.mqtt)
        mqtt.loop_forever()
        self.assertEqual(codes, [0])


class SocketsTest(CloudTest):
    def test_every_byte_is_recorded_once(self):
        cloud = self.serve("--plain")
        with socket.create_connection(("127.0.0.1", cloud.https), timeout=10) as tcp:
            request = f"POST /v1/login HTTP/1.1\r\nHost: {cloud.host}\r\nContent-Length: 3\r\n\r\nabc".encode()
            for byte in request:
                tcp.send(bytes([byte]))
            answer = tcp.recv(65536)
            self.assertTrue(answer.startswith(b"HTTP/1.1 4"), answer)
        self.assertEqual(cloud.stop(), 0)
        parties, audit = self.parties(cloud)
        self.assertEqual(parties["vendor_cloud_cn"], (len(request), len(answer)))
        self.assertEqual(audit["warnings"], [])

    def test_what_was_not_watched_is_never_a_pass(self):
        cloud = self.serve("--plain")
        cloud.stop()
        verdicts = {verdict["verdict"] for verdict in self.parties(cloud)[1]["verdicts"]}
        self.assertLessEqual(verdicts, {"undetermined", "not_exercised"})

    def test_a_client_that_hangs_up_or_stalls_disturbs_nobody(self):
        cloud = self.serve()
        with contextlib.ExitStack() as stack:
            stalled = [stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                       for port in (cloud.mqtt, cloud.https) for _ in range(50)]
            for tcp in stalled[::2]:
                tcp.send(b"\x16\x03\x01")
            for port in (cloud.mqtt, cloud.https):
                with socket.create_connection(("127.0.0.1", port)) as reset:
                    reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            context = ssl.create_default_context(cafile=str(cloud.ca))
            with socket.create_connection(("127.0.0.1", cloud.https)) as tcp, \
                    context.wrap_socket(tcp, server_hostname=cloud.host) as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(tls.recv(100).startswith(b"HTTP/1.1 404"))
        self.assertEqual(cloud.stop(), 0)


class EndTest(CloudTest):
    def test_signals_end_it_with_a_sealed_recording(self):
        for number, by in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
            with self.subTest(by.name):
                folder = self.folder / str(number)
                folder.mkdir()
                cloud = CloudServer(folder)
                begin = time.monotonic()
                time.sleep(0.2)
                self.assertEqual(cloud.stop(by), 0)
                self.assertIn("emissions recorded", cloud.errors)
                served_s = float(re.search(r"served ([0-9.]+) s", cloud.errors).group(1))
                self.assertGreaterEqual(served_s, 0.2)
                self.assertLess(served_s, time.monotonic() - begin + 10)
                self.assertEqual(self.parties(cloud)[1]["warnings"], ["the recording holds no emission"])

    def test_a_killed_one_leaves_what_was_said_until_then(self):
        cloud = self.serve("--plain")
        with socket.create_connection(("127.0.0.1", cloud.https), timeout=10) as tcp:
            tcp.sendall(f"GET / HTTP/1.1\r\nHost: {cloud.host}\r\n\r\n".encode())
            tcp.recv(100)
            cloud.stop(signal.SIGKILL)
        parties, audit = self.parties(cloud)
        self.assertGreater(parties["vendor_cloud_cn"][0], 20)
        self.assertTrue(any("cut" in str(warning) or "end" in str(warning) for warning in audit["warnings"]), audit["warnings"])

    def test_its_recording_can_not_be_replayed(self):
        cloud = self.serve()
        cloud.stop()
        done = self.call("replay", cloud.recording)
        self.assertEqual(done.returncode, 2)
        self.assertIn("real sockets", done.stderr)


class MistakesTest(CloudTest):
    def refuse(self, code, *parts, words=()):
        ports = [word for flag in ("--mqtt-port", "--https-port", "--dns-port") if flag not in words for word in (flag, 0)]
        done = self.call("cloud", FIRST_RUN, *ports, *words, timeout=30)
        self.assertEqual(done.returncode, code, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_a_port_in_use_is_named_and_leaves_nothing_behind(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.refuse(3, "MQTT", f"127.0.0.1:{port}", "in use", "--mqtt-port", words=("--mqtt-port", port))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_addresses_that_can_not_be_listened_at(self):
        self.refuse(2, "--listen", "'nowhere'", "127.0.0.1", words=("--listen", "nowhere"))
        self.refuse(2, "--listen", "'::1'", words=("--listen", "::1"))
        self.refuse(2, "--listen", "'0.0.0.0'", words=("--listen", "0.0.0.0"))
        self.refuse(3, "192.0.2.1", "address of this machine", words=("--listen", "192.0.2.1"))

    def test_ports_that_are_none_or_the_same(self):
        self.refuse(2, "--dns-port", words=("--dns-port", 65536))
        self.refuse(2, "--mqtt-port", words=("--mqtt-port", -1))
        self.refuse(2, "--https-port", "--mqtt-port", words=("--mqtt-port", 4000, "--https-port", 4000))

    def test_a_recording_is_not_overwritten_and_its_folder_must_be_there(self):
        self.refuse(3, "mine.mcap", words=("--record", self.write("mine.mcap", "mine")))
        self.assertEqual((self.folder / "mine.mcap").read_text(), "mine")
        self.refuse(3, "/nowhere/x.mcap", words=("--record", "/nowhere/x.mcap"))

    def test_a_scenario_that_is_none(self):
        done = self.call("cloud", "nowhere.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nowhere.yaml", done.stderr)


if __name__ == "__main__":
    unittest.main()
