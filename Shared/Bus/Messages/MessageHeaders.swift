/// A message's headers, `name: text`. Every message has two or three. A header is found by looking at one after
/// another, which costs less than making a dictionary.
public struct MessageHeaders: Sendable, ExpressibleByDictionaryLiteral, Sequence {
    public typealias Element = (key: String, value: String)

    private var entries: [Element]

    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { (key: $0.0, value: $0.1) }
    }

    /// As a peer wrote them: where a name is repeated, the last one counts. There may be thousands, too many to search
    /// once for each.
    public init(_ pairs: [Element]) {
        let isPlain =
            pairs.count <= 32
            && pairs.indices.allSatisfy { index in !pairs[..<index].contains { $0.key == pairs[index].key } }
        entries = isPlain ? pairs : Self.dictionary(of: pairs).map { (key: $0.key, value: $0.value) }
    }

    /// Two headers with different names.
    public init(_ first: Element, _ second: Element) {
        entries = [first, second]
    }

    public var isEmpty: Bool { entries.isEmpty }
    public var keys: [String] { entries.map(\.key) }

    public subscript(key: String) -> String? {
        get {
            for entry in entries where entry.key == key { return entry.value }
            return nil
        }
        set {
            let place = entries.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): entries[place].value = value
            case (let place?, nil): entries.remove(at: place)
            case (nil, let value?): entries.append((key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Adds others; where both have a name, the other's value counts.
    public mutating func merge(_ others: MessageHeaders) {
        for (key, value) in others { self[key] = value }
    }

    public func makeIterator() -> IndexingIterator<[Element]> { entries.makeIterator() }

    private static func dictionary(of pairs: [Element]) -> [String: String] {
        Dictionary(pairs.lazy.map { ($0.key, $0.value) }) { $1 }
    }
}

extension MessageHeaders: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        dictionary(of: left.entries) == dictionary(of: right.entries)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(Self.dictionary(of: entries)) }
}
