from urllib.parse import urlsplit

from iamai import Bot, Plugin
from iamai.adapter.cqhttp.event import CQHTTPEvent, GroupMessageEvent

from seen import DOOR, PORT, TOKEN, WS, ask, asks, event, greeting

bot = Bot(config_file=None, config_dict={
    "bot": {"adapters": ["iamai.adapter.cqhttp"], "log": {"level": "INFO"}},
    "adapter": {"cqhttp": {
        "adapter_type": "ws" if DOOR == "forward" else "reverse-ws",
        "host": "127.0.0.1", "port": urlsplit(WS).port if DOOR == "forward" else PORT,
        "url": "/" if DOOR == "forward" else "/cqhttp/ws",
        # In reverse mode it looks for the token in the headers of its own answer, so with a token it refuses everybody.
        "access_token": TOKEN if DOOR == "forward" else "", "api_timeout": 10,
    }},
})


class Answer(Plugin):
    async def rule(self):
        return isinstance(self.event, CQHTTPEvent)

    async def handle(self):
        if not isinstance(self.event, GroupMessageEvent):
            return event(self.event.type + " " + str(getattr(self.event, "notice_type", "")))
        text = self.event.message.get_plain_text()
        if asks(text):
            await ask(lambda: self.event.adapter.call_api("get_login_info"))
        if reply := greeting(text):
            await self.event.reply(reply)


bot.load_plugins(Answer)
bot.run()
