#!/usr/bin/env python3
"""A program on the broker: reads a bot's group messages, sends one through the bot, and is a client of Perpetua like any other.

    python amqp_client.py --url amqp://guest:guest@127.0.0.1:5672/ --self-id 10001

It runs until Ctrl-C; with --once it does every step once and exits with 0, or says which step failed and exits with 1.
"""

import argparse
import json
import sys
import time
import uuid

import pika
import pika.exceptions


class Failed(Exception):
    """A step that did not succeed, in words."""


class PerpetuaClient:
    """One connection with one channel, and one queue for all that comes: events, answers, broadcasts, callbacks."""

    def __init__(self, url, prefix="perpetua", timeout=10.0):
        self.prefix, self.timeout = prefix, timeout
        parameters = pika.URLParameters(url)
        parameters.socket_timeout = parameters.blocked_connection_timeout = timeout
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()  # then an unroutable message is an exception, not silence
        self.queue = self.channel.queue_declare("", exclusive=True, arguments={"x-max-length-bytes": 64 << 20}).method.queue
        self.channel.basic_qos(prefetch_count=100)
        self.channel.basic_consume(self.queue, self._received)
        self.answers, self.parts, self.inbox = {}, {}, []
        self.app_id = self.client_token = None
        self.lease, self.renewed_at = None, 0.0

    # What comes in

    def bind(self, exchange, pattern):
        """Exchanges belong to Perpetua: one that is not there means that it never ran on this broker."""
        self.channel.queue_bind(self.queue, f"{self.prefix}.{exchange}", pattern)

    def _received(self, channel, method, properties, body):
        channel.basic_ack(method.delivery_tag)
        message = json.loads(body)
        if method.exchange == "":
            if (properties.headers or {}).get("x-perpetua-part") == "more":
                self.parts.setdefault(properties.correlation_id, []).append(message)
            else:
                self.answers[properties.correlation_id] = message
        else:
            self.inbox.append((method.exchange.removeprefix(self.prefix + "."), message))

    def wait_for(self, what, condition, timeout=None):
        """Works on the connection until `condition` returns something, and returns that. Renews the lease meanwhile."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while (found := condition()) is None:
            if time.monotonic() >= deadline:
                raise Failed(f"{what} did not come within {timeout or self.timeout:.0f} s.")
            self.connection.process_data_events(time_limit=0.1)
            self.renew_if_due()
        return found

    def next_message(self, what, exchange, matches=lambda message: True):
        """The first message of that exchange that matches; what came before it is dropped."""

        def take():
            while self.inbox:
                source, message = self.inbox.pop(0)
                if source == exchange and matches(message):
                    return message
            return None

        return self.wait_for(what, take)

    # What goes out

    def call(self, key, action, params=None, on_part=None):
        """Calls an action and waits for its answer. `key`: a bot's self_id, or `gateway` for Perpetua's own actions.

        `on_part` is given the data of each answer that others follow: some of NapCat's actions (download_file_stream) answer in parts.
        """
        correlation_id = str(uuid.uuid4())
        properties = pika.BasicProperties(
            content_type="application/json",
            reply_to=self.queue,
            correlation_id=correlation_id,
            expiration=str(int(self.timeout * 1000)),
            headers={"client_token": self.client_token} if self.client_token and key == "gateway" else None,
        )
        frame = json.dumps({"action": action, "params": params or {}})
        try:
            self.channel.basic_publish(f"{self.prefix}.actions", str(key), frame, properties, mandatory=True)
        except pika.exceptions.UnroutableError:
            whom = "no gateway runs" if key == "gateway" else f"bot {key} is not connected"
            raise Failed(f"{action} reached nobody: {whom}.") from None
        deadline = time.monotonic() + self.timeout
        while correlation_id not in self.answers:
            for part in self.parts.pop(correlation_id, []):
                deadline = time.monotonic() + self.timeout  # as long again for the next one
                if on_part:
                    on_part(part["data"])
            if time.monotonic() >= deadline:
                raise Failed(f"{action} was not answered within {self.timeout:.0f} s; it may have been carried out.")
            self.connection.process_data_events(time_limit=0.1)
        for part in self.parts.pop(correlation_id, []):
            if on_part:
                on_part(part["data"])
        answer = self.answers.pop(correlation_id)
        if answer["status"] == "failed":
            raise Failed(f"{action}: {answer['retcode']} {answer.get('msg', '')}")
        return answer["data"]

    # Being a client

    def register(self, name=None):
        data = self.call("gateway", "register_client", {"name": name})
        self.app_id, self.client_token = data["app_id"], data["client_token"]
        self.lease, self.renewed_at = data["lease_seconds"], time.monotonic()
        for exchange in ("broadcast", "callback"):
            self.bind(exchange, f"client.{self.app_id}")

    def renew_if_due(self):
        if self.lease is not None and time.monotonic() - self.renewed_at > self.lease / 3:
            self.renew()

    def renew(self):
        self.renewed_at = time.monotonic()
        self.lease = self.call("gateway", "renew_client")["lease_seconds"]

    def call_back(self, broadcast, data):
        """Answers a broadcast. Its uuid is needed: Perpetua does not see what a client on AMQP received."""
        self.call(
            "gateway",
            "send_broadcast_data_callback",
            {"client": broadcast["sender"], "uuid": broadcast["uuid"], "data": data},
        )

    def close(self):
        self.connection.close()


def step(text):
    print(text, flush=True)


def run_once(options):
    """Every step there is, each shown. A second client of our own is the one to talk to, so that nobody else is needed."""
    me = PerpetuaClient(options.url, options.prefix, options.timeout)
    other = PerpetuaClient(options.url, options.prefix, options.timeout)
    me.bind("events", f"{options.self_id}.message.group.#")

    sent = me.call(options.self_id, "send_group_msg", {"group_id": options.group_id, "message": options.message})
    step(f"sent a message through bot {options.self_id}; its answer: {sent}")
    event = me.next_message("A group message", "events", lambda event: event.get("post_type") == "message")
    step(f"a message in group {event['group_id']}: {event.get('raw_message', event['message'])}")

    me.register(options.name)
    step(f"registered as {options.name!r}, app_id {me.app_id}, lease {me.lease} s")
    me.renew()
    step("renewed the lease")
    other.register()
    clients = me.call("gateway", "get_online_clients")
    # One of two shapes, as api.online_clients_shape says.
    clients = clients if isinstance(clients, list) else clients["clients"]
    mine = [client for client in clients if client["app_id"] == me.app_id]
    if not mine or mine[0].get("client_name") != options.name or mine[0]["transport"] != "amqp":
        raise Failed(f"The list of clients does not show us as {options.name!r} on AMQP: {mine}")
    step(f"listed among {len(clients)} client(s)")

    report = other.call(
        "gateway", "send_broadcast_data", {"data": "hello", "clients": [{"client_name": options.name}]}
    )
    if report["targets"] != 1:
        raise Failed(f"The broadcast reached {report['targets']} clients instead of one: {report}")
    broadcast = me.next_message("The broadcast", "broadcast", lambda message: message["uuid"] == report["uuid"])
    step(f"a broadcast from {broadcast['sender']['app_id']}: {broadcast['data']}")
    me.call_back(broadcast, "hello back")
    callback = other.next_message("The callback", "callback", lambda message: message["uuid"] == report["uuid"])
    step(f"called back; the other got {callback['data']!r} from {callback['sender'].get('client_name')!r}")
    me.close()
    other.close()
    step("every step succeeded")


def run_for_ever(options):
    me = PerpetuaClient(options.url, options.prefix, options.timeout)
    me.bind("events", f"{options.self_id}.message.group.#")
    me.register(options.name)
    step(f"registered as {options.name!r}, app_id {me.app_id}; Ctrl-C ends")
    while True:
        me.connection.process_data_events(time_limit=0.5)
        me.renew_if_due()
        for exchange, message in me.inbox:
            step(f"{exchange}: {json.dumps(message, ensure_ascii=False)}")
            if exchange == "broadcast":
                me.call_back(message, "received")
        me.inbox.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="amqp://guest:guest@127.0.0.1:5672/", help="the broker (default: %(default)s)")
    parser.add_argument("--prefix", default="perpetua", help="amqp.prefix of Perpetua (default: %(default)s)")
    parser.add_argument("--self-id", type=int, default=10001, help="the bot's account (default: %(default)s)")
    parser.add_argument("--group-id", type=int, default=30001, help="where to send to (default: %(default)s)")
    parser.add_argument("--message", default="ping", help="what to send (default: %(default)s)")
    parser.add_argument("--name", default="amqp-example", help="our name as a client (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds each step may take (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="do every step once, and exit")
    options = parser.parse_args()
    try:
        run_once(options) if options.once else run_for_ever(options)
    except Failed as failure:
        sys.exit(f"failed: {failure}")
    except pika.exceptions.AMQPConnectionError as error:
        sys.exit(f"failed: the connection to the broker: {error!r}. Is it there, with that user and virtual host?")
    except pika.exceptions.ChannelClosedByBroker as error:
        sys.exit(f"failed: the broker refused: {error.reply_text}. Has Perpetua run on this broker, with that --prefix?")
    except KeyboardInterrupt:
        pass


main()
