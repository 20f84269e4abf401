import asyncio
from types import SimpleNamespace

from im_onebot_adapters.adapter import OneBotAdapter
from im_onebot_adapters.config import OneBotConfig
from kirara_ai.im.message import IMMessage, TextMessage

from seen import PORT, ask, asks, greeting


class Dispatcher:
    """Replaces the dispatcher that asks a model."""

    async def dispatch(self, adapter, message):
        text = message.content
        if asks(text):
            await ask(adapter.bot.get_login_info)
        if reply := greeting(text):
            answer = IMMessage(sender=message.sender, message_elements=[TextMessage(reply)])
            await adapter.send_message(answer, message.sender)


async def main():
    adapter = OneBotAdapter(OneBotConfig(host="127.0.0.1", port=PORT))
    adapter.dispatcher, adapter.web_server = Dispatcher(), SimpleNamespace()
    await adapter.start()
    await asyncio.Event().wait()


asyncio.run(main())
