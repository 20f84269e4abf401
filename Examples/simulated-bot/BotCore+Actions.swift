import Logging
import NIOCore
import OneBot
import WebSocketTransport

/// Actions in, answers out.
extension BotCore {
    func received(_ text: ByteBuffer, on link: BotLink) {
        // OneBot 11: `/event` carries no actions.
        guard link.role.callsActions else { return }
        let action: Action
        do {
            action = try Action(parsing: text)
        } catch {
            return reply(error.response, on: link)
        }
        logger.trace("An action arrived.", metadata: ["action.name": "\(action.name)"])
        let received = ReceivedAction(action: action, role: link.role)
        record.received(received)
        if action.name == "simulate" { return simulate(action, on: link) }
        switch script?(received) ?? .standard {
        case .standard:
            answer(action, on: link)
        case .none:
            break
        case .response(let response):
            reply(response.encoded(echo: action.echo), on: link)
        case .json(let json):
            reply(Self.answer(json, to: action), on: link)
        case .frames(let frames):
            for frame in frames { link.send(ByteBuffer(string: frame)) }
            link.connection.flush()
        }
    }

    private func answer(_ action: Action, on link: BotLink) {
        if DownloadStream.names.contains(action.name) {
            do {
                return link.add(try DownloadStream(ActionParameters(action.params), echo: action.echo))
            } catch {
                return reply(Response.failed(.badRequest, error.message).encoded(echo: action.echo), on: link)
            }
        }
        let answer = answers.answer(action, at: time, remembering: &memory)
        reply(answer.response.encoded(echo: action.echo), on: link)
        guard let group = answer.pongIn,
            let member = group.members.first(where: { $0.person.userID != account.selfID.number })
        else { return }
        emit(generator.message(from: member, in: group, [.text("pong")], at: time, remembering: &memory))
    }

    /// Sends a response, with the bot's present misbehaviour.
    private func reply(_ response: ByteBuffer, on link: BotLink) {
        let plan = misbehaviour.plan(for: response)
        let send = {
            for frame in plan.frames { link.send(frame) }
            link.connection.flush()
            if plan.dropsLink { link.connection.close(.goingAway("simulated drop")) }
        }
        if plan.delay > .zero {
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(plan.delay), send)
        } else {
            send()
        }
    }

    private static func answer(_ json: String, to action: Action) -> ByteBuffer {
        let bytes = ByteBuffer(string: json)
        do {
            let object = try JSONObject(bytes)
            return action.echo.map { object.setting("echo", to: $0) } ?? bytes
        } catch {
            preconditionFailure("a script answered \(action.name) with \(json): \(error)")
        }
    }

    // MARK: simulate

    /// Our own action, which changes the bot at run time. Always answered, however the bot misbehaves.
    private func simulate(_ action: Action, on link: BotLink) {
        let commands: [SimulateCommand]
        do {
            commands = try SimulateCommand.commands(
                in: ActionParameters(action.params), changing: misbehaviour)
        } catch {
            link.send(Response.failed(.badRequest, error.message).encoded(echo: action.echo))
            return link.connection.flush()
        }
        var drop: (isAbrupt: Bool, away: Duration)?
        for command in commands {
            switch command {
            case .emit(let event): emit(event)
            case .burst(let count): add(EventBurst(1..<count + 1, done: nil, event: numberedEvent))
            case .pace(let rate, let count): change(rate: rate, count: count)
            case .misbehave(let misbehaviour): self.misbehaviour = misbehaviour
            case .status(let status):
                answers.status = status
                sendHeartbeat()
            case .drop(let isAbrupt, let away): drop = (isAbrupt, away)
            }
        }
        if drop?.isAbrupt != true {
            link.send(Response.ok(state).encoded(echo: action.echo))
            link.connection.flush()
        }
        if let drop {
            if drop.away > .zero { leaveFor(drop.away) }
            dropLinks(isAbrupt: drop.isAbrupt)
        }
    }

    func numberedEvent(_ number: Int) -> ByteBuffer {
        NumberedEvent.json(number, selfID: account.selfID, at: time)
    }

    /// What `simulate` answers.
    private var state: ByteBuffer {
        .object { json in
            json.add("links", links.count)
            json.add("event_links", eventLinks.count)
            json.add("events_sent", eventsSent)
            json.add("actions_received", record.total)
        }
    }
}
