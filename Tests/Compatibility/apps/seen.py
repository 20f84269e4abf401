"""What the applications share: where Perpetua is, what they do with a message, and how they tell run.py what they saw.

To "greet N" they answer "hello N" in the same group; at "ask N" they call get_login_info and tell how that ended.
"""
import json
import os

WS = os.environ["PERPETUA_WS"]
HTTP = os.environ["PERPETUA_HTTP"]
TOKEN = os.environ["PERPETUA_TOKEN"]
DOOR = os.environ["DOOR"]
PORT = int(os.environ["TARGET_PORT"])
SPARE_PORT = int(os.environ["SPARE_PORT"])
SECRET = os.environ["TARGET_SECRET"]
GROUP = 30001


def tell(**what):
    """Writes to the real standard output, whatever the package has made of sys.stdout."""
    os.write(1, f"\n@{json.dumps(what, ensure_ascii=False, default=str)}\n".encode())


def greeting(text):
    """What to reply, or None."""
    word, _, rest = str(text).strip().partition(" ")
    return f"hello {rest}" if word == "greet" else None


def asks(text):
    return str(text).strip().startswith("ask ")


def event(name):
    """An event of Perpetua's own reached the application."""
    tell(event=str(name))


def told(answer):
    """How a call ended that returned: with the account, or with an answer that says `failed`."""
    data = answer
    if isinstance(answer, dict) and "retcode" in answer:
        if answer["retcode"] != 0:
            return tell(failed="returned", text=str(answer))
        data = answer.get("data")
    account = data.get("user_id") if isinstance(data, dict) else getattr(data, "user_id", data)
    try:
        tell(login=int(account))
    except (TypeError, ValueError):
        tell(failed="returned", text=repr(answer))


def raised(error):
    """How a call ended that raised: with the exception's attributes, which a program could read."""
    tell(failed=type(error).__name__, text=f"{error} {vars(error)}")


async def ask(call):
    """call: a coroutine function of no arguments."""
    try:
        told(await call())
    except Exception as error:
        raised(error)


def ask_blocking(call):
    try:
        told(call())
    except Exception as error:
        raised(error)
