"""Every JSON value comes back as `echo`, byte for byte, to the one who sent it; and none where none was sent.

aiocqhttp sends objects, alicebot integers, nonebot strings of digits, melobot and the Java client UUIDs.
"""

import asyncio
import json
import re

from checks import THROUGH_PERPETUA, check, client, receive, remote_control, run

ECHOES = {
    "a string of digits": '"17"',
    "a UUID": '"123e4567-e89b-12d3-a456-426614174000"',
    "an empty string": '""',
    "Unicode": '"回声 é e\u0301 🦊 \u2028"',
    "escapes": r'"\u56de\ud83e\udd8a \"quoted\" \\ \/ \b\f\n\r\t"',
    "aiocqhttp's object": '{"seq": 42}',
    "an integer": "7",
    "zero": "0",
    "a negative integer": "-3",
    "an integer above 2^53": "9007199254740993",
    "an integer above 2^64": "123456789012345678901234567890",
    "a float": "1.50",
    "a float with an exponent": "-1.25E+10",
    "null": "null",
    "true": "true",
    "false": "false",
    "an empty array": "[]",
    "an array": '[1, "two", null, [3.0]]',
    "an empty object": "{}",
    "a nested object": '{"a": {"b": [{"c": {"echo": "inner"}}]}, "echo": 1, "retcode": 5}',
    "white space inside": '{ "a"\t:\n[ 1 ,2 ] }',
    "a duplicate key": '{"a":1,"a":2}',
    "a long string": '"' + "x" * 100_000 + '"',
}

ACTIONS = {
    "an action of the bot": ("get_login_info", "{}", "ok"),
    "an action the bot refuses": ("no_such_action_anywhere", "{}", "failed"),
    "an asynchronous action": ("send_group_msg_async", '{"group_id":30001,"message":"hello"}', "async"),
}
if THROUGH_PERPETUA:
    ACTIONS["an action of Perpetua"] = ("get_online_clients", "{}", "ok")


def carries(text, echo):
    """Whether the frame has this echo, with exactly these bytes, as a top-level member."""
    return "echo" in json.loads(text) and re.search(r'"echo"\s*:\s*' + re.escape(echo) + r"\s*[,}]", text) is not None


def is_answer(frame):
    return "post_type" not in frame


async def ask(socket, action, params, echo):
    """The answer's text. `echo` is JSON, or None."""
    member = "" if echo is None else f',"echo":{echo}'
    await socket.send(f'{{"action":"{action}","params":{params}{member}}}')
    return await receive(socket, f"the answer to {action}", is_answer)


async def echoes_come_back():
    async with client() as socket:
        for kind, (action, params, status) in ACTIONS.items():
            for name, echo in ECHOES.items():
                text = await ask(socket, action, params, echo)
                if not carries(text, echo) or json.loads(text)["status"] != status:
                    check(False, f"{kind}: {name} as echo comes back", text[:300])
            check(True, f"{kind}: {len(ECHOES)} kinds of echo come back byte for byte")
            text = await ask(socket, action, params, None)
            check("echo" not in json.loads(text), f"{kind}: no echo in, none out", text)


async def mistakes_are_answered():
    async with client() as socket:
        for name, frame in {
            "an object without action": '{"echo":{"seq":1},"params":{}}',
            "an action that is no string": '{"action":5,"echo":{"seq":1}}',
        }.items():
            await socket.send(frame)
            text = await receive(socket, "an answer", is_answer)
            answer = json.loads(text)
            check(answer["retcode"] == 1400 and carries(text, '{"seq":1}'), f"{name}: 1400 with its echo", text)
        await socket.send("this is no JSON")
        text = await receive(socket, "an answer", is_answer)
        check(json.loads(text)["retcode"] == 1400, "a frame that is no JSON: 1400, and the connection lives on", text)


async def everybody_gets_their_own():
    """Clients that use the same echo at the same time get their own answers and nobody else's."""

    async def one(number):
        async with client() as socket:
            for turn in range(20):
                text = await ask(socket, "get_stranger_info", f'{{"user_id":{1000 * number + turn}}}', '"same"')
                answer = json.loads(text)
                if answer["data"]["user_id"] != 1000 * number + turn:
                    check(False, "clients with the same echo get their own answers", text)

    await asyncio.gather(*(one(number) for number in range(1, 9)))
    check(True, "8 clients with the same echo get their own answers")


async def answers_may_overtake():
    """Many questions at once, each with an echo of another type: each answer has its question's echo."""
    async with client() as socket:
        sent = {}
        for number, echo in enumerate(["1", '"1"', "1.0", "[1]", '{"1":1}', "true", '"true"', "null"]):
            sent[echo] = 5000 + number
            await socket.send(
                f'{{"action":"get_stranger_info","params":{{"user_id":{5000 + number}}},"echo":{echo}}}'
            )
        for _ in range(len(sent)):
            text = await receive(socket, "an answer", is_answer)
            echo = re.search(r'"echo"\s*:\s*(.*)\}$', text).group(1)
            if sent.pop(echo, None) != json.loads(text)["data"]["user_id"]:
                check(False, "answers to questions in flight together carry their own echo", text)
        check(not sent, "answers to questions in flight together carry their own echo", sent)


async def a_confused_bot_confuses_nobody():
    """The bot answers twice, answers what nobody asked, and sends nonsense; the asker gets one answer."""
    async with remote_control() as remote, client() as socket:
        await remote.simulate(answer_twice=True, unknown_echo=True, nonsense=True)
        try:
            for number in range(5):
                text = await ask(socket, "get_login_info", "{}", str(number))
                check(carries(text, str(number)), f"a confused bot's answer {number + 1} of 5 comes back once", text)
        finally:
            await remote.simulate(reset=True)


async def program():
    await echoes_come_back()
    await mistakes_are_answered()
    await everybody_gets_their_own()
    await answers_may_overtake()
    if THROUGH_PERPETUA:
        await a_confused_bot_confuses_nobody()


run(program)
