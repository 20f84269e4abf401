import Testing

@testable import SettingsReading

@Suite("Settings that are read again")
struct SettingsReloadingTests {
    private func settings(_ yaml: String) -> Settings { Settings(file: ("p.yaml", yaml)) }

    /// Reads `a` and the secret `s` as values that follow the settings, and `b` once.
    private func read(_ settings: Settings) -> (a: Reloadable<Int>, s: Reloadable<String?>) {
        _ = settings.int("b", default: 1, in: 0...9)
        return (
            settings.reloadable { $0.int("a", default: 1, in: 0...9) }, settings.reloadable { $0.secret("s") }
        )
    }

    @Test("what follows is replaced, what does not is pending, and both are named")
    func adopted() {
        let running = settings("{a: 2, b: 2, s: old}")
        let values = read(running)
        let newer = settings("{a: 3, b: 3, s: new}")
        _ = read(newer)
        #expect(running.adopt(newer) == .adopted(changed: ["a", "s"], pending: ["b"]))
        #expect(values.a.value == 3)
        #expect(values.s.value == "new")
    }

    @Test("a change is told once; what is pending is told until it is taken back")
    func again() {
        let running = settings("{a: 2, b: 2}")
        _ = read(running)
        func adopt(_ yaml: String) -> Settings.Adoption {
            let newer = settings(yaml)
            _ = read(newer)
            return running.adopt(newer)
        }
        #expect(adopt("{a: 3, b: 3}") == .adopted(changed: ["a"], pending: ["b"]))
        #expect(adopt("{a: 3, b: 3}") == .adopted(changed: [], pending: ["b"]))
        #expect(adopt("{b: 2}") == .adopted(changed: ["a"], pending: []))
        #expect(adopt("{b: 2, a: 1}") == .adopted(changed: [], pending: []), "the default, written out")
    }

    @Test(
        "anything wrong leaves all as it was",
        arguments: ["{a: 3, b: 77}", "{a: 77}", "{a: 3, bogus: 1}", "{a: 3, s: x", "{a: 3, a: 4}"])
    func refused(yaml: String) {
        let running = settings("{a: 2, s: old}")
        let values = read(running)
        let newer = settings(yaml)
        _ = read(newer)
        guard case .refused(let problems) = running.adopt(newer) else {
            Issue.record("adopted")
            return
        }
        #expect(!problems.isEmpty)
        #expect(values.a.value == 2)
        #expect(values.s.value == "old")
        let right = settings("{a: 4, s: old}")
        _ = read(right)
        #expect(running.adopt(right) == .adopted(changed: ["a"], pending: []))
    }

    @Test("a check may refuse what may not be without a restart")
    func checked() {
        let running = settings("{a: 2}")
        let value = running.reloadable {
            $0.int("a", default: 1, in: 0...9)
        } check: { current, next, newer in
            if next < current { newer.report("a", value: "\(next)", remedy: "It only grows.") }
        }
        #expect(running.adopt(settings("{a: 3}")) == .adopted(changed: ["a"], pending: []))
        guard case .refused(let problems) = running.adopt(settings("{a: 1}")) else {
            Issue.record("adopted")
            return
        }
        #expect(problems.map(\.remedy) == ["It only grows."])
        #expect(value.value == 3)
    }

    @Test("entries of a list come and go; their defaults are no change of their own")
    func entries() {
        func read(_ settings: Settings) -> Reloadable<[Int]> {
            settings.reloadable { settings in
                settings.entries("l").map { entry in
                    _ = settings.bool("\(entry).on", default: true)
                    return settings.int("\(entry).n", default: 0, in: 0...9)
                }
            }
        }
        let running = settings("l: [{n: 1}]")
        let values = read(running)
        #expect(running.adopt(settings("l: [{n: 1}, {n: 2}]")) == .adopted(changed: ["l[1].n"], pending: []))
        #expect(values.value == [1, 2])
        #expect(
            running.adopt(settings("l: [{n: 2}]")) == .adopted(changed: ["l[0].n", "l[1].n"], pending: []))
        #expect(values.value == [2])
        #expect(running.effective == ["l[0].n: 2  # p.yaml:1", "l[0].on: true"])
    }
}
