"""Shows that a cable is one: python3 Tests/Ledger/test_cable.py"""
import asyncio
import unittest

from cable import Cable
from run import free_port


class CableTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.target, self.ended = free_port(), asyncio.Event()
        self.server = await asyncio.start_server(self.echo, "127.0.0.1", self.target)
        self.cable = Cable(free_port(), self.target)
        await self.cable.start()

    async def asyncTearDown(self):
        self.cable.server.close()
        self.server.close()

    async def echo(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        self.ended.set()
        writer.close()

    async def dial(self, port=None):
        return await asyncio.open_connection("127.0.0.1", port or self.cable.port)

    async def hears(self, reader, text):
        self.assertEqual(await asyncio.wait_for(reader.readexactly(len(text)), 10), text)

    async def test_bytes_get_through_in_order_however_many(self):
        reader, writer = await self.dial()
        text = b" ".join(b"%d" % number for number in range(1_000_000))
        writer.write(text)
        await self.hears(reader, text)
        writer.close()

    async def test_nothing_gets_through_while_cut_and_everything_afterwards(self):
        reader, writer = await self.dial()
        writer.write(b"before")
        await self.hears(reader, b"before")
        self.cable.cut()
        writer.write(b"meanwhile")
        # A client that connects without the cable is answered ten times meanwhile.
        other_reader, other_writer = await self.dial(self.target)
        for _ in range(10):
            other_writer.write(b"x")
            await self.hears(other_reader, b"x")
        heard = asyncio.ensure_future(reader.readexactly(len(b"meanwhile")))
        await asyncio.sleep(0)
        self.assertFalse(heard.done())
        self.cable.heal()
        self.assertEqual(await asyncio.wait_for(heard, 10), b"meanwhile")
        writer.close()
        other_writer.close()

    async def test_a_connection_made_while_cut_is_served_once_healed(self):
        self.cable.cut()
        reader, writer = await self.dial()
        writer.write(b"hello")
        self.cable.heal()
        await self.hears(reader, b"hello")
        writer.close()

    async def test_the_end_of_one_side_is_the_end_of_the_other_once_healed(self):
        reader, writer = await self.dial()
        writer.write(b"hello")
        await self.hears(reader, b"hello")
        self.cable.cut()
        writer.close()
        await asyncio.sleep(0)
        self.assertFalse(self.ended.is_set())
        self.cable.heal()
        await asyncio.wait_for(self.ended.wait(), 10)


if __name__ == "__main__":
    unittest.main()
