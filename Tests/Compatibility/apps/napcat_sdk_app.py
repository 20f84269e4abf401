import asyncio
import logging

from napcat import GroupMessageEvent, NapCatClient, ReverseWebSocketServer

from seen import DOOR, PORT, TOKEN, WS, ask, asks, event, greeting

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
calls = set()


async def serve(client):
    async for said in client:
        if not isinstance(said, GroupMessageEvent):
            event(f"{said.post_type} {getattr(said, 'notice_type', '')} {said}"[:200])
            continue
        text = said.raw_message
        if asks(text):
            # Not awaited here, since answers are received by this loop.
            calls.add(asyncio.create_task(ask(client.get_login_info)))
        if reply := greeting(text):
            await client.send_group_msg(group_id=said.group_id, message=reply)


async def main():
    if DOOR == "reverse":
        await ReverseWebSocketServer(serve, "127.0.0.1", PORT, TOKEN).run_forever()
    while True:
        # It does not reconnect by itself, so the program has to loop.
        try:
            async with NapCatClient(WS, TOKEN) as client:
                await serve(client)
        except OSError as error:
            print(error)
        await asyncio.sleep(1)


asyncio.run(main())
