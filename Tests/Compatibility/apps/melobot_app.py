from melobot import Bot, PluginPlanner
from melobot.protocols.onebot.v11 import Adapter, Event, GroupMessageEvent, OneBotV11Protocol, WSClient, WSServer, on_event, on_message

from seen import DOOR, PORT, TOKEN, WS, asks, event, greeting, raised, told

source = WSClient(WS, access_token=TOKEN) if DOOR == "forward" else WSServer("127.0.0.1", PORT, access_token=TOKEN)


@on_message()
async def answer(adapter: Adapter, said: GroupMessageEvent):
    if asks(said.text):
        try:
            echo = (await (await adapter.get_login_info()))[0]
            told({"retcode": echo.status, "data": None, "raw": echo.raw} if echo.is_failed() else echo.raw["data"])
        except Exception as error:
            raised(error)
    if reply := greeting(said.text):
        await adapter.send(reply)


@on_event()
async def note(said: Event):
    event(f"{said.post_type} {said.raw.get('notice_type', '')}")


bot = Bot()
bot.add_protocol(OneBotV11Protocol(source))
bot.load_plugin(PluginPlanner("1.0.0", flows=[answer, note]))
bot.run()
