"""Programs that a run starts, and surely ends; among them a perpetua with its settings."""
import asyncio
import os
import random
import signal
import socket
import urllib.request

TOKEN = "a-token"


given = set()


def free_port():
    """A port below those that the system gives to outgoing connections, so that nobody takes it in between. No port is given
    twice: trials run side by side, and a program that is to be dialled may listen late."""
    while True:
        port = random.randrange(20000, 32000)
        if port in given:
            continue
        given.add(port)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


async def until(condition, seconds, pause=0.05):
    """The condition's value as soon as it holds, else its last one."""
    end = asyncio.get_running_loop().time() + seconds
    while not (value := condition()) and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(pause)
    return value


class Program:
    """A process group with a log of its own. It gets nothing of our environment except what is given."""

    def __init__(self, command, folder, environment, log):
        self.command, self.folder, self.log, self.process = command, folder, log, None
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", **environment}

    async def start(self):
        with open(self.log, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=self.folder, env=self.environment, start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def status(self):
        """Its exit status once it has ended."""
        return self.process.returncode

    def kill(self):
        """Kills it at once: a run that is interrupted waits for nothing more."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    async def restart(self):
        self.kill()
        await self.process.wait()
        await self.start()


class Perpetua(Program):
    def __init__(self, binary, folder, bot_port, settings):
        """settings: further lines of perpetua.yaml."""
        self.shared_port, self.api_port = free_port(), free_port()
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "perpetua.yaml"), "w") as file:
            file.write("\n".join([
                f"bots: [{{url: 'ws://127.0.0.1:{bot_port}/'}}]",
                f"edge.shared_port: {self.shared_port}",
                f"api.port: {self.api_port}",
                "log.level: info",
                *settings,
            ]) + "\n")
        super().__init__([binary], folder, {}, os.path.join(folder, "perpetua.log"))

    @property
    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.shared_port)) == 0

    @property
    def losses(self):
        """How many connections of clients and of frameworks have ended so far."""
        with open(self.log, errors="replace") as log:
            text = log.read()
        said = (" Client disconnected. ", " The connection to a framework ended", " A framework hung up soon after it was reached")
        return sum(map(text.count, said))

    async def start(self):
        await super().start()
        if not await until(lambda: self.status is not None or self.listens, 20, 0.01) or self.status is not None:
            raise SystemExit(f"perpetua does not listen: see {self.log}")

    async def knows_its_bot(self):
        """Returns once an action over HTTP reaches the bot."""
        def login():
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.api_port}/get_login_info", headers={"Authorization": f"Bearer {TOKEN}"})
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
                    return True
            except OSError:
                return False
        for _ in range(100):
            if await asyncio.to_thread(login):
                return
            await asyncio.sleep(0.1)
        raise SystemExit(f"perpetua does not reach its bot: see {self.log}")
