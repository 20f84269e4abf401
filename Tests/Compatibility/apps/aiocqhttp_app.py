import logging

from aiocqhttp import CQHttp

from seen import DOOR, HTTP, PORT, SECRET, TOKEN, ask, asks, event, greeting

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
bot = CQHttp(access_token=TOKEN, **({"api_root": HTTP + "/", "secret": SECRET} if DOOR == "webhook" else {}))


@bot.on_message("group")
async def _(said):
    text = said.raw_message
    if asks(text):
        await ask(bot.get_login_info)
    if reply := greeting(text):
        await bot.send(said, reply)


@bot.on_notice
async def _(said):
    event(said.name)


@bot.on("distributed")
async def _(said):
    event(said.name)


bot.run(host="127.0.0.1", port=PORT)
