from Eridanus.adapters.websocket_adapter import WebSocketBot
from Eridanus.event.events import GroupMessageEvent

from seen import WS, ask, asks, greeting

bot = WebSocketBot(WS)


@bot.on(GroupMessageEvent)
async def answer(said):
    if asks(said.raw_message):
        await ask(lambda: bot._call_api("get_login_info", {}))
    if reply := greeting(said.raw_message):
        await bot.send(said, reply)


bot.run()
