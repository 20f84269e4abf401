import os
import runpy
import sys

import Linbot


# Its modules import each other by bare names, so it is run from its folder, and finds its plugins in ours.
PLUGIN = '''
import sys
sys.path.append({here!r})
from chat import fun_call_register
from event import GroupMessageEvent
from message_method import send_group_msg
from seen import greeting, tell

@fun_call_register("answer")
async def answer(said: GroupMessageEvent):
    if reply := greeting(said.raw_message):
        await send_group_msg([{{"type": "text", "data": {{"text": reply}}}}])
    elif said.raw_message.startswith("ask"):
        tell(untried="login")
'''
os.makedirs("plugins/answer", exist_ok=True)
with open("plugins/answer/__init__.py", "w") as file:
    file.write(PLUGIN.format(here=os.path.dirname(os.path.abspath(__file__))))
modules = os.path.join(os.path.dirname(Linbot.__file__), "main")
sys.path.insert(0, modules)
sys.argv = ["wsclient.py", "-p", os.getcwd()]
runpy.run_path(os.path.join(modules, "wsclient.py"), run_name="__main__")
