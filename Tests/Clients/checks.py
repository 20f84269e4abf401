"""What these programs share: where Perpetua is, a deadline, one line per check, and the simulated bot's remote control.

PERPETUA_WS    the shared port, such as ws://127.0.0.1:6700 (the default). Without PERPETUA_HTTP this may also be the simulated
               bot itself: then what only Perpetua promises is not checked.
PERPETUA_HTTP  the HTTP API, such as http://127.0.0.1:8080.
PERPETUA_TOKEN the access token, if there is one.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

WS = os.environ.get("PERPETUA_WS", "ws://127.0.0.1:6700").rstrip("/")
HTTP = os.environ.get("PERPETUA_HTTP", "").rstrip("/")
TOKEN = os.environ.get("PERPETUA_TOKEN", "")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
THROUGH_PERPETUA = bool(HTTP)
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

    async def emit_group_message(self, text, self_id, message_id=424242):
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
