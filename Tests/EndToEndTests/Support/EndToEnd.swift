import Foundation
import Testing

/// The whole of Perpetua against scripted bots and clients. One test at a time in a process, so that each has its
/// threads to itself; `scripts/suites.sh` runs a few such processes.
@Suite(.serialized)
enum EndToEnd {}

/// ./test runs these tests twice, with PERPETUA_TEST_BUS `memory` and then `amqp`. Tests that do not depend on it need
/// not run twice; where it is not set, all of them run.
extension Trait where Self == ConditionTrait {
    /// The bus is in memory whatever PERPETUA_TEST_BUS says.
    static var overMemory: Self { .disabled(if: busOfThisRun == "amqp", "It runs with the tests over memory.") }

    /// The bus is RabbitMQ whatever PERPETUA_TEST_BUS says.
    static var overRabbitMQ: Self { .disabled(if: busOfThisRun == "memory", "It runs with the tests over RabbitMQ.") }

}

/// `memory` or `amqp`; `nil` where both are meant.
private let busOfThisRun = ProcessInfo.processInfo.environment["PERPETUA_TEST_BUS"]

extension ThreeEdges.Bus {
    /// The buses of this run.
    static var ofThisRun: [Self] {
        switch busOfThisRun {
        case "memory": [.memory]
        case "amqp": [.rabbitMQ]
        default: allCases
        }
    }
}
