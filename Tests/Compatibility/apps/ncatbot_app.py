from urllib.parse import urlsplit

from ncatbot.core import BotClient, GroupMessageEvent, NoticeEvent

from seen import TOKEN, WS, ask, asks, event, greeting

bot = BotClient()


@bot.on_group_message()
async def answer(said: GroupMessageEvent):
    if asks(said.raw_message):
        await ask(bot.api.get_login_info)
    if reply := greeting(said.raw_message):
        await said.reply(reply)


@bot.on_notice()
async def note(said: NoticeEvent):
    event(said.notice_type)


bot.run_frontend(
    bt_uin="10001", root="20001", ws_uri=f"ws://127.0.0.1:{urlsplit(WS).port}", ws_token=TOKEN, remote_mode=True,
    enable_webui=False)
