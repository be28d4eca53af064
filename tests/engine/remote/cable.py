"""What a desk and its line are connected by: it may break unnoticed, on both sides or on one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

AT_ONCE = 2**16  # bytes


class Wire:
    """One connection. is_cut: nothing goes through it any more, and neither side hears of the end of the other."""

    def __init__(self, desk: socket.socket, line: socket.socket, is_cut: bool) -> None:
        self.desk, self.line, self.is_cut = desk, line, is_cut
        self.ended_by_line = threading.Thread(target=self._carry, args=(line, desk), name="from the line")
        self._ended_by_desk = threading.Thread(target=self._carry, args=(desk, line), name="to the line")
        for one in (self.ended_by_line, self._ended_by_desk):
            one.start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while said := one.recv(AT_ONCE):
                if not self.is_cut:
                    other.sendall(said)
        if not self.is_cut:
            hang_up(other)

    def end(self) -> None:
        hang_up(self.desk)
        hang_up(self.line)
        self.ended_by_line.join()
        self._ended_by_desk.join()
        self.desk.close()
        self.line.close()


class Cable:
    """To the line at this port. wires: the oldest first; a desk's first is the stream of what it is told. is_cut: of
    those to come."""

    def __init__(self, port: int) -> None:
        self.wires: list[Wire] = []
        self.is_cut = False
        self._line = port
        self._taken = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._take, name="cable")
        self._thread.start()

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self._taken.getsockname()[1]}"

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                desk, _ = self._taken.accept()
                self.wires.append(Wire(desk, socket.create_connection(("127.0.0.1", self._line)), self.is_cut))

    def end(self) -> None:
        self._taken.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._taken.close()
        for wire in self.wires:
            wire.end()


def hang_up(one: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    with suppress(OSError):
        one.shutdown(how)


@contextmanager
def cable(port: int) -> Iterator[Cable]:
    made = Cable(port)
    try:
        yield made
    finally:
        made.end()
