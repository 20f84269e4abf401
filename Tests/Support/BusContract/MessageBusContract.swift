public import Bus
public import Testing

/// What every message bus must do. Run for each implementation with one test:
///
/// ```swift
/// @Test("the bus keeps the contract", arguments: MessageBusContract.cases)
/// func contract(_ promise: MessageBusContract.Case) async throws {
///     try await promise.run(on: MessageBusContract(…))
/// }
/// ```
///
/// A difference found between two buses becomes a case here. The cases use names of their own on every run, so that
/// they may share a broker, and delete what they made.
public struct MessageBusContract: Sendable {
    /// What a queue does with a message that takes it over its bound.
    public enum Overflow: Sendable {
        /// Keeps it, and confirms it once there is room.
        case backpressure
        /// Confirms it, and drops the oldest instead.
        case dropsOldest
    }

    /// One promise, and the steps that show it.
    public struct Case: Sendable, CustomTestStringConvertible {
        let promise: String
        let body: @Sendable (BusStage) async throws -> Void

        init(_ promise: String, _ body: @escaping @Sendable (BusStage) async throws -> Void) {
            self.promise = promise
            self.body = body
        }

        public var testDescription: String { promise }

        public func run(on contract: MessageBusContract) async throws {
            let stage = BusStage(contract)
            do {
                try await body(stage)
            } catch {
                await stage.clear()
                throw error
            }
            await stage.clear()
        }
    }

    public static let cases = delivering + routing + publishing + consuming + owning + bounding

    let maxMessageBytes: Int
    let overflow: Overflow
    let connect: @Sendable () async throws -> any MessageBus
    let letTimePass: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - maxMessageBytes: the largest body this bus takes.
    ///   - overflow: what its queues do at their bound.
    ///   - connect: a new connection to one and the same broker.
    ///   - letTimePass: returns when that much of the broker's time has passed.
    public init(
        maxMessageBytes: Int, overflow: Overflow,
        connect: @escaping @Sendable () async throws -> any MessageBus,
        letTimePass: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.maxMessageBytes = maxMessageBytes
        self.overflow = overflow
        self.connect = connect
        self.letTimePass = letTimePass
    }
}
