import asyncio
import logging

from yiriob.adapters import ReverseWebsocketAdapter
from yiriob.bot import Bot
from yiriob.event import EventBus
from yiriob.event.events import GroupMessageEvent, NoticeEvent
from yiriob.message import MessageChain, Text

from seen import PORT, TOKEN, ask, asks, event, greeting

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")


async def main():
    bus = EventBus()
    bot = Bot(adapter=ReverseWebsocketAdapter(host="127.0.0.1", port=PORT, access_token=TOKEN, bus=bus), self_id=10001)

    @bus.on(GroupMessageEvent)
    async def answer(said: GroupMessageEvent):
        if asks(said.raw_message):
            await ask(lambda: bot.adapter._call_api("get_login_info", {}))
        if reply := greeting(said.raw_message):
            await bot.send_group_message(said.group_id, MessageChain([Text(reply)]))

    @bus.on(NoticeEvent)
    async def note(said: NoticeEvent):
        event(said.notice_type)

    bot.adapter.start()
    await asyncio.Event().wait()


asyncio.run(main())
