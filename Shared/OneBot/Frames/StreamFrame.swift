import NIOCore

/// Whether a bot's answer is followed by more answers to the same action. NapCat's stream actions
/// (`download_file_stream` and the like) answer so: with `file_info`, then `file_chunk`s, then a last one, all with the
/// asker's echo.
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

    /// Stops reading after both members: the large ones come behind them.
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
