import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Event, GroupMessageEvent
from nonebot.message import event_preprocessor

from seen import DOOR, HTTP, PORT, SECRET, TOKEN, WS, ask, asks, event, greeting

settings = {
    "forward": {"driver": "~websockets", "onebot_ws_urls": [WS], "onebot_access_token": TOKEN},
    "reverse": {"driver": "~fastapi", "onebot_access_token": TOKEN},
    "webhook": {
        "driver": "~fastapi+~httpx", "onebot_secret": SECRET, "onebot_access_token": TOKEN,
        "onebot_api_roots": {"10001": HTTP + "/"}},
}
nonebot.init(host="127.0.0.1", port=PORT, **settings[DOOR])
nonebot.get_driver().register_adapter(Adapter)
messages = nonebot.on_message()


@messages.handle()
async def _(bot: nonebot.adapters.Bot, said: GroupMessageEvent):
    text = said.get_plaintext()
    if asks(text):
        await ask(bot.get_login_info)
    if reply := greeting(text):
        await bot.send(said, reply)


@event_preprocessor
async def _(any_event: Event):
    event(any_event.get_event_name())


nonebot.run()
