import asyncio
import json

from hyperot.v2 import Client
from hyperot.v2.events import MessageReceivedEvent

from seen import DOOR, HTTP, PORT, SECRET, TOKEN, WS, ask, asks, greeting

connections = {
    "forward": [{"type": "ForwardWebSocket", "url": WS, "access_token": TOKEN}],
    "webhook": [
        {"type": "HTTPPost", "port": PORT, "secret": SECRET}, {"type": "HTTP", "url": HTTP, "access_token": TOKEN}],
}
with open("appconfig.json", "w") as file:
    json.dump({"active_adapter": "onebot", "adapter_config": {"connections": connections[DOOR]}}, file)


async def answer(said: MessageReceivedEvent, client: Client):
    text = str(said.message)
    if asks(text):
        await ask(client.api.bot.profile)
    if reply := greeting(text):
        await client.api.scene(said.scene_type, said.scene_id).send(reply)


async def main():
    client = Client.from_appconfig("appconfig.json")
    client.subscribe(MessageReceivedEvent, answer)
    await client.run()


asyncio.run(main())
