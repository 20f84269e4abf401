public import OneBot

extension JSONObject {
    /// What a failed answer says in `data.carried_out`; `nil` where it does not.
    public var carriedOut: String? { self["data"]?.object?["carried_out"]?.string }

    /// `data.retry_after_ms`.
    public var retryAfterMilliseconds: Int64? { self["data"]?.object?["retry_after_ms"]?.int64 }
}
