"""NoneBot, unmodified, by reverse WebSocket: it listens, and Perpetua dials it."""

import asyncio

from checks import TARGET_TOKEN, end, within_deadline
from nonebot_bot import Server, close_the_connection, nonebot_with

framework = nonebot_with("nonebot_reverse", driver="~fastapi", onebot_access_token=TARGET_TOKEN or None)


async def program():
    server = Server()
    await server.start()
    await framework.does_it_all(
        "reverse_websocket",
        {"it closed the connection": close_the_connection, "it was restarted": server.restart},
    )


async def main():
    end(await within_deadline(program))


asyncio.run(main())
