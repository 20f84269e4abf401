from urllib.parse import urlsplit

from ncatbot.adapter import NapCatAdapter
from ncatbot.app import BotClient
from ncatbot.core import registrar

from seen import TOKEN, WS, ask, asks, event, greeting

bot = BotClient(adapters=[NapCatAdapter(bot_uin="10001", config={
    "ws_uri": f"ws://127.0.0.1:{urlsplit(WS).port}", "ws_token": TOKEN, "skip_setup": True, "enable_webui": False})])


@registrar.on_group_message()
async def answer(said):
    text = said.data.raw_message
    if asks(text):
        await ask(bot.api.qq.query.get_login_info)
    if reply := greeting(text):
        await said.reply(reply)


@registrar.on_notice()
async def note(said):
    event(said.data.notice_type)


bot.run()
