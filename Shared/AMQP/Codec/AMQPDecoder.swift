import Bus
import CRabbitMQ
import NIOCore

/// Bytes of the broker → ``AMQPFrame``, by librabbitmq. It and ``AMQPEncoder`` are the only files that call `amqp_*`.
///
/// Not `Sendable`: confined to its connection's event loop.
final class AMQPDecoder {
    private let state: amqp_connection_state_t

    init() throws(AMQPError) {
        guard let state = amqp_new_connection() else { throw .protocolViolation("no memory for a decoder") }
        self.state = state
    }

    deinit { _ = amqp_destroy_connection(state) }

    /// Sets the largest frame that is taken, with the 8 bytes of its envelope. Call this only while a frame is handed
    /// out: librabbitmq aborts the process if it is in the middle of one.
    func limitFrames(to frameMax: Int) { _ = amqp_tune_connection(state, 0, Int32(clamping: frameMax), 0) }

    /// Hands out every frame that is complete; what is left over waits for more bytes.
    /// - Throws: ``AMQPError/protocolViolation(_:)``; nothing more can be decoded then. And what `body` throws.
    func decode(_ bytes: ByteBuffer, _ body: (AMQPFrame) throws(AMQPError) -> Void) throws(AMQPError) {
        var failure: AMQPError?
        bytes.withUnsafeReadableBytes { input in
            var rest = input[...]
            do throws(AMQPError) {
                while !rest.isEmpty {
                    let (used, frame) = try next(UnsafeRawBufferPointer(rebasing: rest))
                    rest = rest.dropFirst(used)
                    if let frame { try body(frame) }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func next(_ bytes: UnsafeRawBufferPointer) throws(AMQPError) -> (used: Int, AMQPFrame?) {
        var frame = amqp_frame_t()
        let data = amqp_bytes_t(len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        let used = amqp_handle_input(state, data, &frame)
        guard used > 0 else { throw .protocolViolation("a frame that cannot be decoded (\(used))") }
        guard frame.frame_type != 0 else { return (Int(used), nil) }
        // Everything is copied out, so that the memory behind the frame can be used for the next.
        defer { amqp_maybe_release_buffers_on_channel(state, frame.channel) }
        return (Int(used), try Self.convert(frame))
    }

    private static func convert(_ frame: amqp_frame_t) throws(AMQPError) -> AMQPFrame {
        switch frame.frame_type {
        case 1: return .method(channel: frame.channel, method(frame.payload.method))
        case 2:
            let header = frame.payload.properties
            guard header.class_id == 60, let decoded = header.decoded else {
                throw .protocolViolation("content of class \(header.class_id)")
            }
            let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            return .header(
                channel: frame.channel, bodyBytes: header.body_size, Self.properties(properties),
                publishTag: properties.has(1 << 2) ? UInt64(properties.cluster_id.text) : nil)
        case 3: return .body(channel: frame.channel, frame.payload.body_fragment.buffer)
        case 8: return .heartbeat
        case UInt8(ascii: "A"):
            let header = frame.payload.protocol_header
            return .protocolHeader(major: header.protocol_version_major, minor: header.protocol_version_minor)
        default: throw .protocolViolation("a frame of type \(frame.frame_type)")
        }
    }

    /// The ids are literals because librabbitmq's are macros with casts, which Swift does not import.
    private static func method(_ method: amqp_method_t) -> AMQPIncoming {
        switch method.id {
        case 0x000A_000A:
            let start = method.as(amqp_connection_start_t.self)
            return .connectionStart(
                mechanisms: start.mechanisms.text.split(separator: " ").map(String.init),
                product: headers(start.server_properties)["product"])
        case 0x000A_001E:
            let tune = method.as(amqp_connection_tune_t.self)
            return .connectionTune(channelMax: tune.channel_max, frameMax: tune.frame_max, heartbeat: tune.heartbeat)
        case 0x000A_0029: return .connectionOpenOK
        case 0x000A_0032:
            let close = method.as(amqp_connection_close_t.self)
            return .connectionClose(code: close.reply_code, text: close.reply_text.text)
        case 0x000A_0033: return .connectionCloseOK
        case 0x000A_003C: return .connectionBlocked(reason: method.as(amqp_connection_blocked_t.self).reason.text)
        case 0x000A_003D: return .connectionUnblocked
        case 0x0014_000B: return .channelOpenOK
        case 0x0014_0028:
            let close = method.as(amqp_channel_close_t.self)
            return .channelClose(code: close.reply_code, text: close.reply_text.text)
        case 0x0014_0029: return .channelCloseOK
        case 0x0028_000B: return .exchangeDeclareOK
        case 0x0032_000B: return .queueDeclareOK
        case 0x0032_0015: return .queueBindOK
        case 0x0032_0033: return .queueUnbindOK
        case 0x0032_0029: return .queueDeleteOK
        case 0x0055_000B: return .confirmSelectOK
        default: return basic(method)
        }
    }

    private static func basic(_ method: amqp_method_t) -> AMQPIncoming {
        switch method.id {
        case 0x003C_000B: return .basicQosOK
        case 0x003C_0015: return .basicConsumeOK
        case 0x003C_001E: return .basicCancel
        case 0x003C_0032:
            let returned = method.as(amqp_basic_return_t.self)
            return .basicReturn(code: returned.reply_code, text: returned.reply_text.text)
        case 0x003C_003C:
            let deliver = method.as(amqp_basic_deliver_t.self)
            return .basicDeliver(
                deliveryTag: deliver.delivery_tag, redelivered: deliver.redelivered != 0,
                exchange: deliver.exchange.text, routingKey: deliver.routing_key.text)
        case 0x003C_0050:
            let ack = method.as(amqp_basic_ack_t.self)
            return .basicAck(deliveryTag: ack.delivery_tag, multiple: ack.multiple != 0)
        case 0x003C_0078:
            let nack = method.as(amqp_basic_nack_t.self)
            return .basicNack(deliveryTag: nack.delivery_tag, multiple: nack.multiple != 0)
        default: return .other(method.id)
        }
    }

    private static func properties(_ from: amqp_basic_properties_t) -> MessageProperties {
        var properties = MessageProperties()
        properties.contentType = from.has(1 << 15) ? from.content_type.text : ""
        if from.has(1 << 13) { properties.headers = headers(from.headers) }
        properties.isPersistent = from.has(1 << 12) && from.delivery_mode == 2
        if from.has(1 << 11) { properties.priority = from.priority }
        if from.has(1 << 10) { properties.correlationID = from.correlation_id.text }
        if from.has(1 << 9) { properties.replyTo = QueueName(from.reply_to.text) }
        // A text from elsewhere that is not a sensible number is ignored: the broker enforces the expiration, not we.
        if from.has(1 << 8), let milliseconds = UInt32(from.expiration.text) {
            properties.expiration = .milliseconds(Int64(milliseconds))
        }
        if from.has(1 << 7) { properties.messageID = from.message_id.text }
        if from.has(1 << 6) { properties.timestamp = Int64(clamping: from.timestamp) }
        if from.has(1 << 5) { properties.type = from.type.text }
        if from.has(1 << 3) { properties.appID = from.app_id.text }
        return properties
    }

    /// The headers whose values are texts.
    private static func headers(_ table: amqp_table_t) -> MessageHeaders {
        var headers: [MessageHeaders.Element] = []
        for entry in UnsafeBufferPointer(start: table.entries, count: max(0, Int(table.num_entries))) {
            switch entry.value.kind {
            case UInt8(ascii: "S"), UInt8(ascii: "x"):
                headers.append((entry.key.text, entry.value.value.bytes.text))
            default: break
            }
        }
        return MessageHeaders(headers)
    }
}

extension amqp_method_t {
    /// The method's fields; `id` says which type they are of.
    fileprivate func `as`<Fields>(_ type: Fields.Type) -> Fields { decoded.assumingMemoryBound(to: type).pointee }
}

extension amqp_basic_properties_t {
    /// Whether the property with that flag is there (AMQP 0-9-1 §4.2.6.1).
    fileprivate func has(_ flag: UInt32) -> Bool { _flags & flag != 0 }
}

extension amqp_bytes_t {
    private var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : len) }
    /// Bytes that are not UTF-8 are replaced: our own names never have any.
    fileprivate var text: String { String(decoding: raw, as: UTF8.self) }
    fileprivate var buffer: ByteBuffer { ByteBuffer(bytes: raw) }
}
