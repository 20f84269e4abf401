import os
import subprocess
import sys
from urllib.parse import urlsplit

from seen import HTTP, PORT, SECRET, TOKEN

PLUGIN = '''
import sys
sys.path.append({here!r})
from murainbot import *
from murainbot.core import PluginManager
from seen import asks, event, greeting, raised, told

plugin_info = PluginManager.PluginInfo(NAME="Answer", AUTHOR="", VERSION="1", DESCRIPTION="", HELP_MSG="")


@EventHandlers.on_event(EventClassifier.GroupMessageEvent).register_handler()
def answer(event_data):
    text = event_data.event_data["raw_message"]
    if asks(text):
        try:
            result = Actions.GetLoginInfo().call_get_result()
            told(result.unwrap())
        except Exception as error:
            raised(error)
    if reply := greeting(text):
        Actions.SendGroupMsg(group_id=event_data.event_data["group_id"], message=reply).call()


@EventHandlers.on_event(EventClassifier.NoticeEvent).register_handler()
def note(event_data):
    event(event_data.event_data["notice_type"])
'''
CONFIG = """
account: {{user_id: 0, nick_name: "", bot_admin: []}}
api: {{host: 127.0.0.1, port: {api}, access_token: {token}}}
server: {{host: 127.0.0.1, port: {port}, server: werkzeug, max_works: 4, secret: {secret}}}
debug: {{enable: false, save_dump: false}}
# With it, it restarts the bot whenever a heartbeat says that it is away.
auto_restart_onebot: {{enable: false}}
"""
murainbot = os.path.join(os.path.dirname(sys.executable), "murainbot")
if not os.path.exists("bot"):
    subprocess.run([murainbot, "init", "bot"], check=True)
    with open("bot/config.yml", "w") as file:
        file.write(CONFIG.format(api=urlsplit(HTTP).port, token=TOKEN, port=PORT, secret=SECRET))
    with open("bot/plugins/Answer.py", "w") as file:
        file.write(PLUGIN.format(here=os.path.dirname(os.path.abspath(__file__))))
os.chdir("bot")
os.execv(murainbot, [murainbot, "run"])
