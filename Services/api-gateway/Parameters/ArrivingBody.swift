import Actions
import NIOCore
import OneBot

/// A request's body while it arrives. Its size has a limit of its own, and counts against the budget for everything
/// that arrives in the process.
struct ArrivingBody: ~Copyable {
    /// How many bytes a body may take without asking the budget.
    private static let freeBytes = 16 << 10

    private let limit: Int
    private let budget: InboundBudget
    private let began: NIODeadline
    private var counted = 0
    private(set) var bytes = ByteBuffer()

    init(limit: Int, budget: InboundBudget, at now: NIODeadline) {
        self.limit = limit
        self.budget = budget
        began = now
    }

    deinit { budget.give(counted) }

    mutating func append(_ part: ByteBuffer, at now: NIODeadline) throws(Refusal) {
        let size = bytes.readableBytes + part.readableBytes
        guard size <= limit else { throw Self.tooLarge(limit) }
        if size > Self.freeBytes {
            let more = size - counted
            guard budget.take(more, beside: counted, for: .clients) else {
                throw Refusal(
                    .unavailable(.no()), "Too much is arriving at once (edge.inbound_budget). Try again later.")
            }
            counted = size
            guard !InboundBudget.isTooSlow(size, after: .nanoseconds((now - began).nanoseconds)) else {
                throw Refusal(.unavailable(.no()), "The body came too slowly for the room it takes. Try again.")
            }
        }
        bytes.writeImmutableBuffer(part)
    }

    static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(.tooLarge, "The body is larger than \(limit) bytes (api.max_body_size). Send less at once.")
    }
}
