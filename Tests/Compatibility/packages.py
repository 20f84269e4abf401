"""The packages: which, by which doors, and what has to be set. Their versions are in requirements/NAME.txt."""
import os
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Package:
    name: str
    doors: dict                 # door -> path where it listens ("" where it connects itself)
    en: str = ""                # what to set, for the page
    zh: str = ""
    page: str = ""              # its page in docs/frameworks
    query: str = ""             # the query of its connection to Perpetua
    settings: list = field(default_factory=list)    # further lines of perpetua.yaml
    python: str = "3.11"
    port: int = 0               # its port, where that cannot be chosen
    event: dict = field(default_factory=dict)   # members it must have in a group message; None: must not have
    call: str = "get_login_info"    # the action that reaches the bot when the application calls it
    has_token: bool = True      # for reverse WebSockets: whether it is given a token
    is_open: bool = False       # whether Perpetua's door asks for no token

    @property
    def app(self):
        return self.name.lower().replace("-", "_")

    @property
    def requirements(self):
        return os.path.join(HERE, "requirements", f"{self.name}.txt")

    @property
    def pins(self):
        """The pins that its requirements name, before those that they brought along."""
        with open(self.requirements) as file:
            return [line.strip() for line in file.read().split("#")[0].splitlines() if line.strip()]

    @property
    def version(self):
        """The version of the package itself, which may be pinned together with others."""
        return next(pin.split("==")[1] for pin in self.pins if pin.split("==")[0].split("[")[0] == self.name)

    def entry(self, door, port, token, secret):
        """A line of perpetua.yaml."""
        address = f"127.0.0.1:{port}{self.doors[door]}"
        if door == "webhook":
            return f"webhooks: [{{name: {self.name}, url: 'http://{address}', secret: {secret}}}]"
        shown = f", access_token: {token}" if self.has_token else ""
        return f"reverse_websockets: [{{name: {self.name}, url: 'ws://{address}'{shown}}}]"


# All members that the standard lists; NapCat leaves out those of the second line.
GO_CQHTTP_SENDER = {
    "user_id": 20001, "nickname": "Ada", "card": "", "role": "owner",
    "sex": "unknown", "age": 20, "area": "", "level": "1", "title": ""}

PACKAGES = [
    Package("nonebot-adapter-onebot", {"forward": "", "reverse": "/onebot/v11/ws", "webhook": "/onebot/v11/"}, page="nonebot"),
    Package("nonebot", {"reverse": "/ws/"},
            "`ACCESS_TOKEN` in its config. It stands on aiocqhttp: [see there](frameworks/aiocqhttp.md).",
            "令牌是配置里的 `ACCESS_TOKEN`。它基于 aiocqhttp：[见该页](frameworks/aiocqhttp.zh-CN.md)。"),
    Package("aiocqhttp", {"reverse": "/ws/", "webhook": "/"}, page="aiocqhttp"),
    Package("astrbot", {"reverse": "/ws"}, page="astrbot", python="3.12"),
    Package("kirara-ai-onebot-adapter", {"reverse": "/ws"},
            "`mcp<2` and `pygls<2` with kirara-ai. Its adapter was run alone, with a dispatcher of the application's own in place of the model's. It "
            "checks no token, and stands on aiocqhttp: [see there](frameworks/aiocqhttp.md).",
            "与 kirara-ai 一起安装 `mcp<2`、`pygls<2`。只运行了它的适配器，由测试程序代替模型分发消息。它不检查令牌，基于 aiocqhttp："
            "[见该页](frameworks/aiocqhttp.zh-CN.md)。"),
    Package("cqhttp", {"webhook": "/"},
            "`CQHttp(api_root=\"http://127.0.0.1:8080/\", access_token=…, secret=…)`.",
            "`CQHttp(api_root=\"http://127.0.0.1:8080/\", access_token=…, secret=…)`。"),
    Package("melobot", {"forward": "", "reverse": "/"}, page="melobot"),
    Package("alicebot-adapter-cqhttp", {"forward": "", "reverse": "/cqhttp/ws"}, page="alicebot", has_token=False),
    Package("iamai-adapter-cqhttp", {"forward": "", "reverse": "/cqhttp/ws"},
            "iamai 0.1.8 with it: pip takes 1.0, which does not fit. Forward `url = \"/\"`; reverse without `access_token`, as "
            "[AliceBot](frameworks/alicebot.md), of which it is a descendant.",
            "要与 iamai 0.1.8 一起安装：pip 默认装 1.0，不兼容。正向设 `url = \"/\"`；反向不要设 `access_token`，与它的前身 "
            "[AliceBot](frameworks/alicebot.zh-CN.md) 相同。", has_token=False),
    Package("yiri-onebot", {"reverse": "/"},
            "`ReverseWebsocketAdapter(host, port, access_token, bus)`, and the account as `self_id`.",
            "`ReverseWebsocketAdapter(host, port, access_token, bus)`，`self_id` 写账号。"),
    Package("napcat-sdk", {"forward": "", "reverse": "/"},
            "Forward: a loop of one's own around `NapCatClient`, which ends with its connection. `?client_status=none` (reverse: in the entry) "
            "spares most of its ERROR lines.",
            "正向：`NapCatClient` 随连接结束，需要自己写循环。`?client_status=none`（反向写在条目里）可免去大部分 ERROR 行。",
            python="3.12"),
    Package("ncatbot5", {"forward": ""},
            "`ws_uri` without a path (it adds the token as a query), `skip_setup: true`, `enable_webui: false`.",
            "`ws_uri` 不带路径（它会把令牌加为查询参数），`skip_setup: true`，`enable_webui: false`。", python="3.12"),
    Package("ncatbot", {"forward": ""},
            "`remote_mode=True`, `enable_webui=False`, `ws_uri` without a path.",
            "`remote_mode=True`，`enable_webui=False`，`ws_uri` 不带路径。", python="3.12"),
    Package("ncatbot-sync", {"forward": ""},
            "`url` without a slash at its end. A bot whose messages have no `anonymous`: at `null`, which the standard has, and go-cqhttp and "
            "SnowLuma send, it drops the message with an ERROR line.",
            "`url` 末尾不带斜杠。机器人的消息不能带 `anonymous`：遇到标准规定的、go-cqhttp 与 SnowLuma 会发送的 `null`，它会丢弃消息并记一行 ERROR。", event={"anonymous": None}),
    Package("nicemoe", {"reverse": "/onebot/v11/ws"},
            "Install `nicemoe[standard]`; `ACCESS_TOKEN`, `HOST`, `PORT` in its config.",
            "安装 `nicemoe[standard]`；在配置里设 `ACCESS_TOKEN`、`HOST`、`PORT`。"),
    Package("nekomoe", {"reverse": "/onebot/v11/ws"},
            "Install `nekomoe[uvicorn]`; `ACCESS_TOKEN`, `HOST`, `PORT` in its config.",
            "安装 `nekomoe[uvicorn]`；在配置里设 `ACCESS_TOKEN`、`HOST`、`PORT`。"),
    Package("linbot", {"reverse": "/onebot/v11/ws"},
            "Port 8050, and it checks no token. The bot must send `raw_pb` in messages (LLBot can, NapCat does not): without it every "
            "message ends the connection.",
            "端口固定为 8050，且不检查令牌。机器人的消息必须带 `raw_pb`（LLBot 可以，NapCat 不带）：没有它，每条消息都会使它断开连接。",
            port=8050, event={"raw_pb": ""}),
    Package("murainbot", {"webhook": "/"}, page="murainbot", python="3.12"),
    Package("clicker-bot", {"webhook": "/onebot/v11/"},
            "Nothing; it checks no signature. It only answers, by quick operations.",
            "无需设置；它不检查签名，只通过快速操作回复。", python="3.13"),
    Package("ErisPulse-OneBot11Adapter", {"forward": "", "reverse": "/onebot11_main/onebot"},
            "Its accounts stand under `[OneBotAdapter.accounts.NAME]` in `config/config.toml`, not under `bots` as its page has it. Reverse: "
            "`/onebot11_NAME` before the `server_path`.",
            "账户写在 `config/config.toml` 的 `[OneBotAdapter.accounts.NAME]` 下，而不是它文档里的 `bots`。反向的路径是 `/onebot11_NAME` 加 "
            "`server_path`。"),
    Package("hyperot-adapter-onebot", {"forward": "", "webhook": "/"},
            "`\"active_adapter\": \"onebot\"`; by webhook two connections, `HTTPPost` and `HTTP`.",
            "`\"active_adapter\": \"onebot\"`；webhook 方式要写 `HTTPPost` 与 `HTTP` 两个连接。"),
    Package("avilla-onebot-v11", {"forward": ""},
            "`uvicorn` installed beside it, which it does not ask for.",
            "需要另外安装 `uvicorn`，它没有声明这个依赖。"),
    Package("graiax-anchor", {"forward": ""},
            "Whatever runs it must start it again when it ends.",
            "它结束后要由外部重新启动。"),
    Package("satori-python-adapter-onebot11", {"forward": ""},
            "Run with arclet-entari, which itself speaks Satori to it.",
            "与 arclet-entari 一起运行，两者之间是 Satori 协议。", python="3.12"),
    Package("nakuru-project", {"forward": ""},
            "`pydantic<2`; messages as text (`client.message_format: string`), and a bot whose senders have `sex`, `age`, `area` and `level` "
            "(go-cqhttp): without them it drops group messages with an ERROR line.",
            "`pydantic<2`；消息用字符串格式（`client.message_format: string`）；机器人的 `sender` 要有 `sex`、`age`、`area`、`level`（go-cqhttp）："
            "缺少时群消息会被丢弃并记一行 ERROR。",
            settings=["client.message_format: string"],
            event={"sender": GO_CQHTTP_SENDER}),
    Package("nanobot-channel-anon", {"forward": ""},
            "Its channel ends with its connection; its host, nanobot-ai, must start it again (here the application did).",
            "频道随连接结束；要由宿主 nanobot-ai 重新启动（这里由测试程序负责）。"),
    Package("hermes-onebot-adapter", {"forward": "", "reverse": "/onebot"},
            "`onebot_ws_token`; each group under `groups`. Its agent was played by the application.",
            "`onebot_ws_token`；每个群写在 `groups` 下。智能体一侧由测试程序扮演。"),
    Package("jianer-bot", {"forward": ""},
            "It sends neither its `token` nor its `auth`: `\"host\": \"127.0.0.1:6700/?access_token=…&port=\"`, since it puts `:` and the port "
            "behind that.",
            "它的 `token` 与 `auth` 都不会发送：写 `\"host\": \"127.0.0.1:6700/?access_token=…&port=\"`，它会在后面接上 `:` 与端口。"),
    Package("napcat-cli", {"forward": ""},
            "aiohttp or websockets installed beside it. Its daemon shows no token in the handshake: "
            "`\"ws_url\": \"ws://127.0.0.1:6700/?access_token=…\"`; calls go over HTTP.",
            "需要另外安装 aiohttp 或 websockets。它的守护进程握手时不带令牌：`\"ws_url\": \"ws://127.0.0.1:6700/?access_token=…\"`；调用走 HTTP。",
            query="?access_token=a-token"),
    Package("eridanus-dep", {"forward": ""},
            "It has no place for a token: `ws://127.0.0.1:6700/?access_token=…`.",
            "没有令牌设置：写 `ws://127.0.0.1:6700/?access_token=…`。", query="?access_token=a-token"),
    Package("onebotconnecter", {"forward": ""},
            "`websockets` installed beside it (else it runs pip by itself); no place for a token: `ws://127.0.0.1:6700/?access_token=…`.",
            "需要另外安装 `websockets`（否则它会自己运行 pip）；没有令牌设置：写 `ws://127.0.0.1:6700/?access_token=…`。",
            query="?access_token=a-token"),
    Package("pycqBot", {"forward": ""},
            "It has no place for a token over HTTP: Perpetua without `access_token`, on loopback. The bot's senders must have `sex` and `age` "
            "(go-cqhttp). Its `get_login_info` calls `set_friend_add_request`.",
            "HTTP 没有令牌设置：Perpetua 不设 `access_token`，只监听本机。机器人的 `sender` 要有 `sex` 与 `age`（go-cqhttp）。它的 `get_login_info` "
            "实际调用的是 `set_friend_add_request`。",
            is_open=True, event={"sender": GO_CQHTTP_SENDER}, call="set_friend_add_request"),
    Package("pushikoo-pusher-onebot", {"http": ""},
            "The API's address and `access_token`. It sends, and gets no events.",
            "API 地址与 `access_token`。它只发送，不接收事件。", python="3.12", call="send_group_msg"),
]

# Packages that could not be run: version, and why.
NOT_RUN = {
    "automas-notification-onebot": (
        "0.0.4", "its host, AUTO-MAS, is not on PyPI; by its source it posts `send_*_msg` with `Bearer`",
        "宿主 AUTO-MAS 不在 PyPI 上；从源码看，它用 `Bearer` 调用 `send_*_msg`"),
    "echoframe": ("2.0.0", "cannot be imported: its module `core` was left out of the package", "无法导入：打包时漏掉了模块 `core`"),
    "euler-onebot": (
        "0.0.2", "is a bot, and needs an account to be logged in", "是机器人一侧的实现，需要登录账号"),
    "fastbot-onebot": ("2026.6.18", "published empty: metadata, and no module", "发布的是空包：只有元数据，没有模块"),
    "lagrange-python": ("0.1.8", "talks to QQ itself; OneBot is not in it", "直接与 QQ 通信，不含 OneBot"),
    "lightningrobot-adapter-onebot": ("0.1.1", "needs `signal<0.2`, which no longer exists", "依赖已不存在的 `signal<0.2`"),
    "liteyukibot-v7-adapter-onebot": ("0.1.0a1", "needs Python 3.14", "需要 Python 3.14"),
    "nonebot-adapter-cqhttp": ("2.0.0b1", "pip finds no nonebot2 that suits it", "pip 找不到与它相容的 nonebot2"),
}

# The packages that ./test tries: small ones that run on any Python from 3.11, and cover every door.
SMOKE = ["cqhttp", "nicemoe", "hermes-onebot-adapter", "eridanus-dep", "avilla-onebot-v11"]
