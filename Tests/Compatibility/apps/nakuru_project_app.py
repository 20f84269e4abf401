from urllib.parse import urlsplit

from nakuru import CQHTTP, GroupMessage

from seen import HTTP, TOKEN, WS, ask, asks, greeting

app = CQHTTP(host="127.0.0.1", port=urlsplit(WS).port, http_port=urlsplit(HTTP).port, token=TOKEN)


@app.receiver("GroupMessage")
async def answer(cqhttp: CQHTTP, said: GroupMessage):
    if asks(said.raw_message):
        await ask(cqhttp.getLoginInfo)
    if reply := greeting(said.raw_message):
        await cqhttp.sendGroupMessage(said.group_id, reply)


app.run()
