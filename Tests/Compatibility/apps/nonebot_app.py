import nonebot
from nonebot import default_config

from seen import PORT, TOKEN, ask, asks, event, greeting

default_config.HOST, default_config.PORT, default_config.ACCESS_TOKEN = "127.0.0.1", PORT, TOKEN
nonebot.init(default_config)
bot = nonebot.get_bot()


@nonebot.message_preprocessor
async def answer(bot, said, _):
    text = said.raw_message
    if asks(text):
        await ask(bot.get_login_info)
    if reply := greeting(text):
        await bot.send(said, reply)


@nonebot.on_notice()
async def note(session):
    event(session.event.name)


nonebot.run()
