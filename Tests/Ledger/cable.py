"""A TCP proxy that can be cut like a cable: no byte and no end of a connection gets through, sockets stay open; what was held back
gets through after healing."""
import asyncio


class End(asyncio.Protocol):
    def __init__(self, cable, other=None):
        self.cable, self.other = cable, other
        self.transport = None
        self.has_ended = False
        self.held = []

    def connection_made(self, transport):
        self.transport = transport
        self.cable.ends.add(self)
        if self.other is None:  # Accepted, and not connected onwards yet.
            transport.pause_reading()
            self.cable.connect(self)
        else:
            self.other.other = self
            for end in (self, self.other):
                end.follow()

    def follow(self):
        """Does what the cable allows now."""
        if self.cable.is_cut or self.other is None or self.other.transport is None:
            if not self.has_ended:
                self.transport.pause_reading()
            return
        for data in self.held:
            self.other.transport.write(data)
        self.held = []
        if self.has_ended:
            self.other.transport.close()
        else:
            self.transport.resume_reading()

    def data_received(self, data):
        if self.cable.is_cut or self.other is None:
            self.held.append(data)  # One read at most, since none follows while paused.
        else:
            self.other.transport.write(data)

    def connection_lost(self, _):
        self.has_ended = True
        self.cable.ends.discard(self)
        if self.other is not None:
            if self.cable.is_cut:
                self.cable.ended.append(self)
            else:
                self.follow()

    def pause_writing(self):
        if self.other is not None and not self.other.has_ended:
            self.other.transport.pause_reading()

    def resume_writing(self):
        if self.other is not None and not self.other.has_ended:
            self.other.follow()


class Cable:
    def __init__(self, port, target):
        """port: where it listens; target: the port it leads to."""
        self.port, self.target = port, target
        self.is_cut = False
        self.ends = set()
        self.hanging = []
        self.ended = []

    async def start(self):
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: End(self), "127.0.0.1", self.port)

    def connect(self, end):
        if self.is_cut:
            self.hanging.append(end)
        else:
            asyncio.ensure_future(self.onwards(end))

    async def onwards(self, end):
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: End(self, end), "127.0.0.1", self.target)
        except OSError:
            end.transport.abort()

    def cut(self):
        self.is_cut = True
        for end in list(self.ends):
            end.follow()

    def heal(self):
        self.is_cut = False
        hanging, self.hanging = self.hanging, []
        ended, self.ended = self.ended, []
        for end in ended + list(self.ends):
            if end not in hanging:
                end.follow()
        for end in hanging:
            self.connect(end)
