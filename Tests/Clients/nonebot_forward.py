"""NoneBot with its OneBot adapter, unmodified, in forward mode: it connects to Perpetua as if that were its bot.

NONEBOT_DRIVER: ~websockets (the default) or ~aiohttp.
"""

import asyncio
import os

import nonebot
from nonebot.adapters.onebot.v11 import Event
from nonebot.message import event_preprocessor

from checks import TOKEN, WS, check, end, remote_control, until, within_deadline
from nonebot_bot import close_the_connection, nonebot_with

DRIVER = os.environ.get("NONEBOT_DRIVER", "~websockets")

# OneBot 11's kinds of events, except meta events, by the names nonebot's adapter gives them.
EVERY_KIND = {
    "message.private.friend",
    "message.group.normal",
    "notice.group_upload",
    "notice.group_admin",
    "notice.group_decrease",
    "notice.group_increase",
    "notice.group_ban",
    "notice.friend_add",
    "notice.group_recall",
    "notice.friend_recall",
    "notice.notify.poke",
    "notice.notify.lucky_king",
    "notice.notify.honor",
    "request.friend",
    "request.group",
}

# The models the adapter falls back to where an event does not fit its own model.
FALLBACK_MODELS = {"Event", "MessageEvent", "NoticeEvent", "NotifyEvent", "RequestEvent"}

framework = nonebot_with(
    "nonebot_forward", driver=DRIVER, onebot_ws_urls=[WS + "/"], onebot_access_token=TOKEN or None
)
driver = nonebot.get_driver()
kinds = {}
tasks = []


@event_preprocessor
async def _(event: Event):
    kinds.setdefault(event.get_event_name(), type(event).__name__)


async def every_kind_of_event_is_understood():
    async with remote_control() as remote:
        await remote.simulate(rate="max", count=200)
    await until("every kind of event came", lambda: EVERY_KIND <= {plain_name(name) for name in kinds})
    # Perpetua's own notices have no model in the adapter; they come as plain notices.
    fallbacks = {name for name, model in kinds.items() if model in FALLBACK_MODELS and plain_name(name) in EVERY_KIND}
    check(not fallbacks, f"{len(EVERY_KIND)} kinds of events are understood", fallbacks)


def plain_name(name):
    """notice.group_admin.set is a group_admin."""
    return next((kind for kind in EVERY_KIND if name == kind or name.startswith(kind + ".")), name)


async def program():
    await framework.does_it_all(losses={"it closed the connection": close_the_connection})
    await every_kind_of_event_is_understood()


async def supervise():
    end(await within_deadline(program))


@driver.on_startup
async def _():
    tasks.append(asyncio.create_task(supervise()))


nonebot.run()
