import JSON

extension JSONWriter {
    /// A key and its value.
    mutating func member(_ key: String, _ value: String) {
        self.key(key)
        string(value)
    }

    /// A key and its value.
    mutating func member(_ key: String, _ value: Int) {
        self.key(key)
        integer(value)
    }
}
