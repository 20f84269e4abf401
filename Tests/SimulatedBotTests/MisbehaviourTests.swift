import NIOCore
import OneBot
import Testing

@testable import SimulatedBot

@Suite struct MisbehaviourTests {
    private let answer = ByteBuffer(string: #"{"status":"ok"}"#)

    @Test("a bot that behaves answers once")
    func behaves() {
        #expect(Misbehaviour().plan(for: answer) == Misbehaviour.Plan(delay: .zero, frames: [answer], dropsLink: false))
    }

    @Test("every kind changes what happens", arguments: Misbehaviour.kinds)
    func kinds(kind: String) {
        var misbehaviour = Misbehaviour()
        let isKnown = misbehaviour.add(kind: kind)
        #expect(isKnown)
        #expect(misbehaviour.plan(for: answer) != Misbehaviour().plan(for: answer))
    }

    @Test("there is no other kind")
    func unknownKind() {
        var misbehaviour = Misbehaviour()
        let isKnown = misbehaviour.add(kind: "rude")
        #expect(!isKnown)
        #expect(misbehaviour == Misbehaviour())
    }

    @Test("kinds add up")
    func combination() {
        var misbehaviour = Misbehaviour()
        misbehaviour.answersTwice = true
        misbehaviour.answersUnasked = true
        let frames = misbehaviour.plan(for: answer).frames
        #expect(frames.count == 3)
        #expect(frames.suffix(2) == [answer, answer])
    }
}

@Suite struct SimulateCommandTests {
    @Test(
        "a wrong parameter is refused, by its name",
        arguments: [
            (#"{"event":"x"}"#, "event"), (#"{"burst":-1}"#, "burst"), (#"{"burst":99999999999}"#, "burst"),
            (#"{"rate":"fast"}"#, "rate"), (#"{"rate":-1}"#, "rate"), (#"{"silent":1}"#, "silent"),
            (#"{"delay_ms":-5}"#, "delay_ms"), (#"{"drop":"x"}"#, "drop"),
            (#"{"heartbeat_status":1}"#, "heartbeat_status"),
        ])
    func refused(params: String, name: String) throws {
        let parameters = ActionParameters(try JSONObject(ByteBuffer(string: params)))
        let problem = #expect(throws: ActionParameters.Problem.self) {
            try SimulateCommand.commands(in: parameters, changing: Misbehaviour())
        }
        #expect(problem?.message.contains(name) == true)
    }

    @Test("an event is emitted byte for byte")
    func event() throws {
        let commands = try commands(#"{"event": { "a" : 1.50, "a":2 } }"#)
        guard case .emit(let event)? = commands.first else { return #expect(Bool(false), "\(commands)") }
        #expect(String(buffer: event) == #"{ "a" : 1.50, "a":2 }"#)
    }

    @Test("what is not named stays, and reset is good behaviour")
    func misbehaviour() throws {
        var silent = Misbehaviour()
        silent.isSilent = true
        let added = try commands(#"{"answer_twice":true}"#, changing: silent)
        guard case .misbehave(let both)? = added.first else { return #expect(Bool(false), "\(added)") }
        #expect(both.isSilent && both.answersTwice)
        let reset = try commands(#"{"reset":true}"#, changing: silent)
        guard case .misbehave(let good)? = reset.first else { return #expect(Bool(false), "\(reset)") }
        #expect(good == Misbehaviour())
    }

    @Test("nothing asked, nothing done", arguments: ["{}", #"{"drop":false}"#, #"{"event":null}"#])
    func nothing(params: String) throws {
        #expect(try commands(params).isEmpty)
    }

    private func commands(
        _ params: String, changing current: Misbehaviour = Misbehaviour()
    ) throws -> [SimulateCommand] {
        try SimulateCommand.commands(
            in: ActionParameters(try JSONObject(ByteBuffer(string: params))), changing: current)
    }
}
