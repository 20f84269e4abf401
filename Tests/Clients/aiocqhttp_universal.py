"""aiocqhttp, unmodified, by reverse WebSocket: Perpetua dials it once, for events and actions."""

import asyncio
import time

from aiocqhttp_bot import Bot
from checks import TARGET_TOKEN, end, passed, remote_control, until, within_deadline

bot = Bot("aiocqhttp_universal", access_token=TARGET_TOKEN or None)


@bot.bot.on_request("friend")
async def _(event):
    return {"approve": True, "remark": "a friend"}


async def close_the_connection():
    for socket in set(bot.bot._wsr_event_clients):
        await socket.close(1001)


async def a_quick_operation_reaches_the_bot():
    """aiocqhttp sends what a handler returns as the action `.handle_quick_operation_async`."""
    request = {"post_type": "request", "request_type": "friend", "user_id": 20009, "comment": "hello", "flag": "f1"}
    async with remote_control() as remote:

        async def actions_of_others():
            return (await remote.simulate())["actions_received"] - remote.calls

        before = await actions_of_others()
        await remote.simulate(event={"time": int(time.time()), "self_id": bot.framework.self_id, **request})
        await until("a quick operation reaches the bot", lambda: is_more(actions_of_others, before))
        passed("what the handler of a request returns reaches the bot as a quick operation")


async def is_more(count, before):
    return await count() > before


async def program():
    await bot.start()
    await bot.framework.does_it_all(
        "reverse_websocket",
        {"it closed the connection": close_the_connection, "it was restarted": bot.restart},
    )
    await a_quick_operation_reaches_the_bot()


async def main():
    end(await within_deadline(program))


asyncio.run(main())
