import Foundation
import TestSupport
import Testing

/// Runs one reader of peers' bytes over generated inputs. A trap ends the process, as it would end everyone's session;
/// the input that was being read is reported on standard error.
///
/// | variable | what | otherwise |
/// |---|---|---|
/// | `PERPETUA_FUZZ_INPUTS` | how many inputs, for all areas together | 20 000 |
/// | `PERPETUA_FUZZ_SECONDS` | for how long instead, for all areas together | |
/// | `PERPETUA_FUZZ_SEED` | the seed, to see again what was seen | a random one, which is printed |
/// | `PERPETUA_FUZZ_FROM` | the input to begin with | 0 |
struct Fuzz {
    /// What is read, and its share of all inputs, in percent.
    enum Area: String, CaseIterable {
        case json = "JSON and messages"
        case frames = "WebSocket frames"
        case handshake = "WebSocket handshakes"
        case http = "the HTTP door"
        case amqp = "AMQP"

        var share: Int {
            switch self {
            case .json: 30
            case .frames, .amqp, .http: 20
            case .handshake: 10
            }
        }
    }

    /// No input may take longer than this, even in a build without optimisation beside other tests.
    static let patience: Duration = .seconds(5)

    let area: Area
    let seed: UInt64
    private let first: UInt64
    private let count: UInt64
    private let limit: Duration?

    init(_ area: Area) {
        func number(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }
        self.area = area
        seed = number("PERPETUA_FUZZ_SEED") ?? .random(in: 1 ... .max)
        first = number("PERPETUA_FUZZ_FROM") ?? 0
        limit = number("PERPETUA_FUZZ_SECONDS").map { .milliseconds(Int64($0) * 10 * Int64(area.share)) }
        count = limit == nil ? (number("PERPETUA_FUZZ_INPUTS") ?? 20_000) * UInt64(area.share) / 100 : .max
    }

    /// - Parameter read: makes an input from the random numbers, and reads it.
    func run(_ read: (inout SeededGenerator) throws -> Void) {
        say("Fuzzing \(area.rawValue): seed \(seed)")
        CrashReport.begin("area: \(area.rawValue), seed: \(seed), input: ")
        defer { CrashReport.end() }
        let clock = ContinuousClock()
        let began = clock.now
        var last = began
        var index = first
        while index - first < count, limit.map({ last - began < $0 }) ?? true {
            CrashReport.input = index
            var random = SeededGenerator(seed: seed &+ index &* 0xD134_2543_DE82_EF95)
            do {
                try read(&random)
            } catch {
                Issue.record("\(area.rawValue): seed \(seed), input \(index): \(error)")
                return
            }
            let now = clock.now
            if now - last > Self.patience {
                Issue.record("\(area.rawValue): seed \(seed), input \(index) took \(now - last)")
            }
            last = now
            index += 1
        }
        #expect(index > first, "nothing was read")
        say("Fuzzed \(area.rawValue): \(index - first) inputs in \(last - began)")
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}

/// The result of reading is not what it must be.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ input: some Sequence<UInt8>) {
        description = "\(what); the input: \(Array(input.prefix(4096)).debugDescription)"
    }

    static func unless(_ condition: Bool, _ what: @autoclosure () -> String, _ input: some Sequence<UInt8>) throws {
        if !condition { throw Broken(what(), input) }
    }
}
