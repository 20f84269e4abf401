"""A OneBot 11 implementation for Perpetua to dial: it says what it is told to, and notes what it is asked."""
import asyncio
import json
import os
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "Ledger"))
from websocket import Connection  # noqa: E402

SELF_ID, GROUP, USER = 10001, 30001, 20001
MEMBER = {"group_id": GROUP, "user_id": USER, "nickname": "Ada", "card": "", "role": "owner"}
DATA = {
    "get_login_info": {"user_id": SELF_ID, "nickname": "Bot"},
    "get_status": {"online": True, "good": True},
    "get_version_info": {"app_name": "NapCat.Onebot", "app_version": "4.0.0", "protocol_version": "v11"},
    "get_group_list": [{"group_id": GROUP, "group_name": "Group", "member_count": 2, "max_member_count": 200}],
    "get_group_info": {"group_id": GROUP, "group_name": "Group", "member_count": 2, "max_member_count": 200},
    "get_friend_list": [{"user_id": USER, "nickname": "Ada", "remark": ""}],
    "get_group_member_list": [MEMBER],
    "get_group_member_info": MEMBER,
    "get_msg": {
        "time": 1700000000, "message_type": "group", "message_id": 1, "real_id": 1, "message_seq": 1, "sender": MEMBER,
        "message": [{"type": "text", "data": {"text": "hello"}}], "raw_message": "hello"},
    "get_stranger_info": {"user_id": USER, "nickname": "Ada", "sex": "unknown", "age": 20},
    "can_send_image": {"yes": True},
    "can_send_record": {"yes": True},
}
SENDS = ("send_msg", "send_group_msg", "send_private_msg")


class Link(Connection):
    def __init__(self, bot):
        super().__init__()
        self.bot = bot

    def opened(self):
        self.bot.link = self
        self.bot.say(post_type="meta_event", meta_event_type="lifecycle", sub_type="connect")

    def closed(self, reason):
        if self.bot.link is self:
            self.bot.link = None

    def text(self, payload):
        self.bot.asked(json.loads(payload))


class Bot:
    """The run says what it does when a certain action comes: `answer`, `refuse`, or `drop` the connection."""

    def __init__(self, members, call):
        """members: added or changed members of its group messages; None: a missing one. call: the action its manner is for."""
        self.members, self.call = members, call
        self.link = None
        self.manner = "answer"
        self.actions = []
        self.number = 0

    async def listen(self, port):
        self.port = port
        self.server = await asyncio.get_running_loop().create_server(lambda: Link(self), "127.0.0.1", port)

    def close(self):
        self.server.close()
        if self.link:
            self.link.transport.abort()

    def asked(self, action):
        name = action["action"]
        self.actions.append(action)
        if self.manner == "drop" and name == self.call:
            self.link.transport.abort()
            return
        self.write({**self.answer(name), "echo": action.get("echo")})

    def answer(self, name):
        if self.manner == "refuse" and name == self.call or name not in DATA and name not in SENDS:
            said = f"no such action: {name}"
            return {"status": "failed", "retcode": 1404, "data": None, "message": said, "wording": said}
        self.number += 1
        data = DATA.get(name, {"message_id": self.number})
        return {"status": "ok", "retcode": 0, "data": data, "message": "", "wording": ""}

    def replied(self, text):
        """Whether a message that holds this text was to be sent."""
        return any(a["action"] in SENDS and text in json.dumps(a["params"], ensure_ascii=False) for a in self.actions)

    def write(self, frame):
        if self.link:
            self.link.send(json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode())

    def say(self, **members):
        self.write({"time": int(time.time()), "self_id": SELF_ID, **members})

    def says(self, text, size=0):
        """A group message; with a size it is an event of so many bytes, as NapCat's are with its member `raw`."""
        self.number += 1
        event = {
            "message_type": "group", "sub_type": "normal", "message_id": self.number, "message_seq": self.number,
            "real_id": self.number, "group_id": GROUP, "group_name": "Group", "user_id": USER, "anonymous": None,
            "message": [{"type": "text", "data": {"text": text}}], "raw_message": text, "message_format": "array",
            "font": 14, "sender": {key: MEMBER[key] for key in ("user_id", "nickname", "card", "role")},
        }
        event.update(self.members)
        for name in [name for name, value in self.members.items() if value is None]:
            del event[name]
        if size:
            event["raw"] = "." * (size - 600)
        self.say(post_type="message", **event)

    def says_what_cannot_be_read(self):
        """Perpetua declares an event_gap in its place."""
        if self.link:
            self.link.send(b'{"post_type":"message",,}')
