// Reads a sample recording with @mcap/core and decodes every message by its ros2msg schema: nothing of ours is involved.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, readFileSync, rmSync, fstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decompress } from "fzstd";
import { McapIndexedReader, McapStreamReader } from "@mcap/core";
import { parse } from "@foxglove/rosmsg";
import { MessageReader } from "@foxglove/rosmsg2-serialization";

const folder = mkdtempSync(join(tmpdir(), "dustproof-mcap-"));
const file = join(folder, "sample.mcap");
execFileSync(process.argv[2], [file]);
const decompressHandlers = { zstd: (data, size) => decompress(data, new Uint8Array(Number(size))) };

const fd = openSync(file);
const readable = {
  size: async () => BigInt(fstatSync(fd).size),
  read: async (offset, length) => {
    const bytes = new Uint8Array(Number(length));
    readSync(fd, bytes, 0, bytes.length, Number(offset));
    return bytes;
  },
};
const reader = await McapIndexedReader.Initialize({ readable, decompressHandlers });
assert.equal(reader.header.profile, "ros2");
// Eleven, a transform for each of the two poses, and the scan's points.
assert.equal(reader.statistics.messageCount, 14n);
assert.equal(reader.statistics.attachmentCount, 1);

const decoders = new Map();
const byTopic = new Map();
for await (const message of reader.readMessages()) {
  const channel = reader.channelsById.get(message.channelId);
  const schema = reader.schemasById.get(channel.schemaId);
  assert.equal(channel.messageEncoding, "cdr");
  assert.equal(schema.encoding, "ros2msg");
  if (!decoders.has(schema.id)) {
    decoders.set(schema.id, new MessageReader(parse(new TextDecoder().decode(schema.data), { ros2: true })));
  }
  byTopic.set(channel.topic, { message, body: decoders.get(schema.id).readMessage(message.data) });
}
const body = (topic) => byTopic.get(topic).body;
assert.equal(byTopic.get("/consent").message.logTime, 1772442000500000000n);
assert.deepEqual({ ...body("/consent"), stamp: undefined },
  { stamp: undefined, consent: "C_POLICY", state: "granted", cause: "app: consent screen" });
assert.equal(body("/run/event").name, "tls_handshake_done");
assert.equal(body("/firmware/log").msg, "matched 87 % of the scan");
assert.equal(body("/firmware/log").level, 30);
assert.equal(body("/robot/pose_true").pose.position.y, -2.5);
assert.ok(Math.abs(body("/robot/pose_true").pose.orientation.z - Math.sin(0.25)) < 1e-15);
assert.equal(body("/robot/pose_believed").header.frame_id, "M");
assert.equal(body("/tf").transforms[0].child_frame_id, "R_believed");
assert.deepEqual([...body("/robot/scan").ranges], [1.5, 0, 2.25]);
assert.equal(body("/robot/scan").angle_max, -2.5);
const points = body("/robot/points");
assert.equal(points.width, 2);  // Of three beams one met nothing.
const xyz = [...new Float32Array(points.data.buffer.slice(points.data.byteOffset, points.data.byteOffset + points.data.byteLength))];
[1.5 * Math.cos(-3), 1.5 * Math.sin(-3), 0, 2.25 * Math.cos(-2.5), 2.25 * Math.sin(-2.5), 0].forEach((value, i) =>
  assert.ok(Math.abs(xyz[i] - value) < 1e-6, `coordinate ${i}`));
assert.deepEqual(points.fields.map((field) => [field.name, field.offset, field.datatype]), [["x", 0, 7], ["y", 4, 7], ["z", 8, 7]]);
assert.deepEqual([...body("/robot/map").data], [0, 100, -1, 0, 0, 50]);
assert.equal(body("/robot/map").info.width, 3);
assert.equal(body("/robot/drive").right_m_s, -0.125);
assert.equal(body("/robot/battery").percentage, 0.625);
assert.equal(body("/run/state").events_run, 12345n);
assert.deepEqual(body("/run/state").parts, ["physics", "robot"]);
assert.deepEqual([...body("/run/state").hashes], [0xfedcba9876543210n, 7n]);
const emission = body("/emission");
assert.equal(emission.sequence, 1n);
assert.equal(emission.stream_offset, 1234567890123n);
assert.equal(emission.party.host, "mqtt.example.cn");
assert.equal(emission.encrypted, true);
assert.equal(new TextDecoder().decode(emission.payload), '{"state":"cleaning"}');

const metadata = [];
for await (const record of reader.readMetadata()) metadata.push([record.name, Object.fromEntries(record.metadata)]);
assert.deepEqual(metadata[1], ["result", { outcome: "done" }]);
const attachments = [];
for await (const record of reader.readAttachments()) attachments.push(record);
assert.equal(new TextDecoder().decode(attachments[0].data), "kind: scenario\n");

// The streaming reader checks every checksum on its way.
const stream = new McapStreamReader({ decompressHandlers, validateCrcs: true, includeChunks: true });
stream.append(new Uint8Array(readFileSync(file)));
let count = 0;
for (let record; (record = stream.nextRecord()); ) count += record.type === "Message" ? 1 : 0;
assert.equal(count, 14);
assert.ok(stream.done());
rmSync(folder, { recursive: true });
console.log("read 14 messages on 13 topics");
