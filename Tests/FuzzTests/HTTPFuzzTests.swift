import Bus
import Contracts
import HummingbirdCore
import NIOCore
import Observability
import OneBot
import SettingsReading
import TestSupport
import Testing

@testable import APIGateway
@testable import Actions

extension FuzzTests {
    @Test("the HTTP door: paths, queries, forms, bodies, headers; and the same actions over AMQP")
    func http() {
        let targets = Mutator(seeds: Self.targets, words: Self.httpWords)
        let bodies = Mutator(seeds: Self.bodies, words: Self.httpWords)
        let headers = Mutator(seeds: Self.headers, words: Self.httpWords)
        let gate = AccessGate(
            tokens: Reloadable(AccessTokens(everythingFor: AccessToken("secret"))), opensDiscovery: true)
        Fuzz(.http).run { random in
            let target = String(decoding: targets.input(&random), as: UTF8.self)
            let header = String(decoding: headers.input(&random), as: UTF8.self)
            let uri = URI(target)
            let path = GatewayPath(uri.path)
            _ = GatewayPath(target)
            // `try?`: most of all these are refused.
            _ = try? gate.scope(path, isGET: random.once(in: 2), authorization: header, query: uri.query)
            _ = TraceParent(header)
            _ = (uri.host, uri.port, uri.scheme)
            let body = random.once(in: 3) ? [] : bodies.input(&random)
            let types = ["application/json", "application/x-www-form-urlencoded; charset=utf-8", nil, header]
            try Self.readParameters(
                uri.query, contentType: types.randomElement(using: &random) ?? nil, ByteBuffer(bytes: body), header)
            Self.readMessage(ByteBuffer(bytes: body), header, &random)
        }
    }

    private static let targets = [
        "/send_private_msg?user_id=10001&message=%E4%BD%A0%E5%A5%BD&auto_escape=true", "/api/get_ws_port/",
        "/health/ready", "/metrics", "/?access_token=secret", "http://a:80/api/x?self_id=1&echo=", "*",
        "/set_client_name?name=a+b",
    ].map { Array($0.utf8) }

    private static let bodies = [
        #"{"user_id":10001,"message":[{"type":"text","data":{"text":"hi"}}],"self_id":"10001","client_token":"t"}"#,
        "user_id=10001&message=%5BCQ%3Aat%2Cqq%3D1%5D&no_cache=on&anonymous=%7B%22flag%22%3A1%7D&message_id=-1",
        #"message=[{"type":"text"}]&context={}&operation={"reply":1}&self_id=9223372036854775808"#,
        #"{"action":"send_broadcast_data","params":{"data":"x","client_names":["a"]},"echo":[1]}"#,
        #"{"action":"set_client_name","params":{"client_name":"a"},"echo":1}"#, #"{"action":"register_client"}"#,
    ].map { Array($0.utf8) }

    private static let headers = [
        "Bearer secret", "Token  secret ", "secret", "application/json; charset=utf-8",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "127.0.0.1", "::ffff:127.0.0.1", "9",
    ].map { Array($0.utf8) }

    private static let httpWords = [
        "&", "=", "%", "%2", "%00", "%ff", "%F0%9F%98%80", "+", "?", "#", "/", "//", "api/", ".", "{", "}", "[", "]",
        "\"",
        "self_id=", "message=[", "access_token=", "client_token=", "\"self_id\":", "null", "Bearer ", "-", "00", ";",
        ",",
    ]

    private static func readParameters(
        _ query: String?, contentType: String?, _ body: ByteBuffer, _ header: String
    ) throws {
        _ = ActionParameters.accessToken(inQuery: query)
        // `try?`: most of these are refused.
        guard var parameters = try? ActionParameters(query: query, contentType: contentType, body: body) else { return }
        for name in ["self_id", "message", "client_token", "user_id", header] {
            _ = (parameters.value(name), parameters.text(name))
        }
        _ = BotChoice.Wish(parameters.value("self_id"))
        let caller = CallerIdentity(
            clientToken: parameters.text("client_token"), appID: header, address: header, isForwarded: false)
        _ = try? caller.question(.init())
        parameters.remove("client_token", "self_id")
        let left = parameters.json
        try Broken.unless(
            left?["client_token"] == nil, "a secret that is passed on", (left?.bytes ?? body).readableBytesView)
        let action = Action(name: header, params: left)
        guard let frame = try? Action(parsing: action.frame) else {
            throw Broken("an action that is none", action.frame.readableBytesView)
        }
        try Broken.unless(frame.name == header, "an action of another name", action.frame.readableBytesView)
    }

    /// Reads a message that a program on the broker, or a bot, might send.
    private static func readMessage(_ body: ByteBuffer, _ header: String, _ random: inout SeededGenerator) {
        _ = OneBotReply.bot(body)
        _ = OneBotReply.own(encoded: body)
        var properties = MessageProperties()
        properties.headers[BrokerCall.tokenHeader] = header
        properties.headers[GroupStamp.ownersHeader] = header
        _ = BrokerCall(Message(body, properties), redelivered: random.once(in: 2), exchanges: Exchanges())
        _ = properties.groupStamp
    }
}
