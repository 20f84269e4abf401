"""What the broker adds to an event's way from the bot to a client, when nothing else goes on.

    python3 Tests/Ledger/latency.py --build .build/release

An all-in-one perpetua and a deployment over RabbitMQ run side by side; the same event goes to one, then to the other, alternately, so
that both see the same machine. Prints one-way times in milliseconds.
"""
import argparse
import asyncio
import os
import statistics
import sys
import time

from run import Broker, Program, ROOT, free_port, fresh_folder
from websocket import Connection

EVENT = (
    b'{"time":1,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","number":%d,'
    b'"message_id":1,"group_id":20002,"user_id":30003,"anonymous":null,"message":"' + b"x" * 200 + b'","font":0}')


class BotLink(Connection):
    def __init__(self, side):
        super().__init__()
        self.side = side

    def opened(self):
        self.side.link = self
        self.send(b'{"time":1,"self_id":10001,"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}')

    def text(self, payload):
        pass  # Actions that Perpetua sends by itself need no answer: the account is known.


class Client(Connection):
    def __init__(self, side, address):
        super().__init__(dials=(address, "/"))
        self.side = side

    def text(self, payload):
        at = payload.find(b'"number":')
        if at >= 0:
            self.side.arrived(int(payload[at + 9:payload.index(b",", at)]), time.perf_counter())


class Side:
    """One way of running Perpetua, with a bot and a client of its own."""

    def __init__(self, name):
        self.name = name
        self.link = None
        self.programs = []
        self.awaited = None
        self.times = []
        self.bot_port, self.port = free_port(), free_port()

    def program(self, options, product, flags):
        health = free_port()
        program = Program(
            f"{self.name}-{product}", options.folder, [os.path.join(ROOT, options.build, product), *flags],
            f"http://127.0.0.1:{health}")
        program.command += ["--health.port", str(health)] if product != "perpetua" else ["--api.port", str(health)]
        self.programs.append(program)
        program.start()
        return program

    def edge_flags(self):
        return ["--edge.shared_port", str(self.port), f"--bots[0].url=ws://127.0.0.1:{self.bot_port}/"]

    async def connect(self):
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Client(self, f"127.0.0.1:{self.port}"), "127.0.0.1", self.port)

    async def measure(self, number):
        self.awaited = (number, asyncio.get_running_loop().create_future())
        begin = time.perf_counter()
        self.link.send(EVENT % number)
        return await asyncio.wait_for(self.awaited[1], 10) - begin

    def arrived(self, number, now):
        if self.awaited and self.awaited[0] == number and not self.awaited[1].done():
            self.awaited[1].set_result(now)


async def measure(options):
    broker = Broker(options.folder)
    alone, together = Side("all-in-one"), Side("amqp")
    loop = asyncio.get_running_loop()
    try:
        broker.start()
        for side in (alone, together):
            await loop.create_server(lambda side=side: BotLink(side), "127.0.0.1", side.bot_port)
        alone.program(options, "perpetua", [*alone.edge_flags(), "--registry.database", ":memory:"])
        bus = ["--bus", "amqp", "--amqp.url", broker.url, "--amqp.prefix", "latency"]
        together.program(options, "registry", [*bus, "--registry.database", ":memory:"])
        together.program(options, "ws-edge", [*bus, *together.edge_flags()])
        for side in (alone, together):
            for program in side.programs:
                await program.ready()
            await side.connect()
        while alone.link is None or together.link is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        for number in range(1, options.events + 1):
            for side in (alone, together) if number % 2 else (together, alone):
                taken = await side.measure(number)
                if number > options.events // 10:  # The first events only warm up.
                    side.times.append(taken * 1000)
                await asyncio.sleep(0.01)
    finally:
        for program in alone.programs + together.programs:
            program.end()
        broker.end()
    added = [with_broker - without for with_broker, without in zip(together.times, alone.times)]
    print(f"{'one way, ms':14} {'p50':>8} {'p90':>8} {'p99':>8}")
    for name, times in ((alone.name, alone.times), (together.name, together.times), ("added", added)):
        parts = statistics.quantiles(times, n=100)
        print(f"{name:14} {parts[49]:8.3f} {parts[89]:8.3f} {parts[98]:8.3f}")
    return statistics.median(added) < 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=".build/release", help="where the programs are")
    parser.add_argument("--folder", default=os.path.join(ROOT, ".build/latency"), help="where everything is written")
    parser.add_argument("--events", type=int, default=1000)
    options = parser.parse_args()
    options.folder = fresh_folder(options.folder)
    below = asyncio.run(measure(options))
    print("The broker adds less than 1 ms at p50." if below else "The broker adds 1 ms or more at p50.")
    sys.exit(0 if below else 1)


if __name__ == "__main__":
    main()
