import NIOCore
import OneBot

/// A client's actions on their way to a bot: each is answered once, by the bot or by us.
struct PendingCalls {
    struct Call {
        let action: String
        let echo: ByteBuffer?
        let began: NIODeadline
        let deadline: NIODeadline

        func failed(_ response: Response) -> ByteBuffer { response.encoded(echo: echo) }
    }

    private var calls: [UInt64: Call] = [:]
    private var lastID: UInt64 = 0

    var count: Int { calls.count }

    mutating func begin(_ action: Action, at now: NIODeadline, timeout: TimeAmount) -> UInt64 {
        lastID += 1
        calls[lastID] = Call(action: action.name, echo: action.echo, began: now, deadline: now + timeout)
        return lastID
    }

    /// Takes the call out; `nil` where it was answered before: the answer at hand is late.
    mutating func end(_ id: UInt64) -> Call? { calls.removeValue(forKey: id) }

    /// Takes out the calls that nobody answered in time.
    mutating func expire(at now: NIODeadline) -> [Call] {
        guard !calls.isEmpty else { return [] }
        let late = calls.filter { $0.value.deadline <= now }
        for id in late.keys { calls[id] = nil }
        return late.sorted { $0.key < $1.key }.map(\.value)
    }

    mutating func endAll() -> [Call] {
        defer { calls = [:] }
        return calls.sorted { $0.key < $1.key }.map(\.value)
    }
}
