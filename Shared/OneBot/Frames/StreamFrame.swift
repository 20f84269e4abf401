import NIOCore

/// One question, several answers: whether a bot's answer is followed by more to the same action. NapCat's stream actions do that
/// (`download_file_stream` and its like): `file_info`, a `file_chunk` each, at last one that ends it, all with the asker's echo.
///
/// | `stream` | `status` | `data.type` | `data.data_type` | |
/// |---|---|---|---|---|
/// | anything but `stream-action` | | | | the only answer |
/// | `stream-action` | `failed` | | | the last one |
/// | | anything else | `stream` | there | more follow |
/// | | | `stream` | absent or `null` | the only answer: an upload has one for each of its requests |
/// | | | anything else (`response`, `error`) | | the last one |
enum StreamFrame {
    /// - Parameter stream: the member of that name.
    static func isFollowed(_ json: JSONObject, stream: FrameScanner.Child?, status: FrameScanner.Child?) -> Bool {
        guard let stream, json.string(of: stream) == "stream-action", status.flatMap(json.string(of:)) != "failed",
            let data = json["data"], data.kind == .object
        else { return false }
        return data.bytes.withUnsafeReadableBytes(isPart)
    }

    /// Reads no further than both members: behind them stands what is large.
    private static func isPart(_ data: UnsafeRawBufferPointer) -> Bool {
        var scanner = FrameScanner(data)
        var (isStream, hasDataType) = (false, false)
        do throws(JSONError) {
            try scanner.scan { child in
                let value = UnsafeRawBufferPointer(rebasing: data[child.value])
                if child.isNamed("type", in: data) {
                    isStream = JSONStrings.text(ofQuoted: value) == "stream"
                    return !isStream || hasDataType
                }
                if child.isNamed("data_type", in: data) { hasDataType = JSONText.Kind(of: value) != .null }
                return isStream && hasDataType
            }
        } catch {
            // It was checked as part of the frame.
            return false
        }
        return isStream && hasDataType
    }
}
