"""NoneBot with its OneBot adapter, unmodified, as the programs here use it. What is done with it is in `checks.Framework`."""

import asyncio
import os
import re

import nonebot
import uvicorn
from nonebot.adapters.onebot.v11 import ActionFailed, Adapter, Event, GroupMessageEvent, LifecycleMetaEvent, NetworkError
from nonebot.message import event_preprocessor

from checks import TARGET_PORT, CallFailed, Framework

lifecycles = []


def nonebot_with(name, by_http=False, calls_at_once=100, **settings):
    """Initializes NoneBot with these settings and gives it what it is to do."""
    nonebot.init(log_level=os.environ.get("NONEBOT_LOG", "CRITICAL"), api_timeout=10.0, **settings)
    nonebot.get_driver().register_adapter(Adapter)
    framework = Framework(name, call, None if by_http else lambda: len(lifecycles), calls_at_once)
    greeting = nonebot.on_message(block=True)

    @event_preprocessor
    async def _(event: Event):
        if isinstance(event, LifecycleMetaEvent):
            lifecycles.append(event)

    @greeting.handle()
    async def _(event: GroupMessageEvent):
        text = event.get_plaintext()
        if framework.hears(text):
            await greeting.finish(framework.reply(text))

    return framework


async def call(action, **params):
    try:
        return await nonebot.get_bot().call_api(action, **params)
    except ActionFailed as failure:
        raise CallFailed(failure.info["retcode"]) from None
    except NetworkError as error:
        # Over HTTP the adapter reads only the status of a failed action.
        status = re.search(r"status code: (\d+)", str(error))
        if not status:
            raise
        raise CallFailed(1000 + int(status[1])) from None


async def close_the_connection():
    await nonebot.get_adapter(Adapter).connections[nonebot.get_bot().self_id].close()


class Server:
    """uvicorn with NoneBot in it, as NoneBot runs it by itself; it can be stopped and started again on its port."""

    async def start(self):
        config = uvicorn.Config(
            nonebot.get_asgi(), host="127.0.0.1", port=TARGET_PORT, log_config=None, timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.running = asyncio.create_task(self.server.serve())

    async def stop(self):
        self.server.should_exit = True
        await self.running

    async def restart(self):
        await self.stop()
        await self.start()
