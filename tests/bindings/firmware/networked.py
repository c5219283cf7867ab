"""Firmware in Python that uses all of Python that depends on the machine: it must be the run's. Its Wi-Fi is in the scenario's seed."""
import http.client
import os
import random
import ssl
import subprocess
import threading
import time

import dustproof


class Networked(dustproof.Firmware):
    ssid, password = "Birch-6YiDx2A4R", "FMEhm7mm5QmRWDg4"  # Of tests/end_to_end/scenarios/short.yaml.

    def on_start(self):
        self.log(f"chance {random.random()} {os.urandom(4).hex()} {list({'a', 'b', 'c'})}")
        self.log(f"clock {time.time()}")
        self.log(f"sees {self.ssid in [network.ssid for network in self.scan_wifi()]}")
        for ssid, password in (("nowhere", "12345678"), (self.ssid, "wrong password")):
            self.attempt(lambda: self.join_wifi(ssid, password))
        self.join_wifi(self.ssid, self.password)
        with self.connect("plain.example", 80) as connection:
            connection.send(b"GET / HTTP/1.0\r\nX-Robot: " + self.robot_id.encode() + b"\r\n\r\n")
            self.log(f"answer {bool(connection.recv())}")
        self.attempt(lambda: connection.send(b"late"))
        self.send_udp("10.1.2.3", 9, b"one datagram")
        context = ssl.create_default_context(cadata=self.trust_anchor_pem)
        cloud = http.client.HTTPSConnection("iot.jt-innovation.example", context=context, timeout=5)
        cloud.request("GET", "/v1/nothing")
        self.log(f"cloud {cloud.getresponse().status}")
        thread = threading.Thread(target=lambda: self.log("a thread"))
        thread.start()
        thread.join()
        self.attempt(lambda: subprocess.run(["true"], check=True))

    def attempt(self, act):
        try:
            act()
        except (OSError, ValueError) as error:
            self.log(f"{type(error).__name__} {error}")
