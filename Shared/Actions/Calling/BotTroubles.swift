import Contracts
import NIOCore

/// What edges say of bots that are connected and cannot be used. Callers are told where there would otherwise seem to
/// be no bot. All edges are asked at once, and at most once a second, however many callers there are.
actor BotTroubles {
    private static let validFor = TimeAmount.seconds(1)
    /// More edges than that are not asked.
    private static let maxEdges = 64

    private var answer: (sentences: [String], until: NIODeadline)?
    private var question: Task<[String], Never>?

    func sentences(of presence: PresenceReplica, by edges: EdgeClient) async -> [String] {
        if let answer, answer.until > .now() { return answer.sentences }
        let addresses = Array(presence.edges.prefix(Self.maxEdges))
        // Nobody cancels this task: each question has a deadline, and every caller waits for it.
        let question = question ?? Task { await Self.ask(addresses, by: edges) }
        self.question = question
        let sentences = await question.value
        answer = (sentences, .now() + Self.validFor)
        self.question = nil
        return sentences
    }

    private static func ask(_ addresses: [EdgeAddress], by edges: EdgeClient) async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            for address in addresses {
                // An edge that does not answer has nothing to say.
                group.addTask { (try? await edges.botTroubles(at: address)) ?? [] }
            }
            var sentences: Set<String> = []
            for await some in group { sentences.formUnion(some) }
            return sentences.sorted()
        }
    }
}
