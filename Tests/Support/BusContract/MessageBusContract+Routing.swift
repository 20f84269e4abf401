import Bus
import Testing

extension MessageBusContract {
    /// Pattern, key, and whether one matches the other.
    private static let topicExamples: [(pattern: BindingPattern, key: RoutingKey, matches: Bool)] = [
        ("10001.message.group.#", "10001.message.group.normal", true),
        ("10001.message.group.#", "10001.message.group", true),
        ("10001.message.group.#", "10001.message.private.friend", false),
        ("10001.#", "10001", true),
        ("10001.#", "100010.message", false),
        ("*.message.*", "10001.message.group", true),
        ("*.message.*", "10001.message", false),
        ("*.message.*", "10001.message.group.normal", false),
        ("#", "any.thing.at.all", true),
        ("#.normal", "normal", true),
        ("#.message.#.normal", "1.2.message.message.normal", true),
        ("#.message.#.normal", "1.2.message.normal.3", false),
        ("*", "one", true),
        ("*", "one.two", false),
        ("one.two", "one.two", true),
        ("one.two", "one.twofold", false),
    ]

    static let routing = [
        Case("a topic exchange copies by pattern: * is one word, # any number") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            try await bus.declare(QueueDeclaration(queue))
            for (number, example) in topicExamples.enumerated() {
                let exchange = stage.exchange(.topic, "topic\(number)")
                try await bus.declare(exchange)
                try await bus.bind(queue, to: exchange, example.pattern)
                let outcome = await bus.publish("x", to: exchange, example.key, mandatory: true)
                #expect(
                    outcome == (example.matches ? .confirmed : .unroutable), "\(example.pattern) and \(example.key)")
            }
        },
        Case("a direct exchange compares the key as it stands") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.direct)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration(queue))
            try await bus.bind(queue, to: exchange, "registry")
            try await bus.bind(queue, to: exchange, "edge.#")
            #expect(await bus.publish("1", to: exchange, "registry", mandatory: true) == .confirmed)
            #expect(await bus.publish("2", to: exchange, "edge.#", mandatory: true) == .confirmed)
            #expect(await bus.publish("3", to: exchange, "edge.a", mandatory: true) == .unroutable)
            #expect(await bus.publish("4", to: exchange, "Registry", mandatory: true) == .unroutable)
        },
        Case("a queue gets one copy, however many of its bindings match; every queue that matches gets one") { stage in
            let bus = try await stage.connect()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            let recorders = [DeliveryRecorder(), DeliveryRecorder()]
            for (number, recorder) in recorders.enumerated() {
                let queue = stage.queue("queue\(number)")
                try await bus.declare(QueueDeclaration(queue))
                for pattern: BindingPattern in ["#", "a.*", "*.b", "a.b", "end"] {
                    try await bus.bind(queue, to: exchange, pattern)
                }
                try await recorder.consume(queue, from: bus, on: stage.anyEventLoop())
            }
            #expect(await bus.publish("once", to: exchange, "a.b") == .confirmed)
            #expect(await bus.publish("end", to: exchange, "end") == .confirmed)
            for recorder in recorders { #expect(try await recorder.texts(atLeast: 2) == ["once", "end"]) }
        },
        Case("binding twice is binding once, and unbinding ends it") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration(queue))
            #expect(await bus.publish("0", to: exchange, "a", mandatory: true) == .unroutable)
            try await bus.bind(queue, to: exchange, "a")
            try await bus.bind(queue, to: exchange, "a")
            #expect(await bus.publish("1", to: exchange, "a", mandatory: true) == .confirmed)
            try await bus.unbind(queue, from: exchange, "a")
            #expect(await bus.publish("2", to: exchange, "a", mandatory: true) == .unroutable)
            try await bus.unbind(queue, from: exchange, "a")
        },
        Case("a queue that is deleted loses its bindings, also if it comes again") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            try await bus.declare(QueueDeclaration(queue))
            try await bus.bind(queue, to: exchange, "#")
            #expect(await bus.publish("1", to: exchange, "a", mandatory: true) == .confirmed)
            try await bus.delete(queue)
            #expect(await bus.publish("2", to: exchange, "a", mandatory: true) == .unroutable)
            try await bus.declare(QueueDeclaration(queue))
            #expect(await bus.publish("3", to: exchange, "a", mandatory: true) == .unroutable)
        },
        Case("what is bound must exist") { stage in
            let bus = try await stage.connect()
            let queue = stage.queue()
            let exchange = stage.exchange(.topic)
            try await bus.declare(exchange)
            await #expect(throws: MessageBusError.noSuchQueue(queue)) {
                try await bus.bind(queue, to: exchange, "#")
            }
            try await bus.declare(QueueDeclaration(queue))
            let missing = stage.exchange(.topic, "missing")
            await #expect(throws: MessageBusError.noSuchExchange(missing.name)) {
                try await bus.bind(queue, to: missing, "#")
            }
        },
    ]
}
