from cqhttp import CQHttp

from seen import HTTP, PORT, SECRET, TOKEN, ask_blocking, asks, event, greeting

bot = CQHttp(api_root=HTTP + "/", access_token=TOKEN, secret=SECRET)


@bot.on_message("group")
def answer(said):
    text = said["raw_message"]
    if asks(text):
        ask_blocking(bot.get_login_info)
    if reply := greeting(text):
        bot.send(said, reply)


@bot.on_notice
def note(said):
    event(said["notice_type"])


bot.run(host="127.0.0.1", port=PORT)
