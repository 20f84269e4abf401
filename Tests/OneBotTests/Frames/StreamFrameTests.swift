import NIOCore
import Testing

@testable import OneBot

@Suite("Which of a bot's answers are followed by more") struct StreamFrameTests {
    private func isFollowed(_ frame: String) throws -> Bool {
        guard case .response(let response) = BotFrame(parsing: ByteBuffer(string: frame)) else {
            Issue.record("no response: \(frame)")
            return false
        }
        return response.isFollowed
    }

    private func frame(_ data: String, stream: String = #""stream-action""#, status: String = #""ok""#) -> String {
        #"{"status":\#(status),"retcode":0,"data":\#(data),"message":"","wording":"","echo":"p-1","stream":\#(stream)}"#
    }

    @Test(
        "the parts of a download, whatever they hold",
        arguments: [
            #"{"type":"stream","data_type":"file_info","file_name":"a.bin","file_size":3,"chunk_size":65536}"#,
            #"{"type":"stream","data_type":"file_chunk","index":0,"data":"QUJD","size":3,"progress":100}"#,
            #"{"type":"stream","data":"Index-> 1","data_type":"data_chunk"}"#,
            #"{"data_type":"file_chunk","data":"QUJD","type":"stream"}"#,
            #"{ "t\u0079pe" : "str\u0065am" , "data_type":{"a":1} }"#,
            #"{"type":"stream","data_type":"file_info","stream_id":"x","status":"y"}"#,
            #"{"nested":{"type":"response"},"type":"stream","data_type":1}"#,
        ])
    func part(data: String) throws {
        #expect(try isFollowed(frame(data)))
        #expect(try isFollowed(frame(data, status: #""async""#)))
        #expect(try !isFollowed(frame(data, status: #""failed""#)))
        for stream in [#""normal-action""#, #""stream-Action""#, "null", "true", #"{"stream":"stream-action"}"#] {
            #expect(try !isFollowed(frame(data, stream: stream)), "\(stream)")
        }
    }

    @Test(
        "the last of a download, an upload's answers, and all that is no part",
        arguments: [
            #"{"type":"response","data_type":"file_complete","total_chunks":1,"total_bytes":3}"#,
            #"{"type":"error","data_type":"file_chunk"}"#, #"{"data_type":"file_chunk","type":"error"}"#,
            #"{"type":"stream","stream_id":"x","status":"chunk_received","received_chunks":1,"total_chunks":2}"#,
            #"{"type":"response","stream_id":"x","status":"file_complete"}"#,
            #"{"type":"stream","data_type":null}"#, #"{"type":"stream"}"#, #"{"data_type":"file_chunk"}"#,
            #"{"type":["stream"],"data_type":"x"}"#, #"{"nested":{"type":"stream","data_type":"x"}}"#, "{}", "null",
            #""stream""#, #"[{"type":"stream","data_type":"x"}]"#, "7",
        ])
    func noPart(data: String) throws {
        #expect(try !isFollowed(frame(data)))
    }

    @Test("without the member `stream`, or without data, an answer is the only one")
    func ordinary() throws {
        #expect(try !isFollowed(#"{"status":"ok","retcode":0,"data":{"type":"stream","data_type":"x"},"echo":1}"#))
        #expect(try !isFollowed(#"{"status":"ok","retcode":0,"stream":"stream-action","echo":1}"#))
        #expect(try isFollowed(#"{"echo":1,"stream":"stream-action","data":{"type":"stream","data_type":"x"}}"#))
    }

    @Test("what is behind both members is not looked at again")
    func shallow() throws {
        // The data is not valid, so that reading on would fail.
        let data = ByteBuffer(string: #"{"type":"stream","data_type":"file_chunk","data":"#)
        let scanned = try data.withUnsafeReadableBytes { bytes in
            var scanner = FrameScanner(bytes)
            var names: [String] = []
            try scanner.scan { child in
                names.append(String(decoding: bytes[child.key], as: UTF8.self))
                return names.count == 2
            }
            return names
        }
        #expect(scanned == ["type", "data_type"])
    }
}
