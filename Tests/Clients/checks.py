"""What these programs share: where Perpetua is, a deadline, one line per check, and the simulated bot's remote control.

PERPETUA_WS    the shared port, such as ws://127.0.0.1:6700 (the default). Without PERPETUA_HTTP this may also be the simulated
               bot itself: then what only Perpetua promises is not checked.
PERPETUA_HTTP  the HTTP API, such as http://127.0.0.1:8080.
PERPETUA_TOKEN the access token, if there is one.
TARGET_PORT    where a program listens that Perpetua is to reach (reverse WebSocket, HTTP POST), as its settings have it;
TARGET_TOKEN   the access token Perpetua shows there, TARGET_SECRET what it signs with, TARGET_NAME what it is called.
CHOOSES        set where Perpetua's settings choose all there is for this program (`choices` in run.sh).
"""

import asyncio
import json
import os
import sys
import time
import traceback
import urllib.request
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

WS = os.environ.get("PERPETUA_WS", "ws://127.0.0.1:6700").rstrip("/")
HTTP = os.environ.get("PERPETUA_HTTP", "").rstrip("/")
TOKEN = os.environ.get("PERPETUA_TOKEN", "")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
THROUGH_PERPETUA = bool(HTTP)
TARGET_PORT = int(os.environ.get("TARGET_PORT", "0"))
TARGET_TOKEN = os.environ.get("TARGET_TOKEN", "")
TARGET_SECRET = os.environ.get("TARGET_SECRET", "")
TARGET_NAME = os.environ.get("TARGET_NAME", "")
CHOOSES = bool(os.environ.get("CHOOSES"))
DEADLINE = 60


class Failed(Exception):
    """A check that did not hold, in words."""


def passed(what):
    print(f"ok      {what}", flush=True)


def check(holds, what, seen=""):
    if not holds:
        raise Failed(f"{what}; seen: {seen}")
    passed(what)


async def until(what, condition, seconds=15):
    """Waits for a condition (a function, or a coroutine function), and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s in vain until {what}")
        await asyncio.sleep(0.02)


async def within_deadline(program):
    """Runs a coroutine function and returns the exit status."""
    try:
        await asyncio.wait_for(program(), DEADLINE)
        return 0
    except Failed as failure:
        print(f"FAILED  {failure}", file=sys.stderr, flush=True)
    except asyncio.TimeoutError:
        print(f"FAILED  not finished after {DEADLINE} s", file=sys.stderr, flush=True)
    except Exception:
        # An error of the framework's: its server or its tasks must not keep the process alive.
        traceback.print_exc()
    return 1


def run(program):
    """Runs a coroutine function and exits: the last line of a program."""
    sys.exit(asyncio.run(within_deadline(program)))


@asynccontextmanager
async def client(path="/"):
    """A raw WebSocket client."""
    async with connect(WS + path, additional_headers=HEADERS, proxy=None, max_size=None) as socket:
        yield socket


async def receive(socket, what, matches, seconds=10):
    """The text of the next frame whose JSON object satisfies `matches`; others are skipped."""

    async def search():
        while True:
            text = await socket.recv()
            if matches(json.loads(text)):
                return text

    try:
        return await asyncio.wait_for(search(), seconds)
    except asyncio.TimeoutError:
        raise Failed(f"waited {seconds} s in vain for {what}") from None


class Remote:
    """The simulated bot's remote control: an ordinary client that calls the action `simulate`."""

    def __init__(self, socket):
        self.socket = socket
        self.calls = 0

    async def call(self, action, **params):
        self.calls += 1
        echo = f"remote-{self.calls}"
        await self.socket.send(json.dumps({"action": action, "params": params, "echo": echo}))
        text = await receive(self.socket, f"the answer to {action}", lambda frame: frame.get("echo") == echo)
        return json.loads(text)

    async def simulate(self, **params):
        answer = await self.call("simulate", **params)
        if answer["status"] != "ok":
            raise Failed(f"simulate {params} was answered {answer}")
        return answer["data"]

    async def emit_group_message(self, text, self_id, message_id=424242, **others):
        event = {
            "time": int(time.time()),
            "self_id": self_id,
            "post_type": "message",
            "message_type": "group",
            "sub_type": "normal",
            "message_id": message_id,
            "group_id": 30001,
            "user_id": 20001,
            "anonymous": None,
            "message": [{"type": "text", "data": {"text": text}}],
            "raw_message": text,
            "font": 0,
            "sender": {"user_id": 20001, "nickname": "Ada", "card": "", "role": "owner"},
            **others,
        }
        await self.simulate(event=event)
        return event


@asynccontextmanager
async def remote_control():
    """Waits until the door is open: the bot itself may be away for a moment."""

    async def opened():
        try:
            return await connect(WS + "/api", additional_headers=HEADERS, proxy=None)
        except (OSError, InvalidStatus):
            return None

    socket = await until("the remote control is connected", opened)
    async with socket:
        yield Remote(socket)


class CallFailed(Exception):
    """A framework's call that was answered `failed`, or with an HTTP status other than success (then its retcode is that status + 1000)."""

    def __init__(self, retcode):
        super().__init__(f"failed with {retcode}")
        self.retcode = retcode


def over_http(action, **params):
    """Calls an action over HTTP and returns its data: what a program must know before its framework runs."""
    request = urllib.request.Request(
        f"{HTTP}/api/{action}", json.dumps(params).encode(), {"Content-Type": "application/json", **HEADERS}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            answer = json.load(response)
    except (OSError, ValueError) as error:
        raise Failed(f"{HTTP}/api/{action} cannot be had: {error}") from None
    if answer["status"] != "ok":
        raise Failed(f"{action} was answered {answer}")
    return answer["data"]


class Framework:
    """What every framework must be able to do. A program says how its framework calls and receives; the steps are the same for all.

    `call` is a coroutine function that takes an action's name and parameters, returns its data and raises CallFailed.
    `connections` counts how often the framework was connected; by HTTP POST there are none.
    """

    def __init__(self, name, call, connections=None, calls_at_once=100):
        self.name = TARGET_NAME or name
        self.call = call
        self.connections = connections
        self.calls_at_once = calls_at_once
        self.self_id = None
        self.bot_since = 0
        self.texts = []

    def hears(self, text):
        """Records a group message, and returns whether it is to be answered, with `reply`."""
        self.texts.append(text)
        return text.startswith(f"greet {self.name} ")

    def reply(self, text):
        """The simulated bot answers what holds "ping" with "pong": that is how we see the reply arrive."""
        return "ping " + text

    async def does_it_all(self, transport=None, losses={}):
        """Every step. `transport`: how Perpetua lists it, if Perpetua is the one who connects; `losses`: see `comes_back`."""
        if self.connections:
            await until(f"{self.name} is connected", lambda: self.connections() > 0)
            await until("its bot is there", lambda: self.succeeds("get_login_info"))
            self.self_id = (await self.call("get_login_info"))["user_id"]
            passed(f"{self.name} is connected and knows the account {self.self_id}")
        else:
            self.self_id = over_http("get_login_info")["user_id"]
        self.bot_since = time.monotonic()
        if transport and THROUGH_PERPETUA:
            await self.is_listed(transport)
        async with remote_control() as remote:
            await remote.simulate(rate=0, reset=True)
            await self.answers_a_message(remote, "first")
            if CHOOSES:
                await self.gets_what_it_chose(remote)
        await self.calls_actions()
        await self.outlives_its_bot()
        for after, lose in losses.items():
            await self.comes_back(after, lose)

    async def is_listed(self, transport):
        """Perpetua lists the targets it reaches as clients, under the names its settings give them."""

        def entries():
            clients = over_http("get_online_clients")["clients"]
            return [client for client in clients if client.get("client_name") == self.name]

        await until(f"{self.name} is in the list of online clients", entries)
        transports = [entry["transport"] for entry in entries()]
        check(transports == [transport], f"{self.name} is listed once, as {transport}", transports)

    async def answers_a_message(self, remote, word, message_id=424242):
        await remote.emit_group_message(f"greet {self.name} {word}", self.self_id, message_id)
        await self.has_answered(word)

    async def has_answered(self, word):
        greeting = f"greet {self.name} {word}"
        await until(f"{self.name} has the message: {word}", lambda: greeting in self.texts)
        # Only messages after it count: a webhook may still have had a "pong" of an earlier program waiting.
        place = self.texts.index(greeting)
        await until(f"the reply reached the group: {word}", lambda: "pong" in self.texts[place:])
        check(self.texts.count(greeting) == 1, f"{word}: a group message comes once, its reply reaches the group")

    async def gets_what_it_chose(self, remote):
        """With other choices than `choices` in run.sh, a program would get others of these."""
        for text, others in {
            "in a group that is left out": {"group_id": 30009},
            "of a user who is left out": {"user_id": 20008},
            "of the account itself": {"post_type": "message_sent", "user_id": self.self_id},
        }.items():
            await remote.emit_group_message(f"{self.name} {text}", self.self_id, **others)
        await self.answers_a_message(remote, "chosen")
        heard = [text for text in self.texts if text.startswith(f"{self.name} ")]
        check(
            heard == [f"{self.name} of the account itself"],
            "groups and users that are left out stay away, and what the account sends is a message",
            heard,
        )

    async def calls_actions(self):
        groups = await self.call("get_group_list")
        check([group["group_id"] for group in groups] == [30001, 30002], "get_group_list returns the groups", groups)
        text = {"type": "text", "data": {"text": "remember me"}}
        sent = await self.call("send_group_msg", group_id=30001, message=[text])
        message = await self.call("get_msg", message_id=sent["message_id"])
        check(message["message"] == [text], "what was sent can be read again", message)
        answers = []
        for first in range(1, 101, self.calls_at_once):
            numbers = range(first, min(first + self.calls_at_once, 101))
            answers += await asyncio.gather(*(self.call("get_stranger_info", user_id=number) for number in numbers))
        check(
            [answer["user_id"] for answer in answers] == list(range(1, 101)),
            f"100 calls, {self.calls_at_once} at once, get their own answers",
        )
        for action, retcode in {"no_such_action_anywhere": 1404, "send_group_msg": 1400}.items():
            check(await self.fails_with(retcode, action), f"{action} without parameters fails with {retcode}")

    async def fails_with(self, retcode, action, **params):
        try:
            await self.call(action, **params)
        except CallFailed as failure:
            return failure.retcode == retcode
        return False

    async def succeeds(self, action, **params):
        try:
            await self.call(action, **params)
            return True
        except CallFailed:
            return False

    async def outlives_its_bot(self):
        """The bot goes and returns; between Perpetua and the framework nothing is cut."""
        connections = self.connections() if self.connections else 0
        # A bot that is lost again within two seconds each time is dialled after longer and longer pauses.
        await asyncio.sleep(max(0, self.bot_since + 2.5 - time.monotonic()))
        async with remote_control() as remote:
            await remote.simulate(drop=True, away_ms=1500)
        if THROUGH_PERPETUA:
            await until("a call fails with 1503 while the bot is away", lambda: self.fails_with(1503, "get_login_info"))
            passed("while the bot is away a call fails at once with 1503")
            await until("a call works again", lambda: self.succeeds("get_login_info"))
            if self.connections:
                check(self.connections() == connections, "the framework stays connected while its bot reconnects")
        else:
            await until("the framework is connected again", lambda: self.connections() > connections)
        async with remote_control() as remote:
            await self.answers_a_message(remote, "after the bot came back")

    async def comes_back(self, after, lose):
        """`lose` ends the connection from the framework's side. Then it comes back, whichever side connects."""
        connections = self.connections()
        await lose()
        await until(f"{self.name} is connected again after {after}", lambda: self.connections() > connections)
        await until("a call works again", lambda: self.succeeds("get_login_info"))
        async with remote_control() as remote:
            await self.answers_a_message(remote, f"after {after}")

    async def gets_what_came_while_away(self, stop, start):
        """By HTTP POST an event waits for a receiver that cannot be reached."""
        await stop()
        word = "while nobody listened"
        async with remote_control() as remote:
            await remote.emit_group_message(f"greet {self.name} {word}", self.self_id)
        await start()
        await self.has_answered(word)


def end(status):
    """Ends the process at once: most frameworks have no way to end with a status of ours."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
