"""NoneBot with its OneBot adapter, unmodified, in forward mode: it connects to Perpetua as if that were its bot.

NONEBOT_DRIVER: ~websockets (the default) or ~aiohttp.
"""

import asyncio
import os
import sys

import nonebot
from nonebot.adapters.onebot.v11 import ActionFailed, Adapter, Bot, Event, GroupMessageEvent
from nonebot.message import event_preprocessor

from checks import THROUGH_PERPETUA, TOKEN, WS, Failed, check, passed, remote_control, until, within_deadline

DRIVER = os.environ.get("NONEBOT_DRIVER", "~websockets")

# As nonebot's adapter names what OneBot 11 has; meta events aside.
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

nonebot.init(
    driver=DRIVER,
    log_level=os.environ.get("NONEBOT_LOG", "CRITICAL"),
    onebot_ws_urls=[WS + "/"],
    onebot_access_token=TOKEN or None,
    api_timeout=10.0,
)
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
adapter = nonebot.get_adapter(Adapter)

# What the adapter falls back to where an event is not what its own model says.
FALLBACK_MODELS = {"Event", "MessageEvent", "NoticeEvent", "NotifyEvent", "RequestEvent"}

connects = []
disconnects = []
texts = []
kinds = {}
tasks = []

greeting = nonebot.on_message(rule=lambda event: event.get_plaintext().startswith("greet "), block=True)


@driver.on_bot_connect
async def _(bot: Bot):
    connects.append(bot)


@driver.on_bot_disconnect
async def _(bot: Bot):
    disconnects.append(bot)


@event_preprocessor
async def _(event: Event):
    if isinstance(event, GroupMessageEvent):
        texts.append(event.get_plaintext())
    kinds.setdefault(event.get_event_name(), type(event).__name__)


@greeting.handle()
async def _(event: GroupMessageEvent):
    # The simulated bot answers what holds "ping" with "pong": that is how we see the reply arrive.
    await greeting.finish("ping " + event.get_plaintext())


def bot():
    return connects[-1]


async def a_message_is_answered(remote, word):
    pongs = texts.count("pong")
    await remote.emit_group_message(f"greet {word}", int(bot().self_id))
    await until(f"nonebot has the message {word}", lambda: f"greet {word}" in texts)
    await until(f"the reply to {word} reached the group", lambda: texts.count("pong") > pongs)
    passed(f"{word}: a group message reaches nonebot, its reply reaches the group")


async def actions_have_results():
    login = await bot().get_login_info()
    check(login["user_id"] == int(bot().self_id), "get_login_info returns the account", login)
    groups = await bot().get_group_list()
    check([group["group_id"] for group in groups] == [30001, 30002], "get_group_list returns the groups", groups)
    sent = await bot().send_group_msg(group_id=30001, message="remember me")
    message = await bot().get_msg(message_id=sent["message_id"])
    check(message["message"][0]["data"]["text"] == "remember me", "what was sent can be read again", message)
    answers = await asyncio.gather(*(bot().get_stranger_info(user_id=number) for number in range(1, 101)))
    check([answer["user_id"] for answer in answers] == list(range(1, 101)), "100 calls at once get their own answers")
    for action, retcode in {"no_such_action_anywhere": 1404, "send_group_msg": 1400}.items():
        try:
            result = await bot().call_api(action)
            raise Failed(f"{action} did not fail: {result}")
        except ActionFailed as failure:
            check(failure.info.get("retcode") == retcode, f"{action} fails with {retcode}", failure.info)


async def every_kind_of_event_is_understood(remote):
    await remote.simulate(rate="max", count=200)
    await until("every kind of event came", lambda: EVERY_KIND <= {plain_name(name) for name in kinds})
    # Perpetua's own notices have no model of theirs in the adapter; they come as plain notices.
    fallbacks = {name for name, model in kinds.items() if model in FALLBACK_MODELS and plain_name(name) in EVERY_KIND}
    check(not fallbacks, f"{len(EVERY_KIND)} kinds of events are understood", fallbacks)


def plain_name(name):
    """notice.group_admin.set is a group_admin."""
    return next((kind for kind in EVERY_KIND if name == kind or name.startswith(kind + ".")), name)


async def the_bot_comes_and_goes():
    connected = len(connects)
    async with remote_control() as remote:
        await remote.simulate(drop=True, away_ms=1500)
    if THROUGH_PERPETUA:
        await until("an action fails with 1503 while the bot is away", login_fails_with_1503)
        passed("while the bot is away an action fails at once with 1503")
        await until("an action works again", login_works)
        check(len(connects) == connected and not disconnects, "nonebot stays connected while its bot reconnects")
    else:
        await until("nonebot reconnects", lambda: len(connects) == connected + 1)
        passed("nonebot reconnects to its bot")
    async with remote_control() as remote:
        await a_message_is_answered(remote, "after the bot came back")


async def login_fails_with_1503():
    try:
        await bot().get_login_info()
        return False
    except ActionFailed as failure:
        return failure.info.get("retcode") == 1503


async def login_works():
    try:
        return (await bot().get_login_info())["user_id"] > 0
    except ActionFailed:
        return False


async def nonebot_comes_and_goes():
    connected, disconnected = len(connects), len(disconnects)
    await adapter.connections[bot().self_id].close()
    await until("nonebot notices that its connection ended", lambda: len(disconnects) == disconnected + 1)
    await until("nonebot reconnects", lambda: len(connects) == connected + 1)
    passed("nonebot reconnects and has its bot again")
    async with remote_control() as remote:
        await a_message_is_answered(remote, "after nonebot came back")


async def program():
    await until("nonebot has its bot", lambda: connects)
    passed(f"{DRIVER}: nonebot connects and knows the bot {bot().self_id}")
    async with remote_control() as remote:
        await remote.simulate(rate=0, reset=True)
        await a_message_is_answered(remote, "first")
        await actions_have_results()
        await every_kind_of_event_is_understood(remote)
    await the_bot_comes_and_goes()
    await nonebot_comes_and_goes()


async def supervise():
    status = await within_deadline(program)
    sys.stdout.flush()
    # NoneBot has no way to end with a status of ours.
    os._exit(status)


@driver.on_startup
async def _():
    tasks.append(asyncio.create_task(supervise()))


nonebot.run()
