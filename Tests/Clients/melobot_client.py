"""melobot, unmodified, with its OneBot 11 protocol.

MELOBOT_MODE: forward (the default: melobot dials Perpetua) or reverse (Perpetua dials melobot).
MELOBOT_LOG: up to which level its log is kept quiet; NOTSET shows all of it.
"""

import asyncio
import logging
import os

from melobot import Bot, PluginPlanner
from melobot.protocols.onebot.v11 import (
    Action,
    Adapter,
    GroupMessageEvent,
    LifeCycleMetaEvent,
    OneBotV11Protocol,
    WSClient,
    WSServer,
    on_message,
    on_meta,
)

from checks import TARGET_PORT, TARGET_TOKEN, TOKEN, WS, CallFailed, Framework, end, within_deadline

MODE = os.environ.get("MELOBOT_MODE", "forward")

if MODE == "forward":
    source = WSClient(WS + "/", access_token=TOKEN or None, retry_delay=0.5)
else:
    source = WSServer("127.0.0.1", TARGET_PORT, access_token=TARGET_TOKEN or None)

lifecycles = []


@on_meta()
async def connected(event: LifeCycleMetaEvent):
    lifecycles.append(event)


@on_message()
async def greeting(adapter: Adapter, event: GroupMessageEvent):
    if framework.hears(event.text):
        await adapter.send(framework.reply(event.text))


logging.disable(os.environ.get("MELOBOT_LOG", "CRITICAL"))
bot = Bot()
protocol = OneBotV11Protocol(source)
bot.add_protocol(protocol)
bot.load_plugin(PluginPlanner("1.0.0", flows=[connected, greeting]))


@protocol.adapter.when_validate_error("echo")
async def failed_without_data(answer, error):
    """melobot wants null as the data of a failed answer, where Perpetua says whether it may be tried again, and when."""
    if answer["status"] == "failed":
        answer["data"] = None


async def call(action, **params):
    echo = (await (await bot.get_adapter(Adapter).call_output(Action(action, params))))[0]
    if echo.is_failed():
        raise CallFailed(echo.status)
    return echo.raw["data"]


framework = Framework(f"melobot_{MODE}", call, lambda: len(lifecycles))


async def close_the_connection():
    await source.conn.close()


async def program():
    transport = "reverse_websocket" if MODE == "reverse" else None
    await framework.does_it_all(transport, {"it closed the connection": close_the_connection})


async def main():
    running = asyncio.create_task(bot.run_async(reserved_tasks={asyncio.current_task()}))
    status = await within_deadline(program)
    end(1 if running.done() else status)


asyncio.run(main())
