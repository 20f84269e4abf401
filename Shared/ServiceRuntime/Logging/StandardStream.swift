import Foundation

/// Standard output or error, unbuffered: text is out once it is written, even into a pipe.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Whether to write in colours: on a terminal, unless NO_COLOR is set (https://no-color.org).
    public var isColored: Bool {
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        return noColor.isEmpty && isatty(rawValue) == 1
    }

    /// Writes all of it, blocking; where nobody reads (a closed pipe) it is lost, as a log line may be.
    public func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Foundation.write(rawValue, rest.baseAddress, rest.count)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}
