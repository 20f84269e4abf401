import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("WebSocketState")
struct WebSocketStateTests {
    private var server = WebSocketState(side: .server, maxMessageBytes: 100)

    // MARK: Messages

    @Test("a text in one frame is a message")
    mutating func wholeText() {
        #expect(server.takes(.frame(.text, "hello")) == [.message("hello")])
    }

    @Test("an empty text is a message")
    mutating func emptyText() {
        #expect(server.takes(.frame(.text, "")) == [.message("")])
    }

    @Test("fragments, empty ones too, are joined, and control frames may come between them")
    mutating func fragments() {
        #expect(server.takes(.frame(.text, "a", isFinal: false)) == [])
        #expect(server.takes(.frame(.ping, "p")) == [.ping("p")])
        #expect(server.takes(.frame(.continuation, "", isFinal: false)) == [])
        #expect(server.takes(.frame(.pong, "unsolicited")) == [.pong(ByteBuffer(string: "unsolicited"))])
        #expect(server.takes(.frame(.continuation, "名", isFinal: false)) == [])
        #expect(server.takes(.frame(.continuation, "")) == [.message("a名")])
        #expect(server.takes(.frame(.text, "next")) == [.message("next")])
    }

    @Test("a message of which every byte comes alone is whole in the end")
    mutating func byteByByte() {
        var received: [WebSocketState.Received] = []
        var input = ByteBuffer()
        for byte in ByteBuffer.frames(.frame(.text, "äh", isFinal: false), .frame(.continuation, "名前"))
            .readableBytesView
        {
            input.writeInteger(byte)
            received += server.takes(from: &input)
        }
        #expect(received == [.message("äh名前")])
    }

    @Test("a binary message that holds UTF-8 is taken as text")
    mutating func binaryText() {
        #expect(server.takes(.frame(.binary, "名")) == [.message("名")])
    }

    @Test("a character may be split between frames")
    mutating func splitCharacter() {
        let bytes = Array("名".utf8)
        #expect(server.takes(.frame(.text, bytes: [bytes[0]], isFinal: false)) == [])
        #expect(server.takes(.frame(.continuation, bytes: Array(bytes[1...]))) == [.message("名")])
    }

    @Test("several messages in one read are several messages")
    mutating func manyAtOnce() {
        #expect(
            server.takes(.frame(.text, "1"), .frame(.ping, ""), .frame(.text, "2"))
                == [.message("1"), .ping(""), .message("2")])
    }

    @Test("a client takes frames that are not masked")
    func clientSide() {
        var client = WebSocketState(side: .client, maxMessageBytes: 100)
        #expect(client.takes(.frame(.text, "hello", isMasked: false)) == [.message("hello")])
    }

    // MARK: UTF-8

    @Test(
        "bytes that are no UTF-8 fail the connection at the first bad byte",
        arguments: [FrameHeader.Opcode.text, .binary])
    mutating func notUTF8(opcode: FrameHeader.Opcode) {
        var frame = ByteBuffer.frames(.frame(opcode, bytes: Array("abc".utf8) + [0xFF] + Array("def".utf8)))
        let untilBadByte = frame.readSlice(length: frame.readableBytes - 3) ?? ByteBuffer()
        let expected =
            opcode == .text ? "Text must be valid UTF-8." : "Binary messages are taken as text and must hold UTF-8."
        #expect(server.takes(raw: untilBadByte) == [.fail(.notUTF8(expected))])
        #expect(!server.isOpen)
        #expect(server.takes(raw: frame) == [])
    }

    @Test("a text that ends within a character fails the connection")
    mutating func endsWithinCharacter() {
        #expect(server.takes(.frame(.text, bytes: [0xE5, 0x90])) == [.fail(.notUTF8("Text must be valid UTF-8."))])
    }

    @Test("a frame may end within a character while the message goes on, but the message may not")
    mutating func messageEndsWithinCharacter() {
        #expect(server.takes(.frame(.text, bytes: [0xE5, 0x90], isFinal: false)) == [])
        #expect(server.takes(.frame(.continuation, "")) == [.fail(.notUTF8("Text must be valid UTF-8."))])
    }

    // MARK: Size

    @Test("a message of exactly the limit passes, in one frame or several")
    mutating func atLimit() {
        let text = String(repeating: "x", count: 100)
        #expect(server.takes(.frame(.text, text)) == [.message(text)])
        #expect(server.takes(.frame(.text, String(text.dropLast(40)), isFinal: false)) == [])
        #expect(server.takes(.frame(.continuation, String(text.prefix(40)))) == [.message(text)])
    }

    @Test("a header that claims one byte more fails the connection before any of the payload came")
    mutating func overLimit() {
        var header = ByteBuffer()
        FrameHeader(opcode: .text, maskingKey: testKey, payloadLength: 101).write(to: &header)
        #expect(server.takes(raw: header) == [.fail(.tooBig("A message holds at most 100 bytes."))])
    }

    @Test("fragments that together exceed the limit fail the connection")
    mutating func fragmentsOverLimit() {
        #expect(server.takes(.frame(.text, String(repeating: "x", count: 99), isFinal: false)) == [])
        #expect(
            server.takes(.frame(.continuation, "xx", isFinal: false)) == [
                .fail(.tooBig("A message holds at most 100 bytes."))
            ])
    }

    @Test("a length that no frame may have is answered and ends the connection, since no next frame can be told")
    mutating func absurdLength() {
        let header = ByteBuffer(bytes: [0x81, 0xFF] + Array(repeating: 0xFF, count: 8) + [1, 2, 3, 4])
        #expect(server.takes(raw: header) == [.answerClose(.protocolError("A frame's length must be below 2^63."))])
        #expect(server.takes(.frame(.text, "x")) == [])
        #expect(server.ended.code == 1002)
    }

    // MARK: Violations

    @Test("a broken rule fails the connection with 1002", arguments: Violation.all)
    mutating func violations(violation: Violation) {
        _ = violation.before.map { server.takes($0) }
        let fail = WebSocketState.Received.fail(.protocolError(violation.reason))
        #expect(server.takes(violation.frame) == (violation.isClose ? [fail, .finish] : [fail]))
        #expect(!server.isOpen)
        #expect(server.ended == WebSocketEnding(code: 1002, reason: violation.reason, isOurs: true))
    }

    @Test("a server that masks its frames breaks a rule")
    func maskedByServer() {
        var client = WebSocketState(side: .client, maxMessageBytes: 100)
        #expect(
            client.takes(.frame(.text, "x"))
                == [.fail(.protocolError("A server's frames must not be masked."))])
    }

    @Test(
        "after a violation everything is discarded until the peer's close frame",
        arguments: Violation.all.filter { !$0.isClose })
    mutating func afterViolation(violation: Violation) {
        _ = violation.before.map { server.takes($0) }
        _ = server.takes(violation.frame)
        #expect(
            server.takes(.frame(.text, "x"), violation.frame, .frame(.ping, ""), .frame(.text, bytes: [0xFF])) == [])
        #expect(server.takes(.frame(.close, bytes: [0x03, 0xEA])) == [.finish])
    }

    // MARK: Closing

    @Test("the peer's close frame is answered with its code")
    mutating func peerCloses() {
        #expect(server.takes(.close(1001, "bye")) == [.answerClose(CloseReason(code: 1001, text: ""))])
        #expect(!server.isOpen)
        #expect(server.ended == WebSocketEnding(code: 1001, reason: "bye", isOurs: false))
    }

    @Test("a close frame without a code is answered without one")
    mutating func peerClosesWithoutCode() {
        #expect(server.takes(.frame(.close, "")) == [.answerClose(nil)])
        #expect(server.ended == WebSocketEnding(code: nil, reason: "", isOurs: false))
    }

    @Test(
        "the codes of the standard, its registry, libraries and applications are legal",
        arguments: [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
        ] as [UInt16])
    mutating func legalCodes(code: UInt16) {
        #expect(server.takes(.close(code, "")) == [.answerClose(CloseReason(code: code, text: ""))])
    }

    @Test(
        "any other code is answered with 1002",
        arguments: [
            0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
        ] as [UInt16])
    mutating func illegalCodes(code: UInt16) {
        #expect(
            server.takes(.close(code, "")) == [.answerClose(.protocolError("Close code \(code) must not be sent."))])
        #expect(server.ended.isOurs)
    }

    @Test("a close frame of one byte is answered with 1002")
    mutating func closeOfOneByte() {
        #expect(
            server.takes(.frame(.close, bytes: [3]))
                == [.answerClose(.protocolError("A close frame's payload begins with two bytes of code."))])
    }

    @Test(
        "a close reason that is no UTF-8, or half a character, is answered with 1002",
        arguments: [[0xFF], [0xE5, 0x90]])
    mutating func badCloseReason(bytes: [UInt8]) {
        #expect(
            server.takes(.frame(.close, bytes: [0x03, 0xE8] + bytes))
                == [.answerClose(.protocolError("A close frame's reason must be valid UTF-8."))])
    }

    @Test("our close is sent once; then only the peer's close frame matters")
    mutating func weClose() {
        #expect(server.close(.goingAway("restart")) == true)
        #expect(server.close(.policy("again")) == false)
        #expect(!server.isOpen)
        #expect(server.takes(.frame(.text, "late"), .frame(.ping, "late"), .frame(.pong, "late")) == [])
        #expect(server.takes(.close(1001, "")) == [.finish])
        #expect(server.close(.policy("again")) == false)
        #expect(server.ended == WebSocketEnding(code: 1001, reason: "restart", isOurs: true))
    }

    @Test("a close in the middle of a message and of a frame gives the message up")
    mutating func closeMidMessage() {
        var frame = ByteBuffer.frames(.frame(.text, "hello"))
        let half = frame.readSlice(length: 8) ?? ByteBuffer()
        #expect(server.takes(raw: half) == [])
        #expect(server.close(.goingAway("")) == true)
        #expect(server.takes(raw: frame) == [])
        #expect(server.takes(.frame(.close, "")) == [.finish])
    }

    @Test("close frames that cross are one closing handshake, ended by us")
    mutating func crossedCloses() {
        #expect(server.close(.goingAway("ours")) == true)
        #expect(server.takes(.close(4000, "theirs")) == [.finish])
        #expect(server.ended == WebSocketEnding(code: 1001, reason: "ours", isOurs: true))
    }

    @Test(
        "an illegal answer to our close frame still ends the handshake",
        arguments: [
            FrameSpec.frame(.close, bytes: [1]), .close(0, ""), .frame(.close, "", isMasked: false),
            .frame(.close, String(repeating: "x", count: 126)), .frame(.close, bytes: [0x03, 0xE8, 0xFF]),
        ])
    mutating func illegalAnswer(frame: FrameSpec) {
        #expect(server.close(.goingAway("")) == true)
        #expect(server.takes(frame) == [.finish])
    }

    @Test("bytes in which no frame can be told end our closing handshake")
    mutating func absurdLengthWhileClosing() {
        #expect(server.close(.goingAway("")) == true)
        #expect(server.takes(raw: ByteBuffer(bytes: [0x81, 0x7F] + Array(repeating: 0xFF, count: 8))) == [.finish])
    }

    @Test("after both close frames nothing is read any more")
    mutating func afterEnd() {
        _ = server.takes(.close(1000, ""))
        #expect(server.takes(.close(1000, ""), .frame(.text, "x"), .frame(.ping, "")) == [])
        #expect(server.close(.goingAway("")) == false)
    }

    @Test("a socket that ends without a close frame tells its own cause, in any phase")
    mutating func socketClosed() {
        let lost = WebSocketEnding(code: nil, reason: "connection lost", isOurs: false)
        #expect(server.socketClosed(cause: lost) == lost)
        #expect(server.takes(.frame(.text, "x")) == [])

        var closing = WebSocketState(side: .server, maxMessageBytes: 100)
        #expect(closing.close(.goingAway("restart")) == true)
        #expect(closing.socketClosed(cause: lost) == WebSocketEnding(code: 1001, reason: "restart", isOurs: true))
    }

    // MARK: Anything at all

    @Test("random bytes, in random pieces, never trap and always come to an end", arguments: 0..<20)
    func randomBytes(round: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var state = WebSocketState(side: round % 2 == 0 ? .server : .client, maxMessageBytes: 1000)
        var input = ByteBuffer()
        for _ in 0..<400 {
            input.writeBytes((0..<Int.random(in: 0...40, using: &generator)).map { _ in plausibleByte(&generator) })
            if Int.random(in: 0..<100, using: &generator) == 0 { _ = state.close(.goingAway("")) }
            var steps = 0
            while state.receive(&input) != .needsMoreBytes {
                steps += 1
                if steps > 1000 { break }
            }
            #expect(steps <= 1000, "no end; seed \(seed)")
        }
    }

    /// Bytes that often look like headers of short frames.
    private func plausibleByte(_ generator: inout SeededGenerator) -> UInt8 {
        let headers: [UInt8] = [0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A, 0x80, 0x81, 0x85, 0x05, 0xFE, 0xFF]
        return Bool.random(using: &generator)
            ? headers.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
    }
}
