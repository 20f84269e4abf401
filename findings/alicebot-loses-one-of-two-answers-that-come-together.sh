#!/usr/bin/env bash
# alicebot 0.11.0 with alicebot-adapter-cqhttp 0.11.0: it matches answers by `echo`, but keeps only the newest one. Where two answers come in one piece
# of the TCP stream, the first is gone before the call that waits for it wakes up: that call ends in ApiTimeout, although the bot answered at once.
# The order makes no difference; answers that come apart reach both.
#
# Seen: answers together: 1 of 2 calls answered; half a second apart: 2 of 2.
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
import sys
import time

import structlog
from aiohttp import WSMsgType, web
from alicebot import Bot
from alicebot.adapter.cqhttp.exceptions import ApiTimeout

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def text_frame(text):
    """A server's frame of less than 64 KiB (RFC 6455 §5.2)."""
    data = text.encode()
    return bytes([0x81]) + (bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")) + data


async def calls_answered(pause):
    """Two calls at once; the server answers when it has both: in one piece, or with a pause between them."""
    connected = asyncio.Event()

    async def serve(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        lifecycle = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
        await socket.send_str(json.dumps({"time": int(time.time()), "self_id": 10001, **lifecycle}))
        connected.set()
        answers = []
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            call = json.loads(message.data)
            answers.append(text_frame(json.dumps({"status": "ok", "retcode": 0, "data": {}, "echo": call["echo"]})))
            if len(answers) == 2 and pause:
                request.transport.write(answers[0])
                await asyncio.sleep(pause)
                request.transport.write(answers[1])
            elif len(answers) == 2:
                request.transport.write(answers[0] + answers[1])
        return socket

    application = web.Application()
    application.router.add_get("/", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    cqhttp = {"adapter_type": "ws", "host": "127.0.0.1", "port": port, "url": "/", "api_timeout": 3}
    bot = Bot(
        config_file=None, handle_signals=False,
        config_dict={"bot": {"adapters": ["alicebot.adapter.cqhttp"]}, "adapter": {"cqhttp": cqhttp}})
    running = asyncio.create_task(bot.run_async())
    await asyncio.wait_for(connected.wait(), 20)
    await asyncio.sleep(1)
    adapter = bot.get_adapter("cqhttp")
    results = await asyncio.gather(
        adapter.call_api("can_send_image"), adapter.call_api("can_send_record"), return_exceptions=True)
    unexpected = [result for result in results if isinstance(result, Exception) and not isinstance(result, ApiTimeout)]
    if unexpected:
        raise unexpected[0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()
    return sum(not isinstance(result, ApiTimeout) for result in results)


async def main():
    together, apart = await calls_answered(0), await calls_answered(0.5)
    print(f"alicebot 0.11.0: answers together: {together} of 2 calls answered; half a second apart: {apart} of 2")
    return (together, apart) == (1, 2)


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
