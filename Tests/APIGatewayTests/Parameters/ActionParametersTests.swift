import NIOCore
import OneBot
import Testing

@testable import APIGateway

@Suite struct ActionParametersTests {
    private func parameters(
        query: String? = nil, type: String? = "application/json", body: String = ""
    ) throws(Refusal) -> ActionParameters {
        try ActionParameters(query: query, contentType: type, body: ByteBuffer(string: body))
    }

    private func text(_ params: ActionParameters) -> String? { params.json.map { String(buffer: $0.bytes) } }

    @Test(
        "a JSON body is kept byte for byte",
        arguments: [
            "application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8",
            " application/json ",
        ])
    func json(_ type: String) throws {
        let body = #" { "user_id": 9007199254740993,"x":[1, 2],"x":"twice", "m":"\u4f60" } "#
        #expect(text(try parameters(query: "user_id=5", type: type, body: body)) == body)
    }

    @Test(
        "no body and no query are no parameters, whatever the content type",
        arguments: [nil, "text/plain", "application/json"])
    func empty(_ type: String?) throws {
        #expect(text(try parameters(type: type)) == nil)
        #expect(text(try parameters(query: "", type: type)) == nil)
    }

    @Test("query and form are converted by OneBot's table, and everything else stays a string")
    func conversion() throws {
        let query =
            "user_id=10001&message=%5B1%5D&auto_escape=true&enable=0&file=1.5&duration=x&no_cache=maybe&message_id=-7"
        let expected =
            #"{"user_id":10001,"message":"[1]","auto_escape":true,"enable":false,"file":"1.5","duration":"x","#
            + #""no_cache":"maybe","message_id":-7}"#
        #expect(text(try parameters(query: query)) == expected)
        #expect(text(try parameters(type: "application/x-www-form-urlencoded", body: query)) == expected)
    }

    @Test("numbers keep their digits; what is no JSON number stays text")
    func numbers() throws {
        #expect(
            text(try parameters(query: "user_id=18446744073709551616&group_id=007&times=%2B1&delay=1e3&self_id="))
                == #"{"user_id":18446744073709551616,"group_id":"007","times":"+1","delay":1e3,"self_id":""}"#)
    }

    @Test("objects are read from their JSON")
    func objects() throws {
        #expect(
            text(try parameters(query: #"anonymous=%7B%22flag%22:1%7D&context=%5B%5D&operation=no"#))
                == #"{"anonymous":{"flag":1},"context":"[]","operation":"no"}"#)
    }

    @Test("a message may be segments: a list of them, or one")
    func segments() throws {
        #expect(
            text(try parameters(query: #"message=%5B%7B%22type%22:%22rps%22%7D,%20%7B%22type%22:%22text%22%7D%5D"#))
                == #"{"message":[{"type":"rps"}, {"type":"text"}]}"#)
        #expect(text(try parameters(query: #"message=%7B%22type%22:%22rps%22%7D"#)) == #"{"message":{"type":"rps"}}"#)
    }

    @Test(
        "a message that only looks like JSON is a text",
        arguments: [
            "%5B%5D", "%5B1%5D", "%7B%7D", "%7B%22type%22:1%7D", "%5B%7B%22type%22:%22rps%22%7D,1%5D", "%5BCQ:rps%5D",
            "%22x%22", "true", "5", "null", "%5B%7B%22type%22:%22rps%22%7D",
        ])
    func noSegments(_ message: String) throws {
        #expect(try parameters(query: "message=" + message).json?["message"]?.kind == .string)
    }

    static let unlabelled: [String?] = ["application/x-www-form-urlencoded", "text/plain; charset=utf-8", "", nil]

    @Test(
        "what begins as JSON does is JSON, whatever a form, a plain text or nothing at all is said of it",
        arguments: unlabelled)
    func unlabelledJSON(_ type: String?) throws {
        let body = "\n {\"message\":\"a+b&c=%20\", \"x\":[1]}"
        #expect(text(try parameters(type: type, body: body)) == body)
        for broken in ["{", #"{"a":}"#, "{a=1}", "[]", #"[{"a":1}]"#, "[x]=1"] {
            let refusal = #expect(throws: Refusal.self) { try parameters(type: type, body: broken) }
            #expect(refusal?.retcode == .badRequest)
            #expect(refusal?.message.contains("Content-Type") == true)
        }
    }

    @Test("the query completes a JSON body, which outweighs it; the token stays here")
    func completed() throws {
        let query = "self_id=10001&a=q&access_token=s&x=%22"
        #expect(
            text(try parameters(query: query, body: #" { "a" : null } "#))
                == #" { "a" : null,"self_id":10001,"x":"\"" } "#)
        #expect(text(try parameters(query: "a=1&b=2", body: "{ }")) == #"{"a":"1","b":"2" }"#)
        #expect(text(try parameters(query: "caf%C3%A9=1", body: #"{"cafe\u0301":2}"#))?.contains(#""1""#) == true)
        #expect(text(try parameters(query: "a=1", body: #"{"\u0061":2}"#)) == #"{"\u0061":2}"#)
        #expect(text(try parameters(query: "access_token=s", body: "{ }")) == "{ }")
    }

    @Test("a form comes before the query, and both count")
    func formAndQuery() throws {
        let params = try parameters(
            query: "b=q&c=3", type: "application/x-www-form-urlencoded; charset=utf-8", body: "a=1&b=2")
        #expect(text(params) == #"{"a":"1","b":"2","c":"3"}"#)
    }

    @Test("the access token never becomes a parameter")
    func token() throws {
        #expect(text(try parameters(query: "access_token=secret")) == nil)
        #expect(text(try parameters(query: "a=1&access_token=secret")) == #"{"a":"1"}"#)
        #expect(
            text(try parameters(type: "application/x-www-form-urlencoded", body: "access_token=secret&a=1"))
                == #"{"a":"1"}"#)
        #expect(ActionParameters.accessToken(inQuery: "a=1&access_token=s%20t") == "s t")
        #expect(ActionParameters.accessToken(inQuery: "a=%") == nil)
        #expect(ActionParameters.accessToken(inQuery: nil) == nil)
    }

    @Test(
        "a content type that is not read is 1406",
        arguments: [
            (nil, "a=1"), ("", "5"), ("text/plain", "hi {}"), ("multipart/form-data; boundary=x", "{}"),
            ("application/jsonp", "{}"), ("application/xml", "{}"),
        ])
    func contentType(_ type: String?, _ body: String) {
        let refusal = #expect(throws: Refusal.self) { try parameters(type: type, body: body) }
        #expect(refusal?.retcode == .notAcceptable)
        #expect(refusal?.reply.status == 406)
        #expect(refusal?.message.contains("application/json") == true)
    }

    @Test(
        "a body that is not one JSON object is 1400",
        arguments: ["{", "[]", "null", "5", #""{}""#, "{}{}", "{\"a\":}", " ", "a=1"])
    func brokenBody(_ body: String) {
        let refusal = #expect(throws: Refusal.self) { try parameters(body: body) }
        #expect(refusal?.retcode == .badRequest)
        #expect(refusal?.reply.status == 400)
    }

    @Test("a broken form or query is 1400")
    func brokenForm() {
        let form = #expect(throws: Refusal.self) {
            try parameters(type: "application/x-www-form-urlencoded", body: "a=1&b=%zz")
        }
        #expect(form?.retcode == .badRequest)
        #expect(form?.message.contains("part 2") == true)
        let query = #expect(throws: Refusal.self) { try parameters(query: "a=%") }
        #expect(query?.retcode == .badRequest)
    }

    @Test("a value comes from the body, else from the query; null and empty count as absent")
    func values() throws {
        let params = try parameters(query: "self_id=5&x=q&y=q", body: #"{"x":"b","y":null,"z":""}"#)
        #expect(params.value("self_id")?.int64 == 5)
        #expect(params.text("x") == "b")
        #expect(params.text("y") == "q")
        #expect(params.value("z") == nil)
        #expect(params.value("none") == nil)
    }

    @Test("what is removed is gone, every other byte stays")
    func removing() throws {
        var params = try parameters(body: #"{ "client_token":"s", "a" : 1,"client_token":"t"}"#)
        params.remove("client_token", "app_id")
        #expect(params.json?.keys == ["a"])
        #expect(text(params)?.contains(#""a" : 1"#) == true)
    }
}
