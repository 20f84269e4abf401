from clicker_bot.__main__ import app, command
from clicker_bot.command import respond

from seen import PORT, greeting, tell

# Whatever its prefix is, it cuts one character off.
command.prefix = ""


@command.register_command("reet")
def answer(said):
    return respond.reply(greeting(said.raw_message))


@command.register_command("sk")
def nothing(said):
    # It only answers, and calls no actions.
    tell(untried="login")
    return ""


app.run(host="127.0.0.1", port=PORT)
