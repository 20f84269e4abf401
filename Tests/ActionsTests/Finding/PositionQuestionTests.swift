import Bus
import Contracts
import Synchronization
import TestSupport
import Testing

@testable import Actions

@Suite("One question for all", .timeLimit(.minutes(1))) struct PositionQuestionTests {
    @Test("who comes while a question is under way shares the next, whoever they are")
    func line() {
        var line = QuestionLine<Int>()
        let (first, second, third) = (line.join(1), line.join(2), line.join(3))
        #expect(first)
        #expect(!second && !third)
        let next = line.ended()
        #expect(next?.first == 2)
        #expect(next?.others == [3])
        let fourth = line.join(4)
        #expect(!fourth)
        let last = line.ended()
        #expect(last?.first == 4)
        #expect(last?.others == [])
        let none = line.ended()
        #expect(none == nil)
        let again = line.join(5)
        #expect(again)
    }

    @Test("of a hundred at once each hears an answer to a question that was asked after it came")
    func together() async throws {
        let harness = try await ActionsHarness()
        let told = Count()
        harness.registry.answer(.position, RPC.Empty.self) { _ in
            PresencePosition(registryEpoch: 1, sequence: told.value.withLock { $0 })
        }
        let question = harness.dispatcher.position
        let stale = await withTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    let atLeast = told.value.withLock { number in
                        number += 1
                        return number
                    }
                    guard let position = try? await question.ask() else { return true }
                    return position.sequence < atLeast
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(stale == 0)
    }

    @Test("where nobody answers, all hear it")
    func away() async throws {
        let harness = try await ActionsHarness()
        await harness.registry.close()
        let question = harness.dispatcher.position
        let failed = await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { (try? await question.ask()) == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failed == 20)
    }
}

private final class Count: Sendable {
    let value = Mutex<UInt64>(0)
}
