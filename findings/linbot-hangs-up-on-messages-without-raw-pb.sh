#!/usr/bin/env bash
# linbot 0.0.2: its message events require `raw_pb`, the undecoded packet that LLBot adds in debug mode and no standard has, beside `message_seq`,
# `message_format` and `group_name`. A group message without it is not skipped: the connection ends, and with it all that was on its way, at every message.
#
# Seen: without raw_pb the connection is closed, with an empty raw_pb it stays open.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check linbot==0.0.2

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import os
import socket
import sys

import aiohttp
import Linbot

sys.path.insert(0, os.path.join(os.path.dirname(Linbot.__file__), "main"))
from wsclient import WebSocketServer  # noqa: E402

MESSAGE = {
    "time": 1700000000, "self_id": 10001, "post_type": "message", "message_type": "group", "sub_type": "normal", "message_id": 1, "message_seq": 1,
    "group_id": 30001, "group_name": "Group", "user_id": 20001, "message": [{"type": "text", "data": {"text": "hi"}}], "message_format": "array",
    "raw_message": "hi", "font": 14, "sender": {"user_id": 20001, "nickname": "Ada", "card": "", "role": "owner"}}


async def stays_open(session, url, message):
    for _ in range(100):
        try:
            connection = await session.ws_connect(url)
            break
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    async with connection:
        await connection.send_json(message)
        try:
            return (await asyncio.wait_for(connection.receive(), 3)).type is aiohttp.WSMsgType.TEXT
        except asyncio.TimeoutError:
            return True


async def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = asyncio.create_task(WebSocketServer(os.getcwd()).start_server("127.0.0.1", port))
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/onebot/v11/ws"
        without, with_it = await stays_open(session, url, MESSAGE), await stays_open(session, url, {**MESSAGE, "raw_pb": ""})
    serving.cancel()
    words = {True: "stays open", False: "is closed"}
    print(f"linbot 0.0.2: without raw_pb the connection {words[without]}, with an empty raw_pb it {words[with_it]}")
    return (without, with_it) == (False, True)


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
