import Actions
import Hummingbird
import Logging
import NIOCore
import Observability
import OneBot

/// From HTTP request to answer: path, access, body, then the action. A responder of our own and not a router: paths are
/// compared as they were written, and every answer is OneBot's envelope.
struct GatewayResponder: HTTPResponder {
    let gate: AccessGate
    let crossOrigin: CrossOrigin
    let webSocket: WebSocketElsewhere
    let actions: ActionRoutes
    let health: HealthRoutes
    let maxBodyBytes: Int
    let inbound: InboundBudget
    let failedStatus: FailedStatus
    let metrics = GatewayMetrics()

    func respond(to request: Request, context: GatewayContext) async throws -> Hummingbird.Response {
        let began = NIODeadline.now()
        let path = GatewayPath(request.uri.path)
        var reply: OneBotReply
        do throws(Refusal) {
            reply = try await answer(path, request, context)
        } catch {
            context.logger.debug(
                "A request was refused.",
                metadata: [
                    LogKeys.path: "\(request.uri.path.prefix(200))", LogKeys.status: "\(error.reply.status)",
                    LogKeys.reason: "\(error.message)",
                ])
            reply = error.reply
        }
        if case .action = path { reply = reply.failing(with: failedStatus) }
        metrics.answered(status: reply.status, after: .now() - began)
        return response(reply, to: request, over: context.channel)
    }

    /// Answers what needs no access (handshakes that came to the wrong port, preflights, health checks), then the
    /// action.
    private func answer(
        _ path: GatewayPath, _ request: Request, _ context: GatewayContext
    ) async throws(Refusal) -> OneBotReply {
        if let refusal = webSocket.refusal(of: request) { throw refusal }
        if CrossOrigin.isPreflight(request) { return try crossOrigin.preflight(request) }
        let isRead = request.method == .get || request.method == .head
        switch path {
        case .live where isRead: return health.live
        case .ready where isRead: return health.ready
        case .live, .ready, .metrics, .action, .unknown: return try await action(path, request, context)
        }
    }

    private func action(
        _ path: GatewayPath, _ request: Request, _ context: GatewayContext
    ) async throws(Refusal) -> OneBotReply {
        let scope = try gate.scope(
            path, isGET: request.method == .get, authorization: request.headers[.authorization],
            query: request.uri.query, visitor: DoorPolicy.Visitor(request))
        if path == .metrics, request.method == .get || request.method == .head { return health.numbers }
        guard case .action(let name) = path, request.method == .get || request.method == .post else {
            throw Refusal(.notFound, "There is nothing here. Send GET or POST to /api/ACTION or /ACTION.")
        }
        let params = try ActionParameters(
            query: request.uri.query, contentType: request.headers[.contentType], body: try await body(of: request))
        let priority = try context.priority(request)
        let trace = request.headers[.traceparent].flatMap { TraceParent($0) } ?? .make()
        context.logger.debug(
            "An action came over HTTP.", metadata: [LogKeys.action: "\(name)", LogKeys.traceID: "\(trace.traceID)"])
        return await TraceParent.$current.withValue(trace) {
            await actions.perform(name, params, by: context.caller(request), in: scope, priority: priority)
        }
    }

    private func body(of request: Request) async throws(Refusal) -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxBodyBytes {
            throw ArrivingBody.tooLarge(maxBodyBytes)
        }
        do {
            var body = ArrivingBody(limit: maxBodyBytes, budget: inbound, at: .now())
            for try await part in request.body { try body.append(part, at: .now()) }
            return body.bytes
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            // The connection broke; whoever sent it will not read this.
            throw Refusal(.badRequest, "The body did not arrive whole: \(error).")
        }
    }

    private func response(
        _ reply: OneBotReply, to request: Request, over channel: any Channel
    ) -> Hummingbird.Response {
        var headers = crossOrigin.headers(for: request)
        if reply.status != 204 { headers[.contentType] = reply.contentType }
        if let rest = reply.rest {
            return Hummingbird.Response(
                status: .init(code: reply.status), headers: headers,
                body: .init { [first = reply.body] writer in
                    try await rest.write(after: first, to: &writer, of: channel)
                })
        }
        if let seconds = reply.retryAfter { headers[.retryAfter] = "\(seconds)" }
        if reply.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        let response = Hummingbird.Response(
            status: .init(code: reply.status), headers: headers, body: .init(byteBuffer: reply.body))
        return request.method == .head ? response.createHeadResponse() : response
    }
}

extension HTTPFields.Element.Name {
    fileprivate static let traceparent = Self(TraceParent.header)!
}
