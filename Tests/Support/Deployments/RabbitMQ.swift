import Foundation

/// A RabbitMQ node for tests: the one of the whole run, or one of a test's own that it may kill.
public struct RabbitMQ: Sendable {
    /// Its address, of the default virtual host: `amqp://guest:guest@127.0.0.1:PORT/`.
    public let url: String
    /// The folder `scripts/rabbitmq.sh` keeps it in; `nil`: it was started by somebody else, and cannot be controlled.
    private let folder: URL?

    /// The node that ./test started for the run. Tests share it: each takes a ``freshPrefix()`` or a
    /// ``makeVirtualHost()``, and none kills it.
    /// - Throws: ``RabbitMQError/missing``.
    public static func ofTheRun() throws -> RabbitMQ {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["PERPETUA_TEST_AMQP_URL"], !url.isEmpty else { throw RabbitMQError.missing }
        let folder = environment["PERPETUA_TEST_AMQP_DIR"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
        return RabbitMQ(url: url, folder: folder)
    }

    /// A value for `amqp.prefix` that nobody else uses: a cheap way to have exchanges and queues of one's own on a
    /// shared node.
    public static func freshPrefix() -> String { "t\(UUID().uuidString.prefix(8).lowercased())" }

    /// Where it listens.
    public var port: Int { URLComponents(string: url)?.port ?? 5672 }

    /// A virtual host of its own. Costs about a second; a ``freshPrefix()`` is enough for most tests.
    /// - Returns: the address that leads there.
    public func makeVirtualHost() async throws -> String {
        let name = Self.freshPrefix()
        try await control("add_vhost", name)
        try await control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return url + name
    }

    /// The same node by way of another port, as a proxy's.
    public func url(through port: Int) -> String {
        var components = URLComponents(string: url)
        components?.port = port
        return components?.string ?? url
    }

    // MARK: Control

    /// Ends it like a crash.
    public func kill9() async throws { try await run("kill9") }

    /// Starts it again after ``kill9()``, with what it had stored; returns when it accepts connections.
    public func start() async throws { try await run("start") }

    /// Ends it in good order and starts it again.
    public func restart() async throws { try await run("restart") }

    /// Starts it again with these lines added to its `rabbitmq.conf`, and with those plugins.
    public func restart(adding lines: [String], plugins: [String] = []) async throws {
        guard let folder else { throw RabbitMQError.notOurs(url: url) }
        let file = folder.appendingPathComponent("rabbitmq.conf")
        let before = try String(contentsOf: file, encoding: .utf8)
        try (before + lines.map { $0 + "\n" }.joined()).write(to: file, atomically: true, encoding: .utf8)
        try "[\(plugins.joined(separator: ","))].".write(
            to: folder.appendingPathComponent("enabled_plugins"), atomically: true, encoding: .utf8)
        try await restart()
    }

    /// Freezes it with its sockets open, like a broker that hangs.
    public func freeze() async throws { try await run("freeze") }

    public func thaw() async throws { try await run("thaw") }

    /// Sets the memory alarm, so that publishers are blocked, or clears it.
    public func setMemoryAlarm(_ isOn: Bool) async throws {
        let alarm = "{resource_limit,memory,node()}"
        try await evaluate(isOn ? "rabbit_alarm:set_alarm({\(alarm),[]})." : "rabbit_alarm:clear_alarm(\(alarm)).")
    }

    /// What `rabbitmqctl` answers.
    @discardableResult
    public func control(_ arguments: String...) async throws -> String { try await run("ctl", arguments) }

    /// The value of an Erlang expression on the node.
    @discardableResult
    public func evaluate(_ expression: String) async throws -> String { try await run("ctl", ["eval", expression]) }

    @discardableResult
    private func run(_ command: String, _ arguments: [String] = []) async throws -> String {
        guard let folder else { throw RabbitMQError.notOurs(url: url) }
        return try await ScriptRun.output(of: "scripts/rabbitmq.sh", [command, folder.path] + arguments)
    }

    fileprivate static func startNew() async throws -> RabbitMQ {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "perpetua-rabbitmq-\(UUID().uuidString)")
        do {
            let printed = try await ScriptRun.output(of: "scripts/rabbitmq.sh", ["start", folder.path])
            return RabbitMQ(url: printed, folder: folder)
        } catch {
            // `try?`: the error says what happened, but a node that was started must not stay.
            _ = try? await ScriptRun.output(of: "scripts/rabbitmq.sh", ["stop", folder.path])
            throw error
        }
    }

    fileprivate func stop() async throws { try await run("stop") }
}

/// Runs `body` with a node of its own (started in some 4 s, 140 MB) that is stopped afterwards, whatever happens.
public func withRabbitMQ<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (RabbitMQ) async throws -> Result
) async throws -> Result {
    let node = try await RabbitMQ.startNew()
    let result: Result
    do {
        result = try await body(node)
    } catch {
        // `try?`: the body's error says more than an error of stopping.
        try? await node.stop()
        throw error
    }
    try await node.stop()
    return result
}

/// Why there is no node for a test.
public enum RabbitMQError: Error, CustomStringConvertible {
    case missing
    case notOurs(url: String)

    public var description: String {
        switch self {
        case .missing:
            """
            This test needs a RabbitMQ node, and PERPETUA_TEST_AMQP_URL names none. Run ./test, or start one: \
            export PERPETUA_TEST_AMQP_DIR=/tmp/rabbitmq; \
            export PERPETUA_TEST_AMQP_URL=$(scripts/rabbitmq.sh start $PERPETUA_TEST_AMQP_DIR)
            """
        case .notOurs(let url):
            """
            The node at port \(URLComponents(string: url)?.port ?? 5672) cannot be controlled: it was not started by \
            scripts/rabbitmq.sh. Unset PERPETUA_TEST_AMQP_URL and run ./test, or use withRabbitMQ for a node of the test's own.
            """
        }
    }
}
