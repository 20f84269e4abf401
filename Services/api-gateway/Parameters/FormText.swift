/// `application/x-www-form-urlencoded`, in a body or behind the `?` (WHATWG URL §5), read strictly: what is not
/// percent-encoded UTF-8 is a mistake to tell, not to guess at.
enum FormText {
    struct Pair: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// More pairs than any action has parameters: a bound on what one body can make us keep.
    static let maxPairs = 1_000

    /// Why a text is no form we read.
    enum Malformed: Error, Sendable, Hashable, CustomStringConvertible {
        /// That part, counted from 1, is not percent-encoded UTF-8.
        case encoding(part: Int)
        case tooMany

        var description: String {
            switch self {
            case .encoding(let part): "part \(part) is not percent-encoded UTF-8. Encode names and values."
            case .tooMany: "there are more than \(FormText.maxPairs) parts. Send fewer."
            }
        }
    }

    /// The pairs in order; of several with one name only the last is kept, at the first one's place.
    static func pairs(of text: some Collection<UInt8>) throws(Malformed) -> [Pair] {
        var pairs: [Pair] = []
        var places: [[UInt8]: Int] = [:]
        var part = 0
        for piece in text.split(separator: UInt8(ascii: "&"), maxSplits: maxPairs) {
            part += 1
            if part > maxPairs { throw .tooMany }
            let halves = piece.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(halves[0]), let value = decode(halves.count > 1 ? halves[1] : piece.prefix(0))
            else {
                throw .encoding(part: part)
            }
            let pair = Pair(name: name, value: value)
            let place = places.updateValue(pairs.count, forKey: Array(name.utf8))
            if let place {
                places[Array(name.utf8)] = place
                pairs[place] = pair
            } else {
                pairs.append(pair)
            }
        }
        return pairs
    }

    /// The text of one half, `+` as a space; `nil` for a broken escape or what is not UTF-8.
    private static func decode(_ encoded: some Collection<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var rest = encoded.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
