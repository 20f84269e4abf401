"""The ledger's bot: a OneBot 11 WebSocket server that edges dial. It numbers its events without a hole, whether anybody is connected
or not, sends each to every link it has, and writes down what it sent and which actions it carried out.

  TIME up LINK PORT           a link began; PORT is the dialler's end of it
  TIME down LINK REASON
  TIME sent FIRST LAST LINKS  events written to these links (a comma-separated list, `-`: there was none)
  TIME action ID LINK         an action carried out
  TIME end LAST               no event follows
"""
import argparse
import asyncio
import json
import signal
import time

from journal import Journal
from websocket import Connection

TICK = 0.01
STANDARD = {
    "get_login_info": {"user_id": 10001, "nickname": "ledger"},
    "get_status": {"online": True, "good": True},
    "get_version_info": {"app_name": "ledger", "app_version": "1", "protocol_version": "v11"},
}


class Link(Connection):
    def __init__(self, bot):
        super().__init__()
        self.bot = bot

    def opened(self):
        self.bot.count += 1
        self.number = self.bot.count
        self.bot.journal.write("up", self.number, self.transport.get_extra_info("peername")[1])
        self.bot.journal.flush()
        self.send(json.dumps({
            "time": int(time.time()), "self_id": 10001, "post_type": "meta_event", "meta_event_type": "lifecycle",
            "sub_type": "connect"}).encode())
        self.bot.links[self.number] = self

    def closed(self, reason):
        self.bot.links.pop(self.number, None)
        self.bot.journal.write("down", self.number, reason)
        self.bot.journal.flush()

    def text(self, payload):
        action = json.loads(payload)
        name, params = action["action"], action.get("params") or {}
        data = STANDARD.get(name)
        if data is None:
            identity = params["message"]
            self.bot.journal.write("action", identity, self.number)
            data = {"message_id": 1}
        answer = {"status": "ok", "retcode": 0, "data": data}
        if "echo" in action:
            answer["echo"] = action["echo"]
        # Some answers take a while, so that a disturbance finds actions under way.
        wait = 0.3 if params.get("message", "").endswith("0") else 0
        self.bot.loop.call_later(wait, self.send, json.dumps(answer).encode())


class Bot:
    def __init__(self, options):
        self.loop = asyncio.get_running_loop()
        self.journal = Journal(options.log)
        self.rate = options.rate
        self.links = {}
        self.count = 0
        self.number = 0
        self.is_quiet = False

    def event(self, number):
        return (
            b'{"time":%d,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","number":%d,'
            b'"message_id":%d,"group_id":20002,"user_id":30003,"anonymous":null,"message":"event %d of the ledger",'
            b'"raw_message":"event %d of the ledger","font":0,"sender":{"user_id":30003,"nickname":"n","role":"member"}}'
            % (int(time.time()), number, number, number, number))

    async def emit(self):
        """Keeps to the rate over time: what one tick misses the next makes up for."""
        begin, base = time.monotonic(), self.number
        while True:
            await asyncio.sleep(TICK)
            if self.is_quiet:
                return
            due = base + int((time.monotonic() - begin) * self.rate)
            if due - self.number > self.rate:  # The machine stood still; this must not end in a flood.
                begin, base = time.monotonic(), self.number
                continue
            if due <= self.number:
                continue
            numbers, links = range(self.number + 1, due + 1), list(self.links.values())
            for link in links:
                for number in numbers:
                    link.send(self.event(number))
            self.number = due
            names = ",".join(str(link.number) for link in links) or "-"
            self.journal.write("sent", numbers[0], numbers[-1], names)

    async def run(self, options):
        server = await self.loop.create_server(lambda: Link(self), "127.0.0.1", options.port)
        stop = asyncio.Event()
        self.loop.add_signal_handler(signal.SIGUSR1, self.quiet)
        self.loop.add_signal_handler(signal.SIGTERM, stop.set)
        asyncio.ensure_future(self.emit())
        while not stop.is_set():
            self.journal.flush()
            try:
                await asyncio.wait_for(stop.wait(), 0.2)
            except asyncio.TimeoutError:
                pass
        self.quiet()
        self.journal.flush()
        server.close()

    def quiet(self):
        if not self.is_quiet:
            self.is_quiet = True
            self.journal.write("end", self.number)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=500, help="events a second")
    parser.add_argument("--log", required=True)
    options = parser.parse_args()
    await Bot(options).run(options)


if __name__ == "__main__":
    asyncio.run(main())
