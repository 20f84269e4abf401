import NIOCore
import OneBot
import Testing

@testable import SimulatedBot

@Suite("An answer in parts") struct DownloadStreamTests {
    private func frames(_ params: String) throws -> [JSONObject] {
        var stream = try DownloadStream(
            ActionParameters(try JSONObject(ByteBuffer(string: params))), echo: ByteBuffer(string: "[1]"))
        var frames: [JSONObject] = []
        while let frame = stream.nextFrame() { frames.append(try JSONObject(frame)) }
        return frames
    }

    @Test("what the file is, its chunks in order, and the end, each with the echo")
    func whole() throws {
        let frames = try frames(#"{"chunks":3,"chunk_size":4}"#)
        let data = frames.compactMap { $0["data"]?.object }
        #expect(
            data.map { $0["data_type"]?.string }
                == ["file_info", "file_chunk", "file_chunk", "file_chunk", "file_complete"])
        #expect(data.map { $0["type"]?.string } == ["stream", "stream", "stream", "stream", "response"])
        #expect(data.map { $0["index"]?.int64 } == [nil, 0, 1, 2, nil])
        #expect(data[1]["data"]?.string == "AAAAAAAA")
        #expect(data[0]["file_size"]?.int64 == 12)
        #expect(frames.allSatisfy { $0["stream"]?.string == "stream-action" && $0["echo"] != nil })
        #expect(frames.map { BotFrame(parsing: $0.bytes).isFollowed } == [true, true, true, true, false])
    }

    @Test("one that fails ends with an error; an empty one has no chunk")
    func ends() throws {
        let failed = try frames(#"{"chunks":1,"error":true}"#)
        #expect(failed.map { $0["status"]?.string } == ["ok", "ok", "failed"])
        #expect(failed.last?["data"]?.object?["type"]?.string == "error")
        #expect(try frames(#"{"chunks":0}"#).count == 2)
    }

    @Test(
        "more than it can make up is refused", arguments: [#"{"chunks":-1}"#, #"{"chunk_size":0}"#, #"{"chunks":"x"}"#])
    func refused(params: String) {
        #expect(throws: ActionParameters.Problem.self) { try frames(params) }
    }
}

extension BotFrame {
    fileprivate var isFollowed: Bool {
        switch self {
        case .response(let response): response.isFollowed
        case .event, .unreadable, .unknown: false
        }
    }
}
