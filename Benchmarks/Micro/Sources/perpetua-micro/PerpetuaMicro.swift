import CoreMetrics
import Foundation
import NIOCore
import NIOPosix

@testable import ServiceRuntime

/// Measures one thing at a time: `perpetua-micro NAME COUNT` carries an operation out so many times, and says in JSON what that cost.
///
/// One benchmark per process, so that none sees what another left behind. `Benchmarks/micro.py` runs them all.
@main
struct PerpetuaMicro {
    static func main() {
        // As every process of ours: what is counted on the way is a part of the way.
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
            // The main thread waits here. Left to the runtime, as by an asynchronous `main`, it would sleep in a way that ends valgrind 3.19.
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
