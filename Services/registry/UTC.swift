import Foundation

/// The machine's calendar clock.
enum UTC {
    /// Since 1970.
    static var milliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
