"""A server of the test on the loopback, as a portal or a database would be."""

from __future__ import annotations

import socket


def test_loopback_is_out_of_reach(attack):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = (
            "import socket\n"
            "try:\n"
            f"    socket.create_connection(('127.0.0.1', {port}), timeout=1); print('connected')\n"
            "except OSError as error:\n"
            "    print('refused')"
        )
        assert attack.bare(source) == "connected\n"
        assert attack.says(source) == "refused\n"


def test_there_is_no_interface_and_no_name(attack):
    source = (
        "import socket\n"
        "print(open('/proc/net/dev').read().count(':'))\n"
        "for host in ('1.1.1.1', 'pypi.org'):\n"
        "    try:\n"
        "        socket.create_connection((host, 80), timeout=1); print('connected')\n"
        "    except OSError as error:\n"
        "        print('refused')"
    )
    assert attack.says(source) == "1\nrefused\nrefused\n"  # lo, and that is down


def test_families_that_namespaces_do_not_hold(attack):
    source = (
        "import errno, socket\n"
        "for family in (16, 17, 38, 40):  # netlink, packet, alg, vsock\n"
        "    try:\n"
        "        socket.socket(family, socket.SOCK_STREAM if family == 40 else socket.SOCK_RAW)\n"
        "        print('made', family)\n"
        "    except OSError as error:\n"
        "        print(error.errno == errno.EAFNOSUPPORT)"
    )
    assert attack.says(source) == "True\n" * 4
