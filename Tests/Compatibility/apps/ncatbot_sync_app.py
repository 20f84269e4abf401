from ncatbot_sync import BotClient, GroupMessage, Intents, NoticeMessage

from seen import TOKEN, WS, ask_blocking, asks, event, greeting

bot = BotClient(intents=Intents(group_message=True, notice_message=True))


@bot.on_message(GroupMessage)
def answer(said):
    if asks(said.raw_message):
        ask_blocking(bot.onebot11.get_login_info)
    if reply := greeting(said.raw_message):
        bot.onebot11.send_msg(reply, group_id=said.group_id)


@bot.on_message(NoticeMessage)
def note(said):
    event(said.notice_type)


bot.run(url=WS.rstrip("/"), token=TOKEN)
