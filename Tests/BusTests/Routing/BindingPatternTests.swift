import Bus
import TestSupport
import Testing

@Suite("BindingPattern", .timeLimit(.minutes(1)))
struct BindingPatternTests {
    @Test(
        "empty words and empty keys are matched as RabbitMQ does",
        arguments: [
            ("#", "", true), ("", "", true), ("*", "", false), ("#.#", "", true), ("", "a", false),
            ("a..b", "a..b", true), ("a.*.b", "a..b", true), ("a.b", "a..b", false), ("*.*", ".", true),
            ("a#", "a.b", false), ("a#", "a#", true), ("#a", "b.a", false), ("*a", "ba", false),
        ] as [(BindingPattern, RoutingKey, Bool)])
    func edges(pattern: BindingPattern, key: RoutingKey, isMatch: Bool) {
        #expect(pattern.matches(key) == isMatch)
    }

    @Test("agrees with the definition on random patterns and keys")
    func random() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let pattern = words(["a", "b", "*", "#", "#", ""], upTo: 7, &generator)
            let key = words(["a", "b", "a", "", "c"], upTo: 8, &generator)
            let expected = Self.definition(pattern[...], key[...])
            let pair = (pattern.joined(separator: "."), key.joined(separator: "."))
            // One empty word is spelled like no word at all.
            if pattern == [""] || key == [""] { continue }
            #expect(
                BindingPattern(pair.0).matches(RoutingKey(pair.1)) == expected,
                "'\(pair.0)' and '\(pair.1)', seed \(seed)")
        }
    }

    @Test("many # do not make matching slow")
    func noBlowUp() {
        // There are more than 10^15 ways to distribute 40 words over 20 patterns, too many to try one by one.
        let pattern = BindingPattern(Array(repeating: "#.a", count: 20).joined(separator: ".") + ".b")
        let key = RoutingKey(Array(repeating: "a", count: 40).joined(separator: "."))
        #expect(!pattern.matches(key))
    }

    /// AMQP 0-9-1 §3.1.3.3, word by word.
    private static func definition(_ pattern: ArraySlice<String>, _ key: ArraySlice<String>) -> Bool {
        guard let word = pattern.first else { return key.isEmpty }
        let rest = pattern.dropFirst()
        if word == "#" { return definition(rest, key) || (!key.isEmpty && definition(pattern, key.dropFirst())) }
        guard let first = key.first, word == "*" || word == first else { return false }
        return definition(rest, key.dropFirst())
    }

    private func words(_ choices: [String], upTo count: Int, _ generator: inout SeededGenerator) -> [String] {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in
            choices[Int.random(in: choices.indices, using: &generator)]
        }
    }
}
