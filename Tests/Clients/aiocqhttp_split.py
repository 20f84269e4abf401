"""aiocqhttp, unmodified, by reverse WebSocket: Perpetua dials it twice, for actions (/ws/api/) and for events (/ws/event/)."""

import asyncio

from aiocqhttp_bot import Bot
from checks import TARGET_TOKEN, check, end, within_deadline

bot = Bot("aiocqhttp_split", access_token=TARGET_TOKEN or None)


async def close_the_events():
    for socket in set(bot.bot._wsr_event_clients):
        await socket.close(1001)



def check_roles():
    roles = {socket.headers["X-Client-Role"] for socket in bot.bot._wsr_event_clients}
    check(roles == {"Event"}, "events come over a connection of their own", roles)
    roles = {socket.headers["X-Client-Role"] for socket in bot.bot._wsr_api_clients.values()}
    check(roles == {"API"}, "actions go over a connection of their own", roles)


async def program():
    await bot.start()
    await bot.framework.does_it_all(
        "reverse_websocket",
        {"it closed the connection for events": close_the_events, "it was restarted": bot.restart},
    )
    check_roles()


async def main():
    end(await within_deadline(program))


asyncio.run(main())
