import Foundation

/// The all-in-one program, as a user starts it, in a folder of its own.
struct PerpetuaProcess: Sendable {
    let ws: String
    let http: String
    private let program: RunningProgram

    /// - Parameter ports: the shared port and the gateway's.
    init(in folder: URL, ports: ClosedRange<Int>, _ arguments: [String] = []) throws {
        ws = "ws://127.0.0.1:\(ports.lowerBound)"
        http = "http://127.0.0.1:\(ports.upperBound)"
        program = try RunningProgram(
            "perpetua", in: folder,
            ["--edge.shared_port", "\(ports.lowerBound)", "--api.port", "\(ports.upperBound)"] + arguments)
    }

    /// Everything it printed so far.
    var printed: String { program.printed }
    var isRunning: Bool { program.isRunning }

    func waitUntilReady() async throws { try await program.waitUntilReady(at: http) }
    func kill() async throws { try await program.kill() }
    func hangUp() { program.hangUp() }
    func terminate() { program.terminate() }
    func exitCode() async throws -> Int32 { try await program.exitCode() }
}
