/// A list that mostly has one element or none, and then needs no memory of its own.
struct ShortList<Element>: RandomAccessCollection {
    private var only: Element?
    /// All of them, where there are several.
    private var several: [Element] = []

    init(_ only: Element? = nil) { self.only = only }

    var startIndex: Int { 0 }
    var endIndex: Int { only == nil ? several.count : 1 }

    subscript(index: Int) -> Element {
        guard let only else { return several[index] }
        precondition(index == 0, "ShortList has one element, asked for that at \(index).")
        return only
    }

    mutating func append(_ element: Element) {
        if let first = only {
            several = [first, element]
            only = nil
        } else if several.isEmpty {
            only = element
        } else {
            several.append(element)
        }
    }
}

extension ShortList: Sendable where Element: Sendable {}
