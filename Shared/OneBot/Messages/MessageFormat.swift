public import NIOCore

/// How a message is written (OneBot 11, message/): as segments or as one string with CQ codes.
public enum MessageFormat: String, Sendable, Hashable, CaseIterable {
    /// `[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" hi"}}]`
    case array
    /// `"[CQ:at,qq=10001] hi"`
    case string
}

extension MessageFormat {
    /// The same message in this form; `nil` where it is in this form already, or is not a message: then it stays as it
    /// is.
    func convert(_ message: JSONText) -> ByteBuffer? {
        switch (self, message.kind) {
        case (.array, .string): message.string.map { Self.array(of: CQCode.segments(in: $0)) }
        // OneBot allows a single segment without its array.
        case (.array, .object): MessageSegment(message).map { _ in Self.array(around: message.bytes) }
        case (.string, .array): message.array.flatMap(Self.string(of:))
        case (.string, .object): Self.string(of: [message])
        case (_, .array), (_, .string), (_, .number), (_, .boolean), (_, .null): nil
        }
    }

    /// An event with its message in this form; `message_format`, which some bots send, is changed to match, and every
    /// other byte stays. `nil` where nothing changes.
    public func convert(_ event: Event) -> ByteBuffer? {
        guard event.postType == "message" || event.postType == "message_sent" else { return nil }
        return convert(messageIn: event.json)
    }

    /// The answer to `get_msg` with the message in this form; `nil` where nothing changes.
    public func convert(answer: ByteBuffer) -> ByteBuffer? {
        // `try?`: a bot's answer was found to be an object before; anything else stays as it is.
        guard let answer = try? JSONObject(answer), let data = answer["data"]?.object else { return nil }
        return convert(messageIn: data).map { answer.setting("data", to: $0) }
    }

    private func convert(messageIn object: JSONObject) -> ByteBuffer? {
        guard let message = object["message"].flatMap(convert) else { return nil }
        let converted = object.setting("message", to: message)
        guard object["message_format"]?.kind == .string, let again = try? JSONObject(converted) else {
            // `try?`: an object with one of its values replaced is still an object, so this cannot fail.
            return converted
        }
        return again.setting("message_format", to: ByteBuffer(string: "\"\(rawValue)\""))
    }

    private static func array(of segments: [MessageSegment]) -> ByteBuffer {
        var json = ByteBufferAllocator().buffer(capacity: 128)
        json.writeInteger(UInt8(ascii: "["))
        for (place, segment) in segments.enumerated() {
            if place > 0 { json.writeInteger(UInt8(ascii: ",")) }
            segment.write(to: &json)
        }
        json.writeInteger(UInt8(ascii: "]"))
        return json
    }

    private static func array(around segment: ByteBuffer) -> ByteBuffer {
        var json = ByteBufferAllocator().buffer(capacity: segment.readableBytes + 2)
        json.writeInteger(UInt8(ascii: "["))
        json.writeImmutableBuffer(segment)
        json.writeInteger(UInt8(ascii: "]"))
        return json
    }

    /// `nil` where an element is not a segment: a message in the other form is better than half a message.
    private static func string(of elements: [JSONText]) -> ByteBuffer? {
        var segments: [MessageSegment] = []
        for element in elements {
            guard let segment = MessageSegment(element) else { return nil }
            segments.append(segment)
        }
        var json = ByteBuffer()
        json.writeJSONString(CQCode.text(of: segments))
        return json
    }
}
