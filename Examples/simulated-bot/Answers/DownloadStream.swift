import NIOCore
import OneBot

/// Several answers to one action, as NapCat's stream actions send them: a description of the file, one frame for each
/// chunk of it, and a last one. The file is made up: each chunk is `A` in base64, over and over.
struct DownloadStream {
    static let names: Set<String> = ["test_download_stream", "download_file_stream"]
    private static let maxChunks: Int64 = 1 << 20

    private enum Next { case info, chunk(Int64), end, nothing }

    private let echo: ByteBuffer?
    private let chunks: Int64
    private let chunkBytes: Int64
    private let fails: Bool
    /// A JSON string.
    private let chunk: ByteBuffer
    private var next = Next.info

    /// - Parameters:
    ///   - params: `chunks` (default 10), `chunk_size` in bytes (default 64 KiB), `error`: whether it ends with an
    ///     error.
    ///   - echo: what every frame carries.
    init(_ params: ActionParameters, echo: ByteBuffer?) throws(ActionParameters.Problem) {
        chunks = params["chunks"] == nil ? 10 : try params.integer("chunks")
        chunkBytes = params["chunk_size"] == nil ? 64 << 10 : try params.integer("chunk_size")
        guard 0...Self.maxChunks ~= chunks, 1...(16 << 20) ~= chunkBytes else {
            throw ActionParameters.Problem(message: "Up to \(Self.maxChunks) chunks of up to 16 MiB can be sent.")
        }
        fails = params["error"]?.bool ?? false
        self.echo = echo
        chunk = ByteBuffer(string: "\"\(String(repeating: "A", count: Int(chunkBytes + 2) / 3 * 4))\"")
    }

    /// `nil` after the last.
    mutating func nextFrame() -> ByteBuffer? {
        switch next {
        case .info:
            next = chunks > 0 ? .chunk(0) : .end
            return frame(info)
        case .chunk(let index):
            next = index + 1 < chunks ? .chunk(index + 1) : .end
            return frame(chunk(index))
        case .end:
            next = .nothing
            return fails ? frame(error, status: "failed", retcode: 1200) : frame(complete)
        case .nothing: return nil
        }
    }

    private func frame(_ data: ByteBuffer, status: String = "ok", retcode: Int = 0) -> ByteBuffer {
        var frame = JSONObjectWriter(capacity: data.readableBytes + 256)
        frame.add("status", status)
        frame.add("retcode", retcode)
        frame.add("data", json: data)
        frame.add("message", fails ? "The file cannot be read." : "")
        frame.add("wording", fails ? "The file cannot be read." : "")
        if let echo { frame.add("echo", json: echo) }
        frame.add("stream", "stream-action")
        return frame.finish()
    }

    private var info: ByteBuffer {
        .object { json in
            json.add("type", "stream")
            json.add("data_type", "file_info")
            json.add("file_name", "made-up.bin")
            json.add("file_size", chunks * chunkBytes)
            json.add("chunk_size", chunkBytes)
        }
    }

    private func chunk(_ index: Int64) -> ByteBuffer {
        var json = JSONObjectWriter(capacity: chunk.readableBytes + 256)
        json.add("type", "stream")
        json.add("data_type", "file_chunk")
        json.add("index", index)
        json.add("data", json: chunk)
        json.add("size", chunkBytes)
        json.add("progress", (index + 1) * 100 / chunks)
        json.add("base64_size", chunk.readableBytes - 2)
        return json.finish()
    }

    private var complete: ByteBuffer {
        .object { json in
            json.add("type", "response")
            json.add("data_type", "file_complete")
            json.add("total_chunks", chunks)
            json.add("total_bytes", chunks * chunkBytes)
        }
    }

    private var error: ByteBuffer { .object { json in json.add("type", "error") } }
}
