#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension String {
    /// Names on the bus are bytes (AMQP 0-9-1 §4.2.5.3). `==` on strings also calls equal what is merely canonically equivalent
    /// in Unicode, which would let one queue stand in for another.
    func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        // Not by `elementsEqual`: that is twenty instructions a byte, and each message is routed by several names.
        var (left, right) = (self, other)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(left, other, right.count) == 0
            }
        }
    }
}
