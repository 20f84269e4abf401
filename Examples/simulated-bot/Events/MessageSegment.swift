import NIOCore
import OneBot

/// One part of a message (OneBot 11, message segments): written as an array's element or as a CQ code.
struct MessageSegment: Sendable {
    let type: String
    let data: [(key: StaticString, value: String)]

    init(_ type: String, _ data: (key: StaticString, value: String)...) {
        self.type = type
        self.data = data
    }

    static func text(_ text: String) -> MessageSegment { MessageSegment("text", ("text", text)) }

    var json: ByteBuffer {
        .object { json in
            json.add("type", type)
            json.add("data", json: .object { json in for (key, value) in data { json.add(key, value) } })
        }
    }

    /// The segment in `raw_message`'s format (OneBot 11, string format).
    var cqCode: String {
        if type == "text" { return data.map { Self.escaped($0.value, inParameter: false) }.joined() }
        return "[CQ:" + type + data.map { ",\($0.key)=" + Self.escaped($0.value, inParameter: true) }.joined() + "]"
    }

    private static func escaped(_ text: String, inParameter: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "[": escaped += "&#91;"
            case "]": escaped += "&#93;"
            case "," where inParameter: escaped += "&#44;"
            case _: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension MessageSegment {
    /// Messages that together contain every kind of segment an account receives.
    static func samples(selfID: SelfID) -> [[MessageSegment]] {
        [
            [.text("Hello, is anybody there?")],
            [.text("你好，世界！ emoji: 🎉👨‍👩‍👧‍👦, combining: e\u{301}")],
            [.text("escapes: [CQ:fake,a=b] & <tag> \"quotes\" \\ back\tslash\nnew line")],
            [MessageSegment("at", ("qq", "\(selfID)")), .text(" /help")],
            [MessageSegment("at", ("qq", "all")), .text(" meeting at noon")],
            [MessageSegment("face", ("id", "178")), .text("ha"), MessageSegment("face", ("id", "66"))],
            [
                .text("look:"),
                MessageSegment(
                    "image", ("file", "0123456789ABCDEF.image"), ("url", "http://127.0.0.1/image?a=1,2&b=[3]")),
            ],
            [MessageSegment("image", ("file", "flash.image"), ("type", "flash"), ("url", "http://127.0.0.1/flash"))],
            [MessageSegment("record", ("file", "voice.amr"), ("magic", "0"), ("url", "http://127.0.0.1/voice.amr"))],
            [MessageSegment("video", ("file", "clip.mp4"), ("url", "http://127.0.0.1/clip.mp4"))],
            [MessageSegment("reply", ("id", "1")), MessageSegment("at", ("qq", "20001")), .text(" I agree")],
            [MessageSegment("forward", ("id", "Ab12Cd34"))],
            [MessageSegment("share", ("url", "https://swift.org"), ("title", "Swift"), ("content", "A language"))],
            [MessageSegment("contact", ("type", "group"), ("id", "30002"))],
            [
                MessageSegment(
                    "location", ("lat", "39.8969426"), ("lon", "116.3109099"), ("title", "Here"), ("content", ""))
            ],
            [MessageSegment("music", ("type", "163"), ("id", "28949129"))],
            [MessageSegment("xml", ("data", "<?xml version=\"1.0\"?><msg/>"))],
            [MessageSegment("json", ("data", #"{"app":"com.example","list":[1,2]}"#))],
            [MessageSegment("rps")],
            [MessageSegment("dice")],
            [MessageSegment("shake")],
            [MessageSegment("poke", ("type", "126"), ("id", "2003"), ("name", "big heart"))],
        ]
    }
}
