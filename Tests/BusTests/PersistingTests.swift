import Bus
import TestSupport
import Testing

@Suite("MessageBus.persistently", .timeLimit(.minutes(1)))
struct PersistingTests {
    @Test("what a service needs to begin is tried until there is a connection; any other failure is told at once")
    func waits() async throws {
        let bus = InMemoryBroker().connect()
        bus.lose()
        let attempts = OutcomeRecorder()
        let declaring = Task {
            try await bus.persistently(every: .milliseconds(1)) {
                attempts.then("attempt")(.unknown)
                try await bus.declare(QueueDeclaration("inbox"))
            }
        }
        try await eventually("it was tried again") { attempts.outcomes.count > 1 }
        bus.restore()
        try await declaring.value
        await #expect(throws: MessageBusError.differs("inbox")) {
            try await bus.persistently {
                try await bus.declare(QueueDeclaration("inbox", hasSingleActiveConsumer: true))
            }
        }
    }
}
