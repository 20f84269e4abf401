import json
import os
import sys

from seen import PORT, SPARE_PORT, TOKEN

PLUGIN = '''
import sys
sys.path.append({here!r})
from astrbot.api.event import AstrMessageEvent, filter
from astrbot.api.star import Context, Star, register
from seen import ask, asks, event as saw, greeting


@register("answer", "us", "answers", "1.0.0")
class Answer(Star):
    def __init__(self, context: Context):
        super().__init__(context)

    @filter.event_message_type(filter.EventMessageType.ALL)
    async def answer(self, said: AstrMessageEvent):
        raw = said.message_obj.raw_message
        if raw["post_type"] != "message":
            saw(raw.get("notice_type"))
        elif asks(said.message_str):
            await ask(said.bot.get_login_info)
        elif reply := greeting(said.message_str):
            yield said.plain_result(reply)
        said.stop_event()
'''
METADATA = "name: answer\ndesc: answers\nversion: v1.0.0\nauthor: us\nrepo: https://example.org/answer\n"
if not os.path.exists("data"):
    os.makedirs("data/plugins/answer")
    open(".astrbot", "w").close()
    with open("data/plugins/answer/main.py", "w") as file:
        file.write(PLUGIN.format(here=os.path.dirname(os.path.abspath(__file__))))
    with open("data/plugins/answer/metadata.yaml", "w") as file:
        file.write(METADATA)
    with open("data/cmd_config.json", "w") as file:
        json.dump({
            "dashboard": {"enable": True, "host": "127.0.0.1", "port": SPARE_PORT},
            "platform": [{
                "id": "onebot", "type": "aiocqhttp", "enable": True, "ws_reverse_host": "127.0.0.1",
                "ws_reverse_port": PORT, "ws_reverse_token": TOKEN}],
        }, file)
os.execv(sys.executable, [sys.executable, "-m", "astrbot.cli.__main__", "run", "--port", str(SPARE_PORT)])
