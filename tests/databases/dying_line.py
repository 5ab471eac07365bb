"""A line to a server that can die as when a cable is pulled: both ends hear no more, and nothing tells them."""

import ctypes
import socket
import threading

_SO_ATTACH_FILTER = 26


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def _deaf(end: socket.socket) -> None:
    """Let the kernel throw away whatever arrives, acknowledgements and their requests too (Linux)."""
    nothing = _Instruction(6, 0, 0, 0)  # return 0 bytes
    end.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(_Program(1, ctypes.pointer(nothing))))


class Line:
    """Forwards connections from `port`, on loopback, to the server's."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._dead = False
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """From now on neither end hears anything."""
        self._dead = True
        for end in self._ends:
            _deaf(end)

    def close(self) -> None:
        for end in (self._listening, *self._ends):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server))
            self._ends += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self._dead:
                    other.sendall(data)
            if not self._dead:
                other.shutdown(socket.SHUT_WR)
        except OSError:
            return
