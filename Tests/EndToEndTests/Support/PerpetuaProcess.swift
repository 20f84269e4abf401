import Foundation

/// The all-in-one program, as a user starts it, in a folder of its own.
struct PerpetuaProcess: Sendable {
    let ws: String
    let http: String
    private let program: RunningProgram

    /// - Parameters:
    ///   - ports: the shared port and the gateway's.
    ///   - descriptors: how many descriptors it may have open; `nil`: as many as the tests.
    init(in folder: URL, ports: ClosedRange<Int>, _ arguments: [String] = [], descriptors: Int? = nil) throws {
        ws = "ws://127.0.0.1:\(ports.lowerBound)"
        http = "http://127.0.0.1:\(ports.upperBound)"
        program = try RunningProgram(
            "perpetua", in: folder,
            ["--edge.shared_port", "\(ports.lowerBound)", "--api.port", "\(ports.upperBound)"] + arguments,
            descriptors: descriptors)
    }

    /// Everything it printed so far.
    var printed: String { program.printed }
    var pid: Int32 { program.pid }
    var isRunning: Bool { program.isRunning }

    func waitUntilReady() async throws { try await program.waitUntilReady(at: http) }
    func kill() async throws { try await program.kill() }
    func hangUp() { program.hangUp() }
    func terminate() { program.terminate() }
    func exitCode() async throws -> Int32 { try await program.exitCode() }
}
