from arclet.entari import WS as SatoriWS
from arclet.entari import Entari, Session
from creart import it
from launart import Launart
from satori.adapters.onebot11.forward import OneBot11ForwardAdapter, OneBot11ForwardConfig
from satori.server import Server

from seen import PORT, TOKEN, WS, ask, asks, greeting

adapter = OneBot11ForwardAdapter(OneBot11ForwardConfig(WS, TOKEN))
server = Server(host="127.0.0.1", port=PORT)
server.apply(adapter)
app = Entari(SatoriWS(host="127.0.0.1", port=PORT))


@app.on_message()
async def answer(session: Session):
    text = str(session.content)
    if asks(text):
        await ask(lambda: session.account.protocol.internal("get_login_info"))
    if reply := greeting(text):
        await session.send(reply)


manager = it(Launart)
manager.add_component(server.asgi_service)
manager.add_component(server)
app.run(manager)
