import Bus
import Foundation
import OneBot
import Synchronization

/// Prints events as they go by, one line each, and no more of them than one can read.
final class EventLines: Sendable {
    private let output: ConsoleOutput
    private let budget = Mutex(LineBudget(perSecond: 10))

    init(output: ConsoleOutput) {
        self.output = output
    }

    /// Acknowledges at once: looking on must not hold up the bus.
    func show(_ delivery: Delivery) {
        delivery.acknowledge()
        guard budget.withLock({ $0.take(at: Self.second) }) else { return }
        guard case .event(let event) = BotFrame(parsing: delivery.body) else { return }
        output.write(EventLine(event).text(time: Date(), isColored: output.isColored) + "\n")
    }

    /// Once a second: tells how many were not shown.
    func tick() {
        let skipped = budget.withLock { $0.takeSkipped() }
        if skipped > 0 { output.write("            … and \(skipped) more\n") }
    }

    private static var second: Int { Int(Date().timeIntervalSince1970) }
}
