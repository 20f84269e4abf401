"""AliceBot with its CQHTTP adapter, unmodified.

ALICEBOT_MODE: ws (the default: AliceBot dials Perpetua) or reverse-ws (Perpetua dials AliceBot).
ALICEBOT_LOG: what is less important than this level is not shown.
"""

import asyncio
import logging
import os
from urllib.parse import urlsplit

import structlog
from alicebot import Bot, Plugin
from alicebot.adapter.cqhttp.event import GroupMessageEvent
from alicebot.adapter.cqhttp.exceptions import ActionFailed, NetworkError

from checks import TARGET_PORT, TOKEN, WS, CallFailed, Framework, end, within_deadline

MODE = os.environ.get("ALICEBOT_MODE", "ws")
PORT = urlsplit(WS).port if MODE == "ws" else TARGET_PORT

structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(
        getattr(logging, os.environ.get("ALICEBOT_LOG", "CRITICAL"))
    )
)

bot = Bot(
    config_file=None,
    handle_signals=False,
    config_dict={
        "bot": {"adapters": ["alicebot.adapter.cqhttp"]},
        "adapter": {
            "cqhttp": {
                "adapter_type": MODE,
                "host": "127.0.0.1",
                "port": PORT,
                "url": "/cqhttp/ws",
                "reconnect_interval": 1,
                "api_timeout": 10,
                # In reverse mode it looks for the token in the headers of its own answer, so with a token it refuses
                # everybody.
                "access_token": TOKEN if MODE == "ws" else "",
            }
        },
    },
)


class Greeting(Plugin):
    async def rule(self):
        return isinstance(self.event, GroupMessageEvent) and framework.hears(self.event.message.get_plain_text())

    async def handle(self):
        await self.event.reply(framework.reply(self.event.message.get_plain_text()))


bot.load_plugins(Greeting)
sockets = []


def connections():
    """AliceBot does not report when it is connected, so each WebSocket it has had counts."""
    socket = bot.adapters[0].websocket if bot.adapters else None
    if socket is not None and not socket.closed and socket not in sockets:
        sockets.append(socket)
    return len(sockets)


async def call(action, **params):
    try:
        return await bot.get_adapter("cqhttp").call_api(action, **params)
    except ActionFailed as failure:
        raise CallFailed(failure.resp["retcode"]) from None
    except NetworkError:
        raise CallFailed(None) from None


# It keeps one answer at a time, so of several calls at once it loses some answers unless they come one by one.
framework = Framework(
    f"alicebot_{MODE}".replace("-", "_"), call, connections, calls_at_once=1 if MODE == "ws" else 5
)


async def close_the_connection():
    await bot.get_adapter("cqhttp").websocket.close()


async def program():
    transport = "reverse_websocket" if MODE == "reverse-ws" else None
    await framework.does_it_all(transport, {"it closed the connection": close_the_connection})


async def main():
    running = asyncio.create_task(bot.run_async())
    status = await within_deadline(program)
    end(1 if running.done() else status)


asyncio.run(main())
