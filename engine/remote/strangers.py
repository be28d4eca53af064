"""Who answers where a cluster should and does not speak as one: another cluster, or another program."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway, NotThisCluster

WAIT = 3.0  # seconds
OTHER_TIME = 9, 10  # how OpenSSL numbers certificates that are not valid yet, or no more
NO_TLS = "WRONG_VERSION_NUMBER"  # what it is called where somebody answers in the clear


def stranger(address: str, key: KeyFile) -> ClusterAway | None:
    """What is wrong with who answers there, or with the clock of this machine, which may be set yet; None where nobody
    does, or nothing is wrong."""
    at = urlsplit(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=key.authority)
    try:
        with socket.create_connection((at.hostname or "", at.port or 0), WAIT) as opened, context.wrap_socket(opened):
            return None
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in OTHER_TIME:
            return ClusterAway("The cluster's key is not valid at the time of this machine's clock.", "Set the clock.")
        return NotThisCluster(f"What answers at {address} has another key.", "Copy the key from the desk again.")
    except ssl.SSLError as error:
        if error.reason != NO_TLS:
            return None
        return NotThisCluster(f"What answers at {address} is no cluster.", "Look at the address and the port.")
    except OSError:
        return None
