"""What both proofs share: a client that keeps what it hears, calls over HTTP, an edge's process to kill."""

import asyncio
import json
import subprocess
import time
import urllib.parse
import urllib.request

import checks
from checks import HEADERS, HTTP, Failed, check, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

checks.DEADLINE = 240


class Client:
    """One program: everything it receives is kept, in order."""

    def __init__(self, socket):
        self.socket = socket
        self.frames = []
        self.closed = False
        self.calls = 0
        self.reading = asyncio.create_task(self.read())

    @classmethod
    async def join(cls, url):
        client = cls(await connect(url, additional_headers=HEADERS, proxy=None, max_size=None))
        hello = await client.hears("the lifecycle event", lambda frame: frame.get("sub_type") == "connect")
        client.app_id, client.token = hello["client"]["app_id"], hello["client"]["client_token"]
        return client

    async def read(self):
        try:
            async for text in self.socket:
                self.frames.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.closed = True

    async def hears(self, what, matches, seconds=15):
        return await until(what, lambda: next((frame for frame in self.frames if matches(frame)), None), seconds)

    async def call(self, action, **params):
        self.calls += 1
        await self.socket.send(json.dumps({"action": action, "params": params, "echo": self.calls}))
        answer = await self.hears(f"the answer to {action}", lambda frame: frame.get("echo") == self.calls)
        if answer["status"] != "ok":
            raise Failed(f"{action} was answered {answer}")
        return answer["data"]

    def messages(self):
        """The texts of the bot's messages, in the order of their arrival."""
        return [frame["message_id"] for frame in self.frames if frame.get("post_type") == "message"]


async def http(action, **query):
    """What the gateway answers in `data`."""

    def ask():
        url = f"{HTTP}/api/{action}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers=HEADERS)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    answer = await asyncio.to_thread(ask)
    if answer["status"] != "ok":
        raise Failed(f"{action} {query} was answered {answer}")
    return answer["data"]


async def attempt(asking):
    """What a coroutine returns, `None` where it fails: for what comes up in a moment."""
    try:
        return await asking
    except (OSError, Failed):
        return None


async def the_bot_is_there():
    await until("the bot is there", lambda: attempt(http("get_status")), 30)


async def online():
    return (await http("get_online_clients"))["clients"]


async def everybody_talks(clients):
    """Each has a name; one broadcasts, everybody else hears it and calls back."""
    for number, client in enumerate(clients, 1):
        await client.call("set_client_name", name=f"client {number}")
    names = sorted(client.get("client_name", "") for client in await online())
    check(all(f"client {n}" in names for n in range(1, len(clients) + 1)), "all names are in the online list", names)
    sender, others = clients[0], clients[1:]
    sent = await sender.call("send_broadcast_data", data="hello from an edge")
    check(sent["targets"] == len(others) and not sent["offline"], f"a broadcast to {len(others)} others", sent)
    for client in others:
        event = await client.hears(
            "the broadcast", lambda frame: frame.get("uuid") == sent["uuid"] and frame["distributed_type"] == "broadcast"
        )
        await client.call("send_broadcast_data_callback", client=event["client"], data="hello", uuid=event["uuid"])

    def callers():
        return {
            frame["client"]["app_id"]
            for frame in sender.frames
            if frame.get("distributed_type") == "broadcast_callback" and frame["uuid"] == sent["uuid"]
        }

    await until("every callback came", lambda: len(callers()) == len(others))
    check(callers() == {client.app_id for client in others}, f"{len(others)} callbacks came back to the sender")


async def events_flow(clients, what):
    """Everybody gets the bot's next five messages, the same ones in the same order."""
    marks = [len(client.messages()) for client in clients]
    await until(
        "everybody has five more messages",
        lambda: all(len(client.messages()) >= mark + 5 for client, mark in zip(clients, marks)),
        40,
    )
    check(all(len(set(client.messages())) == len(client.messages()) for client in clients), f"{what}: no event twice")
    last = [client.messages() for client in clients]
    common = set.intersection(*(set(messages) for messages in last))
    orders = {tuple(message for message in messages if message in common) for messages in last}
    check(len(orders) == 1 and len(common) >= 3, f"{what}: {len(common)} events in common, in one order", orders)


def docker(*words):
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


async def an_edge_dies(container, victims, others):
    """kill -9 from outside, as the kernel does where memory runs out: the restart policy brings it back."""
    begin = time.monotonic()
    subprocess.run(["kill", "-9", docker("inspect", "-f", "{{.State.Pid}}", container)], check=True)
    await until("its clients' connections ended", lambda: all(client.closed for client in victims))
    gone = {client.app_id for client in victims}
    for client in others:
        for app_id in gone:
            await client.hears(
                "client_status offline",
                lambda frame: frame.get("notice_type") == "client_status"
                and frame["client"]["app_id"] == app_id
                and not frame["online"],
                30,
            )
    check(True, f"{container} killed: the others heard that {len(gone)} went offline, {time.monotonic() - begin:.0f} s later")
    left = {client["app_id"] for client in await online()}
    check(not left & gone, "they are in the online list no more", left)
    await until(
        "the container is healthy again",
        lambda: docker("inspect", "-f", "{{.State.Health.Status}} {{.RestartCount}}", container) == "healthy 1",
        60,
    )
    check(True, f"{container} came back by itself, healthy")
