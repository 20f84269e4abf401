"""The ledger test: a bot, three edges, thirty clients, and everything that may die dies or is cut off, one after another.

Run from the repository after `swift build`; ./test does. Linux only: it finds the holder of the bot's link in /proc. What it writes:
bot.log, client-NN.log, observer.log (see bot.py and clients.py), what the services printed, and schedule.log:

  TIME setting NAME VALUE
  TIME link LINK EDGE                which edge dialled the bot
  TIME begin NUMBER kill|cut WHOM    TIME end NUMBER: it is back, and ready
"""
import argparse
import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from cable import Cable
from journal import Journal

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LEASE = 10
CLAIM_GRACE = 3
ACTION_TIMEOUT = 10


def free_port():
    """Below the ports that the system hands to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Program:
    """A process that can be started again as it was."""

    def __init__(self, name, folder, command, health=None):
        self.name, self.folder, self.command, self.health = name, folder, command, health
        self.process = None

    def start(self):
        with open(os.path.join(self.folder, f"{self.name}.out"), "a") as output:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                # Variables that the tests set for themselves are not settings of a service.
                env={name: value for name, value in os.environ.items() if not name.startswith("PERPETUA_")})

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def end(self, limit=20):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill9()

    async def ready(self, limit=60):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode}: see {self.folder}/{self.name}.out")
            if await asyncio.to_thread(self.is_ready):
                return
            await asyncio.sleep(0.05)
        raise SystemExit(f"{self.name} is not ready after {limit} s: see {self.folder}/{self.name}.out")

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.health + "/health/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def owns(self, port):
        """Whether it has a connection from this local port."""
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        inodes = {f"socket:[{row[9]}]" for row in rows if int(row[1].split(":")[1], 16) == port}
        folder = f"/proc/{self.process.pid}/fd"
        try:
            return any(os.readlink(f"{folder}/{name}") in inodes for name in os.listdir(folder))
        except OSError:
            return False


class Broker:
    """scripts/rabbitmq.sh's node, in the shape of a program."""
    name = "broker"

    def __init__(self, folder):
        self.folder = os.path.join(folder, "rabbitmq")

    def run(self, command):
        script = os.path.join(ROOT, "scripts/rabbitmq.sh")
        return subprocess.run(
            [script, command, self.folder], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def start(self):
        self.url = self.run("start")

    def kill9(self):
        self.run("kill9")

    async def ready(self):
        pass

    def end(self):
        self.run("stop")


def fresh_folder(path):
    """The folder, empty; a node that an interrupted run left there has ended."""
    folder = os.path.abspath(path)
    if os.path.isdir(folder):
        Broker(folder).end()
        shutil.rmtree(folder)
    os.makedirs(folder)
    return folder


class Ledger:
    def __init__(self, options):
        self.options = options
        self.folder = fresh_folder(options.folder)
        self.schedule = Journal(os.path.join(self.folder, "schedule.log"))
        self.running = []
        self.disturbances = 0
        self.links = {}

    def program(self, product, name, flags, health):
        """health: the port that answers; of a program with an API that is its API's port."""
        common = ["--action_timeout", f"{ACTION_TIMEOUT}s"]
        if "--api.port" not in flags:
            common += ["--health.host", "127.0.0.1", "--health.port", str(health)]
        return Program(
            name, self.folder, [os.path.join(ROOT, self.options.build, product), *common, *flags],
            f"http://127.0.0.1:{health}")

    def script(self, name, *arguments):
        return Program(name, self.folder, [sys.executable, os.path.join(HERE, f"{name}.py"), *arguments])

    def start(self, *programs):
        for program in programs:
            self.running.append(program)
            program.start()

    async def set_up(self):
        bot_port, gateway_port = free_port(), free_port()
        self.bot = self.script(
            "bot", "--port", str(bot_port), "--rate", str(self.options.rate),
            "--log", os.path.join(self.folder, "bot.log"))
        self.start(self.bot)
        bot_flag = f"--bots[0].url=ws://127.0.0.1:{bot_port}/"
        if self.options.all_in_one:
            port = free_port()
            edge = self.program(
                "perpetua", "e1", [bot_flag, "--edge.id", "e1", "--edge.shared_port", str(port), "--api.port",
                                   str(gateway_port), "--registry.lease", f"{LEASE}s"], gateway_port)
            self.start(edge)
            self.edges, services, addresses = [edge], [edge], [f"e1=127.0.0.1:{port}"]
        else:
            broker = Broker(self.folder)
            self.start(broker)
            self.broker = broker
            services, addresses = await self.set_up_services(bot_flag, gateway_port)
        for service in services:
            await service.ready()
        for name, value in (("lease", LEASE), ("claim_grace", CLAIM_GRACE), ("action_timeout", ACTION_TIMEOUT)):
            self.schedule.write("setting", name, value)
        self.clients = self.script(
            "clients", "--clients", str(self.options.clients), "--gateway", f"127.0.0.1:{gateway_port}",
            "--logs", self.folder, *[word for address in addresses for word in ("--edge", address)])
        self.start(self.clients)
        self.watching = asyncio.ensure_future(self.watch())

    async def set_up_services(self, bot_flag, gateway_port):
        url = self.broker.url
        broker_port = int(url.rstrip("/").rpartition(":")[2])
        bus = ["--bus", "amqp", "--amqp.prefix", "ledger", "--amqp.url"]
        self.registry = self.program(
            "registry", "registry", [*bus, url, "--registry.lease", f"{LEASE}s"], free_port())
        self.gateway = self.program(
            "api-gateway", "gateway", [*bus, url, "--api.port", str(gateway_port)], gateway_port)
        self.edges, self.cables, addresses = [], {}, []
        for number in range(1, self.options.edges + 1):
            name, cable, port = f"e{number}", Cable(free_port(), broker_port), free_port()
            await cable.start()
            self.cables[name] = cable
            through = url.replace(f":{broker_port}/", f":{cable.port}/")
            self.edges.append(self.program(
                "ws-edge", name,
                [*bus, through, bot_flag, "--edge.id", name, "--edge.shared_port", str(port)], free_port()))
            addresses.append(f"{name}=127.0.0.1:{port}")
        services = [self.registry, *self.edges, self.gateway]
        self.start(*services)
        return services, addresses

    async def watch(self):
        """Notes which edge each of the bot's links belongs to."""
        with open(os.path.join(self.folder, "bot.log")) as log:
            while True:
                line = log.readline()
                if not line:
                    await asyncio.sleep(0.05)
                    continue
                words = line.split()
                if words[1] == "up":
                    edge = next((edge for edge in self.edges if edge.owns(int(words[3]))), None)
                    self.links[words[2]] = edge
                    self.schedule.write("link", words[2], edge.name if edge else "unknown")
                elif words[1] == "down":
                    self.links.pop(words[2], None)
                self.schedule.flush()

    async def edge(self, holds_link):
        """An edge with or without the bot's link; waits until somebody holds it."""
        for _ in range(600):
            holders = [edge for edge in self.links.values() if edge]
            if holders:
                if holds_link:
                    return holders[-1]
                return next(edge for edge in self.edges if edge not in holders)
            await asyncio.sleep(0.1)
        raise SystemExit(f"No edge dialled the bot within 60 s: see {self.folder}")

    def begin(self, kind, whom):
        self.disturbances += 1
        print(f"{time.strftime('%H:%M:%S')} {kind} {whom}", flush=True)
        self.schedule.write("begin", self.disturbances, kind, whom)
        self.schedule.flush()

    async def end(self, settle):
        self.schedule.write("end", self.disturbances)
        self.schedule.flush()
        await asyncio.sleep(settle)

    async def kill(self, program, settle):
        self.begin("kill", program.name)
        await asyncio.to_thread(program.kill9)
        await asyncio.sleep(1)
        await asyncio.to_thread(program.start)
        await program.ready()
        await self.end(settle)

    async def cut(self, edge, seconds, settle):
        self.begin("cut", edge.name)
        self.cables[edge.name].cut()
        await asyncio.sleep(seconds)
        self.cables[edge.name].heal()
        await self.end(settle)

    async def round(self):
        presence = LEASE + 5.5
        await self.kill(await self.edge(holds_link=False), presence)
        await self.kill(await self.edge(holds_link=True), presence)
        await self.kill(self.registry, presence)
        await self.kill(self.gateway, 5)
        await self.kill(self.broker, presence)
        await self.cut(await self.edge(holds_link=False), 2, 5)
        await self.cut(await self.edge(holds_link=True), 2, 5)
        await self.cut(await self.edge(holds_link=False), 20, presence)
        await self.cut(await self.edge(holds_link=True), 20, presence)

    def losses(self):
        """What every program but the clients says that ended without being asked to."""
        dead = [
            program for program in self.running
            if isinstance(program, Program) and program is not self.clients and program.process.poll() is not None]
        for program in dead:
            with open(os.path.join(self.folder, f"{program.name}.out")) as output:
                last = (output.readlines() or ["nothing"])[-1].strip()
            print(f"✘ {program.name} ended by itself with {program.process.returncode}; it said last: {last}")
        return dead

    async def run(self):
        """Returns the programs that ended by themselves."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
        try:
            await self.set_up()
            await asyncio.sleep(5)
            if self.options.all_in_one:
                await asyncio.sleep(self.options.seconds)
            else:
                for _ in range(self.options.rounds):
                    await self.round()
            for program in (self.bot, self.clients):
                program.process.send_signal(signal.SIGUSR1)
            # By then, every action under way has been answered or has failed.
            await asyncio.sleep(ACTION_TIMEOUT + 10)
            self.clients.end()
            return self.losses()
        finally:
            for program in reversed(self.running):
                try:
                    await asyncio.to_thread(program.end)
                except (OSError, subprocess.SubprocessError) as error:
                    print(f"{program.name} could not be ended: {error}", file=sys.stderr)
            self.schedule.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=".build/debug", help="where the programs are")
    parser.add_argument("--folder", default=os.path.join(ROOT, ".build/ledger"), help="where everything is written")
    parser.add_argument("--rate", type=float, default=float(os.environ.get("PERPETUA_LEDGER_RATE", 500)))
    parser.add_argument("--edges", type=int, default=3)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("PERPETUA_LEDGER_ROUNDS", 1)))
    parser.add_argument("--all-in-one", action="store_true", help="one perpetua, and nothing dies")
    parser.add_argument("--seconds", type=float, default=10, help="how long all-in-one runs")
    options = parser.parse_args()
    dead = asyncio.run(Ledger(options).run())
    check = [sys.executable, os.path.join(HERE, "check.py"), os.path.abspath(options.folder)]
    sys.exit(subprocess.run(check).returncode or (1 if dead else 0))


if __name__ == "__main__":
    main()
