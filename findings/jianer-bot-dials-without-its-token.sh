#!/usr/bin/env bash
# jianer-bot 0.92.9: a OneBot connection in its config has both `token` and `auth`, and must have both; by forward WebSocket it shows neither, in no header and in
# no query. A bot with a token refuses it, whatever is set there.
#
# Seen: the handshake has no Authorization and no access_token, with token and auth set.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jianer-bot==0.92.9

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import os
import socket
import threading

from cfgr.manager import Serializers

server = socket.create_server(("127.0.0.1", 0))
connection = {
    "mode": "FWS", "ob_auto_startup": False, "ob_exec": "", "ob_startup_path": "", "ob_log_output": False, "host": "127.0.0.1",
    "port": server.getsockname()[1], "retries": 1, "token": "the-token", "auth": "the-token"}
with open("config.json", "w") as file:
    json.dump({
        "protocol": "OneBot", "owner": [], "black_list": [], "silents": [], "log_level": "CRITICAL", "log_use_nf": False, "uin": 0,
        "max_workers": 5, "others": {}, "connections": {"OneBot": connection}}, file)

from jianer import configurator  # noqa: E402

configurator.BotConfig.load_from("config.json", Serializers.JSON, "jianer-bot")
from jianer.adapters import builtins  # noqa: E402

builtins.load_configured()
from jianer import Client  # noqa: E402
from jianer.events import GroupMessageEvent  # noqa: E402


async def hear(*_):
    pass


def listen():
    server.settimeout(120)
    head = server.accept()[0].recv(4096).decode()
    shows = "the-token" in head or "authorization" in head.lower()
    print(f"jianer-bot 0.92.9, with token and auth set: {head.splitlines()[0]}; "
          f"{'a token is shown' if shows else 'no Authorization, no access_token'}", flush=True)
    if shows:
        print("The behaviour is another one now.", flush=True)
    os._exit(1 if shows else 0)


threading.Thread(target=listen).start()
with Client() as client:
    client.subscribe(hear, GroupMessageEvent)
    client.run()
PYTHON
