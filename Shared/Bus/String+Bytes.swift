extension String {
    /// Names on the bus are bytes (AMQP 0-9-1 §4.2.5.3). `==` on strings also calls equal what is merely canonically equivalent
    /// in Unicode, which would let one queue stand in for another.
    func hasSameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
