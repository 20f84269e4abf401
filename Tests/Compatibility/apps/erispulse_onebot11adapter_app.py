import asyncio
import os

from seen import DOOR, PORT, TOKEN, WS, ask, asks, event, greeting

bot = {
    "forward": f'mode = "client"\nurl = "{WS}"',
    "reverse": 'mode = "server"\nserver_path = "/onebot"',
}
os.makedirs("config", exist_ok=True)
with open("config/config.toml", "w") as file:
    # Its documentation says `bots`, but it reads `accounts`.
    file.write(f"""
[ErisPulse.server]
host = "127.0.0.1"
port = {PORT}

[OneBotAdapter.accounts.main]
token = "{TOKEN}"
enabled = true
{bot[DOOR]}
""")

from ErisPulse import sdk  # noqa: E402
from ErisPulse.Core.Event import message, notice  # noqa: E402


@message.on_message()
async def answer(said):
    text = said.get_text()
    onebot = sdk.adapter.get("onebot11")
    if asks(text):
        await ask(lambda: onebot.call_api("get_login_info"))
    if reply := greeting(text):
        await said.reply(reply)


@notice.on_notice()
async def note(said):
    event(str(dict(said))[:300])


asyncio.run(sdk.run(keep_running=True))
