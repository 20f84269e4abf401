"""One package at one door: its application runs against a perpetua and a scripted bot, and what happens is written down.

A trial judges nothing; what its members mean is said where the page is made of them (page.py).
"""
import asyncio
import json
import os
import re
import signal
import time

from bot import Bot, Connection
from perpetua import TOKEN, Perpetua, Program, free_port, until

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "a-secret"
MIB = 1 << 20
SIZES = (1, 4, 12)
OWN = ("client_status", "distributed", "event_gap")
PATIENCE = 60
LEVELS = {"error": re.compile(r"error|critical|traceback|exception|错误|\[ERR", re.I), "warning": re.compile(r"warn|警告", re.I)}


class Other(Connection):
    """A second client, which the first one sees come, broadcast something, and go."""

    def __init__(self, port):
        super().__init__((f"127.0.0.1:{port}", f"/?access_token={TOKEN}"))

    def text(self, payload):
        pass

    def broadcast(self):
        self.send(json.dumps({"action": "send_broadcast_data", "params": {"data": "to all"}}).encode())


class Trial:
    def __init__(self, package, door, binary, python, folder):
        self.package, self.door, self.folder = package, door, folder
        self.binary, self.python = binary, python
        self.target_port, self.spare_port = package.port or free_port(), free_port()
        self.number = 0
        self.read_to, self.lines = 0, []

    async def run(self, is_short):
        loop = asyncio.get_running_loop()
        self.bot, bot_port = Bot(self.package.event, self.package.call), free_port()
        await self.bot.listen(bot_port)
        self.perpetua = Perpetua(self.binary, os.path.join(self.folder, "perpetua"), bot_port, self.settings())
        self.app = Program(
            [self.python, "-B", os.path.join(HERE, "apps", f"{self.package.app}_app.py")],
            os.path.join(self.folder, "app"), self.environment(), os.path.join(self.folder, "app.log"))
        os.makedirs(self.app.folder, exist_ok=True)
        try:
            await self.perpetua.start()
            await self.perpetua.knows_its_bot()
            await self.app.start()
            return await (self.over_http() if self.door == "http" else self.measure(loop, is_short))
        finally:
            self.app.kill()
            self.perpetua.kill()
            self.bot.close()

    def settings(self):
        """What stands in perpetua.yaml for this package."""
        # Anything the package says within a second of an event is attributed to that event.
        settings = ["client_status_delay: 0s", *self.package.settings]
        if not self.package.is_open:
            settings.append(f"access_token: {TOKEN}")
        if self.door in ("reverse", "webhook"):
            settings.append(self.package.entry(self.door, self.target_port, TOKEN, SECRET))
        return settings

    def environment(self):
        """What apps/seen.py reads."""
        perpetua = self.perpetua
        return {
            "PERPETUA_WS": f"ws://127.0.0.1:{perpetua.shared_port}/{self.package.query}",
            "PERPETUA_HTTP": f"http://127.0.0.1:{perpetua.api_port}",
            "PERPETUA_TOKEN": TOKEN, "TARGET_PORT": str(self.target_port), "TARGET_SECRET": SECRET,
            "SPARE_PORT": str(self.spare_port), "DOOR": self.door, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1",
        }

    async def measure(self, loop, is_short):
        seen = {"replies": await self.replies(PATIENCE) is not None}
        if not seen["replies"]:
            return seen
        seen["login"] = (await self.asks("answer")).get("login") is not None
        seen["refused"] = self.failure(await self.asks("refuse"))
        seen["away"] = self.failure(await self.asks("drop"))
        seen["back"] = await self.replies(20) is not None
        seen["own"] = await self.own(loop)
        if not is_short:
            seen["largest"], seen["after_larger"] = await self.sizes()
            seen["killed"] = await self.restart(signal.SIGKILL)
            seen["stopped"] = await self.restart(signal.SIGTERM)
        return seen

    async def over_http(self):
        """There are no events: the application says "hello" and asks by itself, as soon as it runs."""
        replies = await until(lambda: self.bot.replied("hello http"), 20)
        seen = {"replies": bool(replies)}
        self.bot.manner = "refuse"
        self.tells()
        await self.app.restart()
        await until(lambda: self.told("failed", keep=True), 20)
        seen["refused"] = self.failure(self.told("failed") or {})
        return seen

    async def replies(self, seconds):
        """How long it takes until a greeting is answered; None: it is not, in so many seconds, or the application ended."""
        begin = time.monotonic()
        mine = []
        while time.monotonic() - begin < seconds and self.app.status is None:
            self.number += 1
            mine.append(f"hello {self.number}.")
            self.bot.says(f"greet {self.number}.")
            if await until(lambda: any(self.bot.replied(text) for text in mine), 0.5):
                return round(time.monotonic() - begin, 1)
        return None

    async def asks(self, manner):
        """What the application tells of its get_login_info, which the bot treats like this."""
        self.tells()
        self.bot.manner = manner
        self.number += 1
        self.bot.says(f"ask {self.number}.")
        await until(lambda: self.told("login", "failed", "untried", keep=True), 15)
        self.bot.manner = "answer"
        return self.told("login", "failed", "untried") or {}

    @staticmethod
    def failure(told):
        """How the application learnt that a call failed, and whether it learnt why."""
        if "login" in told:
            return {"how": "succeeds"}
        if "failed" not in told:
            return {"how": "untried" if told else "silent"}
        readable = bool(re.search(r"no such action|\b1?(404|503)\b", told["text"]))
        return {"how": "returned" if told["failed"] == "returned" else "raised", "what": told["failed"], "readable": readable}

    async def own(self, loop):
        """What each of Perpetua's own events makes it do: seen by the application, complained of in its log."""
        other = Other(self.perpetua.shared_port)
        steps = (
            lambda: loop.create_connection(lambda: other, "127.0.0.1", self.perpetua.shared_port),
            lambda: asyncio.sleep(0, other.broadcast()),
            lambda: asyncio.sleep(0, self.bot.says_what_cannot_be_read()),
        )
        seen = {}
        # Lets the package finish with earlier messages first.
        await asyncio.sleep(1)
        for name, step in zip(OWN, steps):
            self.tells()
            self.lines = []
            await step()
            await asyncio.sleep(1)
            passed = any(name in told.get("event", "") for told in self.tells())
            seen[name] = {"passed": passed, "level": self.level(), "alive": self.app.status is None}
        other.transport.abort()
        return seen

    def level(self):
        return next((name for name, words in LEVELS.items() if any(words.search(line) for line in self.lines)), "")

    async def sizes(self):
        """The largest event that is answered, in MiB, and what becomes of the application with a larger one."""
        largest = 0
        for size in SIZES:
            self.number += 1
            text, losses = f"hello {self.number}.", self.perpetua.losses
            self.bot.says(f"greet {self.number}.", size * MIB - 1024)
            # A slow package answers in order: once a later message is answered, this one has been answered, or never
            # will be.
            after = await self.aftermath()
            if not await until(lambda: self.bot.replied(text), 1):
                return largest, {**after, "closes": self.perpetua.losses > losses}
            largest = size
        return largest, None

    async def restart(self, how):
        """Perpetua ends by this signal and is started a second later."""
        os.killpg(self.perpetua.process.pid, how)
        await self.perpetua.process.wait()
        await asyncio.sleep(1)
        await self.perpetua.start()
        return await self.aftermath()

    async def aftermath(self):
        """Seconds until it answers again by itself; else it ended with a status, or stays silent, and is started anew."""
        seconds = await self.replies(PATIENCE)
        if seconds is not None:
            return {"seconds": seconds}
        ended = self.app.status
        await self.app.restart()
        again = await self.replies(PATIENCE) is not None
        return {"ended": ended, "again": again} if ended is not None else {"silent": PATIENCE, "again": again}

    def tells(self):
        """What the application told since it was last asked; its other lines are kept in `lines`."""
        with open(self.app.log, "rb") as log:
            log.seek(self.read_to)
            whole, end, _ = log.read().rpartition(b"\n")
        self.read_to += len(whole) + len(end)
        told = []
        for line in whole.decode(errors="replace").splitlines():
            if line.startswith("@{"):
                told.append(json.loads(line[1:]))
            else:
                self.lines.append(line)
        return told

    def told(self, *members, keep=False):
        """The first thing told with one of these members."""
        before = self.read_to
        found = next((told for told in self.tells() if any(member in told for member in members)), None)
        if keep:
            self.read_to = before
        return found
