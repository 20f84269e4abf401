import Foundation

/// `time` as OneBot has it: whole seconds since 1970.
enum UnixTime {
    static var now: Int64 { Int64(Date().timeIntervalSince1970) }
    static var milliseconds: UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }
}
