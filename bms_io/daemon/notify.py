"""Signs of life for systemd, without a dependency (sd_notify(3))."""

import os
import socket


def notify(message: str) -> bool:
    """Send a state such as ``READY=1`` or ``WATCHDOG=1``; whether anybody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    target = f"\0{address[1:]}" if address.startswith("@") else address
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_UNIX, kind) as channel:
        channel.sendto(message.encode(), target)
    return True
