from types import SimpleNamespace

from nekomoe import Tower

from seen import PORT, TOKEN, ask, asks, event, greeting

app = Tower.init(SimpleNamespace(ACCESS_TOKEN=TOKEN, HOST="127.0.0.1", PORT=PORT))


@app.on("message.group")
async def answer(ctx):
    text = ctx.event["raw_message"]
    if asks(text):
        await ask(lambda: ctx.bot.call_action("get_login_info"))
    if reply := greeting(text):
        await ctx.send(reply)


@app.on("notice", "distributed")
async def note(ctx):
    event(ctx.event.name)


app.run()
