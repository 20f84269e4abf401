"""docs/compatibility.md and its Chinese twin, from results.json and the table of packages. Only what the runs saw, and what was set for them."""
import os

from packages import NOT_RUN, PACKAGES
from trial import OWN, PATIENCE, SIZES

EN = {
    "yes": "✔", "no": "✘", "none": "–",
    "raised": "raises `{what}`", "raised blindly": "raises `{what}`, without the reason",
    "returned": "comes back, to be read", "returned blindly": "comes back without the reason",
    "silent": "nothing comes back", "succeeds": "is taken for a success", "untried": "–",
    "ignored": "ignored", "passed": "passed on", "warning": "a warning", "error": "an error line", "ends": "it ends", ", ": ", ",
    "size": "{size} MiB", "small": "less than 1 MiB", "closes": "hangs up; back in {seconds} s", "drops": "lets it fall",
    "seconds": "{seconds} s", "ended": "ends, status {ended}", "waits": "**silent** ({silent} s watched)",
    "forward": "forward", "reverse": "reverse, `{path}`", "webhook": "HTTP POST, `{path}`", "http": "HTTP", "see": "[its page]({page}.md)",
}
ZH = {
    "yes": "✔", "no": "✘", "none": "–",
    "raised": "抛出 `{what}`", "raised blindly": "抛出 `{what}`，不含原因",
    "returned": "返回，可读", "returned blindly": "返回，不含原因",
    "silent": "没有结果", "succeeds": "被当作成功", "untried": "–",
    "ignored": "忽略", "passed": "交给程序", "warning": "一条警告", "error": "一条错误日志", "ends": "程序结束", ", ": "，",
    "size": "{size} MiB", "small": "不到 1 MiB", "closes": "断开，{seconds} 秒后恢复", "drops": "丢弃",
    "seconds": "{seconds} 秒", "ended": "结束，状态 {ended}", "waits": "**无反应**（观察 {silent} 秒）",
    "forward": "正向", "reverse": "反向，`{path}`", "webhook": "HTTP POST，`{path}`", "http": "HTTP", "see": "[见其页面]({page}.zh-CN.md)",
}

TEXT = {
    "": (EN, """# Compatibility

[中文](compatibility.zh-CN.md) · Written by `Tests/Compatibility/run.py --page`: change that, not this page.

{packages} client packages from PyPI, unmodified and pinned, each with one small application by its own public API ([Tests/Compatibility](../Tests/Compatibility)),
against Perpetua {perpetua} with a scripted bot behind it; {date}, Linux, one machine. `./test` repeats five of them at each change and fails where one does worse than is written here.

A group message is answered; `get_login_info` is called three times: the bot answers, it refuses (1404), it drops the line instead of answering (1503 from Perpetua).
The bot's messages have NapCat's members and `anonymous: null`, unless "What to set" says otherwise.

## Messages and calls

| package | door | message in, reply out | get_login_info | a refused call | a call that loses its bot | bot back: answers again |
|---|---|---|---|---|---|---|
""", """
## Perpetua's own events, large events, restarts

`client_status`, `broadcast` (of type `distributed`) and `event_gap` are no events of OneBot: "ignored" means that neither the application nor the log of the package showed anything. Events of {sizes} MiB were sent.
"Killed": `kill -9`, started again a second later; "stopped": SIGTERM. The time runs from when Perpetua listens until the next message is answered, {patience} s at most.

| package | door | client_status | broadcast | event_gap | largest event that passed | a larger one | killed | stopped |
|---|---|---|---|---|---|---|---|---|
""", """
## What to set

| package | |
|---|---|
""", """
What helps, in the program's own entry of `tokens[]` (forward), in that of `reverse_websockets[]` or `webhooks[]`, or in the query of its connection:

* `max_event_size`, 1 or 4 MiB: a larger event is left out, with an `event_gap` in its place, and the connection stays;
* `client_status: none`: no lines in the log for other programs that come and go;
* `one_answer_per_write: true`, for AliceBot and iamai, which lose the first of two answers that arrive together;
* `message_sent_as: message`, for programs that know no `message_sent`; `ping_interval`, where a proxy ends quiet connections.

## Not run

"""),
    ".zh-CN": (ZH, """# 兼容性

[English](compatibility.md) · 由 `Tests/Compatibility/run.py --page` 生成：请修改它，而不是本页。

{packages} 个来自 PyPI 的客户端软件包，未经修改、固定版本，各用自己的公开接口写了一个小程序（[Tests/Compatibility](../Tests/Compatibility)），连接 Perpetua {perpetua}，后面是一个脚本机器人；{date}，Linux，一台机器。
每次改动时 `./test` 会重跑其中五个，结果比本页差就失败。

程序回复一条群消息，并三次调用 `get_login_info`：机器人正常回答、拒绝（1404）、不回答而直接断线（Perpetua 返回 1503）。除非“需要的设置”另有说明，机器人的消息带有 NapCat 的字段以及 `anonymous: null`。

## 消息与调用

| 软件包 | 方式 | 收到消息并回复 | get_login_info | 被拒绝的调用 | 途中失去机器人的调用 | 机器人恢复后继续回复 |
|---|---|---|---|---|---|---|
""", """
## Perpetua 自己的事件、大事件、重启

`client_status`、`broadcast`（类型 `distributed`）与 `event_gap` 不是 OneBot 的事件；“忽略”表示程序与软件包的日志里都没有出现。发送的事件大小为 {sizes} MiB。
“强杀”：`kill -9`，一秒后重新启动；“停止”：SIGTERM。时间从 Perpetua 开始监听算起，到下一条消息得到回复为止，最多 {patience} 秒。

| 软件包 | 方式 | client_status | broadcast | event_gap | 能通过的最大事件 | 更大的事件 | 强杀 | 停止 |
|---|---|---|---|---|---|---|---|---|
""", """
## 需要的设置

| 软件包 | |
|---|---|
""", """
以下选项写在程序自己的 `tokens[]` 条目（正向）、`reverse_websockets[]` 或 `webhooks[]` 条目里，或写在连接的查询参数里：

* `max_event_size`，1 或 4 MiB：更大的事件被略去，原处是一个 `event_gap`，连接不断；
* `client_status: none`：其他程序上线、下线时不再有日志；
* `one_answer_per_write: true`：用于 AliceBot 与 iamai，它们会丢掉同时到达的两个响应中的前一个；
* `message_sent_as: message`：用于不认识 `message_sent` 的程序；`ping_interval`：用于会切断空闲连接的代理。

## 未运行

"""),
}


def failure(words, seen):
    how = seen["how"]
    if how in ("raised", "returned") and not seen["readable"]:
        how += " blindly"
    return words[how].format(**seen)


def own(words, seen):
    if not seen["alive"]:
        return words["ends"]
    said = [words["passed"]] if seen["passed"] else []
    if seen["level"]:
        said.append(words[seen["level"]])
    return words[", "].join(said) or words["ignored"]


def comeback(words, seen):
    key = "seconds" if "seconds" in seen else "ended" if "ended" in seen else "waits"
    return words[key].format(**seen)


def larger(words, seen):
    if seen is None:
        return words["none"]
    if "seconds" in seen:
        return words["closes" if seen["closes"] else "drops"].format(**seen)
    return comeback(words, seen)


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def rows(results):
    """Each package that was run, with each of its doors."""
    for package in PACKAGES:
        for door, seen in results["packages"].get(package.name, {}).items():
            yield package, door, seen


def tables(words, results):
    calls = events = ""
    for package, door, seen in rows(results):
        named = [package.name + " " + seen["version"], words[door].format(path=package.doors[door])]
        yes = {True: words["yes"], False: words["no"], None: words["none"]}
        if not seen["replies"]:
            calls += row(*named, words["no"], *[words["none"]] * 4)
            continue
        login = words["none"] if seen["refused"]["how"] == "untried" or door == "http" else yes[seen["login"]]
        calls += row(
            *named, words["yes"], login, failure(words, seen["refused"]),
            failure(words, seen["away"]) if "away" in seen else words["none"], yes[seen.get("back")])
        if "own" in seen:
            size = words["size"].format(size=seen["largest"]) if seen["largest"] else words["small"]
            events += row(
                *named, *(own(words, seen["own"][name]) for name in OWN), size, larger(words, seen["after_larger"]),
                comeback(words, seen["killed"]), comeback(words, seen["stopped"]))
    return calls, events


def settings(words, suffix, results):
    lines = ""
    for package in PACKAGES:
        if package.name in results["packages"]:
            said = package.zh if suffix else package.en
            page = words["see"].format(page=f"frameworks/{package.page}") if package.page else ""
            lines += row(package.name, said or page)
    return lines


def write(results, root):
    seen = [seen for _, _, seen in rows(results)]
    facts = {
        "packages": len(results["packages"]), "sizes": ", ".join(map(str, SIZES)), "patience": PATIENCE,
        "perpetua": ", ".join(sorted({one["perpetua"] for one in seen})), "date": ", ".join(sorted({one["date"] for one in seen})),
    }
    for suffix, (words, *parts) in TEXT.items():
        calls, events = tables(words, results)
        parts = [part.format(**facts) for part in parts]
        reasons = "".join(f"* {name} {version}: {zh if suffix else en}\n" for name, (version, en, zh) in NOT_RUN.items())
        pieces = zip(parts, (calls, events, settings(words, suffix, results), reasons))
        with open(os.path.join(root, "docs", f"compatibility{suffix}.md"), "w") as file:
            file.write("".join(part + piece for part, piece in pieces))
    return 0
