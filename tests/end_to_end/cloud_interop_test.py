"""What the public interoperability suites ask of an MQTT 3.1.1 broker, asked of ours over TCP, by Paho and by a client of the test's own
where Paho would be too polite."""
import queue
import socket
import struct
import unittest

from cloud_server import CloudTest

try:
    import paho.mqtt.client as paho
except ImportError:
    paho = None

WAIT_S = 10      # For what has to come.
SILENCE_S = 0.3  # After which nothing else is taken to come.
TOPICS = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")


class Client:
    """A Paho client whose callbacks put what they hear into queues."""

    def __init__(self, cloud, client_id="", clean=True, will=None, keep_alive=60, user=None):
        self.messages, self.connected, self.subscribed, self.unsubscribed, self.published, self.ended = (
            queue.Queue() for _ in range(6))
        self.paho = paho.Client(client_id, clean_session=clean)
        self.paho.reconnect_delay_set(3600)
        if user:
            self.paho.username_pw_set(*user)
        if will:
            self.paho.will_set(*will)
        self.paho.on_connect = lambda _, __, flags, code: self.connected.put((code, bool(flags["session present"])))
        self.paho.on_message = lambda _, __, m: self.messages.put((m.topic, m.payload.decode(), m.qos, bool(m.retain)))
        self.paho.on_subscribe = lambda _, __, ___, codes: self.subscribed.put(tuple(codes))
        self.paho.on_unsubscribe = lambda *_: self.unsubscribed.put(True)
        self.paho.on_publish = lambda *_: self.published.put(True)
        self.paho.on_disconnect = lambda _, __, code: self.ended.put(code)
        self.paho.connect("127.0.0.1", cloud.mqtt, keep_alive)
        self.paho.loop_start()
        self.code, self.session_present = self.connected.get(timeout=WAIT_S)

    def subscribe(self, *filters):
        self.paho.subscribe(list(filters))
        return self.subscribed.get(timeout=WAIT_S)

    def unsubscribe(self, topic):
        self.paho.unsubscribe(topic)
        self.unsubscribed.get(timeout=WAIT_S)

    def publish(self, topic, text, qos=0, retain=False):
        self.paho.publish(topic, text, qos, retain)
        self.published.get(timeout=WAIT_S)

    def hear(self, count):
        """`count` messages, sorted, and any further ones that come right after."""
        heard = [self.messages.get(timeout=WAIT_S) for _ in range(count)]
        try:
            while True:
                heard.append(self.messages.get(timeout=SILENCE_S))
        except queue.Empty:
            return sorted(heard)

    def disconnect(self):
        self.paho.disconnect()
        self.ended.get(timeout=WAIT_S)
        self.paho.loop_stop()

    def vanish(self):
        """Without DISCONNECT, as if its cable were cut."""
        self.paho.loop_stop()
        self.paho.socket().shutdown(socket.SHUT_RDWR)


class RudeClient:
    """Speaks MQTT by hand, and acknowledges nothing of itself."""

    def __init__(self, cloud):
        self.socket = socket.create_connection(("127.0.0.1", cloud.mqtt), timeout=WAIT_S)

    def send(self, first_byte, body=b""):
        assert len(body) < 128
        self.socket.sendall(bytes([first_byte, len(body)]) + body)

    def connect(self, client_id, clean=True, keep_alive=60, level=4):
        name = client_id.encode()
        self.send(0x10, struct.pack(">H4sBBHH", 4, b"MQTT", level, 2 if clean else 0, keep_alive, len(name)) + name)

    def read(self):
        """(first byte, body), or None where the broker hung up."""
        head = self._read(2)
        return head and (head[0], self._read(head[1]))

    def _read(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                return None
            got += more
        return got


class InteropTest(CloudTest):
    """One test for each subject of the suites."""

    def setUp(self):
        super().setUp()
        self.cloud = self.serve("--plain", "--anonymous")

    def client(self, *words, **options):
        client = Client(self.cloud, *words, **options)
        self.addCleanup(client.paho.loop_stop)
        return client

    def rude(self):
        client = RudeClient(self.cloud)
        self.addCleanup(client.socket.close)
        return client


@unittest.skipUnless(paho, "needs python3-paho-mqtt")
class PahoTest(InteropTest):
    def test_basic(self):
        one = self.client("one", user=("testuser", "testpassword"))
        self.assertEqual((one.code, one.session_present), (0, False))
        self.assertEqual(one.subscribe((TOPICS[0], 2)), (2,))
        for qos in range(3):
            one.publish(TOPICS[0], f"qos {qos}", qos)
        self.assertEqual(one.hear(3), [(TOPICS[0], f"qos {qos}", qos, False) for qos in range(3)])
        one.disconnect()

    def test_retained_messages(self):
        one = self.client("one")
        for qos in range(3):
            one.publish(TOPICS[1 + qos], f"qos {qos}", qos, retain=True)
        two = self.client("two")
        two.subscribe(("+/+", 2))
        self.assertEqual(two.hear(3), sorted((TOPICS[1 + qos], f"qos {qos}", qos, True) for qos in range(3)))
        for qos in range(3):
            one.publish(TOPICS[1 + qos], "", qos, retain=True)  # Forgets it.
        self.assertEqual([m[1:] for m in two.hear(3)], [("", qos, False) for qos in (1, 0, 2)])
        three = self.client("three")
        three.subscribe(("+/+", 2))
        self.assertEqual(three.hear(0), [])

    def test_offline_message_queueing(self):
        away = self.client("away", clean=False)
        away.subscribe(("+/+", 2))
        away.disconnect()
        one = self.client("one")
        for qos in range(3):
            one.publish(TOPICS[1 + qos], f"qos {qos}", qos)
        back = self.client("away", clean=False)
        self.assertTrue(back.session_present)
        self.assertEqual([m[1] for m in back.hear(2)], ["qos 1", "qos 2"])  # Sorted by topic; QoS 0 is not kept.
        back.disconnect()
        clean = self.client("away", clean=True)
        self.assertFalse(clean.session_present)
        clean.disconnect()
        self.assertFalse(self.client("away", clean=False).session_present)

    def test_will_message(self):
        listener = self.client("listener")
        listener.subscribe((TOPICS[2], 2))
        self.client("mortal", will=(TOPICS[2], "my last words", 1, False)).vanish()
        self.assertEqual(listener.hear(1), [(TOPICS[2], "my last words", 1, False)])
        self.client("polite", will=(TOPICS[2], "never said", 1, False)).disconnect()
        self.assertEqual(listener.hear(0), [])

    def test_overlapping_subscriptions(self):
        one = self.client("one")
        one.subscribe(("TopicA/#", 2), ("TopicA/+", 1))
        one.publish("TopicA/C", "overlapping", 2)
        self.assertEqual(one.hear(1), [("TopicA/C", "overlapping", 2, False)])  # Once, at the highest.

    def test_zero_length_client_id(self):
        self.assertEqual(self.client("").code, 0)
        lasting = self.rude()
        lasting.connect("", clean=False)
        self.assertEqual(lasting.read(), (0x20, b"\0\2"))
        self.assertIsNone(lasting.read())

    def test_dollar_topics(self):
        one = self.client("one")
        one.subscribe(("+/+", 2), ("#", 2))
        one.publish("$TopicA/B", "hidden", 1)
        self.assertEqual(one.hear(0), [])
        one.subscribe(("$TopicA/#", 2))
        one.publish("$TopicA/B", "asked for", 1)
        self.assertEqual([m[1] for m in one.hear(1)], ["asked for"])

    def test_unsubscribe(self):
        one, two = self.client("one"), self.client("two")
        one.subscribe((TOPICS[0], 2), (TOPICS[1], 2), (TOPICS[2], 2))
        one.unsubscribe(TOPICS[0])
        for topic in TOPICS[:3]:
            two.publish(topic, "x", 1)
        self.assertEqual([m[0] for m in one.hear(2)], sorted(TOPICS[1:3]))

    def test_takeover(self):
        first = self.client("same")
        second = self.client("same")
        self.assertEqual(second.code, 0)
        first.ended.get(timeout=WAIT_S)

    def test_a_message_of_many_kilobytes(self):
        one = self.client("one")
        one.subscribe(("big", 2))
        one.publish("big", "x" * 200_000, 2)
        self.assertEqual(len(one.hear(1)[0][1]), 200_000)

    def test_many_clients_hear_everything_in_order(self):
        listeners = [self.client(f"listener{i}") for i in range(20)]
        for listener in listeners:
            listener.subscribe(("many/#", 1))
        one = self.client("one")
        for i in range(200):
            one.paho.publish(f"many/{i % 7}", str(i), 1)
        for listener in listeners:
            heard = [listener.messages.get(timeout=WAIT_S)[1] for _ in range(200)]
            self.assertEqual(heard, [str(i) for i in range(200)])

    def test_version_5_is_told_its_reason(self):
        reasons = queue.Queue()
        five = paho.Client("five", protocol=paho.MQTTv5)
        five.on_connect = lambda _, __, ___, reason, ____=None: reasons.put(reason.value)
        five.connect("127.0.0.1", self.cloud.mqtt)
        five.loop_start()
        self.addCleanup(five.loop_stop)
        self.assertEqual(reasons.get(timeout=WAIT_S), 0x84)


@unittest.skipUnless(paho, "needs python3-paho-mqtt")
class SubscribeFailureTest(CloudTest):
    def test_a_filter_that_is_not_the_clients_own_is_refused_alone(self):
        cloud = self.serve("--plain")
        robot = Client(cloud, cloud.client_id, user=(cloud.user, cloud.mqtt_password))
        self.addCleanup(robot.paho.loop_stop)
        self.assertEqual(robot.subscribe(("#", 1), (f"{cloud.down}#", 1)), (0x80, 1))


class RudeTest(InteropTest):
    def test_keepalive(self):
        """1.5 times the keep-alive of one second."""
        silent = self.rude()
        silent.connect("silent", keep_alive=1)
        self.assertEqual(silent.read(), (0x20, b"\0\0"))
        self.assertIsNone(silent.read())

    def test_redelivery_on_reconnect(self):
        away = self.rude()
        away.connect("away", clean=False)
        self.assertEqual(away.read()[0], 0x20)
        away.send(0x82, b"\0\1\0\1#\2")
        self.assertEqual(away.read(), (0x90, b"\0\1\2"))
        sender = self.rude()
        sender.connect("sender")
        sender.read()
        sender.send(0x32, b"\0\1a\0\1one")
        self.assertEqual(sender.read(), (0x40, b"\0\1"))
        sender.send(0x34, b"\0\1b\0\2two")
        self.assertEqual(sender.read(), (0x50, b"\0\2"))
        first = [away.read(), away.read()]
        self.assertEqual([flags & 0xf8 for flags, _ in first], [0x30, 0x30])
        away.socket.close()

        back = self.rude()
        back.connect("away", clean=False)
        self.assertEqual(back.read(), (0x20, b"\1\0"))
        again = [back.read(), back.read()]
        self.assertEqual([(flags | 8, body) for flags, body in first], again)

    def test_protocol_violations_end_the_connection(self):
        for name, packets in (("a second CONNECT", None), ("no CONNECT first", [(0xc0, b"")]),
                              ("QoS 3", [(0x36, b"\0\1a\0\1")]), ("reserved type", [(0xf0, b"")]),
                              ("a filter with # inside", [(0x82, b"\0\1\0\3#/a\0")])):
            with self.subTest(name):
                client = self.rude()
                if name != "no CONNECT first":
                    client.connect("rude")
                    self.assertEqual(client.read(), (0x20, b"\0\0"))
                if packets is None:
                    client.connect("rude")
                for packet in packets or []:
                    client.send(*packet)
                self.assertIsNone(client.read())

    def test_a_packet_of_256_megabytes_is_refused_by_its_length(self):
        client = self.rude()
        client.connect("greedy")
        client.read()
        client.socket.sendall(b"\x30\xff\xff\xff\x7f")
        self.assertIsNone(client.read())

    def test_one_who_does_not_read_costs_bounded_memory_and_nobody_else_anything(self):
        deaf = self.rude()
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect("deaf")
        deaf.read()
        deaf.send(0x82, b"\0\1\0\1#\0")
        self.assertEqual(deaf.read()[0], 0x90)
        before = self.resident_bytes()
        talker = self.rude()
        talker.connect("talker")
        talker.read()
        # Two-byte remaining length: 10,000 = 0x90 0x4e.
        packet = b"\x30\x90\x4e\0\1t" + b"x" * 9_997
        for _ in range(10_000):
            talker.socket.sendall(packet)
        talker.send(0xC0)
        self.assertEqual(talker.read(), (0xD0, b""))
        self.assertLess(self.resident_bytes() - before, 64 << 20)

    def resident_bytes(self):
        with open(f"/proc/{self.cloud.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4096

    def test_old_and_future_versions_are_told_so(self):
        for level, answer in ((3, (0x20, b"\0\1")), (5, (0x20, b"\0\x84\0")), (6, (0x20, b"\0\1"))):
            with self.subTest(level):
                client = self.rude()
                client.connect("x", level=level)
                self.assertEqual(client.read(), answer)
                self.assertIsNone(client.read())


if __name__ == "__main__":
    unittest.main()
