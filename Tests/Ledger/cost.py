"""What events cost each process over RabbitMQ: CPU time and memory, and how many a second one edge can carry.

    python3 Tests/Ledger/cost.py --build .build/release

Starts a broker, a registry, a gateway and one edge, and is itself the bot and the clients. Reads /proc: Linux only. CPU times are of the
whole process (user and system); those of an idle second are printed too, and not taken off.
"""
import argparse
import asyncio
import os
import time

from latency import EVENT
from run import Broker, Program, ROOT, free_port, fresh_folder
from websocket import Connection, TEXT, frame

TICK = os.sysconf("SC_CLK_TCK")


class Bot(Connection):
    def __init__(self, stage):
        super().__init__()
        self.stage = stage

    def opened(self):
        self.stage.link = self
        self.send(b'{"time":1,"self_id":10001,"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}')

    def text(self, payload):
        pass


class Client(Connection):
    def __init__(self, stage, address):
        super().__init__(dials=(address, "/"))
        self.stage = stage

    def text(self, payload):
        if b'"number":' in payload:
            self.stage.arrived += 1

    def closed(self, reason):
        self.stage.problems.append(f"a client was closed: {reason}")


class Stage:
    def __init__(self, options):
        self.options = options
        self.link = None
        self.arrived = 0
        self.clients = 0
        self.problems = []
        self.pids = {}

    async def start(self):
        loop = asyncio.get_running_loop()
        self.broker = Broker(self.options.folder)
        self.broker.start()
        bot_port, self.port = free_port(), free_port()
        await loop.create_server(lambda: Bot(self), "127.0.0.1", bot_port)
        bus = ["--bus", "amqp", "--amqp.url", self.broker.url, "--amqp.prefix", "cost"]
        self.programs = []
        for product, flags in (
                ("registry", ["--registry.database", ":memory:"]),
                ("api-gateway", []),
                ("ws-edge", ["--edge.shared_port", str(self.port), f"--bots[0].url=ws://127.0.0.1:{bot_port}/"])):
            health = free_port()
            flags = flags + [f"--{'api' if product == 'api-gateway' else 'health'}.port", str(health)]
            command = [os.path.join(ROOT, self.options.build, product), *bus, *flags]
            program = Program(product, self.options.folder, command, f"http://127.0.0.1:{health}")
            program.start()
            self.programs.append(program)
            self.pids[product] = program.process.pid
        with open(os.path.join(self.broker.folder, "node.pid")) as file:
            self.pids["broker"] = int(file.read())
        for program in self.programs:
            await program.ready()
        while self.link is None:
            await asyncio.sleep(0.05)

    def end(self):
        for program in self.programs:
            program.end()
        self.broker.end()

    async def connect(self, count):
        loop = asyncio.get_running_loop()
        while self.clients < count:
            _, client = await loop.create_connection(
                lambda: Client(self, f"127.0.0.1:{self.port}"), "127.0.0.1", self.port)
            self.clients += 1
            while not client.is_open:
                await asyncio.sleep(0.001)
        await asyncio.sleep(3)

    def cpu(self):
        """Seconds of CPU that each process has taken."""
        taken = {}
        for name, pid in self.pids.items():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            taken[name] = (int(fields[11]) + int(fields[12])) / TICK
        return taken

    def memory(self):
        """MiB that are resident."""
        sizes = {}
        for name, pid in self.pids.items():
            with open(f"/proc/{pid}/status") as file:
                sizes[name] = next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024
        return sizes

    async def all_arrived(self, count):
        deadline = time.monotonic() + 60
        while self.arrived < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.arrived} of {count} arrived; {self.problems[:3]}")
            await asyncio.sleep(0.001)

    def show(self, what, before, after, events, seconds):
        for name in self.pids:
            used = after[name] - before[name]
            each = f"{used / events * 1e6:8.0f} µs an event" if events else ""
            print(f"{what:34} {name:12} {used / seconds * 100:6.1f} % of a CPU {each}")

    async def idle(self):
        before, begin = self.cpu(), time.monotonic()
        await asyncio.sleep(10)
        self.show(f"idle, {self.clients} clients", before, self.cpu(), 0, time.monotonic() - begin)

    async def paced(self, rate, seconds):
        self.arrived = 0
        before, begin = self.cpu(), time.monotonic()
        for number in range(rate * seconds):
            self.link.send(EVENT % number)
            await asyncio.sleep(max(0, begin + (number + 1) / rate - time.monotonic()))
        await self.all_arrived(rate * seconds * self.clients)
        self.show(
            f"{rate} events/s, {self.clients} clients", before, self.cpu(), rate * seconds, time.monotonic() - begin)

    async def flood(self, count):
        self.arrived = 0
        before, begin = self.cpu(), time.monotonic()
        for number in range(count):
            self.link.transport.write(frame(TEXT, EVENT % number, False))
            if number % 64 == 0:
                while self.link.transport.get_write_buffer_size() > 1 << 18:
                    await asyncio.sleep(0.0005)
        await self.all_arrived(count * self.clients)
        taken = time.monotonic() - begin
        print(f"{count} events at once, {self.clients} client(s): {count / taken:.0f} events/s")
        self.show("at that rate", before, self.cpu(), count, taken)

    def show_memory(self):
        sizes = ", ".join(f"{name} {size:.0f}" for name, size in self.memory().items())
        print(f"MiB resident, {self.clients} clients: {sizes}")


async def measure(options):
    stage = Stage(options)
    try:
        await stage.start()
        await asyncio.sleep(3)
        stage.show_memory()
        await stage.connect(1)
        await stage.flood(2_000)  # Warms up.
        await stage.flood(options.events)
        await stage.connect(100)
        await stage.idle()
        await stage.paced(200, 20)
        await stage.connect(1_000)
        stage.show_memory()
        await stage.idle()
        await stage.paced(10, 20)
        stage.show_memory()
    finally:
        stage.end()
    if stage.problems:
        raise SystemExit("; ".join(stage.problems[:3]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=".build/release", help="where the programs are")
    parser.add_argument("--folder", default=os.path.join(ROOT, ".build/cost"), help="where everything is written")
    parser.add_argument("--events", type=int, default=50_000, help="how many are sent at once")
    options = parser.parse_args()
    options.folder = fresh_folder(options.folder)
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
