"""RFC 6455, as much of it as the ledger needs, and none of Perpetua's own code: text, pings and closes over asyncio."""
import asyncio
import base64
import hashlib
import os
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload, masked):
    """One frame with FIN."""
    mask_bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, mask_bit | size))
    elif size < 65536:
        head = struct.pack(">BBH", 0x80 | opcode, mask_bit | 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, mask_bit | 127, size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + unmask(payload, key)


def unmask(payload, key):
    size = len(payload)
    keys = key * (size // 4 + 1)
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys[:size], "big")).to_bytes(size, "big")


class Connection(asyncio.Protocol):
    """One WebSocket, either side. A subclass says what happens: opened, text, closed."""

    def __init__(self, dials=None):
        """dials: (host:port, request target) of the server; None on the server's side."""
        self.dials = dials
        self.buffer = bytearray()
        self.is_open = False
        self.transport = None

    def opened(self):
        pass

    def text(self, payload):
        raise NotImplementedError

    def closed(self, reason):
        pass

    def send(self, payload):
        """Sends one text message."""
        if self.is_open:
            self.transport.write(frame(TEXT, payload, self.dials is not None))

    def connection_made(self, transport):
        self.transport = transport
        if self.dials is not None:
            host, target = self.dials
            key = base64.b64encode(os.urandom(16)).decode()
            transport.write(
                f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())

    def connection_lost(self, error):
        was_open, self.is_open = self.is_open, False
        if was_open:
            self.closed(str(error or "ended").replace(" ", "_"))

    def data_received(self, data):
        self.buffer += data
        if not self.is_open and not self.upgrade():
            return
        buffer, position, end = self.buffer, 0, len(self.buffer)
        while end - position >= 2:
            first, second = buffer[position], buffer[position + 1]
            size, start = second & 0x7F, position + 2
            if size == 126:
                if end - start < 2:
                    break
                size, start = int.from_bytes(buffer[start:start + 2], "big"), start + 2
            elif size == 127:
                if end - start < 8:
                    break
                size, start = int.from_bytes(buffer[start:start + 8], "big"), start + 8
            key = None
            if second & 0x80:
                key, start = bytes(buffer[start:start + 4]), start + 4
            if end - start < size:
                break
            payload = bytes(buffer[start:start + size])
            self.take(first, unmask(payload, key) if key else payload)
            position = start + size
        del buffer[:position]

    def take(self, first, payload):
        if first == 0x80 | TEXT:
            self.text(payload)
        elif first == 0x80 | PING:
            self.transport.write(frame(PONG, payload, self.dials is not None))
        elif first == 0x80 | CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self.transport.write(frame(CLOSE, payload, self.dials is not None))
            self.is_open = False
            self.transport.close()
            self.closed(f"{code}_{payload[2:].decode()}".replace(" ", "_"))
        elif first != 0x80 | PONG:
            self.is_open = False
            self.transport.abort()
            self.closed(f"unexpected_frame_{first:#x}")

    def upgrade(self):
        """Reads the HTTP head: whether the WebSocket is open now."""
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return False
        head = bytes(self.buffer[:head_end]).decode("latin-1").split("\r\n")
        del self.buffer[:head_end + 4]
        if self.dials is not None:
            if " 101 " not in head[0] + " ":
                self.transport.abort()
                return False
        else:
            fields = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            key = next(value for name, value in fields.items() if name.lower() == "sec-websocket-key")
            accept = base64.b64encode(hashlib.sha1(key.strip().encode() + GUID).digest()).decode()
            self.transport.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        self.is_open = True
        self.opened()
        return self.is_open
