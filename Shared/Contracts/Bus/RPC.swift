public import Bus
import Foundation
public import NIOCore
public import OneBot

/// How services ask each other over the bus: `{"method","params"}` → `{"result"}` or `{"error"}`.
public enum RPC {
    /// The failure of a question. It crosses the wire as it is, and becomes a ``Response`` at the door the action came
    /// through.
    public struct Failure: Error, Sendable, Codable, Hashable, CustomStringConvertible {
        public let reason: FailureReason
        public let message: String

        public init(_ reason: FailureReason, _ message: String) {
            self.reason = reason
            self.message = message
        }

        public var retcode: Int { reason.retcode.rawValue }
        public var description: String { message }
        public var response: Response { .failed(reason, message) }

        /// The same failure, of a question that changes nothing: it may be asked again, however it ended.
        var ofReading: Failure {
            switch reason {
            case .unavailable(.unknown): Failure(.unavailable(.no()), message)
            case .timedOut(.unknown): Failure(.timedOut(.no()), message)
            case .badRequest, .unauthorized, .forbidden, .notFound, .notAcceptable, .conflict, .tooLarge,
                .answerTooLarge, .rateLimited, .unreadableAnswer, .unavailable(.no), .timedOut(.no), .bots:
                self
            }
        }

        enum CodingKeys: String, CodingKey {
            case retcode, message
            case carriedOut = "carried_out"
            case retryAfterMilliseconds = "retry_after_ms"
        }

        public init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            message = try members.decode(String.self, forKey: .message)
            let milliseconds = try members.decodeIfPresent(Int.self, forKey: .retryAfterMilliseconds)
            // Another program's number, so it is kept within what a clock can hold.
            let retryAfter = Duration.milliseconds(min(max(milliseconds ?? 1000, 0), 86_400_000))
            let isSafe = try members.decodeIfPresent(String.self, forKey: .carriedOut) == CarriedOut.no().word
            let carriedOut: CarriedOut = isSafe ? .no(retryAfter: retryAfter) : .unknown
            let retcode = RetCode(rawValue: try members.decode(Int.self, forKey: .retcode))
            reason =
                switch retcode {
                case .badRequest: .badRequest
                case .unauthorized: .unauthorized
                case .forbidden: .forbidden
                case .notFound: .notFound
                case .notAcceptable: .notAcceptable
                case .conflict: .conflict
                case .tooLarge: .tooLarge
                case .rateLimited: .rateLimited(retryAfter: retryAfter)
                case .timedOut: .timedOut(carriedOut)
                default: .unavailable(carriedOut)
                }
        }

        public func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(retcode, forKey: .retcode)
            try members.encode(message, forKey: .message)
            guard let carriedOut = reason.carriedOut else { return }
            try members.encode(carriedOut.word, forKey: .carriedOut)
            let milliseconds = carriedOut.retryAfter.map { Int($0 / .milliseconds(1)) }
            try members.encodeIfPresent(milliseconds, forKey: .retryAfterMilliseconds)
        }
    }

    /// For methods without parameters or a result.
    public struct Empty: Sendable, Codable, Hashable {
        public init() {}
    }

    struct Question<Params: Codable & Sendable>: Codable, Sendable {
        var method: String
        var params: Params
    }

    struct Answer<Result: Codable & Sendable>: Codable, Sendable {
        var result: Result?
        var error: Failure?
    }

    private struct MethodOnly: Codable { var method: String }

    public static func encodeQuestion(method: String, params: some Codable & Sendable) throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONEncoder().encode(Question(method: method, params: params)))
    }

    /// The method a question names; `nil` where the bytes are not a question.
    public static func method(of question: ByteBuffer) -> String? {
        try? JSONDecoder().decode(MethodOnly.self, from: Data(question.readableBytesView)).method  // nil says it all
    }

    public static func decodeParams<Params: Codable & Sendable>(
        _ type: Params.Type, from question: ByteBuffer
    ) throws -> Params {
        try JSONDecoder().decode(Question<Params>.self, from: Data(question.readableBytesView)).params
    }

    public static func encodeResult(_ result: some Codable & Sendable) throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONEncoder().encode(Answer(result: result, error: nil)))
    }

    public static func encodeFailure(_ failure: Failure) throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONEncoder().encode(Answer<Empty>(result: nil, error: failure)))
    }

    /// - Throws: ``Failure`` where the answer is one.
    public static func decodeResult<Result: Codable & Sendable>(_ type: Result.Type, from answer: ByteBuffer) throws
        -> Result
    {
        let answer = try JSONDecoder().decode(Answer<Result>.self, from: Data(answer.readableBytesView))
        if let error = answer.error { throw error }
        guard let result = answer.result else {
            throw Failure(.unavailable(.unknown), "The answer holds neither a result nor an error.")
        }
        return result
    }

    /// Asks and waits. Every way it can fail comes out as a ``Failure`` that can be shown to a client.
    static func ask<Result: Codable & Sendable>(
        _ method: String, _ params: some Codable & Sendable, returning: Result.Type,
        of whom: String, requester: Requester, exchange: Exchange, key: RoutingKey, timeout: Duration
    ) async throws(Failure) -> Result {
        try await ask(
            method, { try encodeQuestion(method: method, params: params) },
            reading: { try decodeResult(Result.self, from: $0) }, of: whom, requester: requester, exchange: exchange,
            key: key, timeout: timeout)
    }

    /// The same, with a question and an answer in bytes.
    static func ask<Result>(
        _ method: String, _ question: () throws -> ByteBuffer, reading: (ByteBuffer) throws -> Result, of whom: String,
        requester: Requester, exchange: Exchange, key: RoutingKey, timeout: Duration
    ) async throws(Failure) -> Result {
        do {
            let question = Message(try question(), MessageProperties(method, from: nil))
            let answer = try await requester.request(question, to: exchange, key: key, timeout: timeout)
            return try reading(answer.body)
        } catch let failure as Failure {
            throw failure
        } catch {
            let carriedOut = (error as? MessageBusError)?.carriedOut ?? .unknown
            throw Failure(.unavailable(carriedOut), "\(whom) cannot be reached now: \(error)")
        }
    }
}

extension MessageBusError {
    /// Whether the action that was to be sent may have been carried out.
    public var carriedOut: CarriedOut {
        switch self {
        case .unroutable, .unreachable, .rejected: .no()
        case .timedOut, .disconnected, .closed: .unknown
        // No request ends so.
        case .locked, .differs, .noSuchQueue, .noSuchExchange: .unknown
        }
    }
}
