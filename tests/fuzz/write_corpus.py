#!/usr/bin/python3
"""Writes the seeds of corpus/: for each parser a few inputs by hand, as its format lays them out. What fuzzing finds beyond them is
kept beside them under the name that libFuzzer gave it."""
import base64
import gzip
import json
import pathlib
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def write(target, name, data):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def yaml_seeds():
    write("yaml", "scenario", """kind: scenario
format_version: 1
home: h.yaml
robot: r.yaml
policy: p.yaml
start: 2026-03-02T09:00:00
time_zone: Asia/Shanghai
duration: 1h2min3.5s
seed: 7
network: {latency: 25ms, loss_probability: 0.1, outages: [{at: 3min, duration: 60s, what: wifi}]}
parties: [{key: a, organisation: A, role: processor, region: CN, hosts: ["*.a.example", cloud.example]}]
consents: [C_POLICY, C_IMPROVE]
consent_configurations:
  one: {others: granted, answers: {C_POLICY: granted}, changes: [{at: 1s, consent: C_IMPROVE, state: withdrawn}]}
script: [{at: 5s, do: pair}, {at: 40s, do: clean}]
end: {when_docked_after_cleaning: true, linger: 30s}
expect: {coverage_min: 0.9, docked: true}
""")
    write("yaml", "home", """kind: home
format_version: 1
name: Flat
rooms: [{name: r, floor: long_carpet, polygon: [[0, 0], [4, 0], [4, 3], [0, 3]]}]
walls: [{line: [[0, 0], [4, 0], [4, 3], [0, 3], [0, 0]], thickness_m: 0.2}, {line: [[2, 0], [2, 3]]}]
doorways: [{at: [2, 1], width_m: 0.9}]
furniture:
  - {name: sofa, at: [1, 2], yaw_deg: 90, size: [1, 0.9, 0.7], bottom_m: 0.1}
  - {name: table, shape: table, at: [3, 1], size: [0.8, 0.8, 0.7], leg_m: 0.06}
  - {name: plant, shape: cylinder, at: [0.5, 0.5], radius_m: 0.2, height_m: 1}
dock: {at: [3, 2.9], yaw_deg: -90}
""")
    write("yaml", "robot", (ROOT / "robots/vacuum/robot.yaml").read_bytes())
    write("yaml", "messages", """kind: message_schema
format_version: 1
user_agents: [a/1]
messages:
  - where: mqtt s/*/up/state
    json: [{path: $.state, type: word, words: [idle]}, {path: $.pos, type: number, category: robot_path, purpose: p}]
  - where: http PUT /v1/map
    binary: ["'DPMP'", "u8=1", "u16 width", "u16 height", "u32 length", "zlib length cells width*height 0,1,255", "i16 times 2*width", "crc32"]
    categories: [home_map]
    purpose: p
""")
    write("yaml", "policy", """kind: policy
format_version: 1
name: Small (2026-01-01)
controller: A
language_note: None.
master_consent: C_POLICY
categories:
  - {key: home_map, id: D29, title: Map, dpv: "jt:FloorPlan", fides: user.user_sensor, sensitivity: sensitive}
  - {key: early_traffic, id: PRE, title: Traffic, dpv: "pd:IPAddress", fides: user.device.ip_address, sensitivity: normal}
parties:
  - {key: device, id: R_DEVICE, title: stays on the robot}
  - {key: app_lan, id: R_APP, title: app}
  - {key: other, id: R_OTHER, title: any, never_allowed: true}
consents: [{key: C_POLICY, what: "the policy (L9, L11)"}]
before_consent:
  {strict: [device], literal: [undetermined], lenient: [device, app_lan], traffic_category: early_traffic, traffic_excepted: [dns], basis: derived,
   cite: L9}
rules:
  - {id: F1, emitter: robot, categories: [home_map, early_traffic], purpose: p, consent: C_POLICY, granted: {strict: [device], literal: [device], lenient: []},
     denied: {strict: [device], literal: [device], lenient: []}, basis: text, cite: 'L33 "map"', note: n}
clear_text: {effect: {strict: fail, literal: undetermined, lenient: allow_lan}, basis: text, cite: L1}
party_rules:
  - {id: NO-OTHER, emitter: robot, parties: [other], effect: {strict: fail, literal: fail, lenient: as app_lan}, basis: derived, cite: L2}
stop_bound: {online: 5s, queued: 0s, basis: harness, cite: none}
""")
    write("yaml", "flow_and_block_scalars", "a: {b: [1, 'x', \"y\\n\", null, ~], c: }\nd: |\n  text\n  more\ne: >-\n  folded\n")
    write("yaml", "refused", "a: &x 1\nb: *x\n---\n!!str c: 2\n")


def plan_seeds():
    plan = {"name": "x", "rooms": [{"name": "r", "floor": "hard", "polygon": [[0, 0], [1, 0], [1, 1]]}], "walls": [], "doorways": []}
    write("json", "shape_like", json.dumps(plan))
    write("json", "deep", "[" * 60 + "1e999" + "]" * 60)


def pgm(width, height, pixel):
    return b"P5\n# a comment\n%d %d\n255\n" % (width, height) + bytes(pixel(x, y) for y in range(height) for x in range(width))


def png(width, height, rows, color_type=0, depth=8, extra=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows)))
            + chunk(b"IEND", b""))


def image_seeds():
    write("map_image", "plain.pgm", "P2 3 2 15\n0 1 2\n13 14 15\n")
    write("map_image", "binary.pgm", pgm(4, 3, lambda x, y: 80 * x))
    write("map_image", "deep.pgm", b"P5 2 1 65535\n\x12\x34\xff\xff")
    write("map_image", "gray.png", png(4, 2, [b"\0\x55\xaa\xff"] * 2))
    write("map_image", "rgba.png", png(2, 1, [b"\1\2\3\0\4\5\6\xff"], color_type=6))
    write("map_image", "bits.png", png(9, 2, [b"\xaa\x80"] * 2, depth=1))

    side = 16

    def room(x, y):
        first, last = 1, side - 2
        return 0 if x in (first, last) or y in (first, last) else 254 if first < x < last and first < y < last else 205
    header = "image: IMAGE\nresolution: 0.25\norigin: [-1, -2, 0.3]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.196\n"
    write("map_server", "room", header.encode() + b"\0" + pgm(side, side, room))
    write("map_server", "two_rooms", header.encode() + b"mode: scale\n\0"
          + pgm(2 * side, side, lambda x, y: room(x % side, y) if y != 8 else 254))
    write("map_server", "noise", header.encode() + b"mode: raw\n\0" + pgm(side, side, lambda x, y: (x * 37 + y * 91) % 102))


def mqtt_packet(first, body):
    length, digits = len(body), b""
    while True:
        digit, length = length % 128, length // 128
        digits += bytes([digit | 0x80 if length else digit])
        if not length:
            return bytes([first]) + digits + body


def text16(text):
    return struct.pack(">H", len(text)) + text


def mqtt_seeds():
    connect = mqtt_packet(0x10, text16(b"MQTT") + b"\4\xee\0\x3c" + text16(b"robot") + text16(b"gone") + text16(b"x") + text16(b"u")
                          + text16(b"p"))
    subscribe = mqtt_packet(0x82, b"\0\1" + text16(b"s/+/up/#") + b"\2" + text16(b"a") + b"\0")
    publish = [mqtt_packet(0x30, text16(b"s/1/up/x") + b"zero"), mqtt_packet(0x33, text16(b"s/1/up/x") + b"\0\7one"),
               mqtt_packet(0x3d, text16(b"s/1/up/x") + b"\0\x08two")]
    acks = [mqtt_packet(first, b"\0\1") for first in (0x40, 0x50, 0x62, 0x70)]
    rest = [mqtt_packet(0xa2, b"\0\2" + text16(b"a")), mqtt_packet(0xc0, b""), mqtt_packet(0xe0, b"")]
    answers = [b"\x20\2\0\0", b"\x90\4\0\1\2\x80", b"\xb0\2\0\2", b"\xd0\0"]
    packets = [connect, subscribe, *publish, *acks, *rest]
    for i, packet in enumerate(packets + answers):
        write("mqtt", f"packet_{i:02}", b"\0" + packet)
    write("mqtt", "level_5", b"\0" + mqtt_packet(0x10, text16(b"MQTT") + b"\5\2\0\0\0" + text16(b"v5")))

    def said(client, packet):
        pieces = [packet[i:i + 63] for i in range(0, len(packet), 63)]
        return b"".join(bytes([len(p) << 2 | 2 | client]) + p for p in pieces)
    other = mqtt_packet(0x10, text16(b"MQTT") + b"\4\2\0\x3c" + text16(b"app"))
    write("mqtt", "two_clients", b"\1" + said(0, connect) + said(1, other) + said(1, subscribe) + b"".join(
        said(0, p) for p in publish) + b"".join(said(1, p) for p in acks) + b"".join(said(0, p) for p in rest))
    write("mqtt", "takes_over", b"\1" + said(0, connect) + said(0, subscribe) + said(1, connect) + said(1, publish[2]))


def http_seeds():
    requests = {
        "get": "GET /v1/x%41?q=1 HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer t\r\n\r\n",
        "post": "POST / HTTP/1.1\r\nHost: c\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "chunked": "PUT /slow HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "two": "GET /drop HTTP/1.1\r\nHost: c\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
        "head_then_error": "HEAD /slow HTTP/1.1\r\nHost: c\r\n\r\nnothing\r\n\r\n",
        "smuggled": "POST / HTTP/1.1\r\nHost: c\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    }
    responses = {
        "ok": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi",
        "interim": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "chunked_answer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "empty_chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "garbage_after_interim": "HTTP/1.0 199 OK\r\nConnection: close\r\n\r\nall that follows",
        "to_the_end": "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nall that follows",
    }
    for name, text in requests.items():
        write("http", name, b"\x10" + text.encode())
        write("http", "serve_" + name, b"\x12" + text.encode())
        write("flow", "http_" + name, b"\0" + text.encode())
    for name, text in responses.items():
        write("http", name, b"\x11" + text.encode())



def frame_seeds():
    head = bytes.fromhex("020000000001 020000000002")
    ipv4 = lambda protocol, body: struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0, bytes([192, 168, 1, 50]), bytes([8, 8, 8, 8])) + body
    write("frame", "udp", head + b"\x08\0" + ipv4(17, struct.pack("!HHHH", 4000, 53, 13, 0) + b"hello") + bytes(13))
    write("frame", "tcp", head + b"\x08\0" + ipv4(6, struct.pack("!HHIIBBHHH", 4000, 443, 1, 0, 0x60, 2, 0, 0, 0) + b"\2\4\5\xb4"))
    write("frame", "icmp", head + b"\x08\0" + ipv4(1, b"\x08\0\0\0\0\1\0\1ping"))
    write("frame", "tagged", head + b"\x81\0\0\7" + b"\x08\0" + ipv4(2, bytes(8)))
    write("frame", "arp", b"\xff" * 6 + head[6:] + b"\x08\6" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + head[6:] + bytes([192, 168, 1, 50]) + bytes(6) + bytes([192, 168, 1, 1]))
    write("frame", "mld", head + b"\x86\xdd" + struct.pack("!IHBB", 0x60000000, 12, 0, 1) + bytes(32) + b"\x3a\0\5\2\0\0\1\0\x8f\0\0\0")


def datagram_seeds():
    name = b"\3api\7example\0"
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"
    answer = b"\x12\x34\x81\x80\0\1\0\2\0\0\0\1" + name + b"\0\1\0\1" + b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c" + \
        b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1" + b"\1x\xc0\x0c\0\x10\0\1\0\0\0\0\0\2\1t"
    write("dns", "query", query)
    write("dns", "answer", answer)
    write("dns", "loop", query[:12] + b"\xc0\x0c\0\1\0\1")
    write("flow", "dns", b"\4" + query)
    write("flow", "mdns", b"\x0b" + answer)
    discover = struct.pack(">BBBBIHH16x6s10x192x4s", 1, 1, 6, 0, 0xDEADBEEF, 0, 0x8000, b"\x50\xec\x50\1\2\3", b"\x63\x82\x53\x63") + \
        b"\x35\1\1\x0c\4robo\x37\3\1\3\6\xff" + bytes(8)
    offer = b"\2" + discover[1:240] + b"\x35\1\2\x36\4\xc0\xa8\1\1\x33\4\0\1\x51\x80\1\4\xff\xff\xff\0\xff"
    write("dhcp", "discover", discover)
    write("dhcp", "offer", offer)
    write("flow", "dhcp", b"\5" + discover)
    write("ntp", "request", b"\x23" + bytes(39) + b"\xe9\x5a\1\2\3\4\5\6")
    write("ntp", "answer", b"\x24\2\6\xec" + bytes(36) + b"\xe9\x5a\1\2\3\4\5\6")


def framing_seeds():
    write("framing", "whole", b"\x08123456789" + b"\0\x0e123456789\x26\x39\xf4\xcb\0")
    write("framing", "noise", b"\x03abcd" + b"\xff\x12\0\0\5\1\1\1\0\x40")
    write("framing", "long", b"\x02abc" + b"\0\xff" + b"\x55" * 254 + b"\1\0")


def varint(value):
    data = b""
    while value > 127:
        data, value = data + bytes([value & 127 | 128]), value >> 7
    return data + bytes([value])


def wire_seeds():
    def number(field, value):
        return varint(field << 3) + varint(value)

    def piece(field, data):
        return varint(field << 3 | 2) + varint(len(data)) + data

    def message(body, data):
        return number(1, 1) + b"\x11" + bytes(range(8)) + number(3, 7) + number(4, 10**10) + piece(body, data)

    write("wire", "hello", message(5, number(1, 1) + piece(2, b"vacuum") + piece(3, b"1.0.0") + number(5, 1) + number(6, 4711)))
    write("wire", "welcome", message(6, number(1, 1) + number(2, 2 * 10**18) + piece(5, b"clock") + piece(5, b"drive") +
                                     piece(6, piece(1, b"DP1-4K7Q9") + piece(3, bytes(6)))))
    lidar = piece(4, b"\0\0\x80\x3f" * 3) + piece(5, varint(1200) + varint(0) + varint(70000)) + piece(6, b"\x01\x02\x03") + piece(7, varint(5) * 3)
    write("wire", "grant", message(7, piece(1, number(1, 3) + number(2, 5) + piece(3, b"data")) + piece(2, piece(1, lidar)) + piece(3, piece(2, number(1, 9)))))
    write("wire", "turn", message(8, piece(1, number(1, 1) + number(2, 20) + piece(3, varint(4096) + varint(0)) + piece(4, bytes(16)) +
                                           piece(5, b"\xff\0\xff") + piece(6, b"text"))))
    write("wire", "no_utf8", message(10, piece(1, b"\xff\xfe")))
    write("wire", "group", message(12, b"") + b"\x7b\x7c")
    write("wire", "two_gigabytes", number(1, 1) + varint(8 << 3 | 2) + varint(2**31 - 1) + b"short")


def flow_seeds():
    connect = mqtt_packet(0x10, text16(b"MQTT") + b"\4\xc6\0\x3c" + text16(b"robot") + text16(b"gone") + text16(b"x") + text16(b"u")
                          + text16(b"p"))
    write("flow", "mqtt", b"\0" + connect + mqtt_packet(0x82, b"\0\1" + text16(b"s/+/up/#") + b"\2")
          + mqtt_packet(0x33, text16(b"s/1/up/x") + b"\0\7one") + b"\xc0\0" + mqtt_packet(0x90, b"\0\1\2\2\2"))
    extensions = b"\0\0\0\x10\0\x0e\0\0\x0bcloud.local" + b"\0\x10\0\x05\0\3\2h2"
    hello = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + struct.pack(">H", len(extensions)) + extensions
    write("flow", "tls_hello", b"\x17\x16\3\1" + struct.pack(">H", len(hello) + 4) + b"\1\0" + struct.pack(">H", len(hello)) + hello)
    write("flow", "unknown", b"\0what is this?")


def recording_seeds():
    def record(opcode, body):
        return bytes([opcode]) + struct.pack("<Q", len(body)) + body

    def text(s):
        return struct.pack("<I", len(s)) + s

    def metadata(name, values):
        pairs = b"".join(text(k) + text(v) for k, v in values.items())
        return record(0x0C, text(name) + struct.pack("<I", len(pairs)) + pairs)

    def channel(number, topic):
        return record(0x04, struct.pack("<HH", number, number) + text(topic) + text(b"cdr") + struct.pack("<I", 0))

    def cdr(fields):
        out = b""
        for size, value in fields:
            if isinstance(value, bytes):  # Text.
                out += bytes(-len(out) % 4) + struct.pack("<I", len(value) + 1) + value + b"\0"
            elif isinstance(value, list):
                out += bytes(-len(out) % 4) + struct.pack("<I", len(value))
                out += bytes(-len(out) % size if value else 0) + b"".join(struct.pack("<f" if size == 4 else "<B", v) for v in value)
            else:
                out += bytes(-len(out) % size)
                out += struct.pack("<d" if isinstance(value, float) else {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}[size], value)
        return b"\0\1\0\0" + out

    stamp = [(4, 1772442000), (4, 5)]
    emission = cdr([*stamp, (8, 1), (0, b"robot"), (1, 2), (1, 1), (4, 3), (8, 0), (4, 0xC0A80164), (4, 0x0A000001), (2, 5000), (2, 443),
                    (0, b"vendor"), (0, b"Vendor"), (0, b"first_party"), (0, b"CN"), (0, b"c.example"), (0, b"http"), (1, 1),
                    (0, b"C_POLICY=granted"), (1, [1, 2, 3])])
    event = cdr([*stamp, (0, b"cloud"), (0, b"paired"), (0, b"yes")])
    consent = cdr([*stamp, (0, b"C_POLICY"), (0, b"granted"), (0, b"user")])
    log = cdr([*stamp, (1, 20), (0, b"main"), (0, b"hello"), (0, b""), (0, b""), (4, 0)])
    pose = cdr([*stamp, (0, b"W"), *[(8, v) for v in (1.0, 2.0, 0.0, 0.0, 0.0, 0.5, 0.8)]])
    grid = cdr([*stamp, (0, b"M"), *stamp, (4, 0x3D4CCCCD), (4, 2), (4, 2), *[(8, v) for v in (1.0, 2.0, 0.0, 0.0, 0.0, 0.5, 0.8)],
                (1, [0, 100, 255, 0])])
    topics = {1: b"/emission", 2: b"/consent", 3: b"/run/event", 4: b"/firmware/log", 5: b"/robot/pose_true", 6: b"/robot/map"}
    bodies = {1: emission, 2: consent, 3: event, 4: log, 5: pose, 6: grid}
    start = 1772442000 * 10**9
    records = b"".join(channel(n, t) for n, t in topics.items())
    records += b"".join(record(0x05, struct.pack("<HIQQ", n, n, start + n, start + n) + b) for n, b in bodies.items())

    def chunk(data):
        return record(0x06, struct.pack("<QQQI", start, start + 9, len(data), 0) + text(b"") + struct.pack("<Q", len(data)) + data)
    magic = b"\x89MCAP0\r\n"
    head = magic + record(0x01, text(b"ros2") + text(b"dustproof")) + metadata(b"recording", {b"start_unix_ns": str(start).encode()})
    attachment_body = struct.pack("<QQ", start, start) + text(b"plan.json") + text(b"application/json") + struct.pack("<Q", 2) + b"{}"
    attachment = record(0x09, attachment_body + struct.pack("<I", 0))
    end = record(0x0F, struct.pack("<I", 0)) + record(0x02, struct.pack("<QQI", 0, 0, 0)) + magic
    write("recording", "whole", head + attachment + chunk(records) + end)
    write("recording", "cut", head + attachment + chunk(records) + chunk(records)[:50])
    write("recording", "outside_chunks", head + records)
    write("recording", "no_start", magic + records)
    late = channel(1, topics[1]) + record(0x05, struct.pack("<HIQQ", 1, 1, 0x83FFFFFFFFFFFFFF, start) + emission)
    write("recording", "time_before_all_times", head + chunk(late))
    for name, body in {"emission": emission, "map": grid, "pose": pose}.items():
        number = {"emission": 1, "map": 6, "pose": 5}[name]
        one = channel(number, topics[number]) + record(0x05, struct.pack("<HIQQ", number, 1, start, start) + body)
        write("recording", "only_" + name, head + chunk(one))


def cascade_seeds():
    words = b"ssid Juniper-7kQ2mXw9P at 30.1234567, 104.7654321; "
    write("cascade", "gzip_of_json", gzip.compress(json.dumps({"a": [1, 2, 3.5], "b": "Juniper\\u00e9\"x"}).encode(), mtime=0))
    write("cascade", "zlib", b"head" + zlib.compress(words * 3))
    raw = zlib.compressobj(wbits=-15)
    write("cascade", "deflate", b"\x80\x90" + raw.compress(words * 4) + raw.flush())
    write("cascade", "base64", b"x=" + base64.b64encode(words) + b"&y=" + base64.urlsafe_b64encode(words) + b"&z=" + base64.b32encode(words))
    write("cascade", "base85", base64.b85encode(words) + b"\n" + base64.a85encode(words))
    write("cascade", "hex", words.hex() + " 4a:75:6e:69:70:65:72:2d")
    write("cascade", "url", "a=%4a%75niper%2D7kQ\\x32m&b=1")
    write("cascade", "json_bytes", json.dumps({"raw": list(words[:20]), "deep": [{"x": 1.25, "y": -3} for _ in range(4)]}))
    write("cascade", "protobuf", b"\x08\x96\x01\x12\x07testing\x1d\0\0\x80\x3f\x21\0\0\0\0\0\0\xf0\x3f\x22\x03\x08\x01\x10")
    write("cascade", "varints", bytes((i * 7) % 128 for i in range(48)))
    write("cascade", "csv", "x,y\n" + "\n".join(f"{i / 3:.3f},{-i}" for i in range(12)))
    write("cascade", "runs", "12F3W9F, W:12,F:3,W:4")
    write("cascade", "png", png(8, 4, [bytes(range(8))] * 4, extra=b""))
    write("cascade", "lz4_frame", bytes.fromhex("04224d18644000") + b"\x52" + struct.pack("<I", 20 | 1 << 31) + words[:20] + bytes(4))
    write("cascade", "zstd", bytes.fromhex("28b52ffd2014a10000") + words[:20])
    write("cascade", "nested", base64.b64encode(zlib.compress(json.dumps({"t": base64.b64encode(words).decode()}).encode())))


def map_file_seeds():
    cells = zlib.compress(bytes([0, 1, 255, 0, 0, 1]))
    write("map_file", "small", b"DPMP\1\0" + struct.pack("<HHHiiI", 3, 2, 50, -100, 200, len(cells)) + cells + struct.pack("<I", 2)
          + struct.pack("<4h", 0, 0, 5, -5))
    write("map_file", "no_path", b"DPMP\1\0" + struct.pack("<HHHiiI", 3, 2, 50, 0, 0, len(cells)) + cells + struct.pack("<I", 0))


def elf_seeds():
    def segment(kind, flags, offset, address, file_bytes, memory_bytes):
        return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, file_bytes, memory_bytes, 0x1000)

    def elf(segments, body):
        ident = b"\x7fELF\2\1\1" + bytes(9)
        head = ident + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
        return head + b"".join(segments) + body
    at = 64 + 5 * 56
    dynamic = b"".join(struct.pack("<qQ", *e) for e in [(7, at + 160), (8, 24), (36, at + 184), (35, 16), (25, at), (27, 8), (0, 0)])
    body = dynamic + bytes(160 - len(dynamic)) + struct.pack("<QQq", at + 8, 8, 16) + struct.pack("<QQ", at + 16, 0x7) + b"tls!" + bytes(4)
    segments = [segment(1, 6, 0, 0, at + len(body), at + len(body) + 100), segment(2, 6, at, at, len(dynamic), len(dynamic)),
                segment(7, 4, at + 200, at + 200, 4, 8), segment(0x6474E552, 4, at, at, 64, 64), segment(1, 5, 0, 0x1000, 64, 64)]
    write("elf", "shared_object", elf(segments, body))
    write("elf", "cut", elf(segments, body)[:-30])
    write("elf", "huge", elf([segment(1, 6, 0, 0, 0, 1 << 40)], b""))


def tcp_seeds():
    write("tcp", "talk", bytes([0x18, 0xF6, 0xF6, 0x10, 60, 0x11, 90, 0xF6, 0x0C, 200, 0x0D, 200, 0xF6, 0, 1, 0xF6]))
    write("tcp", "losses_and_outages", bytes([0x1F, 0xF6, 0xF6, 0x10, 60, 0x08, 0xF6, 0x08, 0x0A, 0xF6, 0xF6, 0x0A, 0x11, 50, 0xF6, 0x05]))
    write("tcp", "refused", bytes([0x00, 0xF6, 0xF6, 0x10, 9]))
    write("tcp", "vanishes", bytes([0x7C, 0xF6, 0xF6, 0x10, 60, 0x06, 0x11, 60] + [0xF6] * 20))


def hal_seeds():
    """As hal_fuzz.cc takes its input apart: when the power is cut, then calls: group, call, arguments."""
    clock, tasks, diagnostics, sensors, actuators, flash, wifi, sockets = 0, 1, 3, 4, 5, 6, 8, 9
    tcp, udp, wait, newest, port = [sockets, 1, 0], [sockets, 1, 2], 5, 0, [9, 1]
    send, close = [sockets, 7, newest, 3, wait], [sockets, 12, newest]
    receive = [sockets, 8, newest, 5, wait]
    write("hal", "stream", bytes([0, *tcp, sockets, 3, newest, *port, wait, *send, *receive, *close, *send, *receive]))
    write("hal", "datagrams", bytes([0, *udp, sockets, 5, newest, 1, sockets, 11, newest, 9, sockets, 9, newest, *port, 3, sockets, 10, newest,
                                     1, 4, 4, *close]))
    write("hal", "listener", bytes([0, *tcp, sockets, 5, newest, 1, *[sockets, 6, newest, 1, 0] * 3, sockets, 0, 0, 1, 2, wait]))
    write("hal", "listener_that_asks_for_no_peer", bytes([0, *tcp, sockets, 5, newest, 1, *[sockets, 6, newest, 0, 0] * 3, *receive]))
    write("hal", "power_cut_while_programming", bytes([2, flash, 0, 1, 4, flash, 0, 0, 5]))
    write("hal", "power_cut_while_erasing", bytes([9, flash, 5, 2, flash, 0, 2, flash, 0, 1, 4]))
    write("hal", "mailbox", bytes([0, tasks, 1, 0, 0, tasks, 0, 1, 2, 0, *[tasks, 2, 0, newest, 1, 3] * 3, *[tasks, 2, 1, newest, 1, 7] * 3]))
    write("hal", "sensors", bytes([0, *[b for call in range(10) for b in (sensors, call, 1, 1, 4)], clock, 0, 4,
                                   *[b for call in range(10) for b in (sensors, call, 1, 1, 0)]]))
    write("hal", "actuators", bytes([0, *[b for call in range(7) for b in (actuators, 2, 2, call, 1, 1, 1, 1)]]))
    write("hal", "wifi", bytes([0, wifi, 0, 2, 1, wifi, 1, 2, 3, 2, 4, wifi, 3, 2, 3, wifi, 4, wifi, 5]))
    write("hal", "says", bytes([0, diagnostics, 0, 0, 2, 3, diagnostics, 1, 1, 2, 3, 0, 0, 1, diagnostics, 2, 2, clock, 6, 0, 4, clock, 4, 4, clock, 5,
                                clock, 7, clock, 10, 2, 1]))
    write("hal", "reboot", bytes([0, *tcp, clock, 8, *send, clock, 9, *send, clock, 8]))
    write("hal", "uart", bytes([0, sockets, 14, 3, sockets, 15, 3, 4]))
    write("hal", "nulls", bytes([0, sockets, 0, 0, 0, 0xF0, 0, sockets, 14, 0xD3, sockets, 15, 0xD3, 0, wifi, 0, 2, 0, wifi, 3, 0xF0, 0xF0, flash, 0, 0,
                                 0xD3, tasks, 0, 0, 0xF0, 0, sensors, 6, 0, 0, 0, clock, 6, 0, 0xF0, diagnostics, 2, 0xF0]))
    write("hal", "wild_lengths", bytes([0, *tcp, sockets, 3, newest, *port, wait, *[b for n in range(6) for b in (sockets, 7, newest, 0xF0 + n, 0)],
                                        *[b for n in range(6) for b in (sockets, 8, newest, 0xF0 + n, 0, flash, 1, 0, 0xF0 + n, flash, 1, 1, 0xF0 + n)],
                                        *[b for n in range(6) for b in (sockets, 15, 0xF0 + n, 0, sockets, 14, 0xF0 + n, clock, 4, 0xF0 + n)]]))
    write("hal", "texts_without_an_end", bytes([0, sockets, 0, 0, 1, 0xD0, 0, wifi, 1, 0xD0, 0xD0, 0xD0, 0, wifi, 3, 0xD1, 0xD1, tasks, 0, 1, 0xD0, 0,
                                                clock, 6, 0, 0xD0, diagnostics, 2, 0xD0, diagnostics, 3, 0xD0, clock, 10, 0xD0, 1]))


for seeds in (yaml_seeds, plan_seeds, image_seeds, mqtt_seeds, http_seeds, datagram_seeds, flow_seeds, recording_seeds, cascade_seeds,
              map_file_seeds, elf_seeds, tcp_seeds, hal_seeds, frame_seeds, framing_seeds, wire_seeds):
    seeds()
