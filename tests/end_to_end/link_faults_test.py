"""Faults between a board and its run: each ends in a named state within seconds, with a readable recording."""
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from process import BINARY, FIRST_RUN, WaitingRunTest, verdicts

PROGRAM = BINARY.parents[1] / "lib/firmware/vacuum"


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


TURN = 8  # As dustproof.proto counts what a message can be.


def kind_of(message):
    """Of a message of the wire, whose last field says what it is."""
    at = field = 0
    while at < len(message):
        tag, at = varint(message, at)
        field = tag >> 3
        if tag & 7 == 0:
            _, at = varint(message, at)
        elif tag & 7 == 1:
            at += 8
        else:
            size, at = varint(message, at)
            at += size
    return field


class BoardsWords:
    """What a board sends, cut as ZMTP 3 lays it out: a greeting, commands, and frames with a message each."""
    GREETING_BYTES, LONG, COMMAND = 64, 2, 4

    def __init__(self, change):
        self.change, self.turns, self.rest, self.greeting = change, 0, b"", self.GREETING_BYTES

    def changed(self, data):
        out, self.rest = data[:self.greeting], self.rest + data[self.greeting:]  # The greeting is said in pieces, each an answer.
        self.greeting -= len(out)
        while (head := self.head()) and len(self.rest) >= sum(head):
            frame, self.rest = self.rest[:sum(head)], self.rest[sum(head):]
            if not frame[0] & self.COMMAND and kind_of(frame[head[0]:]) == TURN:
                self.turns += 1
                out += b"".join(self.change(self.turns, frame))
            else:
                out += frame
        return out

    def head(self):
        """Bytes of the next part's head and of its body; None before they are known."""
        if len(self.rest) < 9:
            return (2, self.rest[1]) if len(self.rest) >= 2 and not self.rest[0] & self.LONG else None
        return (9, struct.unpack(">Q", self.rest[1:9])[0]) if self.rest[0] & self.LONG else (2, self.rest[1])


class Proxy:
    """Carries a TCP connection until one direction, or both, are cut: then bytes get lost, and no end is heard.

    `change(number, frame)` says what goes to the run in place of the board's n-th turn.
    """

    def __init__(self, port, change=lambda number, frame: [frame]):
        self.target = port
        self.change = change
        self.cut = set()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                board, _ = self.server.accept()
                run = socket.create_connection(("127.0.0.1", self.target))
            except OSError:  # One end is gone.
                return
            threading.Thread(target=self.carry, args=(board, run), daemon=True).start()

    def carry(self, board, run):
        said = BoardsWords(self.change)
        with board, run:
            while True:
                for end in select.select([board, run], [], [])[0]:
                    try:
                        data = end.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    if ("to_run" if end is board else "to_board") in self.cut:
                        continue
                    try:
                        (run if end is board else board).sendall(said.changed(data) if end is board else data)
                    except OSError:
                        return

    def close(self):
        self.server.close()


class LinkFaultsTest(WaitingRunTest):
    def start_board(self, address):
        board = subprocess.Popen([PROGRAM], env={"DUSTPROOF_LINK": address}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(board.stderr.close)
        self.addCleanup(board.kill)
        return board

    def listen(self, until="60s", kind="board", more=()):
        run = self.start_run("--kind", kind, "--link", "tcp://127.0.0.1:*", *more, until=until)
        return run, int(self.wait_for(r"DUSTPROOF_LINK=tcp://127\.0\.0\.1:(\d+)").group(1))

    def wait_for_the_board(self):
        """Its run records while it goes on, and nothing before the board has come."""
        recording = self.folder / "out/policy_refused.mcap"
        size, limit = recording.stat().st_size, time.monotonic() + self.LIMIT_S
        while recording.stat().st_size == size:
            self.assertLess(time.monotonic(), limit, "the board did not come")
            time.sleep(0.05)

    def test_a_cut_link_is_the_benchs_fault_in_each_direction(self):
        for cut in ({"to_run"}, {"to_board"}, {"to_run", "to_board"}):
            with self.subTest(cut=cut):
                self.setUp()
                run, port = self.listen()
                proxy = Proxy(port)
                self.addCleanup(proxy.close)
                board = self.start_board(f"tcp://127.0.0.1:{proxy.port}")
                self.wait_for_the_board()
                proxy.cut |= cut
                code, report = self.end(run)
                self.assertEqual((code, report["end"]), (3, "run_died"))
                self.assertIn("said nothing for five seconds", report["diagnosis"])
                self.assertEqual(verdicts(report, verdict="pass"), [])
                self.assertEqual(self.call("audit", "out/policy_refused.mcap").returncode, 0)
                self.assertEqual(board.wait(self.LIMIT_S), 0 if cut == {"to_run"} else 3)  # The goodbye reaches it, or it finds out by itself.

    def test_strangers_are_refused_recorded_and_do_no_harm(self):
        run, port = self.listen(until="12s")
        self.start_board(f"tcp://127.0.0.1:{port}")
        self.wait_for_the_board()
        second = self.start_board(f"tcp://127.0.0.1:{port}")
        self.assertEqual(second.wait(self.LIMIT_S), 3)
        self.assertIn("a second board", second.stderr.read())
        with socket.create_connection(("127.0.0.1", port)) as garbage:
            garbage.sendall(os.urandom(4096))
        self.say_two_gigabytes(port)
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (0, "duration"), report["diagnosis"])
        self.assertTrue(any("a second board: this session has one" in str(w) for w in report["warnings"]), report["warnings"])

    def connect(self, port):
        """ZeroMQ's handshake (ZMTP 3.0, NULL) by hand."""
        peer = socket.create_connection(("127.0.0.1", port), timeout=self.LIMIT_S)
        peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
        peer.sendall(b"\x04" + bytes([len(ready)]) + ready)
        said = b""
        while b"ROUTER" not in said:  # What comes before its own greeting is done makes it hang up.
            said += (more := peer.recv(4096))
            self.assertTrue(more, said)
        return peer

    def say_two_gigabytes(self, port):
        """A frame that begins to be very long."""
        with self.connect(port) as peer:
            peer.sendall(b"\x02" + struct.pack(">Q", 2**31) + b"begins")
            while peer.recv(4096):
                pass  # It hangs up: this ends, or the socket's time-out fails the test.

    def test_a_board_outlives_its_runs_death_by_seconds_only(self):
        run, port = self.listen()
        board = self.start_board(f"tcp://127.0.0.1:{port}")
        self.wait_for_the_board()
        worker = int(open(f"/proc/{run.pid}/task/{run.pid}/children").read().split()[0])
        os.kill(worker, signal.SIGKILL)
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (3, "run_died"))
        self.assertEqual(board.wait(self.LIMIT_S), 3)
        self.assertEqual(self.call("audit", "out/policy_refused.mcap").returncode, 0)

    def test_a_board_that_reboots_by_itself_is_told(self):
        run, port = self.listen()
        board = self.start_board(f"tcp://127.0.0.1:{port}")
        self.wait_for_the_board()
        board.kill()
        self.start_board(f"tcp://127.0.0.1:{port}")
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (1, "firmware_died"))
        self.assertIn("rebooted by itself", report["diagnosis"])

    def run_through(self, change, **options):
        """A run whose board's turns are changed on their way."""
        run, port = self.listen(**options)
        proxy = Proxy(port, change)
        self.addCleanup(proxy.close)
        self.start_board(f"tcp://127.0.0.1:{proxy.port}")
        code, report = self.end(run)
        self.assertLess(self.call("audit", "out/policy_refused.mcap").returncode, 2)
        return code, report

    def run_again(self, *arguments, **options):
        shutil.rmtree(self.folder / "out")
        return self.run_through(*arguments, **options)

    def assert_refused(self, report, why):
        self.assertTrue(any(re.search(f"the link refused a message: {why}", str(w)) for w in report["warnings"]), report["warnings"])
        self.assertRegex(report["diagnosis"], why)
        self.assertEqual(verdicts(report, verdict="pass"), [])

    def test_a_board_that_is_late_or_says_all_twice_changes_no_bit_in_lockstep(self):
        def late(number, frame):
            if number in (20, 40):
                time.sleep(2)  # Meanwhile the board says it again.
            return [frame]
        hashes = [self.run_through(lambda number, frame: [frame], kind="process")[1]["hash"]]
        for change in (late, lambda number, frame: [frame, frame]):
            code, report = self.run_again(change, kind="process")
            self.assertEqual((code, report["end"]), (0, "duration"), report["diagnosis"])
            self.assertFalse([w for w in report["warnings"] if "refused" in str(w)])
            hashes.append(report["hash"])
        self.assertEqual(len(set(hashes)), 1)

    def test_a_board_that_says_all_twice_does_no_harm_in_real_time(self):
        code, report = self.run_through(lambda number, frame: [frame, frame], until="5s")
        self.assertEqual((code, report["end"]), (0, "duration"), report["diagnosis"])
        self.assertFalse([w for w in report["warnings"] if "refused" in str(w)])

    def test_a_board_that_is_late_is_waited_for_and_measured(self):
        def late(number, frame):
            if number == 20:
                time.sleep(2)
            return [frame]
        code, report = self.run_through(late, until="6s")
        self.assertEqual((code, report["end"]), (0, "duration"), report["diagnosis"])
        self.assertGreater(max(latency["worst_ms"] for latency in report["real_time"]["latencies"]), 1500)

    def test_turns_out_of_order_are_the_links_fault(self):
        held = []
        def swap(number, frame):
            if number == 20:
                held.append(frame)
                return []
            return [frame, held.pop()] if held else [frame]
        code, report = self.run_through(swap)
        self.assertEqual((code, report["end"]), (3, "run_died"), report["diagnosis"])
        self.assert_refused(report, r"message \d+ after message \d+: those between are lost")

    def test_a_turn_of_before_is_refused(self):
        first = []
        def again(number, frame):
            if number == 5:
                first.append(frame)
            return [frame, *first] if number == 20 else [frame]
        code, report = self.run_through(again)
        self.assertEqual((code, report["end"]), (1, "firmware_died"), report["diagnosis"])
        self.assert_refused(report, r"message \d+ again, after message \d+: it is late, or replayed")

    def test_a_turn_of_another_session_is_refused(self):
        old = []
        self.run_through(lambda number, frame: old.append(frame) or [frame], until="1s", more=("--seed", "77"))
        code, report = self.run_again(lambda number, frame: [frame, old[9]] if number == 20 else [frame])
        self.assertEqual((code, report["end"]), (1, "firmware_died"), report["diagnosis"])
        self.assert_refused(report, "a message of another session")

        shutil.rmtree(self.folder / "out")
        run, port = self.listen(until="12s")
        self.start_board(f"tcp://127.0.0.1:{port}")
        self.wait_for_the_board()
        with self.connect(port) as stranger:
            stranger.sendall(old[9])
            answer = b""
            while b"not this session's board" not in answer:
                answer += (more := stranger.recv(4096))
                self.assertTrue(more, answer)
        code, report = self.end(run)
        self.assertEqual((code, report["end"]), (0, "duration"), report["diagnosis"])
        self.assertTrue(any("the link refused a message: a message from somebody" in str(w) for w in report["warnings"]), report["warnings"])

    def test_a_port_in_use_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = self.call("run", FIRST_RUN, "--kind", "board", "--link", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(done.returncode, 3)
        self.assertIn("Address already in use", done.stderr)

    def test_a_serial_device_that_is_not_plugged_in_is_told(self):
        for words, told, code in ((("--link", "serial:usb=NO-SUCH-1@9600"), "USB serial number 'NO-SUCH-1'", 3),
                                  (("--link", "serial:path=no-such-place"), "serial device at 'no-such-place'", 3),
                                  (("--link", "serial:usb=@9600"), "which device?", 2),
                                  (("--motor-controller", "serial:usb=NO-SUCH-1"), "USB serial number 'NO-SUCH-1'", 3)):
            with self.subTest(words=words):
                done = self.call("run", FIRST_RUN, "--kind", "process", *words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(told, done.stderr)


if __name__ == "__main__":
    unittest.main()
