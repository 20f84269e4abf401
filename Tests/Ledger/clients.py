"""The ledger's clients: each writes down what it got, asked and was answered, and nothing of what it thinks about it.

One file per client, client-NN.log; a client whose connection ends comes back to the same edge as a new session:
  TIME open SESSION EDGE APP_ID    registered: the lifecycle event came
  TIME events FIRST LAST           these came, each once, in order, with nothing between
  TIME gap MISSED                  an event_gap came (`null`: the number is not known)
  TIME call ID ACTION WHAT         asked: send_group_msg, or set_client_name and the name
  TIME answer ID RETCODE
  TIME status APP_ID online|offline
  TIME closed SESSION REASON
  TIME stop                        the run is over
observer.log is of one who asks by HTTP:
  TIME list RETCODE APP_ID…        GET /api/get_online_clients
  TIME call ID ACTION WHAT, TIME answer ID RETCODE; RETCODE `broken`: the connection ended without an answer
"""
import argparse
import asyncio
import json
import os
import signal

from journal import Journal
from websocket import Connection

NUMBER = b'"number":'

# Set by SIGUSR1: from then on nobody asks, so that every answer can come before the end.
quiet = asyncio.Event()


class Session(Connection):
    def __init__(self, client, address, target):
        super().__init__(dials=(address, target))
        self.client = client
        self.ended = asyncio.get_running_loop().create_future()
        self.is_registered = False

    def text(self, payload):
        at = payload.find(NUMBER)
        if at >= 0:
            at += len(NUMBER)
            self.client.journal.event(int(payload[at:payload.index(b",", at)]))
            return
        message = json.loads(payload)
        journal = self.client.journal
        if "echo" in message:
            journal.write("answer", message["echo"], message["retcode"])
        elif message.get("meta_event_type") == "lifecycle":
            journal.write("open", self.client.session, self.client.edge, message["client"]["app_id"])
            self.is_registered = True
        elif message.get("notice_type") == "event_gap":
            journal.write("gap", json.dumps(message["missed"]))
        elif message.get("notice_type") == "client_status":
            journal.write("status", message["client"]["app_id"], "online" if message["online"] else "offline")

    def closed(self, reason):
        self.client.journal.write("closed", self.client.session, reason)
        if not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, error):
        super().connection_lost(error)
        if not self.ended.done():
            self.ended.set_result(None)


class Client:
    def __init__(self, number, edge, address, target, folder):
        self.number, self.edge, self.address, self.target = number, edge, address, target
        self.journal = Journal(os.path.join(folder, f"client-{number:02}.log"))
        self.session = 0
        self.calls = 0

    async def run(self):
        host, port = self.address.split(":")
        loop = asyncio.get_running_loop()
        while True:
            self.session += 1
            session = Session(self, self.address, self.target)
            try:
                await asyncio.wait_for(loop.create_connection(lambda: session, host, int(port)), 5)
                asking = asyncio.ensure_future(self.ask(session))
                await session.ended
                asking.cancel()
            except (OSError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.2)

    async def ask(self, session):
        """An action now and then; every third client also wants a name that the neighbour on another edge wants too."""
        while True:
            await asyncio.sleep(1 + self.number % 10 / 10)
            if quiet.is_set():
                return
            if not session.is_registered:
                continue
            self.calls += 1
            identity = f"c{self.number}-{self.calls}"
            if self.number % 3 == 0 and self.calls % 3 == 0:
                action, what, params = "set_client_name", f"own-{self.number}", {"name": f"own-{self.number}"}
            elif self.calls % 3 == 1:
                name = f"shared-{self.calls % 5}"
                action, what, params = "set_client_name", name, {"name": name}
            else:
                action, what, params = "send_group_msg", "-", {"group_id": 20002, "message": identity}
            self.journal.write("call", identity, action, what)
            session.send(json.dumps({"action": action, "params": params, "echo": identity}).encode())


class Observer:
    def __init__(self, address, folder):
        self.address = address
        self.journal = Journal(os.path.join(folder, "observer.log"))
        self.calls = 0

    async def run(self):
        await asyncio.gather(self.look(), self.ask())

    async def look(self):
        while True:
            answer = await self.request("GET", "/api/get_online_clients")
            if answer is None:
                self.journal.write("list", "broken")
            else:
                clients = (answer.get("data") or {}).get("clients") or []
                self.journal.write("list", answer["retcode"], *[client["app_id"] for client in clients])
            await asyncio.sleep(0.5)

    async def ask(self):
        while not quiet.is_set():
            self.calls += 1
            identity = f"h-{self.calls}"
            self.journal.write("call", identity, "send_group_msg", "-")
            body = json.dumps({"group_id": 20002, "message": identity})
            answer = await self.request("POST", "/api/send_group_msg", body)
            self.journal.write("answer", identity, "broken" if answer is None else answer["retcode"])
            await asyncio.sleep(0.5)

    async def request(self, method, target, body=""):
        """The answer, or None where none came."""
        host, port = self.address.split(":")
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 5)
        except (OSError, asyncio.TimeoutError):
            return None
        try:
            writer.write(
                f"{method} {target} HTTP/1.1\r\nHost: {self.address}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = await asyncio.wait_for(reader.read(-1), 90)
            return json.loads(answer.partition(b"\r\n\r\n")[2])
        except (OSError, asyncio.TimeoutError, ValueError):
            return None
        finally:
            writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edge", action="append", required=True, help="ID=HOST:PORT, several times")
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--gateway", required=True, help="HOST:PORT")
    parser.add_argument("--logs", required=True, help="a folder")
    options = parser.parse_args()
    edges = [text.split("=") for text in options.edge]
    clients = [
        Client(number, *edges[number % len(edges)], "/", options.logs) for number in range(options.clients)]
    observer = Observer(options.gateway, options.logs)
    everybody = clients + [observer]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, quiet.set)
    tasks = [asyncio.ensure_future(each.run()) for each in everybody]
    while not stop.is_set():
        for each in everybody:
            each.journal.flush()
        try:
            await asyncio.wait_for(stop.wait(), 0.3)
        except asyncio.TimeoutError:
            pass
    for each in everybody:
        each.journal.write("stop")
        each.journal.flush()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
