"""Faults between a board and its run: each ends in a named state within seconds, with a readable recording."""
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from process import BINARY, FIRST_RUN, WaitingRunTest, verdicts

PROGRAM = BINARY.parents[1] / "lib/firmware/vacuum"


class Proxy:
    """Carries a TCP connection until one direction, or both, are cut: then bytes get lost, and no end is heard."""

    def __init__(self, port):
        self.target = port
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
        with board, run:
            while True:
                for end in select.select([board, run], [], [])[0]:
                    try:
                        data = end.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    if ("to_run" if end is board else "to_board") not in self.cut:
                        (run if end is board else board).sendall(data)

    def close(self):
        self.server.close()


class LinkFaultsTest(WaitingRunTest):
    def start_board(self, address):
        board = subprocess.Popen([PROGRAM], env={"DUSTPROOF_LINK": address}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(board.stderr.close)
        self.addCleanup(board.kill)
        return board

    def listen(self, until="60s"):
        run = self.start_run("--kind", "board", "--link", "tcp://127.0.0.1:*", until=until)
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

    def say_two_gigabytes(self, port):
        """ZeroMQ's handshake (ZMTP 3.0, NULL) by hand, and a frame that begins to be very long."""
        with socket.create_connection(("127.0.0.1", port), timeout=self.LIMIT_S) as peer:
            peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
            ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
            peer.sendall(b"\x04" + bytes([len(ready)]) + ready)
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
