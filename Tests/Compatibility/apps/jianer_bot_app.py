import json
from urllib.parse import urlsplit

from cfgr.manager import Serializers

from seen import TOKEN, WS, ask, asks, event, greeting

with open("config.json", "w") as file:
    json.dump({
        "protocol": "OneBot", "owner": [], "black_list": [], "silents": [], "log_level": "INFO", "log_use_nf": False, "uin": 0,
        "max_workers": 25, "others": {},
        "connections": {"OneBot": {
            "mode": "FWS", "ob_auto_startup": False, "ob_exec": "", "ob_startup_path": "", "ob_log_output": False,
            # It sends neither `token` nor `auth` on a WebSocket, and puts a colon and the port behind the host.
            "host": f"127.0.0.1:{urlsplit(WS).port}/?access_token={TOKEN}&port=", "port": urlsplit(WS).port,
            "retries": 5, "token": "", "auth": ""}},
    }, file)

from jianer import configurator  # noqa: E402

configurator.BotConfig.load_from("config.json", Serializers.JSON, "jianer-bot")

from jianer.adapters import builtins  # noqa: E402

builtins.load_configured()

from jianer import Client  # noqa: E402
from jianer.events import GroupMessageEvent, NoticeEvent  # noqa: E402


async def login(actions):
    answer = await actions.get_login_info()
    return {"retcode": answer.ret_code, "data": {"user_id": answer.data.user_id}} if answer.ret_code == 0 else {
        "retcode": answer.ret_code, "answer": str(answer)}


async def answer(said, actions):
    text = str(said.message)
    if asks(text):
        await ask(lambda: login(actions))
    if reply := greeting(text):
        await actions.send(reply, group_id=said.group_id)


async def note(said, actions):
    event(getattr(said, "notice_type", said))


with Client() as client:
    client.subscribe(answer, GroupMessageEvent)
    client.subscribe(note, NoticeEvent)
    client.run()
