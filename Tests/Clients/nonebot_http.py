"""NoneBot, unmodified, by HTTP POST: Perpetua sends it the events, signed, and it calls actions over Perpetua's HTTP API."""

import asyncio

from checks import HTTP, TARGET_SECRET, TOKEN, end, over_http, within_deadline
from nonebot_bot import Server, nonebot_with

framework = nonebot_with(
    "nonebot_http",
    by_http=True,
    calls_at_once=10,
    driver="~fastapi+~httpx",
    onebot_secret=TARGET_SECRET,
    onebot_access_token=TOKEN or None,
    onebot_api_roots={str(over_http("get_login_info")["user_id"]): HTTP + "/"},
)


async def program():
    server = Server()
    await server.start()
    await framework.does_it_all("webhook")
    await framework.gets_what_came_while_away(server.stop, server.start)


async def main():
    end(await within_deadline(program))


asyncio.run(main())
