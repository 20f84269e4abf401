import asyncio
import json
import os
import sys
import uuid

import aiohttp

from seen import DOOR, PORT, SPARE_PORT, TOKEN, WS, asks, greeting, raised, told

KEY = "hermes-key-0123456789abcdef"
CONFIG = {
    "onebot_mode": DOOR, "onebot_forward_ws_url": WS, "onebot_reverse_ws_port": PORT, "onebot_ws_token": TOKEN,
    "hermes_ws_port": SPARE_PORT, "hermes_ws_token": KEY, "group_require_mention": False, "reaction_emoji_enabled": False,
    "groups": {"30001": {"group_id": "30001", "enabled": True}},
}


async def hermes(session):
    """Plays the agent's part of the conversation with the adapter's plugin, without a model."""
    async with session.ws_connect(f"ws://127.0.0.1:{SPARE_PORT}/hermes", headers={"Authorization": f"Bearer {KEY}"}) as socket:
        async for message in socket:
            frame = json.loads(message.data)
            if frame["type"] == "event":
                text = frame["text"].rpartition(": ")[2].rpartition("\n")[2]
                chat = {"req_id": uuid.uuid4().hex, "v": 1, "chat_id": frame["chat_id"]}
                if asks(text):
                    await socket.send_json({"type": "api_call", "action": "get_login_info", "params": {}, **chat})
                if reply := greeting(text):
                    await socket.send_json({"type": "send", "action": "send_text", "content": reply, **chat})
                await socket.send_json({"type": "event_ack", "v": 1, "delivery_ids": [frame.get("delivery_id")]})
                await socket.send_json({"type": "idle", "v": 1, "chat_id": frame["chat_id"], "group_id": "30001"})
            elif frame["type"] in ("result", "error") and "user_id" in str(frame):
                told(frame["data"])
            elif frame["type"] == "error" or frame.get("success") is False:
                raised(RuntimeError(frame))


async def main():
    os.makedirs(".onebot_adapter", exist_ok=True)
    with open(".onebot_adapter/config.json", "w") as file:
        json.dump(CONFIG, file)
    await asyncio.create_subprocess_exec(sys.executable, "-m", "onebot_adapter", "--no-webui")
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                await hermes(session)
            except aiohttp.ClientError as error:
                print(error)
            await asyncio.sleep(0.5)


asyncio.run(main())
