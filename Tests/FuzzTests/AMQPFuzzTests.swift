import Bus
import NIOCore
import TestSupport
import Testing

@testable import AMQP

extension FuzzTests {
    @Test("AMQP: what a broker says does not depend on the pieces it comes in")
    func amqp() {
        let mutator = Mutator(seeds: [], words: ["\u{CE}", "S", "F", "x", "PLAIN"])
        Fuzz(.amqp).run { random in
            var bytes = Self.conversation(&random)
            if !random.once(in: 4) {
                for _ in 0..<Int.random(in: 1...4, using: &random) { mutator.change(&bytes, &random) }
            }
            let whole = try Self.read([bytes[...]])
            let pieces = try Self.read(random.pieces(of: bytes))
            try Broken.unless(whole == pieces, "\(whole) at once, \(pieces) in pieces", bytes)
        }
    }

    /// What was decoded from the bytes, in order, and how it ended.
    private static func read(_ pieces: [ArraySlice<UInt8>]) throws -> [Said] {
        var said: [Said] = []
        let decoder = try AMQPDecoder()
        var state = AMQPConnectionState(
            login: .plain(username: "guest", password: "guest"), virtualHost: "/", heartbeat: .seconds(10),
            address: "a",
            at: .now())
        var contents: [UInt16: ContentAssembly] = [:]
        var tracker = ConfirmTracker<Int>()
        for number in 0..<20 { tracker.add(number, bytes: 1, at: .now()) }
        do throws(AMQPError) {
            for piece in pieces {
                try decoder.decode(ByteBuffer(bytes: piece)) { frame throws(AMQPError) in
                    switch frame {
                    case .method(channel: 0, let method):
                        said.append(.method(0, method))
                        switch state.received(method) {
                        case .tuned(let tuning, _): decoder.limitFrames(to: tuning.frameMax)
                        case .failed(let error), .closed(let error, _): said.append(.error("\(error)"))
                        case .none, .send, .opened, .blocked, .unblocked: break
                        }
                    case .method(let channel, .basicDeliver(let tag, let redelivered, let exchange, let key)):
                        try contents[channel, default: .init()].begin(
                            .delivery(tag: tag, redelivered: redelivered, exchange: exchange, key: RoutingKey(key)))
                    case .method(let channel, .basicReturn): try contents[channel, default: .init()].begin(.returned)
                    case .method(_, .basicAck(let tag, let multiple)):
                        said.append(.settled(tracker.settle(tag, multiple: multiple, accepted: true).map(\.0)))
                    case .method(_, .basicNack(let tag, let multiple)):
                        said.append(.settled(tracker.settle(tag, multiple: multiple, accepted: false).map(\.0)))
                    case .method(let channel, let method): said.append(.method(channel, method))
                    case .header(let channel, let bodyBytes, let properties, let publishTag):
                        said.append(.header(channel, bodyBytes, properties.correlationID, properties.headers["key"]))
                        if let publishTag { tracker.returned(publishTag) }
                        _ = try contents[channel, default: .init()].header(
                            properties, bodyBytes: bodyBytes, publishTag: publishTag)
                    case .body(let channel, let part):
                        if let whole = try contents[channel, default: .init()].body(part) {
                            said.append(.content(whole.start, whole.message.body))
                        }
                    case .heartbeat: said.append(.heartbeat)
                    case .protocolHeader(let major, let minor): _ = state.received(versionMajor: major, minor: minor)
                    }
                }
            }
        } catch {
            said.append(.error("\(error)"))
        }
        return said
    }

    private enum Said: Equatable {
        case method(UInt16, AMQPIncoming)
        case header(UInt16, UInt64, String?, String?)
        case content(ContentAssembly.Start, ByteBuffer)
        case settled([Int])
        case heartbeat
        case error(String)
    }

    // MARK: A broker's bytes (AMQP 0-9-1 §4.2)

    private static func conversation(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = random.once(in: 20) ? Array("AMQP".utf8) + [0, 0, 9, 1] : []
        if !random.once(in: 4) { bytes += start(&random) + tune(&random) + method(0, 10, 41, short("")) }
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let channel = UInt16.random(in: 0...2, using: &random)
            bytes += said(on: channel, &random)
        }
        return bytes
    }

    private static func said(on channel: UInt16, _ random: inout SeededGenerator) -> [UInt8] {
        let tag = integer(
            [0, 1, 2, 19, 20, 21, .max, .random(in: 0 ... .max, using: &random)].randomElement(using: &random) ?? 0)
        let flag: [UInt8] = [random.once(in: 2) ? 1 : 0]
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return method(channel, 60, 80, tag + flag)
        case 1: return method(channel, 60, 120, tag + flag)
        case 2: return method(0, 10, 50, [1, 64] + short("CONNECTION_FORCED") + [0, 0, 0, 0])
        case 3: return method(0, 10, 60, short("low on memory")) + method(0, 10, 61, [])
        case 4: return frame(8, 0, [])
        case 5:
            return method(channel, 60, 50, [1, 56] + short("NO_ROUTE") + short("e") + short("k"))
                + content(channel, &random)
        case 6:
            return method(
                channel, [20, 40, 50, 60, 85].randomElement(using: &random) ?? 20, .random(in: 0...130, using: &random),
                tag)
        case 7: return header(channel, bodyBytes: .random(in: 0 ... .max, using: &random), &random)
        default:
            let deliver = short("perpetua") + tag + flag + short("perpetua.events") + short("10001.message.group._")
            return method(channel, 60, 60, deliver) + content(channel, &random)
        }
    }

    private static func start(_ random: inout SeededGenerator) -> [UInt8] {
        method(
            0, 10, 10,
            [0, 9] + table(depth: random.once(in: 40) ? 400 : 2, &random) + long("PLAIN AMQPLAIN") + long("en_US"))
    }

    private static func tune(_ random: inout SeededGenerator) -> [UInt8] {
        let frameMax =
            [0, 1, 4096, 131_072, UInt32.max, .random(in: 0 ... .max, using: &random)].randomElement(using: &random)
            ?? 0
        return method(0, 10, 30, [7, 255] + integer(frameMax) + [0, 60])
    }

    private static func content(_ channel: UInt16, _ random: inout SeededGenerator) -> [UInt8] {
        let body = Array("some body".utf8)
        let said = random.once(in: 8) ? UInt64.random(in: 0...20, using: &random) : UInt64(body.count)
        let cut = Int.random(in: 0...body.count, using: &random)
        return header(channel, bodyBytes: said, &random) + frame(3, channel, Array(body[..<cut]))
            + frame(3, channel, Array(body[cut...]))
    }

    /// A header with any of the properties.
    private static func header(_ channel: UInt16, bodyBytes: UInt64, _ random: inout SeededGenerator) -> [UInt8] {
        let flags = UInt16.random(in: 0 ... .max, using: &random) & ~(random.once(in: 10) ? 0 : 3)
        var fields: [UInt8] = []
        for bit in (2..<16).reversed() where flags & 1 << UInt16(bit) != 0 {
            switch bit {
            case 13: fields += table(depth: 2, &random)
            case 12, 11: fields.append(.random(in: 0...255, using: &random))
            case 6: fields += integer(UInt64.random(in: 0 ... .max, using: &random))
            case 8, 2: fields += short(Mutator.numbers.randomElement(using: &random) ?? "0")
            default: fields += short("text")
            }
        }
        return frame(2, channel, [0, 60, 0, 0] + integer(bodyBytes) + integer(flags) + fields)
    }

    /// Values of every type RabbitMQ has (https://www.rabbitmq.com/amqp-0-9-1-errata), and of some that do not exist.
    private static func table(depth: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var entries: [UInt8] = []
        for _ in 0..<(depth > 10 ? 1 : Int.random(in: 0...4, using: &random)) {
            entries += short("key") + value(depth: depth, &random)
        }
        return integer(UInt32(entries.count)) + entries
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let kinds = Array("tbBsuIilLfdDSATFVx".utf8)
        let kind =
            depth > 10
            ? UInt8(ascii: "F")
            : random.once(in: 30) ? .random(in: 0...255, using: &random) : kinds.randomElement(using: &random) ?? 0x74
        let bytes: [UInt8]
        switch kind {
        case UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "B"): bytes = [1]
        case UInt8(ascii: "s"), UInt8(ascii: "u"): bytes = [1, 2]
        case UInt8(ascii: "I"), UInt8(ascii: "i"), UInt8(ascii: "f"): bytes = [1, 2, 3, 4]
        case UInt8(ascii: "D"): bytes = [1, 2, 3, 4, 5]
        case UInt8(ascii: "S"), UInt8(ascii: "x"): bytes = long("text")
        case UInt8(ascii: "F"): bytes = depth > 0 ? table(depth: depth - 1, &random) : [0, 0, 0, 0]
        case UInt8(ascii: "A"):
            let inner = depth > 0 ? value(depth: depth - 1, &random) : []
            bytes = integer(UInt32(inner.count)) + inner
        case UInt8(ascii: "V"): bytes = []
        default: bytes = [1, 2, 3, 4, 5, 6, 7, 8]
        }
        return [kind] + bytes
    }

    private static func method(_ channel: UInt16, _ group: UInt16, _ id: UInt16, _ fields: [UInt8]) -> [UInt8] {
        frame(1, channel, integer(group) + integer(id) + fields)
    }

    private static func frame(_ type: UInt8, _ channel: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [type] + integer(channel) + integer(UInt32(payload.count)) + payload + [0xCE]
    }

    private static func short(_ text: String) -> [UInt8] {
        [UInt8(truncatingIfNeeded: text.utf8.count)] + Array(text.utf8)
    }
    private static func long(_ text: String) -> [UInt8] { integer(UInt32(text.utf8.count)) + Array(text.utf8) }

    private static func integer<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
