import Bus
import NIOCore
import Testing

extension MessageBusContract {
    static let bounding = [
        Case("a queue at its bound does what this bus says: nothing is lost in silence") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue, maxLengthBytes: 100))
            let texts = (0..<6).map { "\($0)" + String(repeating: "x", count: 39) }
            let outcomes = OutcomeRecorder()
            for text in texts {
                bus.publish(
                    Message(ByteBuffer(string: text)), to: .toQueue, key: RoutingKey(queue.text), mandatory: true,
                    then: outcomes.then(text))
            }
            let arriving: [String]
            switch stage.contract.overflow {
            case .backpressure:
                try await eventually(read: { outcomes.confirmed }, until: { $0 == Array(texts.prefix(2)) })
                arriving = texts
            case .dropsOldest:
                try await eventually(read: { outcomes.confirmed.count }, until: { $0 == texts.count })
                arriving = texts.suffix(2)
            }
            let recorder = DeliveryRecorder()
            try await recorder.consume(queue, from: bus, prefetch: 1, on: stage.anyEventLoop())
            #expect(try await recorder.texts(atLeast: arriving.count) == arriving)
            try await eventually(read: { outcomes.confirmed }, until: { $0 == texts })
            #expect(outcomes.outcomes.count == texts.count)
        }
    ]
}
