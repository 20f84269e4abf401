import json
import os
import subprocess
import sys
import time
from pathlib import Path

from seen import HTTP, SPARE_PORT, TOKEN, WS, ask_blocking, asks, event, greeting

data = Path("data").absolute()
data.mkdir(exist_ok=True)
os.environ["NAPCAT_DATA_DIR"] = str(data)
config = data / "config.json"
config.write_text(json.dumps({
    "api_url": HTTP, "token": TOKEN, "self_id": "10001", "ws_url": WS, "http_port": SPARE_PORT, "wake_enabled": False,
    "wake_preset": "none", "skills_fs_enabled": False}))
daemon = subprocess.Popen([sys.executable, "-m", "napcat_cli.daemon.watch", str(config)])

from napcat_cli.lib.api import NapCatAPI  # noqa: E402
from napcat_cli.lib.events import EventsReader  # noqa: E402

api, reader, last = NapCatAPI(HTTP, TOKEN), EventsReader(data), 0
while daemon.poll() is None:
    news = sorted((said for said in reader.read(limit=50) if said["id"] > last), key=lambda said: said["id"])
    for said in news:
        last = said["id"]
        if said.get("post_type") != "message":
            event(f"{said.get('post_type')} {said.get('notice_type')}")
            continue
        text = said["raw_message"]
        if asks(text):
            ask_blocking(lambda: api.call("get_login_info"))
        if reply := greeting(text):
            api.call("send_group_msg", group_id=said["group_id"], message=reply)
    time.sleep(0.05)
sys.exit(daemon.returncode)
