import CoreMetrics
import Foundation
import NIOCore
import NIOPosix

@testable import ServiceRuntime

/// Measures one thing at a time: `perpetua-micro NAME COUNT` carries an operation out that many times, and prints as
/// JSON what it cost.
///
/// One benchmark per process, so that none is affected by what another left behind. `Benchmarks/micro.py` runs them
/// all.
@main
struct PerpetuaMicro {
    static func main() {
        // As in every process of Perpetua: counting metrics is part of the cost.
        MetricsSystem.bootstrap(PrometheusMetrics())
        let words = CommandLine.arguments.dropFirst()
        if words.first == "list", words.count == 1 {
            for benchmark in Benchmark.all { print("\(benchmark.name)\t\(benchmark.count)\t\(benchmark.title)") }
            return
        }
        guard words.count == 2, let benchmark = Benchmark.all.first(where: { $0.name == words.first }),
            let count = words.last.flatMap({ Int($0) }), count > 0
        else {
            end("perpetua-micro list, or perpetua-micro NAME COUNT with a name of that list.")
        }
        do {
            // The main thread waits here. With an asynchronous `main`, the runtime would let it sleep in a way that
            // makes valgrind 3.19 exit.
            let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
            let measuring = eventLoop.makeFutureWithTask { try await benchmark.make().measure(count) }
            print(try measuring.wait().json)
        } catch {
            end("\(benchmark.name): \(error)")
        }
    }

    private static func end(_ sentence: String) -> Never {
        FileHandle.standardError.write(Data("\(sentence)\n".utf8))
        exit(1)
    }
}
