"""aiocqhttp, unmodified, by HTTP POST: Perpetua sends it the events, signed, and carries out what the handlers return."""

import asyncio

from aiocqhttp_bot import Bot
from checks import HTTP, TARGET_SECRET, TOKEN, end, passed, remote_control, until, within_deadline


async def quick_operation(event, reply):
    return {"reply": reply, "at_sender": False, "delete": "to be deleted" in reply}


bot = Bot(
    "aiocqhttp_http",
    by_http=True,
    calls_at_once=10,
    answer=quick_operation,
    secret=TARGET_SECRET,
    access_token=TOKEN or None,
    api_root=HTTP + "/api",
)


async def a_quick_operation_does_all_it_says():
    sent = await bot.call("send_group_msg", group_id=30001, message="about to go")
    async with remote_control() as remote:
        await bot.framework.answers_a_message(remote, "to be deleted", sent["message_id"])
    await until(
        "the message is deleted",
        lambda: bot.framework.fails_with(100, "get_msg", message_id=sent["message_id"]),
    )
    passed("a quick operation replies to a message and deletes it")


async def program():
    await bot.start()
    await bot.framework.does_it_all("webhook")
    await a_quick_operation_does_all_it_says()
    await bot.framework.gets_what_came_while_away(bot.stop, bot.start)


async def main():
    end(await within_deadline(program))


asyncio.run(main())
