#!/usr/bin/env bash
# cqhttp 1.3.1 (the synchronous forerunner of aiocqhttp): `bot.send(event, …)` calls `send_msg` with the event's members as parameters, `time`, `post_type`,
# `message_id`, `font` and `self_id` included; only `raw_message`, `comment` and `sender` are taken out. Who reads `self_id` among an action's parameters as
# "this account is to do it" gets the right one; who refuses parameters that an action does not have refuses every reply.
#
# Seen: /send_msg with font, message, message_id, message_type, post_type, self_id, sub_type, time, user_id.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cqhttp==1.3.1

"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from cqhttp import CQHttp

calls = []


class API(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        calls.append((self.path, json.loads(body)))
        answer = b'{"status":"ok","retcode":0,"data":{"message_id":1}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


api = HTTPServer(("127.0.0.1", 0), API)
threading.Thread(target=api.serve_forever, daemon=True).start()
event = {
    "time": 1700000000, "self_id": 10001, "post_type": "message", "message_type": "private", "sub_type": "friend",
    "message_id": 7, "user_id": 20002, "message": "hi", "raw_message": "hi", "font": 0,
    "sender": {"user_id": 20002, "nickname": "A"}}
CQHttp(api_root=f"http://127.0.0.1:{api.server_port}/").send(event, "hello")
path, params = calls[0]
print("cqhttp 1.3.1:", path, sorted(params))
expected = {name: value for name, value in event.items() if name not in ("raw_message", "sender")}
sys.exit(0 if path == "/send_msg" and params == {**expected, "message": "hello"} else "The behaviour is another one now.")
PYTHON
