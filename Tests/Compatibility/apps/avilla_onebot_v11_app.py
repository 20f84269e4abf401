from avilla.core import Avilla, Context, MessageReceived
from avilla.onebot.v11.protocol import OneBot11ForwardConfig, OneBot11Protocol
from yarl import URL

from seen import TOKEN, WS, ask, asks, greeting

avilla = Avilla(message_cache_size=0)
avilla.apply_protocols(OneBot11Protocol().configure(OneBot11ForwardConfig(URL(WS), TOKEN)))


@avilla.listen(MessageReceived)
async def answer(context: Context, said: MessageReceived):
    text = str(said.message.content)
    if asks(text):
        await ask(lambda: context.account.connection.call("get_login_info"))
    if reply := greeting(text):
        await context.scene.send_message(reply)


avilla.launch()
