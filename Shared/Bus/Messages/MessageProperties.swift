/// A message's properties, those of AMQP 0-9-1 that Perpetua uses.
///
/// A message is copied often between two sockets, and a copy of eight strings would change the reference counts of all
/// of them. So the fields are behind one reference, and are copied when somebody changes a shared one.
public struct MessageProperties: Sendable, Hashable {
    @usableFromInline
    struct Fields: Sendable, Hashable {
        @usableFromInline var contentType = "application/json"
        @usableFromInline var messageID: String?
        @usableFromInline var type: String?
        @usableFromInline var appID: String?
        @usableFromInline var timestamp: Int64?
        @usableFromInline var replyTo: QueueName?
        @usableFromInline var correlationID: String?
        @usableFromInline var expiration: Duration?
        @usableFromInline var priority: UInt8?
        @usableFromInline var isPersistent = false
        @usableFromInline var headers: MessageHeaders = [:]

        init() {}
    }

    /// `@unchecked Sendable`: changed only by the one `MessageProperties` that refers to it (``own()``).
    @usableFromInline
    final class Storage: @unchecked Sendable {  // changed by its only owner, as said above
        @usableFromInline var fields: Fields

        @usableFromInline
        init(_ fields: Fields) { self.fields = fields }
    }

    @usableFromInline var storage: Storage

    public init() { storage = Storage(Fields()) }

    /// To be called before each change.
    @inlinable
    mutating func own() {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.fields) }
    }

    @inlinable
    public var contentType: String {
        get { storage.fields.contentType }
        set {
            own()
            storage.fields.contentType = newValue
        }
    }

    /// Tells repeats: two messages with one `messageID` are the same message.
    @inlinable
    public var messageID: String? {
        get { storage.fields.messageID }
        set {
            own()
            storage.fields.messageID = newValue
        }
    }

    /// What the message is, in a word: `event`, `action`, `response`, …
    @inlinable
    public var type: String? {
        get { storage.fields.type }
        set {
            own()
            storage.fields.type = newValue
        }
    }

    /// The service that published it.
    @inlinable
    public var appID: String? {
        get { storage.fields.appID }
        set {
            own()
            storage.fields.appID = newValue
        }
    }

    /// Seconds since 1970.
    @inlinable
    public var timestamp: Int64? {
        get { storage.fields.timestamp }
        set {
            own()
            storage.fields.timestamp = newValue
        }
    }

    /// The queue an answer is to be published to, by way of ``Exchange/toQueue``.
    @inlinable
    public var replyTo: QueueName? {
        get { storage.fields.replyTo }
        set {
            own()
            storage.fields.replyTo = newValue
        }
    }

    /// Which request an answer belongs to.
    @inlinable
    public var correlationID: String? {
        get { storage.fields.correlationID }
        set {
            own()
            storage.fields.correlationID = newValue
        }
    }

    /// After that long in a queue it is no longer delivered.
    @inlinable
    public var expiration: Duration? {
        get { storage.fields.expiration }
        set {
            own()
            storage.fields.expiration = newValue
        }
    }

    /// 0 to 9, the higher the sooner. Our queues do not sort by it: it is for parts that let messages wait.
    @inlinable
    public var priority: UInt8? {
        get { storage.fields.priority }
        set {
            own()
            storage.fields.priority = newValue
        }
    }

    /// `delivery_mode` 2.
    @inlinable
    public var isPersistent: Bool {
        get { storage.fields.isPersistent }
        set {
            own()
            storage.fields.isPersistent = newValue
        }
    }

    @inlinable
    public var headers: MessageHeaders {
        get { storage.fields.headers }
        set {
            own()
            storage.fields.headers = newValue
        }
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(storage.fields) }
}
