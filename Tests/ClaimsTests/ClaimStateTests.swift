import Bus
import Contracts
import OneBot
import Testing

@testable import Claims

@Suite("ClaimState: every state and every input")
struct ClaimStateTests {
    private static let start = Duration.seconds(100)
    private static let timing = ClaimTiming()
    private static let locked = ClaimState.Finding.failed(.locked("perpetua.claim.test"))

    private static let edge = EdgeAddress(edgeID: "a", instance: "1")
    private static let bot = ClaimPolicy.bot(SelfID(1), edge, timing)
    private static let entry = ClaimPolicy.entry(edge, timing)
    private static let target = ClaimPolicy.entry(edge, timing, patience: .seconds(2))
    private static let term = ClaimPolicy.term(timing)

    // MARK: The table

    /// Makes a state of that name.
    private static func state(_ name: String, _ policy: ClaimPolicy) -> ClaimState {
        var state = ClaimState(policy)
        if name == "idle" { return state }
        _ = state.want(1)
        switch name {
        case "ours", "lost": take(&state)
        case "refused": _ = state.found(.kept(""), at: start)
        case "failed": _ = state.found(.failed(.closed), at: start)
        default: break
        }
        if name == "lost" { _ = state.lost(at: start) }
        return state
    }

    /// Finds the claim free, and takes it.
    private static func take(_ state: inout ClaimState) {
        _ = state.found(.free, at: start)
        _ = state.next(isAtWork: false, isBusAway: false)
        _ = state.found(.declared, at: start)
    }

    private static func name(_ state: ClaimState) -> String {
        switch state.phase {
        case .idle: state.epoch == nil ? "idle" : "refused"
        case .contending: state.failure == nil ? "contending" : "failed"
        case .ours: "ours"
        case .lost: "lost"
        }
    }

    private static let inputs: [(name: String, apply: @Sendable (inout ClaimState) -> Void)] = [
        ("want", { _ = $0.want(2) }),
        ("unwant", { _ = $0.want(nil) }),
        (
            "unwant, next",
            {
                _ = $0.want(nil)
                _ = $0.next(isAtWork: true, isBusAway: false)
            }
        ),
        ("again", { $0.sayAgain() }),
        ("free", { _ = $0.found(.free, at: start) }),
        ("held", { _ = $0.found(.held, at: start) }),
        ("released", { _ = $0.found(.released, at: start) }),
        ("silent", { _ = $0.found(.silent, at: start) }),
        ("unknown", { _ = $0.found(.unknown("away"), at: start) }),
        ("barred", { _ = $0.found(.failed(.rejected("no")), at: start) }),
        ("kept", { _ = $0.found(.kept("mine"), at: start) }),
        ("declared", { take(&$0) }),
        ("locked", { _ = $0.found(locked, at: start) }),
        ("away", { _ = $0.found(.failed(.disconnected), at: start) }),
        ("error", { _ = $0.found(.failed(.closed), at: start) }),
        ("lost", { _ = $0.lost(at: start) }),
        ("late", { _ = $0.timeLeft(of: .seconds(2), at: start + .seconds(3600)) }),
        ("leave", { _ = $0.leave() }),
        ("next", { _ = $0.next(isAtWork: true, isBusAway: false) }),
    ]

    /// Each row has a state, and the inputs that lead to another one; all other inputs leave it as it is.
    static let table: [(kind: String, state: String, becomes: [String: String])] = [
        ("bot", "idle", ["want": "contending"]),
        ("bot", "contending", ["unwant, next": "idle", "kept": "refused", "declared": "ours"]),
        ("bot", "ours", ["unwant, next": "idle", "lost": "lost", "leave": "contending"]),
        ("bot", "lost", ["unwant, next": "idle", "kept": "refused", "declared": "ours", "late": "contending"]),
        ("bot", "refused", ["unwant": "idle", "unwant, next": "idle", "again": "contending"]),
        ("entry", "contending", ["unwant, next": "idle", "declared": "ours", "kept": "contending"]),
        ("entry", "ours", ["unwant, next": "idle", "lost": "lost", "leave": "contending"]),
        ("entry", "lost", ["unwant, next": "idle", "kept": "contending", "declared": "ours", "late": "contending"]),
        ("term", "contending", ["unwant, next": "idle", "declared": "ours", "barred": "failed", "error": "failed"]),
        ("term", "ours", ["unwant, next": "idle", "lost": "contending", "leave": "contending"]),
        ("term", "failed", ["unwant, next": "idle"]),
    ]

    private static let policies = ["bot": bot, "entry": entry, "term": term]

    @Test("what becomes of each state", arguments: table.indices)
    func transitions(row: Int) throws {
        let (kind, before, becomes) = Self.table[row]
        let policy = try #require(Self.policies[kind])
        for input in Self.inputs {
            var state = Self.state(before, policy)
            #expect(Self.name(state) == before)
            input.apply(&state)
            #expect(Self.name(state) == becomes[input.name] ?? before, "\(kind), \(before): \(input.name)")
        }
    }

    // MARK: The steps of each policy

    /// Drives a state as ``Claim`` does.
    private struct Driver {
        var state: ClaimState
        var isAtWork = false
        var isBusAway = false

        init(_ policy: ClaimPolicy) { state = ClaimState(policy) }

        /// The claim is ours, and the work has begun.
        init(atWork policy: ClaimPolicy) {
            state = ClaimStateTests.state("ours", policy)
            isAtWork = true
        }

        /// Takes the next step, and expects it to be `step`.
        mutating func expect(
            _ step: ClaimState.Step?, _ finding: ClaimState.Finding? = nil, at now: Duration = ClaimStateTests.start
        ) {
            #expect(state.next(isAtWork: isAtWork, isBusAway: isBusAway) == step)
            if let finding { _ = state.found(finding, at: now) }
        }

        mutating func begins() {
            expect(nil)
            #expect(state.phase == .ours)
            isAtWork = true
        }

        /// - Parameter isOurs: whether there is a queue to give up.
        mutating func ends(isOurs: Bool) {
            expect(nil)
            #expect(state.leave() == isOurs)
            isAtWork = false
        }
    }

    @Test(
        "a bot's claim: asked in haste, then with patience, then declared; one that stays silent for 10 s is another's")
    func silentHolder() {
        var claim = Driver(Self.bot)
        claim.expect(.rest)
        _ = claim.state.want(1)
        claim.expect(.ask(for: .milliseconds(100)), .silent)
        for _ in 1...4 {
            claim.expect(.ask(for: .seconds(2)), .silent)
            claim.expect(.declare, Self.locked)
            claim.expect(.pause(.milliseconds(100)))
        }
        claim.expect(.ask(for: .seconds(2)), .silent)
        claim.expect(.declare)
        guard case .refused(let reason) = claim.state.found(Self.locked, at: Self.start) else {
            Issue.record("It is not refused.")
            return
        }
        #expect(reason == "the edge that has the bot does not answer")
        claim.expect(.rest)
    }

    @Test("a bot's claim that was promised is asked for in haste until it is free, for as long as an answer may take")
    func promised() {
        var claim = Driver(Self.bot)
        _ = claim.state.want(1)
        claim.expect(.ask(for: .milliseconds(100)), .released)
        claim.expect(.pause(.milliseconds(100)))
        for _ in 1...20 { claim.expect(.ask(for: .milliseconds(100)), .silent) }
        claim.expect(.ask(for: .seconds(2)), .free)
        claim.expect(.declare, .declared)
        claim.begins()
        claim.expect(.grant)
        claim.expect(.rest)
    }

    @Test("a bot's claim that was lost is asked for again, and no silence gives it to another")
    func lostBot() {
        var claim = Driver(atWork: Self.bot)
        claim.expect(.grant)
        #expect(claim.state.lost(at: Self.start) == true)
        claim.expect(.ask(for: .milliseconds(100)), .silent)
        for _ in 1...100 {
            claim.expect(.ask(for: .seconds(2)), .silent)
            claim.expect(.declare, Self.locked)
            claim.expect(.pause(.milliseconds(100)))
        }
        claim.expect(.ask(for: .seconds(2)), .silent)
        claim.expect(.declare, .declared)
        claim.expect(.grant)
    }

    @Test("an error is told as the first once, and waited for")
    func errors() {
        var claim = Driver(Self.bot)
        _ = claim.state.want(1)
        for isFirst in [true, false, false] {
            claim.expect(.ask(for: .milliseconds(100)), .free)
            claim.expect(.declare)
            let news = claim.state.found(.failed(.disconnected), at: Self.start)
            guard case .cannotTake(.disconnected, isFirst: isFirst) = news else {
                Issue.record("It is not told so.")
                return
            }
            claim.expect(.pause(.seconds(1)))
        }
        claim.expect(.ask(for: .milliseconds(100)), .unknown("away"))
        claim.expect(.pause(.milliseconds(100)))
    }

    @Test("that it is ours is said anew with each wish, and after a failed publish once the bus works")
    func said() {
        var claim = Driver(atWork: Self.bot)
        claim.expect(.grant)
        #expect(claim.state.want(nil) == true)
        #expect(claim.state.want(2) == true)
        claim.expect(.grant)
        #expect(claim.state.want(3) == false)
        claim.expect(.rest)
        claim.state.sayAgain()
        claim.isBusAway = true
        claim.expect(.pause(.milliseconds(100)))
        claim.expect(.pause(.milliseconds(100)))
        claim.isBusAway = false
        claim.expect(.grant)
        #expect(claim.state.want(nil) == true)
        claim.expect(nil)
        // It is wanted again while it is being given up.
        #expect(claim.state.want(4) == true)
        claim.ends(isOurs: true)
        claim.expect(.ask(for: .milliseconds(100)))
    }

    @Test("an entry's claim that was held is taken once it has been free for the whole grace, one that was not at once")
    func grace() {
        let start = Self.start
        let look = ClaimState.Step.look(for: .seconds(1))
        var claim = Driver(Self.entry)
        claim.expect(look, .free)
        claim.expect(.declare, Self.locked)
        claim.expect(.pause(.seconds(1)))
        #expect(claim.state.followsAnother)

        claim.expect(look, .held)
        claim.expect(.pause(.seconds(1)))
        claim.expect(look, .free, at: start + .seconds(1))
        claim.expect(.pause(.seconds(1)))
        claim.expect(look, .held, at: start + .seconds(2))
        claim.expect(.pause(.seconds(1)))
        claim.expect(look, .free, at: start + .seconds(3))
        claim.expect(.pause(.seconds(1)))
        claim.expect(look, .free, at: start + .seconds(5.5))
        claim.expect(.pause(.seconds(0.5)))
        // After a look without a result the grace begins anew.
        claim.expect(look, .unknown("away"), at: start + .seconds(5.8))
        claim.expect(.pause(.milliseconds(100)))
        claim.expect(look, .free, at: start + .seconds(6))
        claim.expect(.pause(.seconds(1)))
        claim.expect(look, .free, at: start + .seconds(9))
        claim.expect(.declare, .declared, at: start + .seconds(9))
        claim.begins()
    }

    @Test(
        "an entry's claim that was lost is taken where nobody answers for it; where another does, its work ends"
    )
    func lostEntry() {
        let ask = ClaimState.Step.ask(for: .seconds(2))
        var claim = Driver(atWork: Self.entry)
        #expect(claim.state.lost(at: Self.start) == true)
        for finding in [.silent, .unknown("away")] as [ClaimState.Finding] {
            claim.expect(ask, finding)
            claim.expect(.pause(.milliseconds(100)))
        }
        claim.expect(ask, .free)
        claim.expect(.declare, Self.locked)
        claim.expect(.pause(.milliseconds(100)))
        claim.expect(ask, .kept("edge b has it"))
        claim.ends(isOurs: false)
        claim.expect(.look(for: .seconds(1)))
    }

    @Test("what it is for may go on for its time after the loss, and not longer")
    func patience() {
        let start = Self.start
        var claim = Driver(atWork: Self.target)
        let patience = Duration.seconds(2)
        #expect(claim.state.timeLeft(of: patience, at: start) == patience)
        #expect(claim.state.lost(at: start) == true)
        #expect(claim.state.timeLeft(of: patience, at: start + .seconds(1.5)) == .seconds(0.5))
        // After it was regained, the next loss has the whole patience again.
        claim.expect(.ask(for: .seconds(2)), .free)
        claim.expect(.declare, .declared, at: start + .seconds(1.5))
        #expect(claim.state.timeLeft(of: patience, at: start + .seconds(60)) == patience)
        #expect(claim.state.lost(at: start + .seconds(60)) == true)
        #expect(claim.state.timeLeft(of: patience, at: start + .seconds(62)) == .zero)
        claim.ends(isOurs: false)
    }

    @Test("a queue that goes while it is declared is lost, and what it is for does not begin")
    func goneAtOnce() {
        var claim = Driver(Self.entry)
        claim.expect(.look(for: .seconds(1)), .free)
        claim.expect(.declare)
        #expect(claim.state.lost(at: Self.start) == false)
        _ = claim.state.found(.declared, at: Self.start)
        claim.expect(.ask(for: .seconds(2)), .free)
        claim.expect(.declare, .declared)
        claim.begins()
    }

    @Test("a registry's term: one look a second, taken as soon as it is free, over when it is lost")
    func term() {
        var claim = Driver(Self.term)
        claim.expect(.look(for: .seconds(1)), .unknown("away"))
        claim.expect(.pause(.seconds(1)))
        #expect(!claim.state.followsAnother)
        claim.expect(.look(for: .seconds(1)), .held)
        claim.expect(.pause(.seconds(1)))
        claim.expect(.look(for: .seconds(1)), .free)
        claim.expect(.declare, .failed(.unreachable("")))
        claim.expect(.pause(.seconds(1)))
        claim.expect(.look(for: .seconds(1)), .free)
        claim.expect(.declare, .declared)
        claim.begins()
        #expect(claim.state.followsAnother)
        claim.isAtWork = false
        #expect(claim.state.leave() == true)
        #expect(!claim.state.followsAnother)
        claim.expect(.look(for: .seconds(1)))
    }
}
