#!/usr/bin/env bash
# pycqBot 0.5.1.1 (for go-cqhttp): `get_login_info()` posts to `/set_friend_add_request`, the action that answers friend requests, without any parameter; the one
# that answers friend requests posts there as well. The account cannot be had from it, and where actions are allowed one by one a program that only reads looks
# like one that approves strangers.
#
# Seen: get_login_info posted to /set_friend_add_request, get_status to /get_status.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pycqBot==0.5.1.1

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from pycqBot import cqHttpApi

paths = []


class API(BaseHTTPRequestHandler):
    def do_POST(self):
        paths.append(self.path)
        answer = json.dumps({"status": "ok", "retcode": 0, "data": {"user_id": 10001, "nickname": "Bot"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), API)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = cqHttpApi(host=f"http://127.0.0.1:{server.server_port}")
api.get_login_info()
api.get_status()
print(f"pycqBot 0.5.1.1: get_login_info posted to {paths[0]}, get_status to {paths[1]}", flush=True)
if paths != ["/set_friend_add_request", "/get_status"]:
    print("The behaviour is another one now.", flush=True)
# It keeps a thread of its own for ever.
os._exit(0 if paths == ["/set_friend_add_request", "/get_status"] else 1)
PYTHON
