from graia.broadcast import Broadcast
from graiax.anchor import Anchor, OneBotConfig
from graiax.anchor.event.message import GroupMessageEvent
from graiax.anchor.event.notice import NoticeEvent

from seen import TOKEN, WS, ask, asks, event, greeting

broadcast = Broadcast()
app = Anchor(broadcast=broadcast, config=OneBotConfig(ws_url=WS, access_token=TOKEN))


@broadcast.receiver(GroupMessageEvent)
async def answer(said: GroupMessageEvent):
    text = str(said.message_chain)
    if asks(text):
        await ask(app.get_login_info)
    if reply := greeting(text):
        await app.send_group_msg(said.group_id, reply)


@broadcast.receiver(NoticeEvent)
async def note(said: NoticeEvent):
    event(said.notice_type)


app.launch_blocking()
