import asyncio

from nanobot.bus.events import OutboundMessage
from nanobot.bus.queue import MessageBus
from nanobot_channel_anon import AnonChannel
from nanobot_channel_anon.onebot import OneBotAPIRequest

from seen import TOKEN, WS, ask, asks, greeting


async def answer(bus, channel):
    while True:
        said = await bus.consume_inbound()
        for line in said.content.splitlines():
            # The channel adds context around the message.
            text = line[max(line.find("greet "), line.find("ask "), 0):]
            if asks(text):
                await ask(lambda: login(channel))
            if reply := greeting(text):
                await channel.send(OutboundMessage(said.channel, said.chat_id, reply))


async def login(channel):
    request = OneBotAPIRequest(action="get_login_info")
    return (await channel._kernel.transport.send_requests([request]))[0].data


async def main():
    bus = MessageBus()
    while True:
        channel = AnonChannel({
            "enabled": True, "allow_from": ["*"], "ws_url": WS, "access_token": TOKEN, "group_trigger_prob": 1.0}, bus)
        answering = asyncio.create_task(answer(bus, channel))
        try:
            await channel.start()
        except Exception as error:
            print(error)
        # It ends with its connection, and the host starts it again.
        answering.cancel()
        await asyncio.sleep(1)


asyncio.run(main())
