"""Keeps every Python of these tests on this machine: it is on their PYTHONPATH, so it runs before any client is imported.

Clients look things up elsewhere that have nothing to do with the server: prices, vocabularies, telemetry. A test that needs
such an answer is no test of the server, and fails here as it would on a machine without a network.
"""

import ipaddress
import sys

LOCAL_NAMES = ("localhost", "", None)


def is_local(host):
    """Whether an address or a name is this machine's own."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_others(event, arguments):
    """An audit hook, which nothing can take away again."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not is_local(host):
        raise PermissionError(f"{host} is not this machine")


sys.addaudithook(refuse_others)
