import Bus
import CRabbitMQ
import NIOCore

/// Methods and messages → bytes for the broker, by librabbitmq. It and ``AMQPDecoder`` are the only files that call
/// `amqp_*`.
///
/// Not `Sendable`: confined to its connection's event loop.
final class AMQPEncoder {
    /// The largest frame, with the 8 bytes of its envelope. Before tuning, the smallest limit a peer may set (AMQP
    /// 0-9-1 §4.9).
    var frameMax = 4096
    private var pool = amqp_pool_t()
    private let scratch: UnsafeMutableRawBufferPointer

    /// Methods and properties that need more are refused.
    private static let scratchBytes = 128 << 10

    init() {
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 16)
        init_amqp_pool(&pool, 16 << 10)
    }

    deinit {
        empty_amqp_pool(&pool)
        scratch.deallocate()
    }

    static let protocolHeader = ByteBuffer(bytes: Array("AMQP".utf8) + [0, 0, 9, 1])

    func heartbeat(into out: inout ByteBuffer) {
        frame(8, channel: 0, UnsafeRawBufferPointer(start: nil, count: 0), into: &out)
    }

    func method(_ method: AMQPOutgoing, channel: UInt16, into out: inout ByteBuffer) throws(AMQPError) {
        defer { recycle_amqp_pool(&pool) }
        let (id, length) = try encode(method)
        try methodFrame(id, length, named: method.name, channel: channel, into: &out)
    }

    /// Method, properties and body of one message.
    /// - Parameter publishTag: the number of a mandatory message on the channel. It travels as `cluster-id`, the one
    ///   property nobody uses, so that a returned message says which one it is.
    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, publishTag: UInt64?, channel: UInt16,
        into out: inout ByteBuffer
    ) throws(AMQPError) {
        defer { recycle_amqp_pool(&pool) }
        let mark = out.writerIndex
        do throws(AMQPError) {
            var publish = amqp_basic_publish_t()
            publish.exchange = try short(exchange.name)
            publish.routing_key = try short(key.text)
            publish.mandatory = publishTag == nil ? 0 : 1
            let length = withUnsafeMutablePointer(to: &publish) { amqp_encode_method(0x003C_0028, $0, after(4)) }
            try methodFrame(0x003C_0028, length, named: "basic.publish", channel: channel, into: &out)
            try header(message, publishTag, channel: channel, into: &out)
        } catch {
            out.moveWriterIndex(to: mark)
            throw error
        }
        var body = message.body
        while let part = body.readSlice(length: min(body.readableBytes, frameMax - 8)), part.readableBytes > 0 {
            out.writeInteger(UInt8(3))
            out.writeInteger(channel)
            out.writeInteger(UInt32(part.readableBytes))
            out.writeImmutableBuffer(part)
            out.writeInteger(UInt8(0xCE))
        }
    }

    // MARK: Frames

    /// The encoded fields begin 4 bytes into the scratch; the method's id goes before them.
    private func methodFrame(
        _ id: UInt32, _ length: Int32, named name: String, channel: UInt16, into out: inout ByteBuffer
    ) throws(AMQPError) {
        guard length >= 0, Int(length) + 12 <= frameMax else { throw .unencodable("\(name) does not fit into a frame") }
        scratch.storeBytes(of: id.bigEndian, as: UInt32.self)
        frame(1, channel: channel, UnsafeRawBufferPointer(rebasing: scratch[..<(4 + Int(length))]), into: &out)
    }

    private func header(
        _ message: Message, _ publishTag: UInt64?, channel: UInt16, into out: inout ByteBuffer
    ) throws(AMQPError) {
        var properties = try properties(message.properties, publishTag)
        let length = withUnsafeMutablePointer(to: &properties) { amqp_encode_properties(60, $0, after(12)) }
        guard length >= 0, Int(length) + 20 <= frameMax else {
            throw .unencodable("the properties do not fit into a frame of \(frameMax) bytes")
        }
        scratch.storeBytes(of: UInt16(60).bigEndian, as: UInt16.self)
        scratch.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
        scratch.storeBytes(of: UInt64(message.body.readableBytes).bigEndian, toByteOffset: 4, as: UInt64.self)
        frame(2, channel: channel, UnsafeRawBufferPointer(rebasing: scratch[..<(12 + Int(length))]), into: &out)
    }

    private func frame(_ type: UInt8, channel: UInt16, _ payload: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
        out.writeInteger(type)
        out.writeInteger(channel)
        out.writeInteger(UInt32(payload.count))
        out.writeBytes(payload)
        out.writeInteger(UInt8(0xCE))
    }

    private func after(_ offset: Int) -> amqp_bytes_t {
        amqp_bytes_t(len: scratch.count - offset, bytes: scratch.baseAddress.map { $0 + offset })
    }

    // MARK: Fields

    private func encode(_ method: AMQPOutgoing) throws(AMQPError) -> (id: UInt32, length: Int32) {
        switch method {
        case .connectionStartOK(let mechanism, let response):
            return fields(
                0x000A_000B,
                amqp_connection_start_ok_t(
                    client_properties: try Self.clientProperties(self), mechanism: try short(mechanism),
                    response: long(response), locale: try short("en_US")))
        case .connectionTuneOK(let channelMax, let frameMax, let heartbeat):
            return fields(
                0x000A_001F,
                amqp_connection_tune_ok_t(channel_max: channelMax, frame_max: frameMax, heartbeat: heartbeat))
        case .connectionOpen(let virtualHost):
            return fields(
                0x000A_0028,
                amqp_connection_open_t(virtual_host: try short(virtualHost), capabilities: amqp_bytes_t(), insist: 0))
        case .connectionClose:
            return fields(
                0x000A_0032,
                amqp_connection_close_t(reply_code: 200, reply_text: try short("Goodbye"), class_id: 0, method_id: 0))
        case .connectionCloseOK: return fields(0x000A_0033, amqp_connection_close_ok_t())
        case .channelOpen: return fields(0x0014_000A, amqp_channel_open_t())
        case .channelClose:
            return fields(
                0x0014_0028,
                amqp_channel_close_t(reply_code: 200, reply_text: try short("Goodbye"), class_id: 0, method_id: 0))
        case .channelCloseOK: return fields(0x0014_0029, amqp_channel_close_ok_t())
        case .exchangeDeclare(let exchange):
            var fields = amqp_exchange_declare_t()
            fields.exchange = try short(exchange.name)
            fields.type = try short(exchange.kind.rawValue)
            fields.durable = 1
            return self.fields(0x0028_000A, fields)
        case .queueDeclare(let queue):
            var fields = amqp_queue_declare_t()
            fields.queue = try short(queue.name.text)
            fields.durable = queue.isExclusive ? 0 : 1
            fields.exclusive = queue.isExclusive ? 1 : 0
            fields.arguments = try arguments(queue)
            return self.fields(0x0032_000A, fields)
        case .queueBind(let queue, let exchange, let pattern):
            var fields = amqp_queue_bind_t()
            fields.queue = try short(queue.text)
            fields.exchange = try short(exchange.name)
            fields.routing_key = try short(pattern.text)
            return self.fields(0x0032_0014, fields)
        case .queueUnbind(let queue, let exchange, let pattern):
            var fields = amqp_queue_unbind_t()
            fields.queue = try short(queue.text)
            fields.exchange = try short(exchange.name)
            fields.routing_key = try short(pattern.text)
            return self.fields(0x0032_0032, fields)
        case .queueDelete(let queue):
            var fields = amqp_queue_delete_t()
            fields.queue = try short(queue.text)
            return self.fields(0x0032_0028, fields)
        case .confirmSelect: return fields(0x0055_000A, amqp_confirm_select_t())
        case .basicQos(let prefetch):
            return fields(0x003C_000A, amqp_basic_qos_t(prefetch_size: 0, prefetch_count: prefetch, global: 0))
        case .basicConsume(let queue):
            var fields = amqp_basic_consume_t()
            fields.queue = try short(queue.text)
            fields.consumer_tag = try short("perpetua")
            return self.fields(0x003C_0014, fields)
        case .basicAck(let tag, let multiple):
            return fields(0x003C_0050, amqp_basic_ack_t(delivery_tag: tag, multiple: multiple ? 1 : 0))
        }
    }

    private func fields(_ id: UInt32, _ fields: some Any) -> (id: UInt32, length: Int32) {
        withUnsafePointer(to: fields) { pointer in
            (id, amqp_encode_method(id, UnsafeMutableRawPointer(mutating: pointer), after(4)))
        }
    }

    private func properties(_ from: MessageProperties, _ publishTag: UInt64?) throws(AMQPError)
        -> amqp_basic_properties_t
    {
        var properties = amqp_basic_properties_t()
        func set(_ flag: Int, _ path: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>, _ text: String?)
            throws(AMQPError)
        {
            guard let text else { return }
            properties._flags |= 1 << flag
            properties[keyPath: path] = try short(text)
        }
        if !from.contentType.isEmpty { try set(15, \.content_type, from.contentType) }
        if !from.headers.isEmpty {
            properties._flags |= 1 << 13
            var headers: [(amqp_bytes_t, amqp_field_value_t)] = []
            for (key, value) in from.headers { headers.append((try short(key), text(value))) }
            properties.headers = table(headers)
        }
        properties._flags |= 1 << 12
        properties.delivery_mode = from.isPersistent ? 2 : 1
        if let priority = from.priority {
            properties._flags |= 1 << 11
            properties.priority = priority
        }
        try set(10, \.correlation_id, from.correlationID)
        try set(9, \.reply_to, from.replyTo?.text)
        try set(8, \.expiration, from.expiration.map { "\(min($0.wholeMilliseconds, Int64(UInt32.max)))" })
        try set(7, \.message_id, from.messageID)
        if let timestamp = from.timestamp {
            properties._flags |= 1 << 6
            properties.timestamp = UInt64(clamping: timestamp)
        }
        try set(5, \.type, from.type)
        try set(3, \.app_id, from.appID)
        try set(2, \.cluster_id, publishTag.map { "\($0)" })
        return properties
    }

    private func arguments(_ queue: QueueDeclaration) throws(AMQPError) -> amqp_table_t {
        var entries: [(amqp_bytes_t, amqp_field_value_t)] = []
        if let expires = queue.expires {
            entries.append((try short("x-expires"), number(max(1, expires.wholeMilliseconds))))
        }
        if let ttl = queue.messageTTL {
            entries.append((try short("x-message-ttl"), number(ttl.wholeMilliseconds)))
        }
        if queue.hasSingleActiveConsumer { entries.append((try short("x-single-active-consumer"), yes)) }
        entries.append((try short("x-max-length-bytes"), number(Int64(queue.maxLengthBytes))))
        entries.append((try short("x-overflow"), text("drop-head")))
        return table(entries)
    }

    /// Who we are, and what we understand: the broker tells us of cancelled consumers and of alarms, and why it refuses
    /// a login.
    private static func clientProperties(_ encoder: AMQPEncoder) throws(AMQPError) -> amqp_table_t {
        var capabilities: [(amqp_bytes_t, amqp_field_value_t)] = []
        for name in [
            "publisher_confirms", "consumer_cancel_notify", "connection.blocked", "authentication_failure_close",
            "basic.nack",
        ] {
            capabilities.append((try encoder.short(name), encoder.yes))
        }
        var nested = amqp_field_value_t()
        nested.kind = UInt8(ascii: "F")
        nested.value.table = encoder.table(capabilities)
        return encoder.table([
            (try encoder.short("product"), encoder.text("Perpetua")),
            (try encoder.short("platform"), encoder.text("Swift")),
            (try encoder.short("capabilities"), nested),
        ])
    }

    // MARK: Values, in memory of the pool

    private func short(_ text: String) throws(AMQPError) -> amqp_bytes_t {
        guard text.utf8.count <= 255 else {
            throw .unencodable("\"\(text.prefix(40))…\" is longer than 255 bytes")
        }
        return long(text.utf8)
    }

    private func long(_ bytes: some Collection<UInt8>) -> amqp_bytes_t {
        var copy = amqp_bytes_t()
        amqp_pool_alloc_bytes(&pool, bytes.count, &copy)
        if let start = copy.bytes {
            UnsafeMutableRawBufferPointer(start: start, count: copy.len).copyBytes(from: bytes)
        }
        return copy
    }

    private func text(_ text: String) -> amqp_field_value_t {
        var value = amqp_field_value_t()
        value.kind = UInt8(ascii: "S")
        value.value.bytes = long(text.utf8)
        return value
    }

    private func number(_ number: Int64) -> amqp_field_value_t {
        var value = amqp_field_value_t()
        value.kind = UInt8(ascii: "l")
        value.value.i64 = number
        return value
    }

    private var yes: amqp_field_value_t {
        var value = amqp_field_value_t()
        value.kind = UInt8(ascii: "t")
        value.value.boolean = 1
        return value
    }

    private func table(_ entries: [(amqp_bytes_t, amqp_field_value_t)]) -> amqp_table_t {
        guard !entries.isEmpty,
            let memory = amqp_pool_alloc(&pool, entries.count * MemoryLayout<amqp_table_entry_t>.stride)
        else { return amqp_table_t(num_entries: 0, entries: nil) }
        let list = memory.bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
        for (index, (key, value)) in entries.enumerated() {
            (list + index).initialize(to: amqp_table_entry_t(key: key, value: value))
        }
        return amqp_table_t(num_entries: Int32(entries.count), entries: list)
    }
}

extension Duration {
    /// Rounded down, and never below 0; a duration that is too long for an `Int64` is the longest.
    fileprivate var wholeMilliseconds: Int64 {
        let (milliseconds, isTooLong) = max(0, components.seconds).multipliedReportingOverflow(by: 1_000)
        let (sum, isTooLongNow) = milliseconds.addingReportingOverflow(
            max(0, components.attoseconds) / 1_000_000_000_000_000)
        return isTooLong || isTooLongNow ? .max : sum
    }
}
