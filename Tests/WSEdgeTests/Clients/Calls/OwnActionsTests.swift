import Actions
import NIOCore
import OneBot
import Synchronization
import Testing

@testable import WSEdge

@Suite("One client's own actions")
struct OwnActionsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let silence = Response.failed(.unavailable(.unknown), "The registry cannot be reached now.")

    private func job(_ own: OwnAction) -> OwnActions.Job {
        OwnActions.Job(own: own, action: Action(name: own.name, params: nil), answer: .frame(nil))
    }

    private func filled(_ actions: OwnAction...) -> OwnActions {
        var own = OwnActions()
        for action in actions { own.append(job(action)) }
        return own
    }

    private func next(_ own: inout OwnActions) throws -> OwnActions.Job {
        let job = own.next(at: start)
        return try #require(job)
    }

    @Test("one is carried out at a time, in the order they came")
    func order() throws {
        var own = filled(.setClientName, .sendBroadcastData)
        let first = try next(&own)
        #expect(first.own == .setClientName)
        let meanwhile = own.next(at: start)
        #expect(meanwhile == nil)
        let answered = own.finished(first, .ok(), at: start)
        #expect(answered.map(\.job.own) == [.setClientName])
        #expect(own.count == 1)
        let last = try next(&own)
        #expect(last.own == .sendBroadcastData)
    }

    @Test("those that would ask a registry that was silent share the answer of the one that asked; the others do not")
    func silentRegistry() throws {
        var own = filled(.setClientName, .getOnlineClients, .sendBroadcastData, .setClientName)
        let first = try next(&own)
        let answered = own.finished(first, silence, at: start + .seconds(5))
        #expect(answered.map(\.job.own) == [.setClientName, .getOnlineClients, .setClientName])
        let said = answered.map { String(buffer: $0.response.encoded(echo: nil)) }
        #expect(
            said.map { $0.contains(#""carried_out":"unknown""#) } == [true, false, false], "the others were not begun")
        #expect(said.map { $0.contains(#""carried_out":"no""#) } == [false, true, true])
        #expect(own.count == 1)
        let last = try next(&own)
        #expect(last.own == .sendBroadcastData)
    }

    @Test("a registry that says no, or is not there, is asked again for the next one")
    func refusal() throws {
        for (response, end) in [(Response.failed(.conflict, "taken"), start + .seconds(5)), (silence, start)] {
            var own = filled(.setClientName, .setClientName)
            let first = try next(&own)
            let answered = own.finished(first, response, at: end)
            #expect(answered.count == 1)
            #expect(own.count == 1)
        }
    }
}
