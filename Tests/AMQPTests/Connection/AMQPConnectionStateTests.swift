import NIOCore
import Testing

@testable import AMQP

@Suite("AMQPConnectionState")
struct AMQPConnectionStateTests {
    private let start = NIODeadline.uptimeNanoseconds(0)

    private func state(heartbeat: Duration = .seconds(5)) -> AMQPConnectionState {
        AMQPConnectionState(
            login: .plain(username: "u", password: "p"), virtualHost: "v", heartbeat: heartbeat, address: "host:1",
            at: start)
    }

    private func open(_ tune: AMQPIncoming = .connectionTune(channelMax: 10, frameMax: 8192, heartbeat: 60))
        -> AMQPConnectionState
    {
        var state = state()
        _ = state.received(.connectionStart(mechanisms: ["PLAIN", "AMQPLAIN"]))
        _ = state.received(tune)
        _ = state.received(.connectionOpenOK)
        return state
    }

    @Test("logs in, takes the broker's limits where they are lower, and opens the virtual host")
    func handshake() {
        var state = state()
        guard case .send(let hello) = state.received(.connectionStart(mechanisms: ["PLAIN"])),
            case .connectionStartOK("PLAIN", let response)? = hello.first
        else {
            Issue.record("no start-ok")
            return
        }
        #expect(response == [0] + Array("u".utf8) + [0] + Array("p".utf8))
        guard
            case .tuned(let tuning, let methods) = state.received(
                .connectionTune(channelMax: 10, frameMax: 8192, heartbeat: 60))
        else {
            Issue.record("no tune-ok")
            return
        }
        #expect(tuning == .init(channelMax: 10, frameMax: 8192, heartbeat: .seconds(5)))
        #expect(methods.map(\.name) == ["connection.tune-ok", "connection.open"])
        guard case .opened = state.received(.connectionOpenOK) else {
            Issue.record("not open")
            return
        }
        #expect(state.isOpen)
    }

    @Test("a broker without limits gets ours; heartbeats only one side asks for are that side's")
    func limits() {
        #expect(
            open(.connectionTune(channelMax: 0, frameMax: 0, heartbeat: 0)).tuning
                == .init(channelMax: 2047, frameMax: 128 << 10, heartbeat: .seconds(5)))
        #expect(open(.connectionTune(channelMax: 1, frameMax: 4096, heartbeat: 2)).tuning.heartbeat == .seconds(2))
    }

    @Test("a frame_max below the least the standard allows is a violation")
    func tinyFrames() {
        var state = state()
        _ = state.received(.connectionStart(mechanisms: ["PLAIN"]))
        guard
            case .failed(.protocolViolation) = state.received(
                .connectionTune(channelMax: 1, frameMax: 100, heartbeat: 1))
        else {
            Issue.record("taken")
            return
        }
    }

    @Test("a broker that does not take our way of logging in is named, with the ways it takes")
    func mechanisms() {
        var state = state()
        guard case .failed(let error) = state.received(.connectionStart(mechanisms: ["EXTERNAL"])) else {
            Issue.record("went on")
            return
        }
        #expect("\(error)".contains("host:1") && "\(error)".contains("EXTERNAL") && "\(error)".contains("PLAIN"))
    }

    @Test("a broker that calls itself something else than RabbitMQ is unsuitable; one that says nothing is heard out")
    func product() {
        for (product, isTaken) in [
            ("RabbitMQ", true), (nil, true), ("LavinMQ", false), ("rabbitmq", false), ("", false),
        ] {
            var fresh = state()
            switch fresh.received(.connectionStart(mechanisms: ["PLAIN"], product: product)) {
            case .send: #expect(isTaken)
            case .failed(.unsuitable(_, let reason)):
                #expect(!isTaken)
                #expect(reason.hasSuffix(product ?? "?"))
                #expect(fresh.phase == .ended)
            default: Issue.record("\(product ?? "nothing") is neither taken nor unsuitable")
            }
        }
    }

    @Test("a close before the connection is open is a refusal, after it a loss; both are answered")
    func closes() {
        var fresh = state()
        _ = fresh.received(.connectionStart(mechanisms: ["PLAIN"]))
        guard
            case .closed(.refused(_, let reason), .connectionCloseOK) = fresh.received(
                .connectionClose(code: 403, text: "no"))
        else {
            Issue.record("not a refusal")
            return
        }
        #expect(reason == "403 no")
        var opened = open()
        guard
            case .closed(.closedByBroker(320, "bye"), .connectionCloseOK) = opened.received(
                .connectionClose(code: 320, text: "bye"))
        else {
            Issue.record("not a loss")
            return
        }
        #expect(!opened.isOpen)
    }

    @Test("a socket that ends says by its moment what was wrong")
    func socket() {
        var greeting = state()
        guard case .cannotConnect = greeting.socketClosed() else {
            Issue.record("greeting")
            return
        }
        var tuning = state()
        _ = tuning.received(.connectionStart(mechanisms: ["PLAIN"]))
        let reason = tuning.socketClosed()
        #expect("\(reason)".contains("login"))
        var opened = open()
        guard case .connectionLost = opened.socketClosed() else {
            Issue.record("open")
            return
        }
    }

    @Test("blocked and unblocked, as often as the broker likes")
    func blocking() {
        var state = open()
        guard case .blocked("memory") = state.received(.connectionBlocked(reason: "memory")) else {
            Issue.record("1")
            return
        }
        guard case .blocked("disk") = state.received(.connectionBlocked(reason: "disk")) else {
            Issue.record("2")
            return
        }
        #expect(state.isOpen)
        guard case .unblocked = state.received(.connectionUnblocked) else {
            Issue.record("3")
            return
        }
        guard case .none = state.received(.connectionUnblocked) else {
            Issue.record("4")
            return
        }
        #expect(state.phase == .open)
    }

    @Test(
        "what may not come in a state is a violation, and ends it",
        arguments: [
            AMQPIncoming.connectionOpenOK, .connectionUnblocked, .queueDeclareOK, .connectionCloseOK, .other(7),
        ])
    func violations(method: AMQPIncoming) {
        var state = state()
        guard case .failed(.protocolViolation) = state.received(method) else {
            Issue.record("taken")
            return
        }
        #expect(state.phase == .ended)
        guard case .none = state.received(method) else {
            Issue.record("spoke after its end")
            return
        }
    }

    @Test("sends a heartbeat after half an interval of silence of ours, and gives the broker two intervals")
    func pulse() {
        var state = open()
        expect(&state, at: start + .seconds(2), .none)
        expect(&state, at: start + .milliseconds(2500), .sendHeartbeat)
        expect(&state, at: start + .milliseconds(2600), .none)
        state.heard(at: start + .seconds(3))
        expect(&state, at: start + .seconds(12), .sendHeartbeat)
        expect(&state, at: start + .seconds(13), .dead)
    }

    private func expect(
        _ state: inout AMQPConnectionState, at now: NIODeadline, _ expected: AMQPConnectionState.Pulse
    ) {
        let pulse = state.pulse(at: now)
        #expect(pulse == expected)
    }
}
