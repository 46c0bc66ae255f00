"""The tests themselves: no client of theirs reaches another machine."""

import asyncio
import socket
import unittest


class FenceTests(unittest.TestCase):
    def test_names_of_others_are_not_looked_up(self):
        for look_up in (socket.gethostbyname, lambda name: socket.getaddrinfo(name, 443)):
            with self.assertRaisesRegex(PermissionError, "example.org is not this machine"):
                look_up("example.org")

    def test_addresses_of_others_are_not_reached(self):
        for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
            with socket.socket(family) as connection, self.assertRaises(PermissionError):
                connection.settimeout(1)
                connection.connect((address, 443))

    def test_nor_by_event_loops(self):
        with self.assertRaises(PermissionError):
            asyncio.run(asyncio.wait_for(asyncio.open_connection("192.0.2.1", 443), 5))

    def test_this_machine_is_reached(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            for host in ("127.0.0.1", "localhost"):
                socket.create_connection((host, listener.getsockname()[1]), 5).close()


if __name__ == "__main__":
    unittest.main()
