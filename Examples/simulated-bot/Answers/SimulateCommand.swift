import NIOCore
import OneBot

/// One thing the action `simulate` asks for, to change the bot at run time. `params` may ask for several.
enum SimulateCommand: Sendable {
    /// `"event": {…}`: emit exactly these bytes now.
    case emit(ByteBuffer)
    /// `"burst": N`: emit N numbered events, as fast as they are taken.
    case burst(Int)
    /// `"rate": N` or `"max"`, with `"count": N`: change the flow of made-up events.
    case pace(EventRate, count: Int?)
    /// Any of the members of ``Misbehaviour``, by their wire names; the others stay as they are.
    case misbehave(Misbehaviour)
    /// `"heartbeat_status": {…}`: what `get_status` and heartbeats say from now on; one heartbeat goes out now.
    case status(ByteBuffer)
    /// `"drop": true` closes all connections after the answer, `"drop": "abort"` cuts them without one. With
    /// `"away_ms": N`, nobody is let in for that long.
    case drop(isAbrupt: Bool, away: Duration)

    static let maxBurst = 10_000_000

    /// Reads `params`. What is not named does not change.
    static func commands(
        in params: ActionParameters, changing current: Misbehaviour
    ) throws(ActionParameters.Problem) -> [SimulateCommand] {
        var commands: [SimulateCommand] = []
        if let event = params["event"] {
            guard event.kind == .object else { throw problem("event", "an object") }
            commands.append(.emit(event.bytes))
        }
        if params["burst"] != nil { commands.append(.burst(try count("burst", in: params))) }
        if let rate = params["rate"] {
            guard let rate = rate.double.flatMap({ EventRate($0) }) ?? rate.string.flatMap({ EventRate($0) }) else {
                throw problem("rate", #"a number of events per second or "max""#)
            }
            commands.append(.pace(rate, count: params["count"] == nil ? nil : try count("count", in: params)))
        }
        let misbehaviour = try misbehaviour(in: params, changing: current)
        if misbehaviour != current { commands.append(.misbehave(misbehaviour)) }
        if let status = params["heartbeat_status"] {
            guard status.kind == .object else { throw problem("heartbeat_status", "an object") }
            commands.append(.status(status.bytes))
        }
        let away: Duration = params["away_ms"] == nil ? .zero : try milliseconds("away_ms", in: params)
        if let drop = params["drop"] {
            guard drop.bool != nil || drop.string == "abort" else { throw problem("drop", #"true, false or "abort""#) }
            if drop.bool != false { commands.append(.drop(isAbrupt: drop.bool == nil, away: away)) }
        } else if away > .zero {
            commands.append(.drop(isAbrupt: false, away: away))
        }
        return commands
    }

    private static func misbehaviour(
        in params: ActionParameters, changing current: Misbehaviour
    ) throws(ActionParameters.Problem) -> Misbehaviour {
        var misbehaviour = try flag("reset", in: params) == true ? Misbehaviour() : current
        if let flag = try flag("silent", in: params) { misbehaviour.isSilent = flag }
        if let flag = try flag("answer_twice", in: params) { misbehaviour.answersTwice = flag }
        if let flag = try flag("nonsense", in: params) { misbehaviour.sendsNonsense = flag }
        if let flag = try flag("unknown_echo", in: params) { misbehaviour.answersUnasked = flag }
        if let flag = try flag("drop_on_action", in: params) { misbehaviour.dropsLink = flag }
        if params["delay_ms"] != nil { misbehaviour.delay = try milliseconds("delay_ms", in: params) }
        return misbehaviour
    }

    private static func flag(_ name: String, in params: ActionParameters) throws(ActionParameters.Problem) -> Bool? {
        guard let value = params[name] else { return nil }
        guard let flag = value.bool else { throw problem(name, "true or false") }
        return flag
    }

    private static func milliseconds(
        _ name: String, in params: ActionParameters
    ) throws(ActionParameters.Problem) -> Duration {
        let number = try params.integer(name)
        guard (0...3_600_000).contains(number) else { throw problem(name, "from 0 to 3600000") }
        return .milliseconds(number)
    }

    private static func count(_ name: String, in params: ActionParameters) throws(ActionParameters.Problem) -> Int {
        let number = try params.integer(name)
        guard (0...Int64(maxBurst)).contains(number) else { throw problem(name, "from 0 to \(maxBurst)") }
        return Int(number)
    }

    private static func problem(_ name: String, _ expected: String) -> ActionParameters.Problem {
        ActionParameters.Problem(message: "The parameter \(name) must be \(expected).")
    }
}
