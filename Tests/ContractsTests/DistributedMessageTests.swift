import Contracts
import NIOCore
import OneBot
import Testing

@Suite struct DistributedMessageTests {
    @Test("a message comes out as it went in, its data byte for byte")
    func roundTrip() throws {
        let data = #""a\u0041 \"q\" é 😀 \/ \n""#
        let message = DistributedMessage(
            uuid: "u\"1", sender: Client(appID: "x", clientName: "cafe\u{301}"), targets: ["a", "b"],
            data: ByteBuffer(string: data))
        let read = try #require(DistributedMessage(decoding: message.encoded))
        #expect(read.uuid == "u\"1")
        #expect(read.sender.appID == "x")
        #expect(read.sender.clientName?.utf8.elementsEqual("cafe\u{301}".utf8) == true)
        #expect(read.targets == ["a", "b"])
        #expect(String(buffer: read.data) == data)
    }

    @Test("a sender without a name stays without one")
    func noName() throws {
        let message = DistributedMessage(
            uuid: "u", sender: Client(appID: "x"), targets: [], data: ByteBuffer(string: #""""#))
        let read = try #require(DistributedMessage(decoding: message.encoded))
        #expect(read.sender.clientName == nil)
        #expect(read.targets.isEmpty)
    }

    @Test(
        "what programs on the broker get wrong is no message",
        arguments: [
            "", "null", "[]", "{}", #"{"uuid":"u","sender":{"app_id":"x"},"targets":["a"]}"#,
            #"{"uuid":"u","sender":{"app_id":"x"},"targets":["a"],"data":{}}"#,
            #"{"uuid":"u","sender":{"app_id":"x"},"targets":"a","data":"d"}"#,
            #"{"uuid":"u","sender":"x","targets":["a"],"data":"d"}"#,
            #"{"uuid":1,"sender":{"app_id":"x"},"targets":["a"],"data":"d"}"#,
        ])
    func malformed(_ text: String) {
        #expect(DistributedMessage(decoding: ByteBuffer(string: text)) == nil)
    }
}
