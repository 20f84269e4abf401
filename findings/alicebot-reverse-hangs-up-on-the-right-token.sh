#!/usr/bin/env bash
# alicebot 0.11.0 with alicebot-adapter-cqhttp 0.11.0, reverse WebSocket: with `access_token` set it accepts the handshake (101), then looks for the token
# among the headers of its own answer, finds none, and hangs up on everybody, also on who showed the right one. The close code is 1000: to the bot
# that looks like a normal end and not like a refusal. Without `access_token` the connection stays.
#
# Seen: with the right token: closed at once with 1000; without any token: open.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    alicebot==0.11.0 alicebot-adapter-cqhttp==0.11.0 aiohttp==3.14.5

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import json
import logging
import socket
import sys
import time

import aiohttp
import structlog
from alicebot import Bot

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


async def how_it_goes(token):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cqhttp = {"adapter_type": "reverse-ws", "host": "127.0.0.1", "port": port, "url": "/cqhttp/ws", "access_token": token}
    bot = Bot(
        config_file=None, handle_signals=False,
        config_dict={"bot": {"adapters": ["alicebot.adapter.cqhttp"]}, "adapter": {"cqhttp": cqhttp}})
    running = asyncio.create_task(bot.run_async())
    headers = {"X-Self-ID": "10001", "X-Client-Role": "Universal"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            try:
                bots_end = await session.ws_connect(f"http://127.0.0.1:{port}/cqhttp/ws", headers=headers)
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
        lifecycle = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
        await bots_end.send_str(json.dumps({"time": int(time.time()), "self_id": 10001, **lifecycle}))
        try:
            message = await bots_end.receive(timeout=3)
            outcome = f"closed with {bots_end.close_code}" if bots_end.closed else str(message.type)
        except TimeoutError:
            outcome = "open"
        await bots_end.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return outcome


async def main():
    right, none = await how_it_goes("a-token"), await how_it_goes("")
    print(f"alicebot 0.11.0, reverse: with the right token: {right}; without any token: {none}")
    return (right, none) == ("closed with 1000", "open")


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
