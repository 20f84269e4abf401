"""aiocqhttp, unmodified, as the programs here use it. What is done with it is in `checks.Framework`."""

import asyncio
import gc
import os
import sys

import aiocqhttp
from aiocqhttp import CQHttp

from checks import TARGET_PORT, CallFailed, Framework


class Bot:
    """A CQHttp object with handlers, and its server, which can be stopped and started again on its port.

    `answer` is what a greeting's handler does: a coroutine function that takes the event and the reply and returns what
    the handler returns, a quick operation or nothing. By default, the reply is sent by an action.
    """

    def __init__(self, name, by_http=False, calls_at_once=100, answer=None, **settings):
        self.bot = CQHttp(api_timeout_sec=10, **settings)
        self.bot.logger.setLevel(os.environ.get("AIOCQHTTP_LOG", "CRITICAL"))
        self.framework = Framework(name, self.call, None if by_http else lambda: len(self.lifecycles), calls_at_once)
        self.lifecycles = []

        @self.bot.on_websocket_connection
        async def _(event):
            self.lifecycles.append(event)

        @self.bot.on_message("group")
        async def _(event):
            text = str(aiocqhttp.Message(event.message))
            if self.framework.hears(text):
                return await (answer or self.bot.send)(event, self.framework.reply(text))

    async def call(self, action, **params):
        try:
            return await self.bot.call_action(action, **params)
        except aiocqhttp.ActionFailed as failure:
            raise CallFailed(failure.retcode) from None
        except aiocqhttp.HttpFailed as failure:
            raise CallFailed(1000 + failure.status_code) from None
        except aiocqhttp.ApiNotAvailable:
            raise CallFailed(None) from None

    async def start(self):
        self.stopping = asyncio.Event()
        self.running = asyncio.create_task(
            self.bot.run_task("127.0.0.1", TARGET_PORT, shutdown_trigger=self.stopping.wait)
        )

    async def stop(self):
        self.stopping.set()
        await self.running
        # Handlers of the old server are still there, which a new process would not have. When they are garbage
        # collected, noisily, they remove their account's connection, which may be a new one by then.
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        gc.collect()
        sys.unraisablehook = hook

    async def restart(self):
        await self.stop()
        await self.start()
