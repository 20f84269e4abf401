import asyncio

from OneBotConnecter.MessageType import TextMessage
from OneBotConnecter.OneBot import OneBot

from seen import WS, ask, asks, event, greeting


async def answer(bot, said):
    if said["post_type"] != "message":
        return event(said.get("notice_type", said["post_type"]))
    text = said["raw_message"]
    if asks(text):
        await ask(bot.get_login_info)
    if reply := greeting(text):
        await bot.send_group_msg(said["group_id"], TextMessage(reply))


asyncio.run(OneBot(WS, ["20001"], ["Bot"], ".").non_async_run(answer))
